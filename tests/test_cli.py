"""The command line: what it prints where, and which exit code it gives."""

import json
import pickle
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pandas as pd
import pytest

from emoviz import cli, workspace
from emoviz.data import simulated, store
from emoviz.jobs import store as jobs
from emoviz.jobs.kinds import Analyze
from emoviz.progress import Progress
from tests.media import sound

QUICK = ["--folds", "2", "--set", "epochs=1", "members=1", "width=8", "--device", "cpu"]
COMMANDS = [
    *[["data", "list"], ["data", "show", "tiny"], ["models", "list"], ["jobs", "list"]],
    ["doctor"],
]


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli") / "tiny"
    store.write(simulated.dataset(seed=1, train=60, test=20), folder)
    return folder


@pytest.fixture
def tiny(tiny_folder):
    """A dataset small enough to train on in a second."""
    return store.read(Path(shutil.copytree(tiny_folder, workspace.place("datasets") / "tiny")))


@pytest.fixture
def emoviz(capsys):
    """Runs a command in this process and gives its code, its output and what it told."""

    def run(*words: object) -> tuple[int, str, str]:
        try:
            code = cli.run([str(word) for word in words])
        except SystemExit as done:
            code = done.code
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def process(*words: str, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "emoviz.cli", *words],
        cwd=workspace.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_help_needs_no_heavy_library():
    code = (
        "import sys; from emoviz import cli; cli.parser().format_help(); "
        "print(*{'torch', 'numpy', 'pandas', 'streamlit', 'sqlite3'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=workspace.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    "words",
    [
        *[
            [],
            ["nope"],
            ["data"],
            ["data", "nope"],
            ["train"],
            ["analyze", "simulated"],
            ["data", "import", "votes.csv"],
        ],
        *[
            ["train", "simulated", "--seed", "one"],
            ["train", "simulated", "--device", "tpu"],
            ["data", "list", "--jso"],
        ],
        *[
            ["jobs", "cancel"],
            ["models", "show"],
            ["app", "--port", "http"],
            ["app", "--port", "70000"],
            ["app", "--port", "-1"],
            ["doctor", "extra"],
        ],
    ],
    ids=" ".join,
)
def test_a_command_that_does_not_exist_is_a_usage_error(emoviz, words):
    code, out, err = emoviz(*words)
    assert code == 2
    assert out == ""
    assert err.startswith("usage: emoviz")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_what_is_printed_for_people_is_a_table_without_loose_ends(emoviz, tiny, words):
    code, out, err = emoviz(*words)
    assert (code, err) == (0, "")
    assert all(line == line.rstrip() for line in out.splitlines())


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_json_is_all_there_is_on_standard_output(emoviz, tiny, words):
    code, out, err = emoviz(*words, "--json")
    assert (code, err) == (0, "")
    json.loads(out, parse_constant=pytest.fail)


def test_the_list_of_datasets_has_the_shipped_one_and_ones_own(emoviz, tiny):
    _, out, _ = emoviz("data", "list")
    assert [line.split()[0] for line in out.splitlines()] == ["name", "simulated", "tiny"]


def test_a_removed_dataset_is_gone(emoviz, tiny):
    assert emoviz("data", "remove", "tiny")[0] == 0
    assert "tiny" not in store.names()


def test_train_then_analyze(emoviz, tiny, tmp_path):
    code, out, err = emoviz("train", "tiny", *QUICK)
    assert code == 0
    name = out.splitlines()[-1]
    assert "saved as" in err
    assert name in emoviz("models", "list")[1]
    assert json.loads(emoviz("models", "show", name, "--json")[1])["dataset"] == "tiny"
    shown = emoviz("models", "show", name)[1]
    assert "dataset     tiny (simulated)" in shown
    assert "accuracy" in shown

    path = tmp_path / "findings.parquet"
    code, out, err = emoviz("analyze", "tiny", "--model", name, "-o", path)
    assert (code, out) == (0, f"{path}\n")
    assert "100%" in err
    table = pd.read_parquet(path)
    assert list(table["sample_id"]) == list(tiny.samples["sample_id"])
    assert "conflict" in table

    assert emoviz("models", "remove", name)[0] == 0
    assert emoviz("models", "show", name)[0] == 1


def test_an_mpcl_style_checkpoint_tells_of_its_prototypes(emoviz):
    shown = emoviz("models", "show", "crema-d-votes-mpcl")[1]
    assert "48 prototypes" in shown
    assert "look to each other most" in shown


def test_a_folder_of_clips_becomes_a_dataset(emoviz, tmp_path):
    sound(tmp_path / "clips.wav", 0.5)
    (tmp_path / "clips.txt").write_text("I am so happy for you!")
    (tmp_path / "broken.mp4").write_bytes(b"no clip")
    code, out, err = emoviz("extract", tmp_path, "--name", "clips", "--jobs", "1")
    assert (code, out) == (0, "clips\n")
    assert "1 sample accepted, 1 row refused." in err
    assert "'broken.mp4' is no video or sound" in err
    assert store.read("clips").features["text"].present().all()
    code, out, err = emoviz("extract", tmp_path, "--name", "clips")
    assert (code, out) == (1, "")
    assert "already" in err


@pytest.mark.parametrize(
    "words",
    [["train", "smell"], ["train", "face", "--seed", "-1"], ["train", "voice"], ["evaluate", "text"]],
    ids=" ".join,
)
def test_perception_without_its_corpus_is_a_sentence(emoviz, tmp_path, words):
    code, out, err = emoviz("perception", *words, "--data", tmp_path)
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].startswith("emoviz: ")
    assert "Traceback" not in err


def test_train_gives_json_where_a_machine_reads_it(emoviz, tiny):
    code, out, _ = emoviz("train", "tiny", *QUICK, "--name", "mine", "--json")
    assert (code, json.loads(out)) == (0, {"checkpoint": "mine"})


def test_analyze_without_a_model_gives_the_human_columns(emoviz, tiny, tmp_path):
    code, out, _ = emoviz("analyze", "tiny", "-o", tmp_path / "findings.csv", "--json")
    assert code == 0
    columns = pd.read_csv(tmp_path / "findings.csv").columns.tolist()
    assert json.loads(out)["columns"] == columns
    assert not [column for column in columns if column.startswith("predicted")]


def test_training_in_the_background_is_a_job(emoviz, tiny):
    with jobs.turn():
        _, out, _ = emoviz("train", "tiny", *QUICK, "--background")
        job_id = out.strip()
        assert job_id in emoviz("jobs", "list")[1]
        assert "Train tical on tiny" in emoviz("jobs", "show", job_id)[1]
        code, out, err = emoviz("jobs", "cancel", job_id)
        assert (code, out, err) == (0, "", f"Job {job_id} is cancelled.\n")
    assert emoviz("jobs", "remove", job_id)[0] == 0
    assert emoviz("jobs", "show", job_id)[0] == 1


def test_a_job_is_shown_with_its_reports(emoviz):
    job = jobs.wait(jobs.submit(Analyze("nope")).job_id, 60)
    shown = json.loads(emoviz("jobs", "show", job.job_id, "--json")[1])
    assert shown["state"] == "failed"
    assert [line["message"] for line in shown["reports"]] == ["reading nope"]
    assert "reading nope" in emoviz("jobs", "show", job.job_id)[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_stopped_training_leaves_nothing(tiny, number):
    words = ("train", "tiny", "--set", "epochs=10000", "patience=10000", "--device", "cpu")
    # Where the tests run in the background of a shell, signals are ignored, and children inherit that.
    with process(*words, preexec_fn=lambda: signal.signal(number, signal.SIG_DFL)) as training:
        # It tells of its second epoch only when it is in the midst of it.
        for line in training.stderr:
            if "%" in line:
                break
        training.send_signal(number)
        out, err = training.communicate(timeout=60)
    assert training.returncode == 128 + number
    assert out == ""
    assert "Traceback" not in err
    assert list((workspace.home() / "checkpoints").iterdir()) == []


def test_a_reader_that_has_seen_enough_is_no_error():
    with process("data", "show", "simulated", "--json") as shown:
        shown.stdout.close()
        assert shown.wait(60) == 0
        assert shown.stderr.read() == ""


def test_on_a_terminal_passing_progress_is_one_line_that_changes_and_sentences_stay(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    moments = iter(range(100))
    monkeypatch.setattr(time, "time", lambda: next(moments))

    def work():
        yield Progress(0.0, "The licence of it all, " * 3)
        yield Progress(0.25, "first")
        yield Progress(0.5, "second " * 20)
        yield Progress(1.0, "done")

    cli.told(work())
    licence, passed = capsys.readouterr().err.split("\n", 1)
    assert licence == "  0%  " + "The licence of it all, " * 3
    begin, first, second, done = passed.split("\r")
    assert begin == ""
    assert first == " 25%  first, 3 s left\x1b[K"
    assert len(second) == 39 + len("\x1b[K")
    assert done == "100%  done\x1b[K\n"


def test_elsewhere_progress_is_a_line_now_and_then(capsys):
    def work():
        for i in range(1001):
            yield Progress(i / 1000, f"step {i}")

    cli.told(work())
    assert capsys.readouterr().err.splitlines() == ["  0%  step 0", "100%  step 1000"]


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_the_app_is_served_on_loopback_until_it_is_told_to_end(port):
    with process("app", "--port", str(port)) as server:
        end = time.monotonic() + 120
        while server.poll() is None and time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health") as answer:
                    assert answer.read() == b"ok"
                break
            except OSError:
                time.sleep(0.1)
        assert server.poll() is None, server.stderr.read()
        server.terminate()
        assert "Traceback" not in server.communicate(timeout=60)[1]


def test_a_place_the_app_cannot_listen_on_is_a_sentence(emoviz, port):
    with socket.create_server(("127.0.0.1", port)):
        for words in (["--port", port], ["--host", "no.such.host.invalid"], ["--host", "256.1.1.1"], ["--host", "::g"]):
            code, out, err = emoviz("app", *words)
            assert (code, out) == (1, ""), words
            assert "Choose others with --host and --port." in err


# What people get wrong


WRONG = [
    "../tiny",
    "/etc",
    "",
    ".",
    "tiny/../tiny",
    "Tiny",
    "a" * 300,
    "tiny\n",
    "tiny\x00",
    "\x1b[2Jtiny",
    "\udc80",
    "-",
    "-rf",
    "💥",
    "$(id)",
]


@pytest.mark.parametrize(
    "words",
    [
        *[["data", "show"], ["data", "remove"], ["models", "show"], ["models", "remove"], ["jobs", "show"]],
        *[["jobs", "cancel"], ["jobs", "remove"], ["train"], ["analyze", "-o", "never.csv"], ["data", "get"]],
        *[["analyze", "tiny", "-o", "never.csv", "--model"], ["train", "tiny", "--model"], ["train", "tiny", "--name"]],
        *[["data", "import", "votes.csv", "--name"], ["data", "import", "votes.csv", "--name", "votes", "--format"]],
        *[["data", "import", "votes.csv", "--name", "votes", "--map"], ["data", "import", "--name", "votes"]],
        *[["train", "tiny", "--set"], ["data", "import", "votes.csv", "--name", "votes", "--media"]],
    ],
    ids=" ".join,
)
def test_a_wrong_name_is_a_sentence(emoviz, tiny, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "votes.csv").write_text("id,voice_anger,voice_joy\na,1,2\n")
    for name in WRONG:
        if name in ("", ".", "/etc") and words[-1] == "--media":
            continue  # folders that are there
        code, out, err = emoviz(*words, name)
        assert (code, out) in ((1, ""), (2, "")), name
        assert err.splitlines()[-1].startswith("emoviz"), name
        assert "Traceback" not in err
        assert len(err) < 2000, name
    assert store.names() == ("simulated", "tiny")
    assert not (tmp_path / "never.csv").exists()
    assert not list(workspace.place("checkpoints").iterdir())


def test_a_name_that_is_taken_is_a_sentence(emoviz, tiny, tmp_path):
    (tmp_path / "votes.csv").write_text("id,voice_anger,voice_joy\na,1,2\n")
    code, out, err = emoviz("data", "import", tmp_path / "votes.csv", "--name", "tiny")
    assert (code, out) == (1, "")
    assert "already" in err
    assert store.read("tiny").content_hash == tiny.content_hash


@pytest.mark.parametrize(
    "setting",
    [
        "lr",
        "=",
        "lr=",
        "lr=fast",
        "epochs=1.5",
        "colour=red",
        "geometry=flat",
        "context=perhaps",
        "lr=nan",
        "lr=-1",
        "epochs=0",
        "__class__=1",
    ],
)
def test_a_wrong_setting_is_a_sentence(emoviz, tiny, setting):
    code, out, err = emoviz("train", "tiny", "--folds", "2", "--set", setting)
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].startswith("emoviz: ")


@pytest.mark.parametrize("option", ["--folds=-1", "--folds=1", "--folds=1000", "--seed=-1", f"--seed={2**70}"])
def test_a_number_that_cannot_be_is_a_sentence(emoviz, tiny, option):
    code, out, err = emoviz("train", "tiny", option)
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].startswith("emoviz: ")


@pytest.mark.parametrize(
    "name", ["out.xlsx", "out", "out.parquet.exe", ".parquet", "missing/out.parquet", "folder.csv"]
)
def test_findings_with_nowhere_to_go_are_refused_before_the_work(emoviz, tiny, tmp_path, name):
    (tmp_path / "folder.csv").mkdir()
    code, out, err = emoviz("analyze", "tiny", "-o", tmp_path / name)
    assert (code, out) == (1, "")
    assert err.startswith("emoviz: Findings ")
    assert "%" not in err


@pytest.fixture(params=["a file", "read-only", "below a file"])
def bad_home(request, tmp_path, monkeypatch):
    """A workspace that cannot be written, not even by root."""
    (tmp_path / "file").write_text("")
    home = {"a file": tmp_path / "file", "read-only": Path("/proc/self"), "below a file": tmp_path / "file" / "home"}
    monkeypatch.setenv("EMOVIZ_HOME", str(home[request.param]))


@pytest.mark.parametrize(
    "words",
    [
        *[["data", "list"], ["data", "show", "simulated"], ["data", "remove", "simulated"], ["models", "list"]],
        *[["jobs", "list"], ["train", "simulated"], ["train", "simulated", "--background"], ["data", "get", "crema-d"]],
        *[["analyze", "simulated", "-o", "never.csv"], ["data", "import", "votes.csv", "--name", "votes"]],
    ],
    ids=" ".join,
)
def test_a_workspace_that_cannot_be_written_is_a_sentence(emoviz, bad_home, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "votes.csv").write_text("id,voice_anger,voice_joy\na,1,2\n")
    code, out, err = emoviz(*words)
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].startswith("emoviz: ")
    assert not (tmp_path / "never.csv").exists()


def test_the_doctor_finds_what_is_wrong_and_goes_on(emoviz, tiny):
    (Path(tiny.folder) / "samples.parquet").write_bytes(b"rubbish")
    (workspace.home() / "jobs.sqlite").write_bytes(b"rubbish" * 1000)
    code, out, _ = emoviz("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(out)}
    assert code == 1
    assert {name for name, check in checks.items() if check["needed"] and not check["well"]} == {"jobs", "dataset tiny"}
    assert checks["dataset simulated"]["well"]
    assert "move" in checks["jobs"]["detail"]


def test_the_doctor_survives_a_workspace_that_cannot_be_written(emoviz, bad_home):
    code, out, err = emoviz("doctor", "--json")
    assert (code, err) == (1, "")
    assert {"workspace", "jobs", "datasets", "checkpoints"} <= {
        check["name"] for check in json.loads(out) if not check["well"]
    }


@pytest.fixture(scope="session")
def trained_folder(tiny_folder, tmp_path_factory):
    home = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOVIZ_HOME", str(home))
        shutil.copytree(tiny_folder, workspace.place("datasets") / "tiny")
        assert cli.run(["train", "tiny", *QUICK, "--name", "mine"]) == 0
    return home / "checkpoints" / "mine"


DAMAGE = {
    "empty": lambda data: b"",
    "half": lambda data: data[: len(data) // 2],
    "one bit": lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
    "a pickle": lambda data: pickle.dumps(print),
    "deep": lambda data: b"[" * 100_000,
    "a list": lambda data: b"[]",
    "a huge header": lambda data: b"\xff" * 8 + data[8:],
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("file", ["card.json", "weights.safetensors"])
def test_a_damaged_checkpoint_is_a_sentence_and_hides_no_other(emoviz, tiny, trained_folder, tmp_path, file, damage):
    for name in ("bad", "good"):
        shutil.copytree(trained_folder, workspace.place("checkpoints") / name)
    path = workspace.place("checkpoints") / "bad" / file
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    code, out, err = emoviz("analyze", "tiny", "--model", "bad", "-o", tmp_path / "never.csv")
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].startswith("emoviz: Checkpoint 'bad' cannot be used: ")
    assert "good" in emoviz("models", "list")[1]
    checks = {check["name"]: check["well"] for check in json.loads(emoviz("doctor", "--json")[1])}
    assert (checks["checkpoint bad"], checks["checkpoint good"]) == (False, True)
    assert emoviz("models", "remove", "bad")[0] == 0
    assert emoviz("models", "list")[0] == 0


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("file", ["dataset.json", "samples.parquet", "features/face.npy"])
def test_a_damaged_dataset_is_a_sentence_and_hides_no_other(emoviz, tiny, file, damage):
    path = Path(tiny.folder) / file
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    checks = {check["name"]: check["well"] for check in json.loads(emoviz("doctor", "--json")[1])}
    assert (checks["dataset tiny"], checks["dataset simulated"]) == (False, True)
    code, out, err = emoviz("data", "list")
    assert "simulated" in out
    assert code == 0 or err.startswith("emoviz: Dataset 'tiny' is damaged: ")
    if damage != "one bit" or not file.startswith("features"):  # which only doctor looks for
        code, out, err = emoviz("train", "tiny")
        assert (code, out) == (1, "")
        assert err.splitlines()[-1].startswith("emoviz: Dataset 'tiny' is damaged: ")
    assert emoviz("data", "remove", "tiny")[0] == 0
    assert store.names() == ("simulated",)


def test_the_port_is_also_taken_from_streamlits_own_setting(monkeypatch):
    monkeypatch.setenv("STREAMLIT_SERVER_PORT", "9001")
    assert cli.parser().parse_args(["app"]).port == 9001
    assert cli.parser().parse_args(["app", "--port", "9002"]).port == 9002
