"""What an import meets in real life: locks, full disks, absent servers, signals. Each ends in a sentence, and nothing is half-done."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from .conftest import SEAMARK, Command, Installation
from .reports import as_bytes, hints

IMPATIENT = f"""
import seamark.site.settings as settings
settings.DATABASES["default"]["OPTIONS"]["timeout"] = 0.2
{SEAMARK}
"""
SMALL_DISK = f"""
from django.db.backends.signals import connection_created
def limit(connection, **_):
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {{pages + 4}}")
connection_created.connect(limit)
{SEAMARK}
"""
READ_ONLY = f"""
from django.db.backends.signals import connection_created
def limit(connection, **_):
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = 1")
connection_created.connect(limit)
{SEAMARK}
"""
SLOW = f"""
import contextlib, time
from seamark.interfaces.cli import output
def tell(count):
    print(count, flush=True)
    time.sleep(0.05 if count else 0)
output.progress = lambda *_, **__: contextlib.nullcontext(tell)
{SEAMARK}
"""
TABLES = (
    "application",
    "asset",
    "stream",
    "scan",
    "report",
    "reportpart",
    "finding",
    "issue",
    "import",
    "evidencepart",
    "rule",
)


def counts(home: Path) -> dict[str, int]:
    with closing(sqlite3.connect(home / "seamark.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {name: database.execute(f"SELECT count(*) FROM store_{name}").fetchone()[0] for name in TABLES}


@pytest.fixture
def used(installation: Installation, report: Callable[..., Path]) -> Installation:
    """Return an installation with one import."""
    assert installation.run("import", report(name="earlier.json"), "--application", "shop", "--ref", "main").code == 0
    return installation


def test_locked_database(used: Installation, report: Callable[..., Path]) -> None:
    before = counts(used.home)
    path = report(as_bytes(hints(50)), "later.json")
    with closing(sqlite3.connect(used.home / "seamark.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        result = used.run("import", path, "--application", "shop", code=IMPATIENT)
        login = used.run("user", "add", "mia", code=IMPATIENT)
        listed = used.run("issues", "--json", code=IMPATIENT)
        other.execute("ROLLBACK")
    assert (result.code, result.out) == (1, "")
    assert result.err == f"{path}: The database is busy with another import; nothing was changed, try again\n"
    assert (login.code, login.out) == (1, "")
    assert login.err == "seamark: The database is busy with another import; nothing was changed, try again\n"
    assert (listed.code, len(listed.out.splitlines())) == (0, 3)
    assert counts(used.home) == before
    assert used.run("import", path, "--application", "shop").code == 0


def test_full_disk(used: Installation, report: Callable[..., Path]) -> None:
    before = counts(used.home)
    path = report(as_bytes(hints(5000)), "large.json")
    result = used.run("import", path, "--application", "shop", "--ref", "main", code=SMALL_DISK)
    assert (result.code, result.out) == (1, "")
    assert result.err == f"{path}: The disk is full; nothing was changed\n"
    assert counts(used.home) == before


def test_database_that_may_not_be_written(used: Installation, report: Callable[..., Path]) -> None:
    before = counts(used.home)
    result = used.run("import", report(as_bytes(hints(9)), "later.json"), "--application", "shop", code=READ_ONLY)
    assert (result.code, result.out) == (1, "")
    assert "readonly database" in result.err
    assert len(result.err.splitlines()) == 1
    assert counts(used.home) == before


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://root@127.0.0.1/x", "must name PostgreSQL or SQLite"),
        ("nonsense", "is not understood"),
        ("postgresql://a@127.0.0.1:99999/x", "is not understood"),
        ("postgresql://a:geheim@127.0.0.1:1/x", "The database cannot be used"),
        ("sqlite:////dev", "The database cannot be used"),
    ],
)
def test_database_that_is_not_there(
    url: str, sentence: str, installation: Installation, report: Callable[..., Path]
) -> None:
    for words in (
        ["import", report(), "--application", "shop"],
        ["issues"],
        ["migrate"],
        ["worker", "--once"],
        ["serve", "--port", "0"],
    ):
        result = installation.run(*words, env={"SEAMARK_DATABASE_URL": url})
        assert (result.code, result.out) == (1, "")
        assert sentence in result.err
        assert len(result.err.splitlines()) == 1
        assert "geheim" not in result.err


def test_home_that_cannot_be_written(installation: Installation, report: Callable[..., Path], tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o500)
    # Root may write everywhere, but below a file nobody can.
    homes = [report(name="a file") / "home"] + ([shut / "home"] if os.geteuid() else [])
    for home in homes:
        for words in (["import", report(), "--application", "shop"], ["issues"], ["demo", "--no-serve"]):
            result = installation.run(*words, env={"SEAMARK_HOME": str(home)})
            assert (result.code, result.out) == (1, "")
            assert str(home) in result.err
            assert len(result.err.splitlines()) == 1


def test_file_that_is_no_database(installation: Installation) -> None:
    installation.home.mkdir()
    (installation.home / "seamark.sqlite3").write_bytes(b"This is no database. " * 500)
    result = installation.run("issues")
    assert (result.code, result.out) == (1, "")
    assert "file is not a database" in result.err


def test_database_of_a_newer_version(used: Installation) -> None:
    with closing(sqlite3.connect(used.home / "seamark.sqlite3", isolation_level=None)) as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('store', '9999_later', '2030-01-01')"
        )
    result = used.run("issues")
    assert result.code == 1
    assert "newer version of Seamark" in result.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_signal_in_the_middle(number: signal.Signals, used: Installation, report: Callable[..., Path]) -> None:
    before = counts(used.home)
    path = report(as_bytes(hints(40_000)), "large.json")
    with used.start("import", path, "--application", "shop", "--ref", "main", "--complete", code=SLOW) as process:
        assert process.stdout is not None
        while int(process.stdout.readline()) < 10_000:
            pass
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    if number == signal.SIGINT:
        assert err == b"\nseamark: stopped; nothing was half-done\n"
    assert counts(used.home) == before
    assert used.run("import", path, "--application", "shop", "--ref", "main").code == 0


def test_several_first_starts_at_once(shared_installation: Installation, report: Callable[..., Path]) -> None:
    paths = [report(as_bytes(hints(300, path=f"{at}/Dockerfile")), f"{at}.json") for at in range(3)]
    running = [
        shared_installation.start("import", path, "--application", f"shop {at}", "--json")
        for at, path in enumerate(paths)
    ]
    ended = [(*process.communicate(timeout=90), process.returncode) for process in running]
    assert [(code, err) for _, err, code in ended] == [(0, b"")] * 3
    listed = shared_installation.run("issues", "--json")
    assert len(listed.out.splitlines()) == 900
    status = shared_installation.run("check", "--json")
    assert '"imports","state":"well","sentence":"0 wait, 0 failed"' in status.out


def test_reader_that_leaves_does_not_hide_what_was_not_imported(
    installation: Installation, report: Callable[..., Path]
) -> None:
    assert installation.run("migrate").code == 0
    paths = [report(as_bytes(hints(9, path=f"{at}/Dockerfile")), f"{at}.json") for at in range(3)]
    with installation.start("import", *paths, "--application", "shop", "--json") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        assert process.wait(60) == 1
    assert err == b"seamark: Nobody reads the output any more; 2 further reports were not imported\n"


def test_mistake_of_ours_is_a_sentence_too(seamark: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from seamark.interfaces.cli.commands import formats_

    def fail() -> None:
        raise KeyError("what")

    monkeypatch.setattr(formats_, "parsers", fail)
    result = seamark("formats")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("seamark: This is a mistake in Seamark, please report it: KeyError: 'what'")
    monkeypatch.setenv("SEAMARK_DEBUG", "1")
    with pytest.raises(KeyError):
        seamark("formats")


def test_interrupt_before_anything(installation: Installation) -> None:
    code = f"import signal, os\nimport seamark.interfaces.cli.database as database\ndatabase.boot = lambda **_: os.kill(os.getpid(), signal.SIGINT)\n{SEAMARK}"
    result = installation.run("issues", code=code, stdin=subprocess.DEVNULL)
    assert (result.code, result.out, result.err) == (130, "", "\nseamark: stopped; nothing was half-done\n")
