"""The real server in a process of its own, and the real command line against it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import psycopg
import pytest

from tests.pipeline.reports import hit, sarif

SEAMARK = [sys.executable, "-c", "from seamark.interfaces.cli.main import run; run()"]
HINTS = [
    {"file": "Dockerfile", "line": at, "column": 1, "level": "warning", "code": f"DL30{at:02}", "message": f"Hint {at}"}
    for at in range(10, 25)
]
PEOPLE = """
import json
from datetime import timedelta
from django.utils import timezone
from seamark.interfaces.cli.database import boot
boot()
from seamark.pipeline.people import add_user, make_token
from seamark.store.models import Token, User
from seamark.store.models.people import Role
add_user("ci", Role.DEVELOPER)
add_user("guest", Role.VIEWER)
ci, guest = User.objects.get(username="ci"), User.objects.get(username="guest")
tokens = {name: make_token(ci, name, scopes=("import",)) for name in ("good", "expired")}
tokens["reading"] = make_token(ci, "reading", scopes=("read", "write"))
tokens["untouched"] = make_token(ci, "untouched")
tokens["guest"] = make_token(guest, "guest")
Token.objects.filter(name="expired").update(expires_at=timezone.now() - timedelta(days=1))
print(json.dumps(tokens))
"""
PLACES = """
import json
from seamark.interfaces.cli.database import boot
boot()
from seamark.store import evidence
from seamark.store.models import Finding
found = [one.location for one in evidence.read(Finding.objects.filter(stream__application__name="Coded")).values()]
print(json.dumps(sorted([one.scope, one.line, one.snippet] for one in found)))
"""


@contextlib.contextmanager
def _installation(home: Path) -> Iterator[dict[str, str]]:
    """Yield the environment of an installation with an empty database, of the sort that the suite runs on."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SEAMARK_", "DJANGO_", "CI", "GITHUB_"))
    }
    environment |= {"SEAMARK_HOME": str(home), "SEAMARK_SECRET_KEY": "of the tests", "NO_PROXY": "127.0.0.1"}
    url = os.environ.get("SEAMARK_TEST_DATABASE_URL")
    if not url:
        yield environment
        return
    name = f"seamark_{uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        try:
            yield {**environment, "SEAMARK_DATABASE_URL": f"{url.rpartition('/')[0]}/{name}"}
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def installed(home: Path) -> Iterator[dict[str, str]]:
    with _installation(home) as environment:
        yield environment


@pytest.fixture(scope="module")
def served(installed: dict[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Serve on a free port, with a worker; yields the address and the tokens."""
    made = subprocess.run([sys.executable, "-c", PEOPLE], env=installed, capture_output=True, text=True, check=True)
    server = subprocess.Popen([*SEAMARK, "serve", "--port", "0"], env=installed, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    alarm = threading.Timer(60, server.kill)
    alarm.start()
    try:
        address = next(found[1] for line in server.stdout if (found := re.search(r"(http://127\.0\.0\.1:\d+)", line)))
        alarm.cancel()
        yield address, json.loads(made.stdout)
    finally:
        alarm.cancel()
        server.terminate()
        server.wait(30)
        server.stdout.close()


def _seamark(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SEAMARK, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def _remote(home: Path, address: str, token: str) -> dict[str, str]:
    """Return an environment that knows the server only: its own home has no database."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "SEAMARK_HOME": str(home / "none"),
        "SEAMARK_URL": address,
        "SEAMARK_TOKEN": token,
        "NO_PROXY": "127.0.0.1",
    }


@pytest.fixture
def reports(tmp_path: Path) -> list[str]:
    first, second = tmp_path / "monday.json", tmp_path / "tuesday.json"
    first.write_text(json.dumps(HINTS))
    second.write_text(json.dumps(HINTS[5:]))
    return [str(first), str(second), str(second)]


def test_a_remote_import_prints_what_a_local_one_does(
    served: tuple[str, dict[str, str]], reports: list[str], tmp_path: Path
) -> None:
    address, tokens = served
    arguments = [
        "import",
        *reports,
        "--application",
        "Shop",
        "--repository",
        "git.example/shop",
        "--ref",
        "main",
        "--complete",
    ]
    with _installation(tmp_path / "local") as environment:
        local = _seamark(environment, *arguments)
    remote_home = _remote(tmp_path, address, tokens["good"])
    remote = _seamark(remote_home, *arguments)
    assert (local.returncode, local.stderr) == (0, "")
    assert (remote.returncode, remote.stdout, remote.stderr) == (0, local.stdout, "")
    assert "15 new" in local.stdout
    assert "5 fixed" in local.stdout
    assert not (tmp_path / "none").exists()
    with_json = _seamark(remote_home, "import", reports[0], "--application", "Shop", "--json")
    assert json.loads(with_json.stdout)["findings"] == 15


APP = """from flask import Flask, request

app = Flask(__name__)


@app.get("/orders")
def orders():
    word = request.args["q"]
    return database.execute(open(word).read())
"""


def test_what_a_checkout_adds_is_on_the_server_as_it_is_here(
    served: tuple[str, dict[str, str]], installed: dict[str, str], tmp_path: Path
) -> None:
    address, tokens = served
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "app.py").write_text(APP)
    report = tmp_path / "report.sarif"
    report.write_text(json.dumps(sarif([hit(line=9), hit(rule="py/path-injection", line=8)])))
    code = ["", *APP.splitlines()]
    where = ["--application", "Coded", "--repository", "git.example/coded", "--ref", "main"]
    arguments = ["import", str(report), *where, "--source", str(tmp_path / "tree")]
    with _installation(tmp_path / "local") as environment:
        local = _seamark(environment, *arguments)
        kept_here = _places(environment)
    remote = _seamark(_remote(tmp_path, address, tokens["good"]), *arguments)
    assert (remote.returncode, remote.stdout, remote.stderr) == (0, local.stdout, "")
    assert _places(installed) == kept_here == [["orders", 8, code[8]], ["orders", 9, code[9]]]


def _places(environment: dict[str, str]) -> Any:
    """Return scope, line and code of what an installation keeps of the application."""
    done = subprocess.run([sys.executable, "-c", PLACES], env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ("wrong", "wrong, expired or revoked"),
        ("expired", "wrong, expired or revoked"),
        ("reading", "scope import"),
        ("guest", "may not import into 'Shop'"),
    ],
)
def test_tokens_that_do_not_open_the_door(
    served: tuple[str, dict[str, str]], reports: list[str], tmp_path: Path, which: str, words: str
) -> None:
    address, tokens = served
    done = _seamark(
        _remote(tmp_path, address, tokens.get(which, "smk_wrong")), "import", *reports, "--application", "Shop"
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (
            '{"version": "2.1.0", "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "runs": [{"tool": 5, "results": []}]}',
            2,
            "runs[0].tool",
        ),
        ("", 2, "empty"),
        ("nothing that any scanner writes", 3, ""),
    ],
)
def test_reports_that_cannot_be_read_end_as_they_do_locally(
    served: tuple[str, dict[str, str]], tmp_path: Path, content: str, code: int, words: str
) -> None:
    address, tokens = served
    path = tmp_path / "report.json"
    path.write_text(content)
    remote = _seamark(_remote(tmp_path, address, tokens["good"]), "import", str(path), "--application", "Shop")
    with _installation(tmp_path / "local") as environment:
        local = _seamark(environment, "import", str(path), "--application", "Shop")
    assert (remote.returncode, remote.stdout, remote.stderr) == (code, "", local.stderr)
    assert local.returncode == code
    assert words in remote.stderr


def test_a_server_that_is_away(reports: list[str], tmp_path: Path) -> None:
    done = _seamark(_remote(tmp_path, "http://127.0.0.1:9", "smk_x"), "import", reports[0], "--application", "Shop")
    assert (done.returncode, done.stdout) == (1, "")
    assert "127.0.0.1:9 does not answer" in done.stderr


def test_something_else_under_the_address(
    served: tuple[str, dict[str, str]], reports: list[str], tmp_path: Path
) -> None:
    address, tokens = served
    done = _seamark(
        _remote(tmp_path, f"{address}/static/nothing", tokens["good"]), "import", reports[0], "--application", "Shop"
    )
    assert done.returncode == 1
    assert "is SEAMARK_URL a Seamark server?" in done.stderr


def test_health_and_the_description_without_a_token(served: tuple[str, dict[str, str]]) -> None:
    address, _ = served
    with httpx2.Client(base_url=f"{address}/api/v1", trust_env=False) as client:
        assert client.get("/health").json()["status"] == "ok"
        assert client.get("/openapi.json").json()["openapi"].startswith("3.1")
        assert client.get("/issues").status_code == 401


@pytest.mark.skipif(bool(os.environ.get("SEAMARK_TEST_DATABASE_URL")), reason="PostgreSQL has no lock on all writing")
def test_reading_goes_on_while_an_import_holds_sqlites_lock(served: tuple[str, dict[str, str]], home: Path) -> None:
    address, tokens = served
    headers = {"Authorization": f"Bearer {tokens['untouched']}"}
    with contextlib.closing(sqlite3.connect(home / "seamark.sqlite3", isolation_level=None)) as importing:
        importing.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        answer = httpx2.get(f"{address}/api/v1/issues", headers=headers, trust_env=False)
        taken = time.monotonic() - started
        importing.execute("ROLLBACK")
    assert answer.status_code == 200
    assert taken < 5
    noted = "SELECT last_used_at FROM store_token WHERE name = 'untouched'"
    with contextlib.closing(sqlite3.connect(home / "seamark.sqlite3")) as looking:
        assert looking.execute(noted).fetchone() == (None,)
        httpx2.get(f"{address}/api/v1/issues", headers=headers, trust_env=False)
        assert looking.execute(noted).fetchone() != (None,)
