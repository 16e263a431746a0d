from __future__ import annotations

from seamark.analysis.software.matching import match
from seamark.core.component import Component
from seamark.core.finding import Finding
from seamark.core.severity import Severity
from seamark.response.remediation.reported import advisories, events, joined

from .made import flaw


def finding(purl: str, version: str, fixed: tuple[str, ...], name: str = "CVE-2026-1") -> Finding:
    return Finding(
        rule=name, title="x", severity=Severity.HIGH, vulnerabilities=(name,), component=Component(name="x", version=version, purl=purl), fixed_versions=fixed
    )  # fmt: skip


def affected(purl: str, told: Finding) -> bool:
    version = purl.rpartition("@")[2]
    return bool(match([Component(name="x", version=version, purl=purl)], advisories([told])).findings)


def test_each_line_of_releases_has_its_own_fix() -> None:
    told = finding("pkg:pypi/django@4.1.0", "4.1.0", ("4.1.3", "4.2.1"))
    answers = {
        one: affected(f"pkg:pypi/django@{one}", told)
        for one in ("4.0", "4.1.0", "4.1.3", "4.1.9", "4.2", "4.2.0", "4.2.1", "5.0")
    }
    assert [one for one, is_affected in answers.items() if is_affected] == ["4.0", "4.1.0", "4.2", "4.2.0"]


def test_without_a_fix_all_versions_are_affected() -> None:
    assert affected("pkg:npm/x@9.9.9", finding("pkg:npm/x@1.0.0", "1.0.0", ()))


def test_several_versions_in_one_text_are_told_apart() -> None:
    assert not affected("pkg:npm/x@2.0.1", finding("pkg:npm/x@1.0.0", "1.0.0", ("1.0.5, 2.0.1",)))


def test_systems_have_no_lines() -> None:
    assert events("deb", ["1.2-3", "2.0-1"]) == (("introduced", "0"), ("fixed", "1.2-3"), ("fixed", "2.0-1"))


def test_what_has_no_package_says_nothing() -> None:
    assert advisories([Finding(rule="x", title="x", severity=Severity.LOW), finding("", "1", ())]) == ()


def test_a_database_wins_over_reports() -> None:
    known = flaw(1, "npm/x", "1.2.0")
    said = advisories(
        [
            finding("pkg:npm/x@1.0.0", "1.0.0", ("3.0.0",), "CVE-2026-0001"),
            finding("pkg:npm/x@1.0.0", "1.0.0", (), "CVE-2026-9"),
        ]
    )
    assert [one.id for one in joined([known], said, {"npm/x"})] == ["OSV-1", "CVE-2026-9"]
    assert joined([], said, {"npm/y"}) == ()


def test_a_tool_that_names_fixed_versions_alone() -> None:
    """npm's audit says which ranges are flawed, and not what is installed."""
    bare = finding("pkg:npm/minimist", "", ("0.2.4", "1.2.6"))
    answers = {version: affected(f"pkg:npm/minimist@{version}", bare) for version in ("0.0.10", "0.2.4", "1.2.0", "1.2.6")}  # fmt: skip
    assert answers == {"0.0.10": True, "0.2.4": False, "1.2.0": True, "1.2.6": False}
    assert advisories([finding("pkg:npm/minimist", "", ())]) == ()
