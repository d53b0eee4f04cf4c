"""The proving ground: what was planted is what the items show, and nobody stands in two groups."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from emoviz import cli
from emoviz.data import checks
from emoviz.data.corpora import ravdess
from emoviz.data.importers import crema_d
from emoviz.errors import ConfigError, DatasetError
from emoviz.measures import metrics
from emoviz.models import inputs
from emoviz.perception import ground, observer, pools, weights
from emoviz.perception.base import MODALITIES
from emoviz.perception.common import LABELS
from emoviz.perception.ground import Plan
from emoviz.perception.pools import MIXED, PURE, SILENT, Pool
from emoviz.progress import finish
from tests import corpora

K = len(LABELS)
FREQUENT = np.array([0.11, 0.06, 0.06, 0.26, 0.28, 0.11, 0.12])
ACTORS = {"fit": (1, 2, 3), "test": (7, 8)}


def pool(modality, clear=4.0):
    """Items of five actors: of each emotion, of three pairs, and such that show nothing."""
    draw = np.random.default_rng([1, *modality.encode()])
    rows = []
    for part, actors in ACTORS.items():
        for actor in actors:
            rows += [(part, actor, PURE, k, -1) for k in range(K) for _ in range(4)]
            rows += [(part, actor, MIXED, a, b) for a, b in ((0, 1), (3, 6), (6, 3)) if modality != "voice"]
            rows += [(part, actor, SILENT, -1, -1)] * 3
    part, actor, role, shown, second = map(np.array, zip(*rows, strict=True))
    one = np.where((shown >= 0)[:, None], np.eye(K)[shown], 1 / K)
    people = np.where((role == MIXED)[:, None], (one + np.eye(K)[second]) / 2, one)
    logits = clear * people + draw.normal(size=people.shape)
    q = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return Pool(
        modality=modality,
        model="0" * 64,
        part=part,
        name=np.array([f"{modality}-{row}" for row in range(len(rows))]),
        role=role,
        shown=shown,
        second=second,
        owner=actor if modality == "voice" else np.full(len(rows), -1),
        people=people,
        votes=np.round(10 * people),
        text=np.array([f"words {row}" if modality == "text" else "" for row in range(len(rows))]),
        distribution=q,
        embedding=logits.astype(np.float32),
        hand=draw.normal(size=(len(rows), 3)).astype(np.float32),
        columns=np.array(["a", "b", "c"]),
    )


ALL = tuple(map(pool, MODALITIES))
MADE = ground.mixed(ALL, FREQUENT, Plan(n=3000))
TABLE = MADE.samples


def of(kind):
    return (TABLE["kind"] == kind).to_numpy()


def shown(modality):
    return TABLE[f"shown_{modality}"].to_numpy()


def test_it_is_a_dataset_that_models_can_read():
    checks.check(MADE)
    assert inputs.declare(MADE, groups="embedding").names == MODALITIES
    for groups, count in (("hand", 3), ("distribution", K), ("embedding+distribution", 2 * K)):
        assert len(inputs.declare(MADE, groups=groups).modalities[0].columns) == count


def test_relations_are_those_planted():
    face, voice, text = map(shown, MODALITIES)
    assert ((face == voice) & (voice == text))[of("agree")].all()
    assert ((face != voice) & (voice != text) & (face != text))[of("differ")].all()
    for m, modality in enumerate(MODALITIES):
        lone = of("dissent") & (TABLE["planted_dissenter"] == modality).to_numpy()
        a, b = (x for n, x in enumerate((face, voice, text)) if n != m)
        assert lone.any() and (a == b)[lone].all() and (shown(modality) != a)[lone].all()
    assert (TABLE["planted_conflict"].to_numpy() == (of("dissent") | of("differ"))).all()
    assert (TABLE["planted_dissenter"] == "").to_numpy()[~of("dissent")].all()


def test_a_silent_modality_is_missing_or_says_nothing():
    for modality in MODALITIES:
        there = MADE.features[modality].present()
        silent = (TABLE["planted_silent"] == modality).to_numpy()
        assert (shown(modality)[silent] == "").all() and (shown(modality)[~silent] != "").all()
        assert there[~silent].all() and there[silent].mean() == pytest.approx(0.5, abs=0.1)
        assert ((TABLE[f"item_{modality}"] == "").to_numpy() == ~there).all()
    assert (of("silent") == (TABLE["planted_silent"] != "").to_numpy()).all()
    assert (TABLE["text"] == "").to_numpy()[~MADE.features["text"].present()].all()


def test_a_mixture_shows_two_emotions_and_no_other():
    for row in TABLE[of("mixture")].itertuples():
        assert {row.shown_face, row.shown_voice, row.shown_text} <= set(row.planted_mixture.split("+"))
    both = set(TABLE["planted_mixture"][of("mixture")])
    assert both == {"anger+disgust", "happiness+surprise"}


def test_shares_are_those_asked_for():
    assert of("dissent").mean() == pytest.approx(0.24, abs=0.02) and of("differ").mean() == pytest.approx(
        0.06, abs=0.02
    )
    many = ground.mixed(ALL, FREQUENT, Plan(n=2000, conflict_rate=0.6, balance=1.0)).samples
    assert many["planted_conflict"].mean() == pytest.approx(0.6, abs=0.03)
    assert_allclose(many["shown_face"][many["shown_face"] != ""].value_counts(normalize=True), 1 / K, atol=0.04)
    none = ground.mixed(ALL, FREQUENT, Plan(n=500, conflict_rate=0)).samples
    assert not none["planted_conflict"].any()


def test_no_item_stands_in_two_groups_and_no_group_in_two_splits():
    assert (TABLE.groupby("group")["split"].nunique() == 1).all()
    assert TABLE["group"].nunique() == 5 and (TABLE["split"] == "train").mean() == pytest.approx(0.7, abs=0.01)
    for modality in MODALITIES:
        used = TABLE[TABLE[f"item_{modality}"] != ""]
        assert (used.groupby(f"item_{modality}")["group"].nunique() == 1).all()


def test_training_groups_hold_items_of_the_fitting_part_only():
    for modality, given in zip(MODALITIES, ALL, strict=True):
        part = dict(zip(given.name.tolist(), given.part.tolist(), strict=True))
        used = TABLE[TABLE[f"item_{modality}"] != ""]
        assert ((used[f"item_{modality}"].map(part) == "fit") == (used["split"] == "train")).all()


def test_features_are_those_of_the_items():
    for given in ALL:
        item, values = TABLE[f"item_{given.modality}"].iloc[5], MADE.features[given.modality].values[5]
        row = given.name.tolist().index(item)
        assert_allclose(values[:K], given.embedding[row], rtol=1e-5)
        assert_allclose(np.exp(values[K : 2 * K]), given.distribution[row], rtol=1e-4)
        assert_allclose(values[2 * K :], given.hand[row], rtol=1e-5)


def test_the_same_seed_plants_the_same():
    again = ground.mixed(ALL, FREQUENT, Plan(n=3000))
    assert again.samples.equals(TABLE)
    other = ground.mixed(ALL, FREQUENT, Plan(n=3000, seed=1))
    assert not other.samples.equals(TABLE)


def test_raters_follow_the_face_more_than_the_voice_and_a_quarter_the_text():
    rows = np.array([[0, 4], [12, 12], [12, 12]])  # anger against happiness, then happiness throughout
    drawn = ground.Drawn(rows, np.zeros(2, int), np.full(2, -1), np.full((2, 2), -1))
    said = ground.followed(ALL, drawn)
    face = 0.75 * ground.FACE[0, 3]
    assert_allclose(said[0, [0, 3]], [face, 1 - face])
    assert_allclose(ground.followed(ALL, replace(drawn, rows=np.array([[0], [12], [-1]])))[0, 0], ground.FACE[0, 3])
    assert_allclose(ground.followed(ALL, replace(drawn, rows=np.array([[-1], [12], [0]])))[0, 0], 0.25)


def test_who_says_nothing_is_not_followed():
    silent = np.flatnonzero(ALL[0].role == SILENT)[:1]
    drawn = ground.Drawn(np.array([silent, [12], [12]]), np.zeros(1, int), np.zeros(1, int), np.full((2, 1), -1))
    assert_allclose(ground.followed(ALL, drawn)[0], np.eye(K)[3])


def test_without_noise_raters_of_agreeing_samples_agree():
    quiet = ground.mixed(ALL, FREQUENT, Plan(n=1000, noise=0.0, target="votes"))
    agree = (quiet.samples["kind"] == "agree").to_numpy()
    assert (quiet.annotations["fused"].values[agree].max(1) == ground.RATERS).all()
    loud = ground.mixed(ALL, FREQUENT, Plan(n=1000, noise=1.0))
    label = np.array(LABELS)[loud.annotations["fused"].values]
    assert (label == loud.samples["shown_face"])[loud.samples["kind"] == "agree"].mean() < 0.5


def test_the_label_is_what_most_raters_said():
    votes = np.stack([TABLE[f"votes_{name}"] for name in LABELS], 1)
    label = MADE.annotations["fused"].values
    assert (votes.sum(1) == ground.RATERS).all()
    assert (votes[np.arange(len(votes)), label] == votes.max(1)).all()
    row = np.flatnonzero(TABLE["item_face"] != "")[0]
    item = ALL[0].name.tolist().index(TABLE["item_face"][row])
    assert_array_equal(MADE.annotations["face"].values[row], ALL[0].votes[item])


def test_a_corpus_with_too_few_items_is_said():
    few = replace(ALL[0], shown=np.where(ALL[0].shown == 2, 0, ALL[0].shown))
    with pytest.raises(DatasetError, match="no face that shows fear"):
        ground.mixed((few, *ALL[1:]), FREQUENT, Plan(n=500))
    plain = replace(ALL[2], role=np.where(ALL[2].role == MIXED, PURE, ALL[2].role))
    with pytest.raises(DatasetError, match="no text that shows two emotions"):
        ground.mixed((*ALL[:2], plain), FREQUENT, Plan(n=500))


@pytest.mark.parametrize(
    "wrong",
    [
        *({"noise": 1.2}, {"conflict_rate": -0.1}, {"n": 5}, {"target": "mood"}, {"balance": 2}, {"seed": -1}),
        *({"asked": "arousal"}, {"target": "score"}),
    ],
)
def test_a_plan_that_cannot_be_is_refused(wrong):
    with pytest.raises(ConfigError):
        Plan(**wrong)


def test_the_observer_finds_conflict_it_was_not_fitted_on():
    made = ground.mixed(tuple(pool(m, clear=8.0) for m in MODALITIES), FREQUENT, Plan(n=2500))
    seen = observer.observer(made)
    test = (made.samples["split"] == "test").to_numpy()
    planted = made.samples["planted_conflict"].to_numpy(bool)
    assert metrics.auroc(planted[test], seen.conflict[test]) > 0.85
    lone = test & (made.samples["planted_dissenter"] != "").to_numpy()
    off = made.samples["planted_dissenter"].map({m: n for n, m in enumerate(MODALITIES)}).to_numpy()
    assert (seen.dissenter == off)[lone].mean() > 0.7
    assert seen.auroc[seen.family] == max(seen.auroc.values())


def test_the_observer_needs_to_be_told_what_was_planted():
    with pytest.raises(DatasetError, match="emoviz data mix"):
        observer.observer(replace(MADE, samples=TABLE.drop(columns="planted_conflict")))


def test_a_picture_shows_what_its_votes_say():
    votes = np.array([[10, 0, 0, 0, 0, 0, 0], [5, 4, 1, 0, 0, 0, 0], [4, 3, 3, 0, 0, 0, 0]]) / 10
    role, first, second = pools._roles(votes)
    assert role.tolist() == [PURE, MIXED, SILENT]
    assert first.tolist() == [0, 0, -1] and second.tolist() == [-1, 1, -1]


def test_texts_that_training_knew_are_left_out_and_some_are_stripped_of_what_they_say(tmp_path):
    read = pools._texts(corpora.go_emotions(tmp_path), weights.load("text"))
    # Of "both at once" the words that say nothing are left; "I HATE THIS" stands in training.
    assert read.text.tolist() == ["at", "glad I came", "the end"]
    assert read.role.tolist() == [SILENT, PURE, PURE] and read.part.tolist() == ["fit", "test", "test"]
    assert read.shown.tolist() == [-1, LABELS.index("happiness"), LABELS.index("neutral")]
    assert np.isnan(read.people[0]).all() and read.embedding.shape == (3, 28)
    assert_allclose(read.distribution.sum(1), 1)


def test_faces_come_from_parts_that_were_not_trained_on(tmp_path):
    read = pools._faces(corpora.fer_plus(tmp_path), weights.load("face"))
    assert read.part.tolist() == ["fit", "test"]  # the picture that stands in training too is left out
    assert read.shown.tolist() == [LABELS.index("neutral")] * 2
    assert read.votes[0, [LABELS.index("neutral"), LABELS.index("happiness")]].tolist() == [9, 1]


def test_a_murmur_is_several_recordings_of_one_actor_as_loud_as_one():
    actors, labels = np.repeat([1, 2], 4), np.tile([0, 1], 4)
    voices = ravdess.Voices(None, ("x",) * 8, labels, actors, np.zeros(8, bool))
    sounds = {row: np.sin(np.arange(800) * (row + 1) / 50).astype(np.float32) / 2 for row in range(8)}
    made = dict(pools._murmurs(voices, sounds))
    assert set(made) == set(range(8))
    for row, murmur in made.items():
        assert murmur.std() == pytest.approx(sounds[row].std(), rel=0.05)
        alike = [abs(np.corrcoef(murmur, sounds[other])[0, 1]) for other in range(8)]
        assert set(np.argsort(alike)[-2:] // 4) == {row // 4}


def by_valence(given):
    """Items of :func:`pool` by valence; nobody could tell anything of the silent ones."""
    return pools.by_valence(replace(given, people=np.where((given.role == SILENT)[:, None], np.nan, given.people)))


VALENCE = tuple(map(by_valence, ALL))
EVEN = np.array([0.4, 0.3, 0.3])


def test_items_by_valence_are_those_that_most_people_see_one_in():
    given = ALL[0]
    people = np.zeros((len(given), K))
    people[:, LABELS.index("anger")], people[:, LABELS.index("sadness")] = 0.5, 0.3  # negative together
    people[:, LABELS.index("happiness")] = 0.2
    people[0], people[1] = np.eye(K)[LABELS.index("surprise")], np.eye(K)[LABELS.index("happiness")]
    people[2, :] = 0
    people[2, [LABELS.index("anger"), LABELS.index("happiness")]] = 0.5
    found = pools.by_valence(replace(given, role=np.full(len(given), PURE), people=people))
    # Surprise may be either, and half against half is neither.
    assert found.name.tolist() == [given.name[1], *given.name[3:].tolist()]
    assert [found.labels[k] for k in found.shown[:2]] == ["positive", "negative"]
    assert_allclose(found.people[1], [0.8, 0, 0.2])
    assert_allclose(found.votes[0], given.votes[1] @ pools.valence_of(LABELS))


def test_what_shows_nothing_shows_no_valence_either():
    found = VALENCE[1]
    assert (found.role == SILENT).sum() == (ALL[1].role == SILENT).sum()
    assert (found.shown[found.role == SILENT] == -1).all() and (found.shown[found.role == PURE] >= 0).all()


def test_valence_is_planted_as_emotions_are():
    made = ground.mixed(VALENCE, EVEN, Plan(n=2000, asked="valence"))
    checks.check(made)
    assert made.label_names == pools.VALENCES
    table = made.samples
    face, voice, text = (table[f"shown_{m}"].to_numpy() for m in MODALITIES)
    differ, agree = ((table["kind"] == kind).to_numpy() for kind in ("differ", "agree"))
    assert ((face != voice) & (voice != text) & (face != text))[differ].all() and differ.any()
    assert ((face == voice) & (voice == text))[agree].all()
    # Nobody marked two valences in a sentence: what would be mixtures agree.
    assert not (table["kind"] == "mixture").any() and agree.mean() == pytest.approx(0.56, abs=0.03)
    assert table["planted_conflict"].mean() == pytest.approx(0.3, abs=0.03)


def test_the_score_is_the_mean_of_what_raters_said():
    made = ground.mixed(VALENCE, EVEN, Plan(n=500, asked="valence", target="score"))
    table = made.samples
    score = made.annotations["fused"].values
    assert_allclose(score, (table["votes_positive"] - table["votes_negative"]) / ground.RATERS)
    assert inputs.declare(made, groups="embedding").target == "score"


def test_of_a_pleasant_face_and_an_unpleasant_voice_raters_follow_the_face_most():
    row = {name: np.flatnonzero(VALENCE[0].shown == k)[0] for k, name in enumerate(pools.VALENCES)}
    rows = np.array([[row["positive"]], [np.flatnonzero(VALENCE[1].shown == 0)[0]], [-1]])
    drawn = ground.Drawn(rows, np.zeros(1, int), np.full(1, -1), np.full((2, 1), -1))
    said = ground.followed(VALENCE, drawn)
    assert said[0, 2] == pytest.approx(ground.FACE_BY_VALENCE[2, 0]) and ground.FACE_BY_VALENCE.max() == said[0, 2]


def test_sentences_show_what_their_readers_found(tmp_path):
    read = pools._sentences(corpora.emobank(tmp_path), weights.load("text"))
    # The last one has no single reader. Of the first only words that say nothing are left.
    assert read.role.tolist() == [SILENT, PURE, PURE] and read.labels == pools.VALENCES
    assert [read.labels[k] for k in read.shown[1:]] == ["negative", "neutral"]
    assert read.votes[1:].tolist() == [[1, 0, 0], [0, 1, 0]] and np.isnan(read.people[0]).all()
    assert read.embedding.shape == (3, 28)


@pytest.mark.external
def test_no_document_has_sentences_for_training_and_for_testing(test_data, monkeypatch):
    monkeypatch.setattr(pools.mix, "read_texts", lambda texts, given: blind(texts, given))
    read = pools._sentences(test_data / "emobank", weights.load("text"))
    document = np.array([name.split("_")[0] for name in read.name])
    parts = {name: set(document[read.part == name]) for name in ("fit", "test")}
    assert parts["fit"] and not parts["fit"] & parts["test"]
    assert (read.part == "test").mean() == pytest.approx(1 / 3, abs=0.05)
    for name in ("fit", "test"):
        assert np.bincount(read.shown[(read.part == name) & (read.role == PURE)]).min() > 100


def blind(texts, given):
    """Texts that nobody read: which they are is all that matters here."""
    rows = np.array([row for row, _ in texts])
    count = len(given.card.labels)
    return pools.Read(rows, np.full((len(rows), count), 1 / count), np.zeros((len(rows), count)), np.ones(len(rows)))


@pytest.mark.external
def test_the_dominance_of_the_face_is_that_of_the_people_of_crema_d(test_data):
    votes, _ = crema_d.read(test_data / "crema-d")
    assert_allclose(ground.FACE, ground.dominance(votes), atol=6e-4)
    assert_allclose(ground.FACE_BY_VALENCE, ground.dominance(votes, "valence"), atol=6e-4)


def test_missing_corpora_are_said_on_the_command_line_too(tmp_path, capsys):
    with pytest.raises(DatasetError, match=r"labels\.csv"):
        finish(ground.ground(tmp_path, "mine"))
    assert cli.run(["data", "mix", "--name", "mine", "--corpora", str(tmp_path)]) == 1
    assert "Name the folder that holds FER+." in capsys.readouterr().err
    assert cli.run(["data", "mix", "--name", "mine", "--corpora", str(tmp_path), "--noise", "2"]) == 1
    assert "between 0 and 1" in capsys.readouterr().err
