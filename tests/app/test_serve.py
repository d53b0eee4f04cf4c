import os
import sys

import pytest

from emoviz.app import serve
from emoviz.errors import EmovizError
from emoviz.workspace import ROOT


def test_the_server_listens_where_it_is_told_and_tells_nobody_else(monkeypatch):
    started = []
    monkeypatch.setattr(os, "execve", lambda program, command, _: started.append((program, command)))
    monkeypatch.setattr(os, "chdir", lambda path: None)
    serve.serve("127.0.0.1", 9000)
    ((program, command),) = started
    assert program == sys.executable
    assert str(ROOT / "app.py") in command
    assert {"--server.address=127.0.0.1", "--server.port=9000", "--browser.gatherUsageStats=false"} <= set(command)


def test_without_the_project_the_way_out_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(serve, "ROOT", tmp_path)
    with pytest.raises(EmovizError, match="runs from a clone"):
        serve.serve()
