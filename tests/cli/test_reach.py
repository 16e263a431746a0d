"""`seamark reach`: verdicts as objects and as a table, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seamark.core.severity import Severity
from seamark.store.models import Issue, Reachability
from tests.factories import import_findings, package

from .conftest import Command


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "requirements.txt").write_text("PyYAML==5.3\nrequests==2.19\n", "utf-8")
    (root / "app.py").write_text("import yaml\n\nprint(yaml.load('a: 1'))\n", "utf-8")
    return root


def test_promised_keys(seamark: Command, shop: Path) -> None:
    result = seamark("reach", shop, "--package", "PyYAML", "--symbol", "yaml.load", "--json")
    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out) == {
        "advisory": "",
        "ecosystem": "pypi",
        "package": "PyYAML",
        "symbols": ["yaml.load"],
        "verdict": "reachable",
        "confidence": 0.9,
        "why": "Code that runs uses yaml.load(…).",
        "chain": [{"path": "app.py", "line": 1, "text": "imports yaml"}],
        "calls": [{"path": "app.py", "line": 3, "text": "yaml.load(…)"}],
    }


def test_advisories_of_what_is_there(seamark: Command, shop: Path, tmp_path: Path) -> None:
    told = [
        {"id": f"X-{name}", "affected": [{"package": {"ecosystem": "PyPI", "name": name}}]}
        for name in ("requests", "pyyaml", "django")
    ]
    (tmp_path / "osv.json").write_text(json.dumps(told), "utf-8")
    result = seamark("reach", shop, "--advisories", tmp_path / "osv.json")
    assert result.code == 0
    assert [line.split()[0] for line in result.out.splitlines()[2:] if not line.startswith(" ")] == [
        "imported",
        "unreachable",
    ]
    assert "X-requests" in result.out
    assert "django" not in result.out


def test_nothing_to_tell(seamark: Command, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "osv").mkdir()
    result = seamark("reach", shop, "--advisories", tmp_path / "osv")
    assert (result.code, result.out) == (0, "None of the packages is listed or imported here.\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("absent", "--package", "x"), "There is no folder"),
        ((".",), "Name advisories with --advisories"),
        ((".", "--advisories", "absent.json"), "There is no file or folder"),
        ((".", "--advisories", "x.json", "--symbol", "x"), "--symbol belongs to --package"),
        ((".", "--package", "pkg:deb/debian/curl"), "is no package of an ecosystem that is read"),
    ],
)
def test_wrong_words(
    seamark: Command, words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = seamark("reach", *words)
    assert result.code == 2
    assert said in result.err


def test_a_broken_advisory(seamark: Command, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "osv.json").write_text("{", "utf-8")
    result = seamark("reach", shop, "--advisories", tmp_path / "osv.json")
    assert result.code == 2
    assert "holds no OSV records" in result.err


FLAW = package("CVE-2020-14343", "pypi/PyYAML", "5.3", "5.4", Severity.CRITICAL, 9.8, "Code execution in PyYAML")


@pytest.mark.django_db
def test_verdicts_are_kept_for_an_application(seamark: Command, shop: Path) -> None:
    import_findings("Storefront", "Trivy", [FLAW])
    result = seamark("reach", shop, "--application", "storefront")
    assert (result.code, result.err) == (0, "")
    assert "CVE-2020-14343" in result.out
    assert "Storefront: 1 verdict kept for git.example/harbour/shop, 1 issue scored anew" in result.out
    facts = Issue.objects.get().facts
    assert (facts["reach"], dict(facts["origins"])["reach"]) == ("potential", "seamark reach: app.py:1")


@pytest.mark.django_db
def test_kept_verdicts_are_objects_alone(seamark: Command, shop: Path) -> None:
    import_findings("Storefront", "Trivy", [FLAW])
    result = seamark("reach", shop, "--application", "Storefront", "--package", "PyYAML", "--json")
    assert [json.loads(line)["verdict"] for line in result.out.splitlines()] == ["imported"]
    assert Reachability.objects.get().package == "pyyaml"


@pytest.mark.django_db
def test_what_cannot_be_kept(seamark: Command, shop: Path) -> None:
    result = seamark("reach", shop, "--application", "Nothing")
    assert result.code == 1
    assert "There is no application 'Nothing'" in result.err
    assert seamark("reach", shop, "--package", "PyYAML", "--repository", "git.example/a/b").code == 2
