"""The command line in this process, and as the process that people start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg
import pytest
from pytest_django import Settings

from seamark.interfaces.cli.main import run

from .reports import GOOD

SEAMARK = """import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # shells let background jobs ignore it
from seamark.interfaces.cli.main import run; run()
"""
FOREIGN = (
    "SEAMARK_",
    "DJANGO_",
    "CI_",
    "GITHUB_",
    "GITLAB_",
    "BITBUCKET_",
    "BUILD_",
    "SYSTEM_",
    "JENKINS_",
    "GIT_",
    "CHANGE_",
)
SWITCHES = ("CI", "TF_BUILD", "BRANCH_NAME", "COLUMNS", "NO_COLOR", "FORCE_COLOR")


class Result(NamedTuple):
    """What a run of the command line left."""

    code: int
    out: str
    err: str


Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def outside_of_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the system that the tests themselves run in gets into them."""
    for name in os.environ:
        foreign = name.startswith(FOREIGN) and not name.startswith(("SEAMARK_", "DJANGO_SETTINGS_"))
        if foreign or name in SWITCHES:
            monkeypatch.delenv(name)


@pytest.fixture
def seamark(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings: Settings) -> Command:
    """Return a function that runs the command line in this process."""
    # The demo signs with a key of its own: afterwards it is forgotten, as all that is set here.
    settings.SEAMARK_LEDGER_KEY = settings.SEAMARK_LEDGER_KEY

    def call(*words: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["seamark", *(str(word) for word in words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run()
        out, err = capsys.readouterr()
        return Result(int(ended.value.code or 0), out, err)

    return call


@pytest.fixture
def report(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a report and returns its path."""

    def write(content: bytes = GOOD, name: str = "report.json") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


class Installation:
    """An installation of its own: a home, a database, and processes that use them."""

    def __init__(self, home: Path, url: str = "") -> None:
        self.home = home
        kept = {
            name: value for name, value in os.environ.items() if name not in SWITCHES and not name.startswith(FOREIGN)
        }
        self.environment = {**kept, "SEAMARK_HOME": str(home), "NO_PROXY": "127.0.0.1", "PYTHONWARNINGS": "error"}
        if url:
            self.environment["SEAMARK_DATABASE_URL"] = url

    def start(self, *words: object, code: str = SEAMARK, **more: Any) -> subprocess.Popen[bytes]:
        """Start the command line; `code` is the Python that does so. What is asked for in `env` is added."""
        environment = {**self.environment, **more.pop("env", {})}
        return subprocess.Popen(
            [sys.executable, "-c", code, *(os.fspath(word) if isinstance(word, Path) else str(word) for word in words)],
            env=environment, stdout=more.pop("stdout", subprocess.PIPE), stderr=more.pop("stderr", subprocess.PIPE), **more,
        )  # fmt: skip

    def run(self, *words: object, **more: Any) -> Result:
        """Run the command line to its end."""
        with self.start(*words, **more) as process:
            try:
                out, err = process.communicate(timeout=90)
            finally:
                process.kill()
        return Result(
            process.returncode, (out or b"").decode("utf-8", "replace"), (err or b"").decode("utf-8", "replace")
        )


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """Return an installation on SQLite."""
    return Installation(tmp_path / "home")


@pytest.fixture
def shared_installation(tmp_path: Path) -> Iterator[Installation]:
    """Yield an installation on the sort of database that the suite runs on."""
    url = os.environ.get("SEAMARK_TEST_DATABASE_URL")
    if not url:
        yield Installation(tmp_path / "home")
        return
    name = f"seamark_{uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield Installation(tmp_path / "home", f"{url.rpartition('/')[0]}/{name}")
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
