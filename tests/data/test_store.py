"""What is written is what is read, and nothing else is."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from emoviz import workspace
from emoviz.data import store
from emoviz.data.checks import samples_table
from emoviz.data.dataset import FUSED, Annotation, Dataset, Features, Label
from emoviz.errors import BadNameError, DatasetError, UnknownNameError


def small(seed: int = 0, n: int = 5, name: str = "small") -> Dataset:
    """A dataset with every kind of annotation and feature, and gaps in each."""
    rng = np.random.default_rng(seed)
    votes = rng.integers(0, 9, (n, 2)).astype(float)
    votes[0] = np.nan
    mass = rng.dirichlet([1, 1], n)
    vectors = rng.normal(size=(n, 3)).astype(np.float32)
    vectors[-1] = np.nan
    lengths = rng.integers(0, 4, n)
    lengths[0] = 2
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return Dataset(
        name=name,
        title="Small",
        description="For tests.",
        licence="none",
        source="a test",
        simulated=True,
        labels=(Label("joy", "#aa0000", 0.9), Label("other", "#00aa00")),
        modalities=("voice", "face", "text"),
        samples=samples_table(
            [f"s{i}" for i in range(n)],
            group=[f"g{i % 2}" for i in range(n)],
            age=rng.integers(18, 80, n),
            loud=rng.random(n) > 0.5,
        ),
        annotations={
            "voice": Annotation("votes", votes),
            "face": Annotation("distribution", mass),
            "text": Annotation("score", np.where(rng.random(n) > 0.5, rng.normal(size=n), np.nan)),
            FUSED: Annotation("label", rng.integers(-1, 2, n)),
        },
        features={
            "voice": Features(vectors, ("a", "b", "c"), ("x", "x", "y")),
            "face": Features(rng.normal(size=(offsets[-1], 2)), ("p", "q"), ("z", "z"), offsets),
        },
        context=("loud",),
    )


def equal(one: Dataset, other: Dataset) -> bool:
    pd.testing.assert_frame_equal(one.samples, other.samples)
    for side, annotation in one.annotations.items():
        assert_array_equal(annotation.values, other.annotations[side].values)
        assert annotation.kind == other.annotations[side].kind
    for modality, features in one.features.items():
        read = other.features[modality]
        assert_array_equal(features.values, read.values)
        assert features.values.dtype == read.values.dtype
        assert (features.columns, features.groups) == (read.columns, read.groups)
        assert_array_equal(features.present(), read.present())
    return True


@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_what_is_written_is_what_is_read(tmp_path_factory, seed, n):
    dataset = small(seed, n)
    stored = store.write(dataset, tmp_path_factory.mktemp("d") / "small")
    assert equal(dataset, stored)
    assert str(dataset.labels) == str(stored.labels)
    assert list(stored.annotations) == list(dataset.annotations)
    assert stored.context == ("loud",)


def test_features_are_mapped_not_loaded():
    assert isinstance(store.write(small()).features["voice"].values, np.memmap)


def test_the_hash_changes_with_everything_but_the_name():
    first = store.write(small()).content_hash
    assert store.write(small(name="renamed")).content_hash == first
    others = [
        replace(small(), title="Other"),
        replace(small(), labels=small().labels[::-1]),
        replace(small(), samples=small().samples.assign(text="a")),
        small(seed=1),
    ]
    hashes = {store.write(replace(other, name=f"o{i}")).content_hash for i, other in enumerate(others)}
    assert len(hashes | {first}) == 5


def test_a_changed_feature_changes_the_hash():
    dataset = small()
    values = dataset.features["voice"].values.copy()
    values[1, 1] += 1
    other = replace(
        dataset, name="other", features=dataset.features | {"voice": replace(dataset.features["voice"], values=values)}
    )
    assert store.write(dataset).content_hash != store.write(other).content_hash


def test_a_stored_dataset_is_listed_until_it_is_removed():
    store.write(small())
    assert store.names() == ("simulated", "small")
    store.remove("small")
    assert store.names() == ("simulated",)
    assert not list(workspace.place("datasets").iterdir())


def test_a_shipped_dataset_cannot_be_removed():
    with pytest.raises(DatasetError, match="comes with emoviz"):
        store.remove("simulated")


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UnknownNameError, match="Known: simulated"):
        store.read("nothing")


@pytest.mark.parametrize("name", ["../simulated", "..", "a/b", "A", "", "x" * 65, "a\n"])
def test_no_name_leaves_the_workspace(name):
    with pytest.raises((BadNameError, DatasetError, UnknownNameError)):
        store.remove(name)
    with pytest.raises(BadNameError):
        store.write(small(name=name))


def test_nothing_is_written_over_a_dataset():
    store.write(small())
    with pytest.raises(DatasetError, match="exists already"):
        store.write(small(seed=1))
    assert equal(small(), store.read("small"))


def test_a_write_that_fails_leaves_nothing(monkeypatch):
    monkeypatch.setattr(store, "_content_hash", lambda manifest: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store.write(small())
    assert not list(workspace.place("datasets").iterdir())


def test_a_light_look_tells_what_is_there():
    store.write(small())
    told = store.info("small")
    assert (told.samples, told.modalities, told.shipped) == (5, ("voice", "face", "text"), False)
    assert told.annotations == {"voice": "votes", "face": "distribution", "text": "score", FUSED: "label"}
    assert told.features["face"].sequence


FILES = ["dataset.json", "samples.parquet", "features/voice.npy", "features/face.npy", "features/face.offsets.npy"]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("harm", ["gone", "empty", "cut", "pickle", "noise", "flipped"])
def test_damage_is_said_in_a_sentence_and_runs_nothing(tmp_path, file, harm):
    store.write(small(n=40))
    path = workspace.place("datasets") / "small" / file
    good = path.read_bytes()
    trap = tmp_path / "trap"
    match harm:
        case "gone":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(good[: len(good) // 2])
        case "pickle":
            path.write_bytes(pickle.dumps(Trap(str(trap))))
        case "noise":
            path.write_bytes(np.random.default_rng(0).bytes(len(good)))
        case "flipped":
            path.write_bytes(good[:-20] + bytes([good[-20] ^ 1]) + good[-19:])
    with pytest.raises((DatasetError, UnknownNameError), match=r"'small'.*(Import|import|Known)"):
        store.verify("small")
    assert not trap.exists()


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: str):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_an_array_that_hides_a_pickle_is_refused(tmp_path):
    store.write(small())
    trap = tmp_path / "trap"
    path = workspace.place("datasets") / "small" / "features" / "voice.npy"
    np.save(path, np.array([Trap(str(trap))], dtype=object), allow_pickle=True)
    with pytest.raises(DatasetError, match="damaged"):
        store.read("small")
    assert not trap.exists()


@given(st.data())
def test_an_altered_manifest_is_noticed(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("d") / "small"
    store.write(small(), folder)
    path = folder / "dataset.json"
    manifest = json.loads(path.read_text())
    key = data.draw(st.sampled_from(sorted(manifest)))
    before = manifest[key]
    manifest[key] = data.draw(
        st.sampled_from([None, 0, "x", [], {}, [1], {"../../x": {}}, [["a", "b"]], True, "../../etc"])
    )
    assume(manifest[key] != before)
    path.write_text(json.dumps(manifest))
    with pytest.raises(DatasetError, match="'small'"):
        store.read(folder)


def test_a_manifest_cannot_name_a_file_elsewhere():
    store.write(small())
    path = workspace.place("datasets") / "small" / "dataset.json"
    manifest = json.loads(path.read_text())
    manifest["features"] = {"../../../etc/passwd": manifest["features"]["voice"]}
    manifest["content_hash"] = store._content_hash(manifest)
    path.write_text(json.dumps(manifest))
    with pytest.raises(DatasetError, match="name that cannot be one"):
        store.read("small")


def test_clips_are_taken_along_and_stay_inside(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.mp4").write_bytes(b"clip")
    samples = small().samples.assign(media=["in/a.mp4", "", "", "", ""])
    stored = store.write(replace(small(), samples=samples), media_from=tmp_path)
    assert store.media_file(stored, "in/a.mp4").read_bytes() == b"clip"
    for bad in ("", "in/b.mp4", "../dataset.json", "/etc/passwd", "in/../../dataset.json"):
        with pytest.raises(DatasetError, match="no clip"):
            store.media_file(stored, bad)
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    (workspace.place("datasets") / "small" / "media" / "out.mp4").symlink_to(tmp_path / "secret.mp4")
    with pytest.raises(DatasetError, match="no clip"):
        store.media_file(stored, "out.mp4")
    copied = store.write(replace(stored, name="copy"))
    assert store.media_file(copied, "in/a.mp4").read_bytes() == b"clip"


def test_a_clip_that_is_not_there_stops_the_write(tmp_path):
    samples = small().samples.assign(media=["a.mp4", "", "", "", ""])
    with pytest.raises(DatasetError, match="not in the media folder"):
        store.write(replace(small(), samples=samples), media_from=tmp_path)
    assert not list(workspace.place("datasets").iterdir())


def test_without_clips_no_cell_names_one():
    samples = small().samples.assign(media="a.mp4", media_voice="b.wav")
    stored = store.write(replace(small(), samples=samples))
    assert (stored.samples[["media", "media_voice"]] == "").all(axis=None)


def test_infinite_features_are_not_stored():
    dataset = small()
    values = dataset.features["voice"].values.copy()
    values[1] = np.inf
    features = dataset.features | {"voice": replace(dataset.features["voice"], values=values)}
    with pytest.raises(DatasetError, match="infinite"):
        store.write(replace(dataset, features=features))


def test_a_link_cannot_smuggle_a_file_in(tmp_path):
    (tmp_path / "secret").write_text("s")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.mp4").symlink_to(tmp_path / "secret")
    samples = small().samples.assign(media=["a.mp4", "", "", "", ""])
    with pytest.raises(DatasetError, match="not in the media folder"):
        store.write(replace(small(), samples=samples), media_from=tmp_path / "in")
