"""The training of the text model, on a corpus of a few hundred invented texts."""

from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import f1_score

from emoviz.data.corpora import go_emotions
from emoviz.data.corpora.go_emotions import LABELS, Texts
from emoviz.perception import weights
from emoviz.perception.text.model import TextModel
from emoviz.perception.text.words import counted, words
from emoviz.perception.training import text
from emoviz.progress import finish

SIGNS = {"joy": "wonderful lovely sunny", "anger": "furious rage stupid", "neutral": "table meeting paper"}
FILLERS = ["the", "a", "we", "you", "so", "very", "it", "they", "is", "was", "then", "now", "here", "there"]
CONFIG = text.TrainingConfig(kept=400, folds=2, steps=20)


def invented(count: int, seed: int) -> Texts:
    draw = np.random.default_rng(seed)
    texts, marked = [], np.zeros((count, len(LABELS)), bool)
    for row in range(count):
        label = draw.choice(list(SIGNS))
        said = [*draw.choice(FILLERS, 4), draw.choice(SIGNS[label].split())]
        texts.append(" ".join(draw.permutation(said)))
        marked[row, LABELS.index(label)] = True
    return Texts(tuple(texts), marked)


@pytest.fixture(scope="module")
def made() -> weights.Weights:
    return finish(text.fitted(invented(300, 0), invented(80, 1), CONFIG))


def test_planted_words_are_found(made):
    told = {metric.name: metric for metric in text.measured(TextModel(made), invented(100, 2), "invented")}
    assert told["accuracy, one label marked"].value > 0.95
    assert told["macro F1, 28 labels"].n == 100


def test_the_same_texts_give_the_same_weights(made):
    again = finish(text.fitted(invented(300, 0), invented(80, 1), CONFIG))
    for name, tensor in made.tensors.items():
        np.testing.assert_array_equal(tensor, again.tensors[name])


def test_training_and_reading_count_alike(made):
    model, some = TextModel(made), invented(20, 3).texts
    names = tuple(made.tensors["vocabulary"].tobytes().decode().split("\n"))
    table = text.Table(names, made.tensors["rarity"].astype(np.float32))
    matrix = table.read([Counter(name for name, _ in counted(words(each))) for each in some])
    expected = matrix @ made.tensors["weights"].astype(np.float32) + made.tensors["constant"]
    np.testing.assert_allclose(model.logits(some), expected, rtol=1e-4, atol=1e-4)


def test_no_more_is_kept_than_asked_for(made):
    assert made.tensors["weights"].shape == (CONFIG.kept, len(LABELS))


def test_a_trained_model_is_kept_with_its_numbers(tmp_path):
    (tmp_path / "labels.txt").write_text("\n".join(LABELS) + "\n")
    for seed, part in enumerate(("train", "dev", "test")):
        given = invented(120, seed)
        lines = [f"{one}\t{label}\tid" for one, label in zip(given.texts, given.single, strict=True)]
        (tmp_path / f"{part}.tsv").write_text("\n".join(lines) + "\n")
    card = finish(text.train(tmp_path, tmp_path / "models", CONFIG))
    assert weights.load("text", tmp_path / "models").card == card
    assert {metric.on for metric in card.metrics} == {"GoEmotions test"}


@pytest.mark.external
def test_the_shipped_model_does_on_the_test_part_what_its_card_says(test_data):
    model = TextModel(weights.load("text"))
    test = go_emotions.read(test_data / "goemotions", "test")
    found = f1_score(test.marked, model.marked(model.logits(test.texts)), average="macro", zero_division=0)
    promised = next(metric for metric in model.card.metrics if metric.name == "macro F1, 28 labels")
    assert found == pytest.approx(promised.value, abs=1e-3)
