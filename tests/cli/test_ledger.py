"""The ledger on the command line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from seamark.governance.ledger.record import record
from seamark.store.models import Application
from tests.ledger.rekor import HOST, TREE, Rekor

from .conftest import Command, Installation

pytestmark = pytest.mark.django_db


@pytest.fixture
def public(seamark: Command, tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    """A key of its own, made by the command line; returns the file with its public half."""
    made = seamark("ledger", "key", "tests.example/ledger", "--output", tmp_path / "secret", "--json")
    (tmp_path / "public").write_text(json.loads(made.out)["verifier"])
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    settings.SEAMARK_LEDGER_KEY = (tmp_path / "secret").read_text().strip()  # type: ignore[attr-defined]
    return tmp_path / "public"


@pytest.fixture
def entries(db: None) -> None:
    record("context", "application shop", {"exposure": "internet"}, actor="tests")
    record("triage", "SM-1", {"after": "dismissed"})


def test_listed_and_shown(seamark: Command, entries: None) -> None:
    lines = seamark("ledger", "list").out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["1", "0"]
    told = json.loads(seamark("ledger", "list", "--kind", "context", "--actor", "system:tests", "--json").out)
    assert (told["number"], told["body"]) == (0, {"exposure": "internet"})
    assert seamark("ledger", "list", "--subject", "SM-9").out == "No entry fits.\n"
    assert '"exposure": "internet"' in seamark("ledger", "show", 0).out
    assert json.loads(seamark("ledger", "show", 1, "--json").out)["subject"] == "SM-1"
    assert "no entry 7" in seamark("ledger", "show", 7).err


def test_an_empty_ledger(seamark: Command) -> None:
    assert seamark("ledger", "list").out == "Nothing was decided yet.\n"


def test_signed_proved_exported_and_verified(seamark: Command, entries: None, public: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path / "audit"], check=True)
    made = seamark(
        "ledger",
        "checkpoint",
        "--output",
        tmp_path / "old",
        "--tag",
        tmp_path / "audit",
        "--timestamp-request",
        tmp_path / "tsq",
    )
    assert made.out == (tmp_path / "old").read_text()
    assert "seamark-ledger-2" in made.err
    assert (tmp_path / "tsq").stat().st_size > 50
    assert json.loads(seamark("ledger", "checkpoint", "--json").out)["size"] == 2
    assert seamark("ledger", "prove", 1, "--output", tmp_path / "proof").code == 0
    assert json.loads(seamark("ledger", "prove", 1).out)["index"] == 1
    assert "no entry 7" in seamark("ledger", "prove", 7).err
    record("triage", "SM-2", {})
    assert "3 entries" in seamark("ledger", "export", tmp_path / "x.zip").out
    for path in ("x.zip", "proof"):
        told = seamark("ledger", "verify", tmp_path / path, "--key", public, "--json")
        assert (told.code, json.loads(told.out)["ok"]) == (0, True)
    told = seamark("ledger", "verify", tmp_path / "x.zip", "--key", public.read_text(), "--against", tmp_path / "old")
    assert told.out == "Good: 3 entries, 2 checkpoints\n"
    told = seamark("ledger", "verify", "--database")
    assert told.out == "Good: 3 entries, 2 checkpoints, 0 live rows as they were decided\n"


def test_what_is_wrong_is_said_with_exit_code_1(seamark: Command, entries: None, public: Path, tmp_path: Path) -> None:
    seamark("ledger", "export", tmp_path / "x")
    path = tmp_path / "x" / "entries.jsonl"
    path.write_bytes(path.read_bytes().replace(b"dismissed", b"confirmed"))
    told = seamark("ledger", "verify", tmp_path / "x", "--key", public)
    assert told.code == 1
    assert "Entry 1 was changed" in told.out
    assert "NOT good: 2 things are" in told.out
    assert seamark("ledger", "verify", tmp_path / "x", "--key", public, "--database").code == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["verify"], "Name an export"),
        (["verify", "."], "--key is needed"),
        (["verify", ".", "--key", "a+b+c"], "not understood"),
        (["key", "with space"], "neither spaces"),
        (["checkpoint"], "SEAMARK_LEDGER_KEY is not set"),
        (["export", "nowhere"], "SEAMARK_LEDGER_KEY is not set"),
        (["replay", "0"], "no entry 0"),
    ],
)
def test_bad_input_is_told(seamark: Command, words: list[str], complaint: str) -> None:
    told = seamark("ledger", *words)
    assert told.code != 0
    assert complaint in told.err
    assert "Traceback" not in told.err


def test_a_kind_that_nobody_recomputes(seamark: Command, entries: None) -> None:
    told = seamark("ledger", "replay", 0)
    assert (told.code, told.out) == (1, "")
    assert "kind context" in told.err


def test_the_secret_key_is_printed_only_where_no_file_takes_it(seamark: Command, tmp_path: Path) -> None:
    assert "PRIVATE+KEY" in seamark("ledger", "key", "a").out
    assert "PRIVATE+KEY" not in seamark("ledger", "key", "a", "--output", tmp_path / "k").out
    again = seamark("ledger", "key", "a", "--output", tmp_path / "k")
    assert again.code == 1
    assert "exists" in again.err


def test_verifying_needs_neither_django_nor_a_database(
    seamark: Command, entries: None, public: Path, tmp_path: Path, installation: Installation
) -> None:
    Application.objects.create(name="Shop", slug="shop")
    seamark("ledger", "export", tmp_path / "x")
    code = (
        "import sys\nfrom seamark.interfaces.cli.main import run\n"
        "try:\n    run()\nfinally:\n    assert 'django' not in sys.modules, 'django was loaded'"
    )
    told = installation.run("ledger", "verify", tmp_path / "x", "--key", public, code=code)
    assert (told.code, told.out) == (0, "Good: 2 entries, 1 checkpoint\n"), told.err
    assert not installation.home.exists()


def test_a_time_stamp_that_is_none_is_a_sentence(seamark: Command, public: Path, entries: None, tmp_path: Path) -> None:
    seamark("ledger", "checkpoint", "--output", tmp_path / "note", "--timestamp-request", tmp_path / "request.tsq")
    (tmp_path / "roots.pem").write_text("nothing")
    words = ("ledger", "anchored", tmp_path / "note", tmp_path / "request.tsq", "--key", public)
    told = seamark(*words, "--authority", tmp_path / "roots.pem")
    assert told.code == 1
    assert "are not PEM" in told.err
    assert "--authority is needed" in seamark(*words).err


def test_anchored_in_a_log(
    seamark: Command, public: Path, entries: None, tmp_path: Path, settings: pytest.FixtureRequest
) -> None:
    settings.SEAMARK_INTERNAL_HOSTS = ("127.0.0.1",)  # type: ignore[attr-defined]
    log = Rekor()
    (tmp_path / "rekor.pem").write_bytes(log.pem)
    trust = ("--rekor-key", tmp_path / "rekor.pem")
    assert "Name a log" in seamark("ledger", "anchor").err
    told = seamark("ledger", "anchor", "--rekor", log.url, *trust, "--output", tmp_path / "answer.json")
    assert told.code == 0, told.err
    assert told.out.startswith(f"The checkpoint of 2 entries is in the log {HOST} - {TREE}, entry ")
    log.fail = ["500"]
    failed = seamark("ledger", "anchor", "--rekor", log.url)
    assert (failed.code, failed.out) == (1, "")
    assert "answered 500" in failed.err
    again = json.loads(seamark("ledger", "anchor", "--rekor", log.url, "--json").out)
    assert (again["size"], again["checked"]) == (2, False)
    log.close()
    seamark("ledger", "checkpoint", "--output", tmp_path / "note")
    words = ("ledger", "anchored", tmp_path / "note", tmp_path / "answer.json", "--key", public)
    assert seamark(*words, *trust).out == told.out
    assert "--rekor-key is needed: this is the answer of a Rekor log" in seamark(*words).err
    (tmp_path / "other").write_text("x")
    assert seamark(*words, "--rekor-key", tmp_path / "other").code == 1
    seamark("ledger", "export", tmp_path / "x")
    lines = seamark("ledger", "verify", tmp_path / "x", "--key", public, *trust).out.splitlines()
    assert lines == ["Good: 2 entries, 1 checkpoint", told.out.strip()]
    unchecked = seamark("ledger", "verify", tmp_path / "x", "--key", public).out.splitlines()[1]
    assert unchecked.endswith("; whether a Rekor log has signed that was not checked (--rekor-key does)")
    assert seamark("ledger", "verify", "--database", *trust).out.splitlines()[1] == lines[1]
    (kept,) = (tmp_path / "x" / "anchors").iterdir()
    kept.write_bytes(kept.read_bytes().replace(b"hashes", b"hushes"))
    bad = seamark("ledger", "verify", tmp_path / "x", "--key", public, *trust)
    assert bad.code == 1
    assert "The rekor anchor of the checkpoint of 2 entries does not hold" in bad.out
