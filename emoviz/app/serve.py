"""Starting the app from the command line: on loopback, quiet towards other hosts."""

import os
import sys

from emoviz.errors import EmovizError
from emoviz.workspace import ROOT


def serve(host: str = "127.0.0.1", port: int = 8501) -> None:
    """Become the app's server, until it is interrupted; does not return.

    Args:
        host: address to listen on; anybody who reaches it can use the app
        port: to listen on

    Raises:
        EmovizError: if the project's pages are not there
    """
    script = ROOT / "app.py"
    if not script.is_file():
        raise EmovizError(f"There is no {script}. The app runs from a clone of the project: pip install -e . there.")
    # Streamlit looks for its settings beside where it was started; what must hold everywhere is said here.
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    options = {
        "server.address": host,
        "server.port": port,
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    os.chdir(ROOT)
    os.execve(
        sys.executable,
        command + [f"--{name}={value}" for name, value in options.items()],
        {"OMP_WAIT_POLICY": "PASSIVE", **os.environ},
    )
