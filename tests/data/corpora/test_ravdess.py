import io
import zipfile

import av
import numpy as np
import pandas as pd
import pytest

from emoviz.data.corpora import ravdess
from emoviz.errors import DatasetError


@pytest.fixture
def corpus(tmp_path):
    """Four recordings, two of them the same file under two names."""
    rows = [
        ("03-01-05-02-01-01-02.flac", 2, "F", "angry", "strong", "c"),
        ("03-01-01-01-01-01-01.flac", 1, "M", "neutral", "normal", "a"),
        ("03-01-03-01-02-01-07.flac", 7, "M", "happy", "normal", "b"),
        ("03-01-03-01-02-02-07.flac", 7, "M", "happy", "normal", "b"),
    ]
    table = pd.DataFrame(rows, columns=["file", "actor", "sex", "emotion", "intensity", "orig_sha256"])
    table.to_csv(tmp_path / "meta.csv", index=False)
    with zipfile.ZipFile(tmp_path / "ravdess_speech_16k_flac.zip", "w") as sounds:
        for row in rows:
            sounds.writestr(row[0], flac(np.arange(-1600, 1600, dtype=np.int16) * row[1]))
    return tmp_path


def flac(samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as made:
        stream = made.add_stream("flac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], "s16", "mono")
        frame.rate = 16_000
        made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return file.getvalue()


def test_recordings_come_in_the_order_of_their_names_and_no_file_twice(corpus):
    voices = ravdess.read(corpus)
    assert voices.files == ("03-01-01-01-01-01-01.flac", "03-01-03-01-02-01-07.flac", "03-01-05-02-01-01-02.flac")
    assert [ravdess.LABELS[k] for k in voices.labels] == ["neutral", "happy", "angry"]
    assert voices.sex.tolist() == ["M", "M", "F"]
    assert voices.strong.tolist() == [False, False, True]


def test_sounds_come_as_they_were_recorded(corpus):
    voices = ravdess.read(corpus)
    first = next(voices.sounds())
    assert first.dtype == np.float32
    np.testing.assert_allclose(first, np.arange(-1600, 1600) / 32768)


def test_an_actor_is_in_one_part_and_every_part_has_as_many_women_as_men():
    actors = np.repeat(np.arange(1, 25), 3)
    voices = ravdess.Voices(None, ("x",) * 72, np.zeros(72, int), actors, np.zeros(72, bool))
    assert all(len(set(voices.folds[actors == actor])) == 1 for actor in actors)
    for part in range(ravdess.FOLDS):
        sexes = voices.sex[voices.folds == part]
        assert (sexes == "F").sum() == (sexes == "M").sum() > 0


def test_a_folder_without_the_corpus_says_what_it_lacks(tmp_path):
    with pytest.raises(DatasetError, match=r"has no meta\.csv"):
        ravdess.read(tmp_path)


def test_a_strange_table_says_what_is_wrong(corpus):
    table = pd.read_csv(corpus / "meta.csv")
    table.drop(columns="actor").to_csv(corpus / "meta.csv", index=False)
    with pytest.raises(DatasetError, match="lacks the columns actor"):
        ravdess.read(corpus)
    table.assign(emotion="bored").to_csv(corpus / "meta.csv", index=False)
    with pytest.raises(DatasetError, match="does not know: bored"):
        ravdess.read(corpus)


@pytest.mark.external
def test_the_real_corpus_has_1439_different_recordings_of_24_actors(test_data):
    voices = ravdess.read(test_data / "ravdess")
    assert len(voices) == 1439
    assert np.bincount(voices.labels).tolist() == [96, 192, 191, 192, 192, 192, 192, 192]
    assert len(set(voices.actors)) == 24
