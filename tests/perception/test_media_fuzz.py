"""Three hundred files that nobody should trust: each is read within the limits, or refused in one sentence."""

import os
import random
import shutil
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest

from emoviz.errors import ClipError
from emoviz.perception import media
from emoviz.perception.media import Clip, Limits
from tests.media import CODECS, sound, tone, video

LIMITS = Limits(patience=10)
SECRET = "tone that nobody may hear"


def mutated(folder: Path) -> Iterator[Path]:
    """Each kind of clip, hurt in 23 ways."""
    chance = random.Random(7)
    for end, (picture, _) in CODECS.items():
        whole = (video if picture else sound)(folder / f"whole{end}", 0.4).read_bytes()
        hurt = {f"cut{k}": whole[: int(len(whole) * part)] for k, part in enumerate((0.01, 0.1, 0.3, 0.5, 0.8, 0.98))}
        for k, flips in enumerate((1, 1, 10, 10, 100, 100, 1000, 1000)):
            data = bytearray(whole)
            for _ in range(flips):
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            hurt[f"flipped{k}"] = bytes(data)
        for k in range(3):  # numbers of the head blown up
            data = bytearray(whole)
            for _ in range(4):
                at = chance.randrange(min(len(data), 600) - 4)
                data[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", bytes(4)))
            hurt[f"blown{k}"] = bytes(data)
        middle = len(whole) // 2
        hurt |= {
            "headless": bytes(64) + whole[64:],
            "hole": whole[:middle] + bytes(512) + whole[middle + 512 :],
            "tail": whole + chance.randbytes(5000),
            "before": b"GIF89a" + chance.randbytes(500) + whole,
            "twice": whole + whole,
            "zip": whole + b"PK\x05\x06" + bytes(18),
        }
        for name, data in hurt.items():
            path = folder / f"{name}{end}"
            path.write_bytes(data)
            yield path
        renamed = folder / f"renamed{chance.choice(sorted(CODECS))}.{end[1:]}.mp3"
        renamed.write_bytes(whole)
        yield renamed


def wave(rate: int, channels: int = 1, bits: int = 16, claimed: int = 3200) -> bytes:
    """A WAV file that says what it likes."""
    step = channels * bits // 8
    head = struct.pack("<4sI4s", b"RIFF", claimed + 36 & 0xFFFFFFFF, b"WAVE")
    told = (1, channels, rate, rate * step & 0xFFFFFFFF, step & 0xFFFF, bits)
    return head + struct.pack("<4sIHHIIHH4sI", b"fmt ", 16, *told, b"data", claimed) + bytes(3200)


def streams(path: Path, count: int) -> Path:
    with av.open(str(path), "w") as made:
        tracks = [made.add_stream("pcm_s16le", rate=16_000, layout="mono") for _ in range(count)]
        for track in tracks:
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
            frame.sample_rate = 16_000
            made.mux(track.encode(frame))
    return path


def raw(path: Path, width: int, height: int, *, codec: str = "rawvideo", frames: int = 1) -> Path:
    with av.open(str(path), "w") as made:
        stream = made.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for _ in range(frames):
            made.mux(stream.encode(av.VideoFrame(width, height, "yuv420p")))
        made.mux(stream.encode(None))
    return path


def special(folder: Path, secret: Path) -> Iterator[Path]:
    """What is no clip, what only points to one, and clips that claim too much."""
    chance = random.Random(11)
    at = str(secret)
    texts = {
        "empty.mp4": b"",
        "one.mp4": b"\0",
        "noise.mp4": chance.randbytes(4000),
        "noise.mp3": chance.randbytes(70_000),
        "zeros.avi": bytes(100_000),
        "words.mp4": b"Not a film at all.\n" * 50,
        "page.html": b"<html><video src='file:///etc/passwd'></video></html>",
        "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{at}\n#EXT-X-ENDLIST\n".encode(),
        "list.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{at}\n#EXT-X-ENDLIST\n".encode(),
        "net.m3u8": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
        "join.ffconcat": f"ffconcat version 1.0\nfile '{at}'\n".encode(),
        "join.mp4": f"ffconcat version 1.0\nfile '{at}'\n".encode(),
        "join.txt": f"file '{at}'\n".encode(),
        "call.sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
        "dash.mpd": f"<?xml version='1.0'?><MPD><Period><BaseURL>{at}</BaseURL></Period></MPD>".encode(),
        "stream.asx": b"<asx version='3.0'><entry><ref href='http://127.0.0.1:9/a'/></entry></asx>",
        "list.pls": f"[playlist]\nFile1={at}\nNumberOfEntries=1\n".encode(),
        "draw.svg": f"<svg xmlns='http://www.w3.org/2000/svg'><image href='{at}'/></svg>".encode(),
        "graph.lavfi": f"amovie={at}".encode(),
        "data.txt": f"data:audio/wav;base64,{at}".encode(),
        "tty.ans": b"\x1b[2J" * 500,
        "subs.srt": b"1\n00:00:01,000 --> 00:00:02,000\nhi\n",
        "subs.idx": b"# VobSub index file, v7\n",
        "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(300),
        "picture.jpg": b"\xff\xd8\xff\xe0" + bytes(300),
        "program": b"\x7fELF" + bytes(2000),
        "archive.mkv": b"PK\x03\x04" + chance.randbytes(900),
        "ebml.mkv": b"\x1aE\xdf\xa3" + b"\xff" * 400,
        "box.mp4": struct.pack(">I4sQ", 1, b"ftyp", 1 << 62) + bytes(100),
        "boxes.mp4": struct.pack(">I4s", 8, b"moov") * 5000,
        "deep.mp4": b"".join(struct.pack(">I4s", 8 * (3000 - k), b"moov" if k % 2 else b"trak") for k in range(3000)),
        "rate0.wav": wave(0),
        "rate1.wav": wave(1),
        "rate-most.wav": wave(0xFFFFFFFF),
        "rate-large.wav": wave(2_000_000_000),
        "channels0.wav": wave(16_000, 0),
        "channels-most.wav": wave(16_000, 65_535),
        "bits.wav": wave(16_000, 1, 65_535),
        "claims.wav": wave(16_000, claimed=0xFFFFFFF0),
    }
    for name, data in texts.items():
        (folder / name).write_bytes(data)
        yield folder / name
    linked = bytearray(video(folder / "reference.mp4", 0.4).read_bytes())
    at_url = linked.index(b"url ")  # a track that says it lies in another file
    linked[at_url + 4 : at_url + 8] = bytes(4)
    (folder / "reference.mp4").write_bytes(linked)
    yield folder / "reference.mp4"
    for name in (
        "pipe:0.mp4",
        "concat:a|b.mp4",
        "%03d.mp4",
        "-i.mp4",
        "new\nline\x1b[31m.mp4",
        "file:x.mp4",
        "☃ ~$(id).mp4",
    ):
        yield Path(shutil.copy(folder / "whole.mp4", folder / name))
    yield raw(folder / "dot.avi", 2, 2)
    yield raw(folder / "dot.mkv", 1, 1, codec="ffv1")
    yield raw(folder / "wide.avi", 16_384, 4)
    yield raw(folder / "tall.avi", 2, 16_384)
    yield raw(folder / "one.mp4", 64, 48, codec="libx264")
    yield raw(folder / "full.mkv", 8192, 64, codec="ffv1")
    yield streams(folder / "many.mkv", 32)
    yield video(folder / "long.mkv", times=[0, 18_000, 36_000], silent=True)
    yield video(folder / "jump.mkv", times=[0, 1, 3599, 90_000], silent=True)
    yield sound(folder / "hours.flac", samples=np.zeros(16_000 * 700, np.float32))
    yield video(folder / "rare.mp4", times=[0, 3000], silent=True)
    zero = bytearray(video(folder / "fps0.avi", 0.4).read_bytes())
    head = zero.index(b"strh") + 8 + 20
    zero[head : head + 8] = bytes(8)
    (folder / "fps0.avi").write_bytes(zero)
    yield folder / "fps0.avi"
    (folder / "folder.mp4").mkdir()
    yield folder / "folder.mp4"
    os.mkfifo(folder / "pipe.mp4")
    yield folder / "pipe.mp4"
    (folder / "zero.mp4").symlink_to("/dev/zero")
    yield folder / "zero.mp4"
    (folder / "passwd.mp4").symlink_to("/etc/passwd")
    yield folder / "passwd.mp4"
    yield folder / "gone.mp4"
    yield folder / ("n" * 300)
    yield folder / "nul\0.mp4"


def read(path: Path) -> str:
    """What reading a file comes to: the sentence of its refusal, or nothing."""
    try:
        with Clip(path, limits=LIMITS) as clip:
            assert 0 <= clip.seconds <= media.ROUNDED * LIMITS.seconds
            last = -1.0
            for frame in clip.frames(5):
                assert last < frame.time <= LIMITS.seconds
                assert max(frame.image.shape[:2]) <= media.LONGEST_SIDE
                last = frame.time
            heard = clip.sound()
            if heard is not None:
                assert heard.seconds <= LIMITS.seconds + 1
                assert np.isfinite(heard.samples[: 1 << 20]).all()
                assert np.abs(heard.samples[: 1 << 20]).max() <= 1
            assert all(cue.text.isprintable() for cue in clip.cues())
            assert all(note.isprintable() and note.endswith(".") for note in clip.notes)
    except ClipError as error:
        return str(error)
    return ""


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory) -> dict[str, str]:
    """Name of each file to what reading it came to; whatever else was on the disk is as it was."""
    folder = tmp_path_factory.mktemp("hostile")
    secret = sound(tmp_path_factory.mktemp("elsewhere") / "secret.wav", samples=tone(0.4))
    files = [*mutated(folder), *special(folder, secret)]
    before = {path: path.lstat().st_mtime_ns for path in (*folder.iterdir(), secret, *secret.parent.iterdir())}
    with ThreadPoolExecutor(3) as pool:
        found = dict(zip((path.name for path in files), pool.map(read, files), strict=True))
    after = {path: path.lstat().st_mtime_ns for path in (*folder.iterdir(), secret, *secret.parent.iterdir())}
    assert after == before
    return found


def test_there_are_three_hundred_of_them(verdicts):
    assert len(verdicts) >= 300


def test_each_is_read_or_refused_in_one_sentence(verdicts):
    said = [sentence for sentence in verdicts.values() if sentence]
    assert all(sentence.isprintable() and sentence.endswith(".") and len(sentence) < 300 for sentence in said)
    assert all(" " in sentence and "Error" not in sentence and "Errno" not in sentence for sentence in said)


@pytest.mark.parametrize(
    "name",
    [
        *("list.m3u8", "list.mp4", "net.m3u8", "join.ffconcat", "join.mp4", "join.txt", "call.sdp", "dash.mpd"),
        *("stream.asx", "list.pls", "draw.svg", "graph.lavfi", "data.txt", "page.html", "passwd.mp4"),
    ],
)
def test_what_refers_to_other_files_or_places_is_refused(verdicts, name):
    assert "is no video or sound that emoviz reads" in verdicts[name] or "cannot be decoded" in verdicts[name]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty.mp4", "is empty"),
        ("folder.mp4", "is not a file"),
        ("pipe.mp4", "is not a file"),
        ("zero.mp4", "is not a file"),
        ("gone.mp4", "cannot be opened"),
        ("nul\0.mp4", "cannot be opened"),
        ("wide.avi", "larger than 8192 x 8192"),
        ("tall.avi", "larger than 8192 x 8192"),
        ("many.mkv", "has 32 streams; at most 16"),
        ("long.mkv", "hours; at most 60 minutes"),
    ],
)
def test_what_asks_for_too_much_is_told_what_would_be_accepted(verdicts, name, words):
    assert words in verdicts[name]


@pytest.mark.parametrize(
    "name",
    [
        "one.mp4",
        "dot.avi",
        "dot.mkv",
        "fps0.avi",
        "pipe:0.mp4",
        "%03d.mp4",
        "-i.mp4",
        "new\nline\x1b[31m.mp4",
        "tail.mp4",
    ],
)
def test_what_is_odd_but_sound_is_read(verdicts, name):
    assert verdicts[name] == ""
