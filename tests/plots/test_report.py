"""The report of a clip: one page, complete in itself, with nobody in it who did not agree."""

import re
import zlib
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from emoviz.analysis.clip.explain import explain
from emoviz.analysis.clip.explanation import Explanation, Near, Place, Prototype
from emoviz.analysis.findings import CAVEAT
from emoviz.perception.base import Cue, Frame, Reading, Trace
from emoviz.plots import report
from emoviz.plots.report import Shown
from emoviz.plots.sheet import HEIGHT, WIDTH, Sheet, Words, fitted, wide, wrapped
from tests import media
from tests.analysis.clip.made import clip, constants

PLACE = Place("crema-d", "votes", near=(Near(0, "1001_DFA", 0.2, "happiness", ""),), prototypes=(Prototype("fear", 1),))


def explained(**said) -> Explanation:
    said = said or {"face": ["happiness"] * 6, "voice": ["sadness"] * 6, "text": ["sadness"] * 6}
    return explain(clip(**said), constants=constants())


def still(time: float = 1.0) -> Frame:
    """A picture whose every pixel differs from its neighbours."""
    return Frame(time, np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8))


def face(*boxes: tuple[float, ...], count: int | None = None) -> Reading:
    """A face reading that found these boxes all the time."""
    time = np.arange(0, 5, 0.2)
    names = ["box", "box 2"]
    traces = [Trace(name, "", time, np.tile(box, (len(time), 1))) for name, box in zip(names, boxes, strict=False)]
    counts = np.full(len(time), len(boxes) if count is None else count, float)
    return Reading("face", "read", traces=(*traces, Trace("faces", "", time, counts)))


def printed(pdf: bytes) -> str:
    """The text commands of a PDF."""
    from base64 import a85decode

    streams = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    packed = [a85decode(stream.strip(), adobe=False) for stream in [s.strip().removesuffix(b"~>") for s in streams]]
    return b"\n".join(zlib.decompress(one) for one in packed if one[:1] == b"x").decode("latin-1")


class Asked(HTMLParser):
    """Collects whatever a page would ask for or run."""

    def __init__(self):
        super().__init__()
        self.found = []
        self.text = []

    def handle_starttag(self, tag, attributes):
        if tag in ("script", "link", "iframe", "object"):
            self.found.append(tag)
        for name, value in attributes:
            if name.startswith("on") or (name in ("src", "href") and not value.startswith("data:")):
                self.found.append(f"{tag} {name}={value}")

    def handle_data(self, data):
        self.text.append(data)


def read(page: str) -> Asked:
    asked = Asked()
    asked.feed(page)
    return asked


def test_the_page_asks_for_nothing():
    page = report.html(explained(), title="A clip", stills=[still()], shown=Shown(faces="shown"))
    assert read(page).found == []
    assert "default-src 'none'" in page
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", page)


def test_words_of_a_clip_stay_words():
    one = explained()
    text = replace(one.side("text").reading, cues=(Cue(0, 1, "<script>alert(1)</script> & \x00 more"),))
    sides = tuple(replace(side, reading=text) if side.modality == "text" else side for side in one.sides)
    page = report.html(replace(one, sides=sides), title='"><script>')
    assert read(page).found == []
    assert "\x00" not in page
    assert "<script>alert(1)</script> &" in " ".join(read(page).text)


def test_what_was_found_stands_on_the_page():
    one = replace(explained(), place=PLACE, notes=("The tail is broken.",))
    told = " ".join(" ".join(read(report.html(one, title="My clip")).text).split())
    for said in ("My clip", "conflict", "face – voice", "1001_DFA (happiness)", "Words 0.", "The tail is broken."):
        assert said in told
    assert " ".join(one.sentences[0].split()) in told
    assert CAVEAT in told


def test_pdf_says_the_same():
    told = printed(report.pdf(explained(), title="My clip"))
    for said in ("My clip", "What each conveys", "Strongest moments", "never a readout"):
        assert said in told


def test_the_same_clip_gives_the_same_report():
    assert report.html(explained(), stills=[still()]) == report.html(explained(), stills=[still()])
    assert report.pdf(explained(), stills=[still()]) == report.pdf(explained(), stills=[still()])


@pytest.mark.parametrize(
    "said",
    [
        {"text": ["fear"]},
        {"face": ["anger"], "voice": ["anger"]},
        {"voice": ["neutral"] * 400},
        {"face": ["anger", "fear"] * 100, "voice": ["disgust"] * 200, "text": ["surprise"] * 200},
    ],
)
@pytest.mark.parametrize("shown", [Shown(), Shown("left out", voice=False, words=False)])
def test_any_clip_fits_on_one_page(said, shown):
    one = replace(explained(**said), place=PLACE, notes=("Something to keep in mind. " * 30,))
    sheet = report._page(one, "A name " * 40, [still(time) for time in range(5)], shown)
    for thing in sheet.things:
        if isinstance(thing, Words):
            left = thing.x - wide(thing.text, thing.size, thing.bold) if thing.right else thing.x
            assert 0 <= left <= WIDTH and 0 < thing.y < HEIGHT
            assert left + wide(thing.text, thing.size, thing.bold) <= WIDTH
    assert report.pdf(one).count(b"/Type /Page\n") == 1


def test_a_clip_in_which_nothing_was_read_has_a_report():
    nothing = explain(clip(), constants=constants())
    assert "could be read" in " ".join(read(report.html(nothing)).text)
    assert report.pdf(nothing).startswith(b"%PDF")


def test_pictures_are_blurred_unless_somebody_decides_otherwise():
    open_, blurred, none = (
        report.html(explained(), stills=[still()], shown=Shown(faces=faces))
        for faces in ("shown", "blurred", "left out")
    )
    assert report.html(explained(), stills=[still()]) == blurred
    assert blurred != open_
    assert "<image" in blurred and "<image" not in none


def test_only_the_faces_are_blurred_where_they_are_known():
    frame = still()
    made = report.anonymous(frame, face((0.5, 0.5, 0.7, 0.7)))
    assert not (made[24:33, 32:44] == frame.image[24:33, 32:44]).all(2).any()
    np.testing.assert_array_equal(made[:10, :20], frame.image[:10, :20])


@pytest.mark.parametrize(
    "reading",
    [None, face(), face((np.nan,) * 4, count=0), face((0.1, 0.1, 0.2, 0.2), count=2)],
    ids=["no face was looked for", "none was found", "none at that time", "one of two is unknown"],
)
def test_the_whole_picture_is_blurred_where_faces_are_not_known(reading):
    made = report.anonymous(still(), reading)
    assert len(np.unique(made.reshape(-1, 3), axis=0)) <= (2 * report.MOSAIC) ** 2


def test_far_from_any_look_at_the_faces_the_whole_picture_is_blurred():
    made = report.anonymous(still(time=30.0), face((0.5, 0.5, 0.7, 0.7)))
    assert len(np.unique(made.reshape(-1, 3), axis=0)) <= (2 * report.MOSAIC) ** 2


def test_voice_and_words_can_be_left_out():
    told = " ".join(read(report.html(explained(), shown=Shown(voice=False, words=False))).text)
    assert "pitch" not in told
    assert "Words 0." not in told
    assert "pitch" in " ".join(read(report.html(explained())).text)


def test_stills_are_the_pictures_nearest_to_the_moments():
    class Media:
        def frames(self, rate):
            for i in range(100):
                yield Frame(i / rate, np.zeros((4, 4, 3), np.uint8))

    one = explained()
    found = report.stills(one, Media())
    wanted = sorted(moment.time for moment in one.moments[: report.STILLS])
    assert [frame.time for frame in found] == pytest.approx(wanted, abs=0.5 / report.FRAMES + 1e-9)


@pytest.mark.parametrize(("name", "start"), [("a.pdf", b"%PDF"), ("a.html", b"<!doctype html>")])
def test_a_report_is_written_with_pictures_of_the_clip(tmp_path, name, start):
    report.write(explained(), tmp_path / name, media.video(tmp_path / "clip.mp4"))
    written = (tmp_path / name).read_bytes()
    assert written.startswith(start)
    assert b"/Image" in written or b"<image" in written


def test_lines_are_no_wider_than_they_may_be():
    said = "Some words and averyveryveryverylongwordthatfitsnowhere at all"
    assert all(wide(line, 8) <= 60 for line in wrapped(said, 60, 8))
    assert fitted("short", 60, 8) == "short"
    assert fitted("much too long for that", 40, 8).endswith("…")


def test_letters_beyond_the_fonts_of_pdf_do_not_break_it():
    sheet = Sheet("Titel")
    sheet.words(10, 10, "Дякую 😀 −3")
    assert "–3".encode("cp1252").decode("latin-1") in printed(sheet.pdf()) or r"\2263" in printed(sheet.pdf())
    assert "Дякую 😀" in sheet.html()
