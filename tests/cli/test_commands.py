"""The commands that look into an installation, on the small company of the factories."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from seamark.intake.parsers.kit.registry import parsers
from seamark.interfaces.cli import table
from seamark.pipeline.imports import accept
from seamark.pipeline.people import live_token
from seamark.pipeline.target import Target
from seamark.store.models import Exploitation, Import, Issue, User
from tests.factories import make_person, make_world

from .conftest import Command, Installation
from .reports import GOOD, as_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> None:
    make_world()


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.usefixtures("world")
class TestIssues:
    def test_riskiest_first(self, seamark: Command) -> None:
        result = seamark("issues", "--json")
        found = lines(result.out)
        assert (result.code, result.err) == (0, "")
        assert [one["risk"] for one in found] == sorted((one["risk"] for one in found), reverse=True)
        assert len(found) == Issue.objects.filter(open=True).count() > 5
        assert found[0]["title"].startswith("CVE-2021-44228") or "Log4Shell" in found[0]["title"]

    def test_query_and_limit(self, seamark: Command) -> None:
        assert {one["application"] for one in lines(seamark("issues", "app:payroll", "--json").out)} == {"Payroll"}
        assert len(lines(seamark("issues", "--limit", 2, "--json").out)) == 2
        (one,) = lines(seamark("issues", "state:any", "sql injection", "--json").out)
        assert "orders/search.py" in one["place"]

    def test_table(self, seamark: Command) -> None:
        result = seamark("issues", "--limit", 3)
        first = next(line for line in result.out.splitlines()[2:])
        assert first.split()[1:3] == ["P0", f"SM-{Issue.objects.order_by('-risk', '-id')[0].pk}"]
        assert result.out.rstrip().endswith(
            f"3 of {Issue.objects.filter(open=True).count()} issues; --limit shows more"
        )
        assert "Known exploited" in result.out

    @pytest.mark.parametrize("columns", [44, 60, 80, 99, 100, 200])
    def test_every_width(self, columns: int, seamark: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", str(columns))
        out = seamark("issues").out
        assert max(table.cells(line) for line in out.splitlines()) <= columns
        for reference in (f"SM-{number}" for number in Issue.objects.filter(open=True).values_list("id", flat=True)):
            assert f" {reference} " in out

    def test_nothing_fits(self, seamark: Command) -> None:
        assert seamark("issues", "app:nowhere").out == "No issue fits.\n"

    @pytest.mark.parametrize(
        ("query", "arrow"), [("severity:high foo:bar", 14), ("kev:maybe", 0), ("sort:colour", None), ('a "b', None)]
    )
    def test_wrong_query_is_pointed_at(self, query: str, arrow: int | None, seamark: Command) -> None:
        result = seamark("issues", *query.split())
        assert (result.code, result.out) == (2, "")
        *_, words, pointer = result.err.splitlines()
        assert words == f"  {query}"
        assert pointer.strip() == "^"
        if arrow is not None:
            assert pointer.index("^") == arrow + 2


def test_no_issues_at_all(seamark: Command) -> None:
    assert seamark("issues").out == "There are no open issues. Import reports with `seamark import`.\n"
    assert seamark("fixes").out.startswith("There is no fix that a tool names.")
    assert seamark("intel", "status").out.startswith("No intelligence is loaded")


@pytest.mark.usefixtures("world")
class TestShow:
    def sql_injection(self) -> Issue:
        return Issue.objects.get(place="orders/search.py:118", state__lte=3)

    def test_account(self, seamark: Command) -> None:
        issue = self.sql_injection()
        result = seamark("show", issue.reference)
        assert (result.code, result.err) == (0, "")
        for words in (
            issue.reference,
            "Semgrep",
            "CodeQL",
            "Bandit",
            "orders/search.py:118",
            "cursor.execute",
            "Starting point",
            "History",
            "Opened",
        ):
            assert words in result.out
        assert "Text of a request becomes part of a SQL statement." in result.out

    def test_json_is_the_same_for_all_spellings(self, seamark: Command) -> None:
        issue = self.sql_injection()
        spelt = [seamark("show", word, "--json") for word in (issue.pk, f"sm-{issue.pk}", f"SM-000{issue.pk}")]
        assert len({one.out for one in spelt}) == 1
        account = json.loads(spelt[0].out)
        assert {one["tool"] for one in account["findings"]} == {"Semgrep", "CodeQL", "Bandit"}
        assert (
            sum(part["points"] for part in account["receipt"]["parts"])
            == account["receipt"]["score"]
            == round(account["risk"] * 10)
        )

    def test_narrow(self, seamark: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "50")
        out = seamark("show", self.sql_injection().pk).out
        code = [line for line in out.splitlines() if "SELECT" in line]
        assert all(table.cells(line) <= 62 for line in out.splitlines() if line not in code)

    def test_unknown(self, seamark: Command) -> None:
        result = seamark("show", "SM-999999")
        assert (result.code, result.out) == (1, "")
        assert result.err == "Error: There is no issue SM-999999; `seamark issues` lists them\n"


@pytest.mark.usefixtures("world")
class TestFixes:
    def test_most_worthwhile_first(self, seamark: Command) -> None:
        found = lines(seamark("fixes", "--json").out)
        assert [one["risk_removed"] for one in found] == sorted((one["risk_removed"] for one in found), reverse=True)
        log4j = next(one for one in found if "log4j" in one["title"])
        assert (log4j["issues"], log4j["target"], log4j["application"]) == (2, "2.16.0", "Storefront")
        shown = seamark("fixes", "--application", "STOREFRONT", "--limit", 1).out.splitlines()
        assert len(shown) == 3
        assert found[0]["title"] in shown[2]

    def test_of_one_application(self, seamark: Command) -> None:
        assert seamark("fixes", "--application", "payroll", "--json").out == ""
        result = seamark("fixes", "--application", "nowhere")
        assert (result.code, result.err) == (1, "Error: There is no application 'nowhere'\n")


def test_formats(seamark: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    found = lines(seamark("formats", "--json").out)
    assert [one["name"] for one in found] == sorted(parsers())
    assert all(one["title"] and one["made_with"] and one["kind"] for one in found)
    monkeypatch.setenv("COLUMNS", "60")
    shown = seamark("formats").out
    assert all(f"\n{name} " in shown for name in parsers())
    assert max(len(line) for line in shown.splitlines()) <= 70


def test_check(seamark: Command) -> None:
    found = {one["check"]: one for one in lines(seamark("check", "--json").out)}
    assert {"home", "database", "formats", "people", "imports", "intelligence"} <= set(found)
    assert found["people"]["state"] == "note"
    make_person("mia")
    assert "✓ people: 1 can log in" in seamark("check").out


def test_check_says_what_is_wrong(installation: Installation) -> None:
    result = installation.run("check", "--json", env={"SEAMARK_UPLOAD_LIMIT": "much"})
    assert result.code == 1
    assert lines(result.out) == [
        {"check": "settings", "state": "wrong", "sentence": "SEAMARK_UPLOAD_LIMIT is 'much'; it must be a whole number"}
    ]
    absent = installation.run("check", env={"SEAMARK_DATABASE_URL": "postgresql://a@127.0.0.1:1/x"})
    assert absent.code == 1
    assert "✗ database: postgresql does not answer" in absent.out


def test_migrate(installation: Installation) -> None:
    first, second = installation.run("migrate"), installation.run("migrate")
    assert (first.code, second.code) == (0, 0)
    assert first.out.endswith(" steps applied\n")
    assert second.out == "The database is up to date\n"
    assert {path.stat().st_mode & 0o077 for path in (installation.home, installation.home / "secret.key")} == {0}


class TestUser:
    def test_add_and_password(self, seamark: Command) -> None:
        result = seamark("user", "add", "mia", "--role", "analyst")
        word = result.out.strip().rpartition(" ")[2]
        assert (result.code, User.objects.get().check_password(word)) == (0, True)
        again = seamark("user", "password", "MIA").out.strip().rpartition(" ")[2]
        assert again != word
        user = User.objects.get()
        assert (user.check_password(again), user.check_password(word)) == (True, False)

    @pytest.mark.usefixtures("world")
    def test_in_one_application(self, seamark: Command) -> None:
        assert seamark("user", "add", "kim", "--application", "storefront").code == 0
        grant = User.objects.get().grants.get()
        assert (grant.role, grant.application.name) == ("viewer", "Storefront")

    @pytest.mark.parametrize("name", ["", " ", "a b", "a" * 151, "mia\n", "MIA"])
    def test_names_that_are_none(self, name: str, seamark: Command) -> None:
        make_person("mia")
        result = seamark("user", "add", name)
        assert (result.code, result.out) == (1, "")
        assert "cannot be the username" in result.err or "There is a user" in result.err
        assert User.objects.count() == 1

    def test_token(self, seamark: Command) -> None:
        make_person("mia")
        result = seamark("user", "token", "mia", "--name", "CI", "--days", 3, "--scope", "import")
        token = live_token(result.out.strip())
        assert token is not None
        assert (token.name, token.scopes, token.user.username) == ("CI", ["import"], "mia")
        assert timedelta(days=2.9) < token.expires_at - timezone.now() < timedelta(days=3)

    @pytest.mark.parametrize(
        "words", [["token", "nobody"], ["password", "nobody"], ["add", "mia", "--application", "nowhere"]]
    )
    def test_nobody(self, words: list[str], seamark: Command) -> None:
        result = seamark("user", *words)
        assert (result.code, result.out) == (1, "")
        assert result.err.startswith("Error: There is no ")


def test_worker_works_off_what_waits(seamark: Command, tmp_path: Path) -> None:
    assert seamark("worker", "--once").out == "0 imports worked off\n"
    for content in (GOOD, b"{}"):
        path = tmp_path / "report.json"
        path.write_bytes(content)
        with path.open("rb") as stream:
            accept(stream, path.name, Target(application="shop"))
    assert seamark("worker", "--once").out == "2 imports worked off\n"
    assert sorted(Import.objects.values_list("state", "progress")) == sorted([("done", 3), ("failed", 0)])


KEV = {
    "catalogVersion": "2026.11.01", "dateReleased": "2026-11-01T00:00:00Z",
    "vulnerabilities": [{"cveID": "CVE-2020-8203", "dateAdded": "2026-10-30", "dueDate": "2026-11-20", "knownRansomwareCampaignUse": "Known"}],
}  # fmt: skip
EPSS = b"#model_version:v2025.03.14,score_date:2026-11-02T00:00:00+0000\ncve,epss,percentile\nCVE-2020-8203,0.93,0.99\nCVE-1999-0001,0.1,0.2\n"
FACTS = {
    "sources": [{"name": "EPSS", "date": "2026-11-03"}],
    "cves": {"CVE-2020-8203": {"epss": 0.5, "percentile": 0.6}},
}


class TestIntelligence:
    @pytest.mark.usefixtures("world")
    def test_what_is_known_changes_scores(self, seamark: Command, report: Callable[..., Path]) -> None:
        issue = Issue.objects.get(vulnerability__names__name="CVE-2020-8203")
        before = issue.risk
        kev, epss = report(as_bytes(KEV), "kev.json"), report(gzip.compress(EPSS), "epss.csv.gz")
        result = seamark("intel", "import", epss, kev)
        assert (result.code, result.err) == (0, "")
        assert result.out.splitlines() == [
            f"{epss}: EPSS, 2 rows as of 2026-11-02; 1 issue scored anew",
            f"{kev}: KEV, 1 row as of 2026-11-01; 2 issues scored anew",
        ]
        issue.refresh_from_db()
        assert issue.risk > before
        assert issue.kev
        known = Exploitation.objects.get(name="CVE-2020-8203")
        assert (known.epss, str(known.kev_added), known.ransomware) == (0.93, "2026-10-30", True)
        status = lines(seamark("intel", "status", "--json").out)
        assert {"EPSS 2026-11-02 (v2025.03.14)": 2}.items() <= {
            one["snapshot"]: one["entries"] for one in status
        }.items()
        assert "KEV 2026.11.01" in seamark("intel", "status").out
        assert seamark("intelligence", "import", report(as_bytes(FACTS), "facts.json")).code == 0
        known.refresh_from_db()
        assert (known.epss, str(known.kev_added)) == (0.5, "2026-10-30")

    def test_garbage(self, seamark: Command, report: Callable[..., Path], tmp_path: Path) -> None:
        bad = {
            "empty.csv": b"", "text.txt": b"hello", "kev.json": b'{"catalogVersion": "1", "vulnerabilities": [{}]}', "cut.json": b'{"cves": {',
            "epss.csv": b"cve,epss,percentile\nCVE-1,much,0.1\n", "cut.csv.gz": gzip.compress(EPSS)[:-9], "other.json": b"{}", "binary": bytes(range(256)),
            "latin.csv": b"cve,epss,percentile\nCVE-\xe9,0.1,0.1\n", "short.csv": b"cve,epss\nCVE-1,0.1\n", "deep.json": b'{"a":' * 200_000,
            "infinite.csv": b"cve,epss,percentile\nCVE-1,nan,0.1\n", "beyond.csv": b"cve,epss,percentile\nCVE-1,1.5,0.1\n", "no day.json": as_bytes(KEV | {"vulnerabilities": [{"cveID": "CVE-1", "dateAdded": "soon"}]}),
        }  # fmt: skip
        paths = [report(content, name) for name, content in bad.items()] + [tmp_path, tmp_path / "gone"]
        good = report(EPSS, "good.csv")
        result = seamark("intel", "import", *paths, good)
        assert result.code == 2
        assert [line.split(": ")[0] for line in result.err.splitlines()] == [str(path) for path in paths]
        assert result.out.startswith(f"{good}: EPSS, 2 rows")
        assert Exploitation.objects.count() == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, seamark: Command, tmp_path: Path) -> None:
    result = seamark("completion", shell)
    assert (result.code, "_SEAMARK_COMPLETE" in result.out) == (0, True)
    if shutil.which(shell):
        script = tmp_path / "script"
        script.write_text(result.out)
        subprocess.run([shell, "-n", script], check=True)


def test_completion_completes(installation: Installation) -> None:
    result = installation.run(env={"_SEAMARK_COMPLETE": "bash_complete", "COMP_WORDS": "seamark i", "COMP_CWORD": "1"})
    assert [line.split(",")[1] for line in result.out.splitlines()] == ["import", "issues", "intel"]
