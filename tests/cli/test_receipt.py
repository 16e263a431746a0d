"""`seamark receipt`: the document leaves the database, and is checked without one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seamark.analysis.risk import Facts, default_profile
from seamark.analysis.risk.account import account, read_account, verify, write_account
from seamark.core.kind import Kind
from seamark.core.severity import Severity
from seamark.store.models import Issue

from .conftest import Command, Installation


@pytest.fixture
def document(tmp_path: Path) -> Path:
    facts = Facts(severity=Severity.HIGH, kind=Kind.DEPENDENCY, cvss=98, epss=0.3, exposure="internet")
    path = tmp_path / "SM-12.json"
    path.write_bytes(write_account(account("SM-12", facts, default_profile())))
    return path


def forge(path: Path, **receipt: Any) -> Path:
    told = json.loads(path.read_text("utf-8"))
    told["receipt"].update(receipt)
    forged = path.with_name("forged.json")
    forged.write_text(json.dumps(told), "utf-8")
    return forged


class TestVerify:
    def test_what_agrees(self, document: Path, seamark: Command) -> None:
        result = seamark("receipt", "verify", document)
        assert (result.code, result.err) == (0, "")
        assert "SM-12" in result.out
        assert "profile default v4: agrees in all" in result.out

    def test_what_differs_is_said_exactly(self, document: Path, seamark: Command) -> None:
        stated = json.loads(document.read_text("utf-8"))["receipt"]
        result = seamark("receipt", "verify", document, forge(document, score=stated["score"] - 100, priority=4))
        assert result.code == 1
        assert "agrees in all" in result.out
        (line,) = (line.split() for line in result.out.splitlines() if line.startswith("score"))
        assert line == ["score", f"{stated['score'] / 10 - 10:.1f}", f"{stated['score'] / 10:.1f}"]
        (line,) = (line.split() for line in result.out.splitlines() if line.startswith("priority"))
        assert line == ["priority", "P4", f"P{stated['priority']}"]

    def test_as_json(self, document: Path, seamark: Command) -> None:
        result = seamark("receipt", "verify", "--json", document, forge(document, reason="Fine"))
        good, bad = map(json.loads, result.out.splitlines())
        assert result.code == 1
        assert (good["agrees"], good["differences"], good["engine"] == good["engine_here"]) == (True, [], True)
        assert [one["what"] for one in bad["differences"]] == ["reason"]

    def test_another_engine_is_named(self, document: Path, seamark: Command) -> None:
        forged = forge(document, priority=4)
        told = json.loads(forged.read_text("utf-8")) | {"engine": 1}
        forged.write_text(json.dumps(told), "utf-8")
        assert "worked out by engine 1" in seamark("receipt", "verify", forged).out

    @pytest.mark.parametrize("content", [b"", b"{}", b"\x00\xff", b'{"format": "seamark.dev/receipt", "version": 9}'])
    def test_what_cannot_be_read(self, content: bytes, document: Path, seamark: Command) -> None:
        broken = document.with_name("broken.json")
        broken.write_bytes(content)
        result = seamark("receipt", "verify", broken, document)
        assert result.code == 2
        assert result.err.count("broken.json: ") == 1
        assert "SM-12" in result.out

    def test_no_file_and_no_receipt(self, tmp_path: Path, seamark: Command) -> None:
        assert seamark("receipt", "verify", tmp_path / "nothing.json").code == 2
        assert seamark("receipt", "verify", tmp_path).code == 2

    def test_it_needs_no_database(self, document: Path, installation: Installation) -> None:
        code = (
            "import sys\n"
            "from seamark.interfaces.cli.commands.receipt_ import command\n"
            f"command(['verify', {str(document)!r}], standalone_mode=False)\n"
            "assert not any(name.split('.')[0] == 'django' for name in sys.modules)\n"
        )
        result = installation.run(code=code)
        assert (result.code, result.err) == (0, "")
        assert "agrees in all" in result.out


@pytest.mark.django_db
class TestShow:
    @pytest.fixture(autouse=True)
    def imported(self, seamark: Command, report: Any) -> None:
        assert seamark("import", report(), "--application", "shop").code == 0

    def test_the_stored_issue_recomputes(self, seamark: Command, tmp_path: Path) -> None:
        issue = Issue.objects.order_by("-risk").first()
        assert issue is not None
        result = seamark("receipt", "show", issue.reference)
        assert (result.code, result.err) == (0, "")
        told = read_account(result.out.encode())
        assert (told.issue, told.receipt.score, told.receipt.priority) == (issue.reference, issue.risk, issue.priority)
        assert verify(told) == ()
        path = tmp_path / "receipt.json"
        assert seamark("receipt", "show", issue.reference, "--output", path) == (0, "", "")
        assert path.read_text("utf-8") == result.out
        assert seamark("receipt", "verify", path).code == 0

    def test_no_such_issue_and_no_such_folder(self, seamark: Command, tmp_path: Path) -> None:
        missing = seamark("receipt", "show", "SM-999999")
        assert (missing.code, missing.out) == (1, "")
        assert "no issue SM-999999" in missing.err
        issue = Issue.objects.order_by("id").first()
        assert issue is not None
        refused = seamark("receipt", "show", issue.reference, "--output", tmp_path / "none" / "x.json")
        assert refused.code == 1
        assert "cannot be written" in refused.err
