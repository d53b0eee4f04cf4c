"""The process that decodes a clip: it holds the open file and a pipe to write to, and can touch nothing else.

Media files are hostile input and decoders are old code. So each is decoded by a process of its own, forked from
one that ``media.py`` starts, which lays down its rights before it looks at the clip: no file or socket can be
opened any more, memory and time are limited. The clip comes as standard input, so that there is no name to be
taken for an address, and containers that only refer to other files or to the network (playlists, session
descriptions, lists to join) are not read at all.

Every answer is a message on standard output: a kind of one byte, the length of what follows, and that. Nothing
is imported that is not needed, since every clip waits for it. Times are seconds on the clip's own clock.
"""

import json
import os
import re
import resource
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any, NoReturn

import av
import av.error
import av.filter
import av.logging
import av.subtitles.codeccontext
import av.subtitles.stream
from av.stream import Disposition

# Kinds of messages
INFO, FRAME, SOUND, CUE, REFUSED, ALIVE, END = (letter.encode() for letter in "ifscx.e")
HEAD = struct.Struct("<cI")  # kind and length
FRAME_HEAD = struct.Struct("<dIIIi")  # time, width, height, bytes a row, degrees to turn it anticlockwise
SOUND_HEAD = struct.Struct("<Q")  # place of the first sample on the clip's clock, in samples
# Why a clip is refused
UNKNOWN, MEMORY, PICTURE = "unknown", "memory", "picture"

# As libavformat calls them. Each brings its media along; none of them names other files.
FORMATS = "mov,mp4,m4a,3gp,matroska,webm,avi,flv,wav,w64,mp3,aac,flac,ogg,mpegts,mpeg,asf,aiff,caf"
TEXTS = ("subrip", "srt", "webvtt", "mov_text", "ass", "ssa", "text")
COVERS = Disposition.attached_pic | Disposition.timed_thumbnails  # pictures that do not move
MARKUP = re.compile(r"\{[^}]*\}|<[^>]*>")
RATE = 16_000  # samples a second of all sound
GAP = RATE // 10  # samples that may be missing between two pieces of sound before silence takes their place
UNIT = 1_000_000  # of libav's clock
FIRST_PACKETS = 200  # that may come before the first picture, for it to count as one
MOST_CUES = 20_000
MOST_LETTERS = 2_000  # of one cue
TURNS = {1: ("cclock",), 2: ("clock", "clock"), 3: ("clock",)}  # quarters anticlockwise, as filters do them
WIDEST_COPY = 1280  # pixels


class RefusedError(Exception):
    """The clip cannot be read; carries one of the reasons above."""


class Sender:
    """Writes messages, and says now and then that it lives."""

    def __init__(self):
        self.pipe = os.fdopen(1, "wb", buffering=1 << 16)
        self.last = time.monotonic()

    def __call__(self, kind: bytes, *parts: Any) -> None:
        self.pipe.write(HEAD.pack(kind, sum(len(part) for part in parts)))
        for part in parts:
            self.pipe.write(part)
        self.pipe.flush()
        self.last = time.monotonic()

    def alive(self) -> None:
        """Break a silence of a second."""
        if time.monotonic() - self.last > 1:
            self(ALIVE)


class Opened:
    """A clip whose container was understood.

    Attributes:
        container: libav's
        picture: the stream that is looked at, or ``None``
        sound: the stream that is listened to, or ``None``
        origin: where the clip's clock begins on the container's
        damaged: packets that could not be decoded
        broken: whether the file could not be read to its end
    """

    def __init__(self, send: Sender):
        self.send = send
        options = {"format_whitelist": FORMATS, "protocol_whitelist": "none"}
        try:
            self.container = av.open(os.fdopen(0, "rb", buffering=0), "r", options=options, metadata_errors="replace")
        except (av.error.FFmpegError, ValueError) as error:
            raise RefusedError(UNKNOWN) from error
        streams = self.container.streams
        self.picture: Any = next((s for s in streams.video if s.codec_context and not s.disposition & COVERS), None)
        self.sound: Any = next((s for s in streams.audio if s.codec_context), None)
        self.origin = (self.container.start_time or 0) / UNIT
        self.damaged = 0
        self.broken = False

    def packets(self, *streams: Any, most: int = sys.maxsize) -> Iterator[Any]:
        """Packets until the file ends or cannot be read on, ``most`` at most."""
        packets = self.container.demux(*streams)
        for _ in range(most):
            self.send.alive()
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError:
                self.broken = True
                return
            yield packet

    def frames(self, *streams: Any, most: int = sys.maxsize) -> Iterator[tuple[Any, Any]]:
        """Decoded frames with their stream, from ``most`` packets at most; damaged ones are passed over."""
        for packet in self.packets(*streams, most=most):
            try:
                frames = packet.decode()
            except av.error.MemoryError:
                raise
            except (av.error.FFmpegError, ValueError):
                self.damaged += 1
                continue
            for frame in frames:
                yield packet.stream, frame

    def tracks(self) -> list[Any]:
        """Subtitle tracks that hold text."""
        return [s for s in self.container.streams.subtitles if s.codec_context and s.codec_context.codec.name in TEXTS]

    def rewind(self, seconds: float = 0.0) -> None:
        """Go to the last place at or before a time where decoding can begin, if the container allows it."""
        with suppress(av.error.FFmpegError):
            self.container.seek(int((self.origin + seconds) * UNIT))

    def time(self, frame: Any) -> float | None:
        """When a frame is shown or heard, ``None`` where it does not say."""
        return None if frame.time is None else frame.time - self.origin


def probe(clip: Opened) -> None:
    """Tell what is in the file."""
    streams, picture, sound = clip.container.streams, clip.picture, clip.sound
    media = [s for s in (picture, sound) if s]
    first = None
    if picture:
        first = next((frame for _, frame in clip.frames(picture, most=FIRST_PACKETS)), None)
        clip.rewind()
    seconds = (clip.container.duration or 0) / UNIT
    if seconds <= 0 and media:  # recordings made by browsers do not say how long they are
        for packet in clip.packets(*media):
            if packet.pts is not None:
                seconds = max(seconds, float((packet.pts + (packet.duration or 0)) * packet.time_base) - clip.origin)
    told = {
        "container": clip.container.format.name,
        "seconds": seconds,
        "streams": len(streams),
        "codecs": [s.codec_context.codec.canonical_name for s in media],
        "pictures": len([s for s in streams.video if s.codec_context and not s.disposition & COVERS]),
        "sounds": len([s for s in streams.audio if s.codec_context]),
        "texts": len(clip.tracks()),
        "has_picture": picture is not None,
        "has_sound": sound is not None,
        "width": picture.codec_context.width if picture else 0,
        "height": picture.codec_context.height if picture else 0,
        "pixels": (picture.codec_context.pix_fmt or "") if picture else "",
        "fps": float(picture.average_rate or 0) if picture else 0.0,
        "rotation": first.rotation if first else 0,
    }
    clip.send(INFO, json.dumps(told).encode())


def frames(clip: Opened, rate: float, longest: int, start: float, largest: int) -> None:
    """Send at most ``rate`` pictures a second from ``start`` on, none longer on a side than ``longest`` pixels."""
    picture = clip.picture
    picture.thread_type = "AUTO"
    aspect = float(picture.codec_context.sample_aspect_ratio or 1)
    aspect = aspect if 0.25 <= aspect <= 4 else 1.0
    if start > 0:
        clip.rewind(start)
    last, due = -1.0, start
    for _, frame in clip.frames(picture):
        at = clip.time(frame)
        at = last + 1 / float(picture.average_rate or 25) if at is None else max(at, 0.0)
        if max(frame.width, frame.height) > largest:
            raise RefusedError(PICTURE)
        if at <= last or at < due - 1e-6:
            continue
        last, due = at, (int(at * rate + 1e-6) + 1) / rate
        scale = min(1.0, longest / max(frame.width * aspect, frame.height))
        width, height = max(1, round(frame.width * aspect * scale)), max(1, round(frame.height * scale))
        image = frame.reformat(width, height, "rgb24", interpolation="AREA")
        plane = image.planes[0]
        pixels = memoryview(plane)[: plane.line_size * height]
        clip.send(FRAME, FRAME_HEAD.pack(at, width, height, plane.line_size, frame.rotation), pixels)


def sound(clip: Opened, most: int) -> None:
    """Send all sound, ``most`` samples at most, as one channel."""
    resampler: Any = None
    shape: Any = None
    place = 0
    for _, frame in clip.frames(clip.sound):
        if shape != (frame.format.name, frame.layout.name, frame.sample_rate):
            resampler = av.AudioResampler("flt", "mono", RATE)
            shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        at = clip.time(frame)
        if at is not None and (at * RATE > place + GAP or not place):
            place = max(round(at * RATE), 0)
        try:
            pieces = resampler.resample(frame)
        except av.error.MemoryError:
            raise
        except (av.error.FFmpegError, ValueError):
            clip.damaged += 1
            continue
        for piece in pieces:
            clip.send(SOUND, SOUND_HEAD.pack(place), memoryview(piece.planes[0])[: 4 * piece.samples])
            place += piece.samples
        if place >= most:
            return


def cues(clip: Opened) -> None:
    """Send the words of the first subtitle track that holds text."""
    sent = 0
    for packet in clip.packets(*clip.tracks()[:1]):
        try:
            found = packet.stream.decode2(packet) if packet.size else None
        except (av.error.FFmpegError, ValueError):
            clip.damaged += 1
            continue
        if found is None or packet.pts is None:
            continue
        start = float(packet.pts * packet.time_base) - clip.origin
        seconds = float((packet.duration or 0) * packet.time_base) or found.end_display_time / 1000
        lines = [rect.dialogue.decode("utf-8", "replace") for rect in found if rect.type == b"ass"]
        words = " ".join(MARKUP.sub("", " ".join(lines)).split())[:MOST_LETTERS]
        if words and sent < MOST_CUES:
            clip.send(CUE, json.dumps([start, start + seconds, words]).encode())
            sent += 1


def copy(clip: Opened, target: int, longest: float) -> None:
    """Write the clip into an open file as MP4 with H.264 and AAC, at most ``longest`` seconds of it.

    Times are kept as the clip has them, so picture and sound stay together.
    """
    outputs: dict[Any, Any] = {}
    turner = None
    with av.open(os.fdopen(target, "r+b", buffering=0), "w", format="mp4") as made:
        if clip.sound:
            voice = made.add_stream("aac", rate=44_100)
            voice.layout = "stereo"
            outputs[clip.sound] = voice
        resampler = av.AudioResampler("fltp", "stereo", 44_100, frame_size=1024)
        held = []  # sound before the first picture: the file's head needs the size of pictures
        for stream, frame in clip.frames(*filter(None, (clip.picture, clip.sound))):
            at = clip.time(frame)
            if at is not None and at > longest:
                break
            if stream is clip.sound:
                held += resampler.resample(frame)
            else:
                turner = turner or Turner(frame)
                frame = turner.turned(frame)
                if stream not in outputs:
                    outputs[stream] = _picture_stream(made, frame, stream.average_rate)
                shown = outputs[stream]
                frame.pict_type = 0
                made.mux(shown.encode(frame.reformat(shown.width, shown.height, "yuv420p")))
            if not clip.picture or clip.picture in outputs:
                for piece in held:
                    made.mux(outputs[clip.sound].encode(piece))
                held.clear()
        for output in outputs.values():
            made.mux(output.encode(None))


def _picture_stream(made: Any, frame: Any, rate: Fraction | None) -> Any:
    stream = made.add_stream("libx264", rate=Fraction(rate or 25).limit_denominator(1001))
    scale = min(1.0, WIDEST_COPY / frame.width)
    stream.width, stream.height = (max(2, int(side * scale) // 2 * 2) for side in (frame.width, frame.height))
    stream.pix_fmt = "yuv420p"
    stream.options = {"preset": "veryfast", "crf": "22"}
    stream.codec_context.time_base = Fraction(1, 90_000)
    return stream


class Turner:
    """Turns pictures upright as the first of them asks."""

    def __init__(self, frame: Any):
        self.graph = None
        turns = TURNS.get(round(frame.rotation / 90) % 4)
        if turns:
            self.graph = av.filter.Graph()
            source = self.graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
            )
            steps = [self.graph.add("transpose", turn) for turn in turns]
            self.graph.link_nodes(source, *steps, self.graph.add("buffersink")).configure()

    def turned(self, frame: Any) -> Any:
        if self.graph is None:
            return frame
        self.graph.push(frame)
        return self.graph.pull()


def confine(memory: int, seconds: int, written: int) -> None:
    """Give up all rights that decoding does not need; what is open stays open.

    Args:
        memory: bytes of address space
        seconds: of computing
        written: bytes of the longest file
    """
    rights = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: written,
        resource.RLIMIT_NOFILE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for right, most in rights.items():
        resource.setrlimit(right, (most, most))


TASKS = {"probe": probe, "frames": frames, "sound": sound, "cues": cues, "copy": copy}


def perform(task: str, rights: list[int], arguments: dict[str, Any]) -> None:
    """Confine this process, and do a task with the clip at standard input."""
    send = Sender()
    confine(*rights)
    work: Any = TASKS[task]
    try:
        clip = Opened(send)
        work(clip, **arguments)
        send(END, json.dumps([clip.damaged, clip.broken]).encode())
    except RefusedError as reason:
        send(REFUSED, str(reason).encode())
    except MemoryError:
        send(REFUSED, MEMORY.encode())


def serve(control: socket.socket) -> None:
    """Fork a decoder for each request, kill it when its leash is let go, and end with whoever asks.

    Starting Python and libav takes longer than reading a small clip; forking does not. A request is JSON, ``task``,
    ``rights`` and ``arguments``, and comes with open files: the clip, the pipe for answers, the leash (a pipe whose
    other end is closed when nobody wants the answers any more) and, where it may be written to, the ``target``.
    """
    leashes: dict[int, int] = {}  # and the decoders that hang on them
    poll = select.poll()
    poll.register(control, select.POLLIN)
    while True:
        for file, _ in poll.poll():
            if file in leashes:
                poll.unregister(file)
                os.close(file)
                decoder = leashes.pop(file)
                os.kill(decoder, signal.SIGKILL)
                os.waitpid(decoder, 0)
                continue
            data, files, _, _ = socket.recv_fds(control, 1 << 16, 4)
            if not data:
                for decoder in leashes.values():
                    os.kill(decoder, signal.SIGKILL)
                return
            decoder = os.fork()
            if not decoder:
                for other in (control.detach(), *leashes, files[2]):
                    os.close(other)
                _decode(json.loads(data), files)
            leashes[files[2]] = decoder
            poll.register(files[2], 0)
            for other in (*files[:2], *files[3:]):
                os.close(other)


def _decode(request: dict[str, Any], files: list[int]) -> NoReturn:
    """Be the decoder."""
    try:
        for place, file in enumerate(files[:2]):
            os.dup2(file, place)
            os.close(file)
        if len(files) > 3:
            request["arguments"]["target"] = files[3]
        perform(**request)
    finally:
        os._exit(0)  # without a word: that the end is missing says it all


if __name__ == "__main__":
    av.logging.set_level(None)
    serve(socket.socket(fileno=int(sys.argv[1])))
