"""How long does a clip take, when does the first part of the answer come, and how much memory does it need?

    EMOVIZ_TEST_DATA=FOLDER python benchmarks/bench_clip.py [--hour face|voice [--minutes N]]

FOLDER/crema-d-clips holds real clips; one of them, shown over and over, becomes a clip of ten seconds (640 x 480, 25
pictures a second, H.264 and AAC) with a face and a voice all along. Each run is a process of its own, and its clock
starts before anything is imported; "warm" is the same clip read again by that process, as a worker that is at hand
would. Memory is the sum over all processes of what each has for itself (PSS). Computing time is that of all of them
too: it does not grow where other work shares the machine, and half of it is what two free cores would need at least.
Above 8 s, 2 s or 1.5 GB people would wait or machines would swap. An hour of video (``--hour``: the same clip,
repacked) has to need no more memory at its end than at its beginning; face and voice are read one by one, so that it
is known who grows.
"""

import argparse
import math
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import av
import numpy as np
from common import report

RUNS = 5
MODALITIES = ("face", "voice", "text")
SIZE = (640, 480)
FPS = 25
WORDS = "Don't forget a jacket. I would like a new alarm clock."


@dataclass
class Watched:
    """What was seen of a run.

    Attributes:
        lines: what it printed, each with its time since the start
        memory: time and MB, all processes together: all of it, and what is no file mapped into memory
    """

    lines: list[tuple[float, str]] = field(default_factory=list)
    memory: list[tuple[float, np.ndarray]] = field(default_factory=list)

    def when(self, word: str) -> float:
        return next((at for at, line in self.lines if line.startswith(word)), math.nan)

    def computed(self, word: str) -> float:
        """Seconds of all processors until then."""
        return next((float(line.split()[1]) for _, line in self.lines if line.startswith(word)), math.nan)

    @property
    def peak(self) -> float:
        return max(float(megabytes[0]) for _, megabytes in self.memory)


def clip(source: Path, target: Path, seconds: float) -> Path:
    """A real clip, shown over and over."""
    with av.open(str(source)) as given:
        pictures = [frame.to_ndarray(format="rgb24", width=SIZE[0], height=SIZE[1]) for frame in given.decode(video=0)]
    with av.open(str(source)) as given:
        resampler = av.AudioResampler("flt", "mono", 16_000)
        pieces = [piece for frame in given.decode(audio=0) for piece in resampler.resample(frame)]
        heard = np.concatenate([piece.to_ndarray()[0] for piece in pieces])
    with av.open(str(target), "w") as made:
        picture = made.add_stream("libx264", rate=FPS)
        picture.width, picture.height, picture.pix_fmt = *SIZE, "yuv420p"
        picture.options = {"preset": "veryfast"}
        voice = made.add_stream("aac", rate=16_000, layout="mono")
        for k in range(round(seconds * FPS)):
            frame = av.VideoFrame.from_ndarray(pictures[k % len(pictures)], format="rgb24")
            made.mux(picture.encode(frame))
        made.mux(picture.encode(None))
        samples = np.resize(heard, round(seconds * 16_000))
        for k in range(0, len(samples), 1024):
            frame = av.AudioFrame.from_ndarray(samples[None, k : k + 1024], format="flt", layout="mono")
            frame.sample_rate, frame.pts = 16_000, k
            made.mux(voice.encode(frame))
        made.mux(voice.encode(None))
    return target


def repeated(source: Path, target: Path, times: int) -> Path:
    """The packets of a clip one time after the other, not encoded again."""
    with av.open(str(target), "w") as made:
        for number in range(times):
            with av.open(str(source)) as given:
                streams = [*given.streams.video, *given.streams.audio]
                if not number:
                    outputs = [made.add_stream_from_template(stream) for stream in streams]
                length = given.duration / av.time_base + 0.2  # what is decoded before it is shown must not overlap
                for packet in given.demux(streams):
                    if packet.dts is not None:
                        shift = round(number * length / packet.time_base)
                        packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                        packet.stream = outputs[packet.stream.index]
                        made.mux(packet)
    return target


def proportional(process: int) -> np.ndarray:
    """MB that a process and those below it have for themselves: all, and what is no file mapped into memory."""
    total = np.zeros(2)
    try:
        told = dict(re.findall(r"^(Pss\w*):\s+(\d+)", Path(f"/proc/{process}/smaps_rollup").read_text(), re.M))
        total += np.array([int(told["Pss"]), int(told["Pss_Anon"]) + int(told["Pss_Shmem"])]) / 1000
        for task in Path(f"/proc/{process}/task").iterdir():
            total += sum(map(proportional, (task / "children").read_text().split()), np.zeros(2))
    except (OSError, KeyError):
        pass  # it has just ended
    return total


def watched(path: Path, modalities: Iterable[str], times: int = 1, pause: float = 0.05) -> Watched:
    """Read a clip in a process of its own, and look at it meanwhile."""
    command = [sys.executable, __file__, "--read", str(path), "--times", str(times), "--modalities", *modalities]
    seen, start = Watched(), time.perf_counter()
    environment = os.environ | {"OMP_WAIT_POLICY": "PASSIVE"}  # as emoviz starts all of its processes
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    def weigh() -> None:
        while process.poll() is None:
            seen.memory.append((time.perf_counter() - start, proportional(process.pid)))
            time.sleep(pause)

    scales = threading.Thread(target=weigh)
    scales.start()
    for line in process.stdout:
        seen.lines.append((time.perf_counter() - start, line.strip()))
    scales.join()
    if process.wait():
        sys.exit("Reading the clip failed.")
    return seen


def computing() -> float:
    """Seconds of processors that this process and those below it have used."""
    total, below = 0.0, [os.getpid()]
    while below:
        process = below.pop()
        with suppress(FileNotFoundError):  # it, or one of its threads, has just ended
            told = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
            total += sum(map(int, told[11:15])) / os.sysconf("SC_CLK_TCK")  # its own, and of those that have ended
            for task in Path(f"/proc/{process}/task").iterdir():
                below += map(int, (task / "children").read_text().split())
    return total


def read(path: Path, times: int, modalities: list[str]) -> None:
    """Be the process that is watched: say when something is known."""
    from emoviz.perception import pipeline
    from emoviz.progress import finish

    for number in range(times):
        print(f"start{number} {computing():.2f}", flush=True)
        told: set[str] = set()

        def hear(update: pipeline.Update, number: int = number, told: set[str] = told) -> None:
            for modality, reading in update.perceived.readings.items():
                if reading.windows is not None and len(reading.windows) and modality not in told:
                    told.add(modality)
                    print(f"{modality}{number} {computing():.2f}", flush=True)

        own = {modality: pipeline.SHIPPED[modality] for modality in modalities}
        done = finish(pipeline.perceive(path, text=WORDS, extractors=own, cache=False), hear)
        state = " ".join(f"{name}={one.status}:{len(one.windows or ())}" for name, one in done.readings.items())
        print(f"done{number} {computing():.2f} {state}", flush=True)


def short(folder: Path, source: Path) -> list[str]:
    """Rows of ten seconds, cold and warm."""
    path = clip(source, folder / "ten.mp4", 10)
    runs = [watched(path, MODALITIES, times=2) for _ in range(RUNS)]
    lines = [
        "| 10 s, 640 x 480 | whole, s | words from | voice from | face from | processors, s | peak memory, MB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for number, title in enumerate(("from the start of Python", "warm")):
        cells = []
        for word in ("done", "text", "voice", "face"):
            laps = [run.when(f"{word}{number}") - (run.when("start1") if number else 0) for run in runs]
            cells.append(f"{median(laps):.2f} ({min(laps):.2f} to {max(laps):.2f})")
        used = [run.computed(f"done{number}") - (run.computed("start1") if number else 0) for run in runs]
        cells.append(f"{median(used):.2f}")
        lines.append(f"| {title} | {' | '.join(cells)} | {max(run.peak for run in runs):,.0f} |")
    state = runs[0].lines[-1][1].split(" ", 2)[2]
    load = f"load of the machine afterwards {os.getloadavg()[0]:.1f}"
    return [*lines, "", f"Median of {RUNS} runs (least to most), {load}. Status and windows: {state}."]


def hour(folder: Path, source: Path, modality: str, minutes: int) -> list[str]:
    """Memory along an hour of video, or a part of one, of which one modality is read."""
    path = repeated(clip(source, folder / "minute.mp4", 59.8), folder / "hour.mp4", minutes)
    seen = watched(path, [modality], pause=1)
    whole = seen.when("done0")
    lines = [
        f"| {modality}, {minutes} minutes of 640 x 480 | MB, all processes | without mapped files |",
        "|---|---:|---:|",
    ]
    for tenth in range(1, 11):
        part = [mb for at, mb in seen.memory if (tenth - 1) / 10 <= at / whole <= tenth / 10]
        most, own = np.max(part, 0)
        lines.append(f"| tenth {tenth} of the time | {most:,.0f} | {own:,.0f} |")
    state = seen.lines[-1][1].split(" ", 2)[2]
    told = f"{whole / 60:.1f} minutes, {seen.computed('done0') / 60:.1f} of a processor; a file of"
    return [*lines, "", f"Read in {told} {path.stat().st_size / 1e6:,.0f} MB. Status and windows: {state}."]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hour", choices=("face", "voice"), help="instead, an hour of video, of which this is read")
    parser.add_argument("--minutes", type=int, default=60, help="of that hour")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--times", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--modalities", nargs="+", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.read:
        return read(chosen.read, chosen.times, chosen.modalities)
    source = Path(os.environ["EMOVIZ_TEST_DATA"]) / "crema-d-clips" / "1001_DFA_HAP_XX.flv"
    with tempfile.TemporaryDirectory() as scratch:
        if chosen.hour:
            lines = hour(Path(scratch), source, chosen.hour, chosen.minutes)
            report(f"bench_clip_hour_{chosen.hour}", f"{chosen.minutes} minutes of video: {chosen.hour}", lines)
        else:
            report("bench_clip", "A clip of ten seconds", short(Path(scratch), source))


if __name__ == "__main__":
    main()
