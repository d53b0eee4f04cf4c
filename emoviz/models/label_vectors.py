"""What the names of emotions mean, as vectors: which of them are used alike, whatever a dataset shows.

    python -m emoviz.models.label_vectors FOLDER

makes ``assets/label_vectors.npz`` from the training part of GoEmotions (Apache-2.0) in its published layout.
Every name stands for the word forms in :data:`FORMS`. One half of its vector is about the words that stand near
them (positive pointwise mutual information, reduced by a singular value decomposition: Levy, Goldberg. Neural
Word Embedding as Implicit Matrix Factorization. NeurIPS 2014), the other about what readers marked in the
comments that hold them. So a label of GoEmotions itself is not unseen to these vectors; words alone, from so few
comments, know less of feelings than of grammar.
"""

import argparse
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import svds
from torch import Tensor

from emoviz import workspace
from emoviz.data.corpora import go_emotions
from emoviz.data.emotions import ALSO
from emoviz.errors import ConfigError

FILE = workspace.ASSETS / "label_vectors.npz"
FORMS: dict[str, str] = {
    "anger": "anger angry angrily mad furious rage raging pissed outrage outraged",
    "disgust": "disgust disgusted disgusting gross nasty revolting vile sickening",
    "fear": "fear fears feared fearful afraid scared scary terrified terrifying frightened frightening horrifying",
    "happiness": "happiness happy happier happily glad joy cheerful delighted",
    "neutral": "neutral normal usual regular ordinary average",
    "sadness": "sadness sad sadly saddened depressed depressing unhappy cry crying tears",
    "surprise": "surprise surprised surprising surprisingly shocked shocking unexpected wow omg",
    "contempt": "contempt contemptuous pathetic despise disdain scorn",
    "love": "love loved loving loves adore adorable beloved",
    "excitement": "excitement excited exciting hyped thrilled pumped",
    "frustration": "frustration frustrated frustrating",
    "boredom": "boredom bored boring dull",
    "calm": "calm calmly calmed relax relaxed relaxing peaceful chill serene",
    "amusement": "amusement amused amusing funny hilarious lol lmao laugh laughing laughed haha",
    "pride": "pride proud proudly",
    "relief": "relief relieved phew thankfully",
    "shame": "shame shameful ashamed",
    "guilt": "guilt guilty",
    "confusion": "confusion confused confusing puzzled",
    "interest": "interest interested interesting intriguing fascinating fascinated",
    "anxiety": "anxiety anxious worried worry worrying stressed",
    "confidence": "confidence confident certain assured",
    "positive": "positive good great nice",
    "negative": "negative bad terrible awful",
    "other": "other another else",
    "admiration": "admiration admire admirable impressive amazing awesome brilliant",
    "annoyance": "annoyance annoyed annoying irritated irritating",
    "approval": "approval approve approved agree agreed",
    "caring": "caring care kindness gentle hug hugs",
    "curiosity": "curiosity curious wonder wondering",
    "desire": "desire desired wish wishing want",
    "disappointment": "disappointment disappointed disappointing letdown",
    "disapproval": "disapproval disapprove disagree wrong",
    "embarrassment": "embarrassment embarrassed embarrassing awkward cringe",
    "gratitude": "gratitude grateful thank thanks thankful appreciate appreciated",
    "grief": "grief grieving mourn mourning loss died rip",
    "nervousness": "nervousness nervous nervously uneasy",
    "optimism": "optimism optimistic hope hoping hopeful hopefully",
    "realization": "realization realize realized realise realised",
    "remorse": "remorse regret regrets sorry apologize apologies",
}
NEAR = 5  # words before and after that count as near
FREQUENT = 20  # words that occur so often count as neighbours
WORDS = 64  # numbers in the half about words
IMAGINED = 20  # comments with the usual marks, added to those of every name


def of(names: Iterable[str]) -> Tensor:
    """Vectors of names, ``(K, D)`` float32 of length 1; the same for names that mean the same.

    Raises:
        ConfigError: for a name that has no vector
    """
    with np.load(FILE, allow_pickle=False) as stored:
        place = {str(name): i for i, name in enumerate(stored["names"])}
        vectors = torch.from_numpy(stored["vectors"])
    plain = [ALSO.get(name.lower(), name.lower()) for name in names]
    if unknown := [name for name in plain if name not in place]:
        raise ConfigError(
            f"Nothing is known of the emotion name '{unknown[0]}'. Known: {', '.join(sorted({*place, *ALSO}))}. "
            "Rename the label, or train another model."
        )
    return vectors[[place[name] for name in plain]]


def made(corpus: go_emotions.Texts) -> np.ndarray:
    """Vectors of all names in :data:`FORMS`, in their order, ``(N, D)`` of length 1."""
    comments = [re.findall(r"[a-z]+", text.lower().replace("'", "")) for text in corpus.texts]
    # What all names share tells none from another: halves are centred.
    halves = [half - half.mean(0) for half in (_by_words(comments), _by_marks(comments, corpus.distribution))]
    return np.hstack([half / np.linalg.norm(half, axis=1, keepdims=True) for half in halves]) / np.sqrt(2)


def _by_words(comments: list[list[str]]) -> np.ndarray:
    frequent = [word for word, n in Counter(word for c in comments for word in c).items() if n >= FREQUENT]
    column = {word: i for i, word in enumerate(frequent)}
    rows = {word: [i] for word, i in column.items()}
    for i, forms in enumerate(FORMS.values()):
        for word in forms.split():
            rows.setdefault(word, []).append(len(frequent) + i)
    found = [
        (row, column[other])
        for c in comments
        for i, word in enumerate(c)
        for other in (*c[max(0, i - NEAR) : i], *c[i + 1 : i + 1 + NEAR])
        if other in column
        for row in rows.get(word, ())
    ]
    shape = len(frequent) + len(FORMS), len(frequent)
    counts = csr_matrix((np.ones(len(found)), np.array(found).T), shape).tocoo()  # type: ignore[call-overload]
    near = np.asarray(counts.sum(0)).ravel() / counts.sum()
    own = np.asarray(counts.sum(1)).ravel()
    informative = np.maximum(np.log(counts.data / (own[counts.row] * near[counts.col])), 0)
    table = csr_matrix((informative, (counts.row, counts.col)), shape)
    _, size, direction = svds(table[: len(frequent)], WORDS, random_state=0)
    placed = table @ direction.T / size
    return placed[len(frequent) :]


def _by_marks(comments: list[list[str]], marks: np.ndarray) -> np.ndarray:
    usual, held = marks.mean(0), [set(c) for c in comments]
    with_name = [marks[[not own.isdisjoint(c) for c in held]] for own in (set(f.split()) for f in FORMS.values())]
    shares = [(found.sum(0) + IMAGINED * usual) / (len(found) + IMAGINED) for found in with_name]
    return np.log(np.stack(shares) / usual)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the vectors of emotion names from GoEmotions.")
    parser.add_argument("folder", type=Path, help="GoEmotions in its published layout")
    vectors = made(go_emotions.read(parser.parse_args().folder, "train"))
    np.savez(FILE, names=np.array(list(FORMS)), vectors=vectors.astype(np.float32))
    print(f"{FILE}: {vectors.shape[0]} names, {vectors.shape[1]} numbers each")
