"""What reports about packages share."""

from __future__ import annotations

import pytest

from seamark.core.finding import Cvss
from seamark.core.severity import Severity
from seamark.intake.parsers.kit.packages import (
    DependencyGraph,
    graded,
    identifiers,
    of_system,
    package,
    probability,
    purl_type,
    rating,
    stable_name,
    tool_title,
)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("npm", "npm"),
        ("yarn", "npm"),
        ("node-pkg", "npm"),
        ("Debian:12", "deb"),
        ("debian:11", "deb"),
        ("Ubuntu:22.04:LTS", "deb"),
        ("Red Hat", "rpm"),
        ("Rocky Linux:8", "rpm"),
        ("openSUSE:Leap 15.4", "rpm"),
        ("Alpine:v3.20", "apk"),
        ("crates.io", "cargo"),
        ("GitHub Actions", "githubactions"),
        ("Packagist", "composer"),
        ("gobinary", "golang"),
        ("something else", ""),
        ("", ""),
    ],
)
def test_ecosystems(word: str, expected: str) -> None:
    assert purl_type(word) == expected


def test_system_packages_are_told_from_libraries() -> None:
    assert of_system("deb")
    assert not of_system("npm")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("jar", "org.example:toaster", "1.0"), ("org.example/toaster", "pkg:maven/org.example/toaster@1.0")),
        (("npm", "@acme/coil", "2"), ("@acme/coil", "pkg:npm/%40acme/coil@2")),
        (("debian:12", "tar", "1.30"), ("tar", "pkg:deb/debian/tar@1.30")),
        (("deb", "tar", "1.30"), ("tar", "pkg:deb/tar@1.30")),
        (("AlmaLinux:9", "tar", "1"), ("tar", "pkg:rpm/almalinux/tar@1")),
        (("pip", "Django", "4", "pkg:pypi/django@4"), ("Django", "pkg:pypi/django@4")),
        (("npm", "coil", "1", "not a purl"), ("coil", "pkg:npm/coil@1")),
        (("mystery", "thing", "1"), ("thing", "")),
    ],
)
def test_packages(given: tuple[str, ...], expected: tuple[str, str]) -> None:
    found = package(*given)
    assert (found.name, found.purl) == expected


def test_ids_of_unknown_databases_stay_and_other_texts_go() -> None:
    given = ("sonatype-2030-1234", "GHSA-2345-6789-CFGH", "cve-2030-1001", "1500", "CWE-400: Resource Exhaustion", " ")
    assert identifiers(*given, None, ["CVE-2030-1001"]) == (
        "CVE-2030-1001",
        "GHSA-2345-6789-cfgh",
        "sonatype-2030-1234",
    )


@pytest.mark.parametrize(
    ("word", "scores", "expected"),
    [
        ("Moderate", (), Severity.MEDIUM),
        ("negligible", (9.8,), Severity.INFO),
        ("UNKNOWN", (9.8,), Severity.CRITICAL),
        ("", (3.1,), Severity.LOW),
        (None, (), Severity.MEDIUM),
    ],
)
def test_grades(word: str | None, scores: tuple[float, ...], expected: Severity) -> None:
    assert graded(word, [Cvss(score=score) for score in scores]) is expected


def test_newest_cvss_decides() -> None:
    assert graded("", [Cvss(score=9.3, version="2.0"), Cvss(score=5.0, version="3.1")]) is Severity.MEDIUM


def test_vectors_get_their_version() -> None:
    bare = "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    assert rating(bare, None, "3.1") == Cvss(vector=f"CVSS:3.1/{bare}", score=9.8, version="3.1")
    assert rating(f"CVSS:3.0/{bare}", 9.8, "3.1") == Cvss(vector=f"CVSS:3.0/{bare}", score=9.8, version="3.0")
    assert rating("", 7.5, "3") == Cvss(score=7.5, version="3.0")
    assert rating("", None) is None


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("registry.example.org:5000/shop/web:1.4", "registry.example.org:5000/shop/web"),
        ("registry.example.org:5000/shop/web", "registry.example.org:5000/shop/web"),
        ("shop@sha256:" + "ab" * 32, "shop"),
        ("backend", "backend"),
        ("/builds/4711/shop", ""),
        ("C:\\builds\\shop", ""),
        (".", "."),
    ],
)
def test_names_that_outlive_a_build(target: str, expected: str) -> None:
    assert stable_name(target) == expected


def test_one_tool_in_all_its_formats() -> None:
    assert tool_title("trivy") == "Trivy"
    assert tool_title(" oven-scan ") == "oven-scan"


def test_ways_start_at_what_the_project_asks_for() -> None:
    graph = DependencyGraph()
    graph.direct("a")
    graph.direct("b")
    for parent, child in (("a", "c"), ("b", "d"), ("d", "c"), ("c", "e"), ("e", "c")):
        graph.add(parent, child)
    assert graph.ways("e") == (("a", "c", "e"), ("b", "d", "c", "e"))
    assert graph.ways("a") == (("a",),)
    assert graph.ways("unknown") == ()
    assert graph.is_direct("a")
    assert not graph.is_direct("e")


def test_a_lock_file_with_millions_of_ways_is_no_trap() -> None:
    graph = DependencyGraph()
    graph.direct("0.0")
    for level in range(30):
        for parent in range(10):
            for child in range(10):
                graph.add(f"{level}.{parent}", f"{level + 1}.{child}")
    assert len(graph.ways("30.0")) <= 20


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.5, 0.5), ("0.00046", 0.00046), (1, 1.0), (50, None), ("NaN", None), ("", None), (None, None)],
)
def test_probabilities(value: float | str | None, expected: float | None) -> None:
    assert probability(value) == expected
