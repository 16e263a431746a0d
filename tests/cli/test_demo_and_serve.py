"""The example, and the server as a process."""

from __future__ import annotations

import re
import select
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from pytest_django import Settings

from seamark.governance.ledger import checkpoints
from seamark.interfaces.cli import server
from seamark.store.models import Event, Finding, Issue, Scan

from .conftest import Command, Installation

LOGIN = re.compile(r"Log in as demo with the password (\S+)")


@pytest.mark.django_db
def test_demo(seamark: Command, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> None:
    settings.SEAMARK_HOME, settings.SEAMARK_LEDGER_KEY = tmp_path, ""
    served = []
    monkeypatch.setattr(server, "serve", lambda host, port: served.append((host, port)))
    first = seamark("demo", "--port", 0)
    assert (first.code, first.err) == (0, "")
    counts = [model.objects.count() for model in (Scan, Finding, Issue, Event)]
    assert counts[1] > 300
    second = seamark("demo", "--port", 0)
    assert [model.objects.count() for model in (Scan, Finding, Issue, Event)] == counts
    assert served == [("127.0.0.1", 0)] * 2
    for result in (first, second):
        told = result.out[result.out.index("Ten to fix first") :]
        issues = re.findall(r"^ +\d+ +P\d +SM-(\d+) .*\n +\S.*", told, re.MULTILINE)
        assert len(set(issues)) == 10
        ranked = Issue.objects.filter(open=True).order_by("-risk", "-id").values_list("id", flat=True)
        assert [int(number) for number in issues] == list(ranked[:10])
        summary = re.search(r"(\d+) findings of (\d+) tools → (\d+) issues", told) or re.search(
            r"(\d+) findings of (\d+) tools → (\d+) issues", result.out
        )
        assert summary
        assert int(summary[1]) == Finding.objects.filter(closed_in=None).count()
    assert "Known exploited" in first.out
    words = [LOGIN.findall(result.out) for result in (first, second)]
    assert [len(found) for found in words] == [1, 1]
    assert words[0] != words[1]
    quiet = seamark("demo", "--no-serve")
    assert (quiet.code, "password" in quiet.out) == (0, False)
    assert len(served) == 2
    # What it decided is signed, with a key of this demo alone.
    assert settings.SEAMARK_LEDGER_KEY.startswith("PRIVATE+KEY+seamark.example/demo")
    assert (tmp_path / "ledger.key").stat().st_mode & 0o77 == 0
    assert checkpoints.sign_now() is not None


@pytest.mark.django_db
def test_demo_without_example(seamark: Command, tmp_path: Path) -> None:
    result = seamark("demo", "--no-serve", "--example", tmp_path)
    assert (result.code, result.out) == (1, "")
    assert result.err == f"seamark: There is no example in {tmp_path}\n"


def first_line(process: subprocess.Popen[bytes], pattern: str, patience: float = 60) -> re.Match[str]:
    """Return the first match in what a process prints; fails where it prints none in time."""
    assert process.stdout is not None
    until, seen = time.monotonic() + patience, ""
    while time.monotonic() < until:
        ready, _, _ = select.select([process.stdout], [], [], 1.0)
        if not ready:
            continue
        line = process.stdout.readline().decode()
        seen += line
        if found := re.search(pattern, line):
            return found
        if not line:
            break
    raise AssertionError(f"{pattern} was not printed: {seen}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve(number: signal.Signals, shared_installation: Installation) -> None:
    with shared_installation.start("serve", "--port", 0) as process:
        try:
            login = first_line(process, r"log in as (\S+) with the password (\S+)")
            address = first_line(process, r"Seamark is on (http://127\.0\.0\.1:\d+) ")[1]
            with urllib.request.urlopen(f"{address}/login", timeout=20) as answer:
                page = answer.read().decode()
            assert (answer.status, 'name="password"' in page) == (200, True)
            # waitress leaves the socket that it could not bind to the garbage collector.
            quiet = {"PYTHONWARNINGS": "error,ignore::ResourceWarning"}
            taken = shared_installation.run("serve", "--port", address.rpartition(":")[2], env=quiet)
            process.send_signal(number)
            _, err = process.communicate(timeout=40)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "Traceback" not in err.decode()
    assert login[1] == "admin"
    assert taken.code == 1
    assert re.fullmatch(
        r"seamark: The server cannot listen on 127\.0\.0\.1:\d+: Address already in use; .*\n", taken.err
    )
    assert "password" not in taken.out


def test_serve_on_an_address_that_is_none(installation: Installation) -> None:
    result = installation.run("serve", "--host", "203.0.113.7", "--port", 0)
    assert result.code == 1
    assert result.err.startswith("seamark: The server cannot listen on 203.0.113.7:0")


def test_worker_ends_with_the_signal(installation: Installation) -> None:
    with installation.start("worker") as process:
        try:
            assert process.stderr is not None
            assert b"Waiting for work" in process.stderr.readline()
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, out, err) == (0, b"", b"")


def test_free_port_is_told(installation: Installation) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with installation.start("demo", "--port", port) as process:
        try:
            password = first_line(process, LOGIN.pattern)[1]
            first_line(process, rf"Seamark is on http://127\.0\.0\.1:{port} ")
            process.terminate()
            process.communicate(timeout=40)
        finally:
            process.kill()
    assert process.returncode == 0
    assert len(password) > 15
