"""Words, ids and times of many tools, mapped to ours."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.core.kind import Confidence
from seamark.core.severity import Severity
from seamark.intake.parsers.kit.normalise import (
    confidence,
    cvss,
    cwe_ids,
    first_line,
    moment,
    references,
    severity,
    vulnerability_ids,
)


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("CRITICAL", "critical"), (" High ", "high"), ("Very_High", "critical"), ("very-low", "low"), ("Moderate", "medium"),
        ("note", "info"), ("", "medium"), (None, "medium"), ("purple", "medium"), (9.0, "critical"), (8.9, "high"),
        (4, "medium"), (0.1, "low"), (0, "info"), (11, "medium"), (math.nan, "medium"),
    ],
)  # fmt: skip
def test_severity(word: str | float | None, wanted: str) -> None:
    assert severity(word).word == wanted


def test_severity_default() -> None:
    assert severity("purple", Severity.LOW) is severity(None, Severity.LOW) is Severity.LOW


@pytest.mark.parametrize(
    ("word", "wanted"),
    [("Certain", "high"), ("very-high", "high"), ("FIRM", "medium"), ("tentative", "low"), ("", None), (None, None)],
)
def test_confidence(word: str | None, wanted: str | None) -> None:
    assert confidence(word) == (None if wanted is None else Confidence(wanted))


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        (("CWE-79: XSS",), (79,)),
        (("external/cwe/cwe-079", "cwe:89", 89), (79, 89)),
        (("https://cwe.mitre.org/data/definitions/327.html",), (327,)),
        (("79", " 80 ", 20.0), (79, 80, 20)),
        ((["CWE-1", ["x"]],), (1,)),
        ((0, -1, True, math.nan, math.inf, 10**30, "0", "CWE-0", None, ""), ()),
        (("CWE ID 22 and CWE_23, cwe24",), (22, 23, 24)),
        (("CVE-2021-44228",), ()),
    ],
)
def test_cwe_ids(given_: tuple[object, ...], wanted: tuple[int, ...]) -> None:
    assert cwe_ids(*given_) == wanted  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("see cve-2021-44228, GHSA-JFH8-C2JP-5V3Q", ("CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q")),
        ("GHSA-jfh8-c2jp-5v3q CVE-2021-44228", ("CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q")),
        ("RHSA-2021:1234 ELSA-2021-1234 ALAS2-2023-1234 DSA-5123-1 DLA-99-1 USN-5123-2", None),
        ("GO-2022-0969 PYSEC-2021-66 RUSTSEC-2020-0071 OSV-2020-744 MAL-2024-1 TEMP-0290435-0B57B5", None),
        ("SNYK-JS-COOKIE-8163060 UBUNTU-CVE-2023-1234 BIT-golang-2023-1234 SUSE-SU-2023:1234-1", None),
        ("BDSA-2023-1234 WS-2019-0063 XRAY-12345 CGA-2222-3333-4444 sonatype-2017-0348", None),
        ("CVE-2021-44228-log4j", ("CVE-2021-44228",)),
        ("7.0.5-debian-11-r25 ubuntu-22.04 alpine-3.18 go-1.19 64-bit-8 CVE-21-1 GHSA-aaaa", ()),
        ("", ()),
    ],
)
def test_vulnerability_ids(text: str, wanted: tuple[str, ...] | None) -> None:
    assert vulnerability_ids(text) == (tuple(text.split()) if wanted is None else wanted)


def test_vulnerability_ids_of_lists_come_once() -> None:
    assert vulnerability_ids(["CVE-2020-1234", "cve-2020-1234"], None, "PYSEC-2021-66") == (
        "CVE-2020-1234",
        "PYSEC-2021-66",
    )


@pytest.mark.parametrize(
    ("vector", "score", "wanted"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", None, (9.8, "3.1")),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "7.1", (7.1, "3.0")),
        ("(AV:N/AC:L/Au:N/C:P/I:P/A:P)", None, (7.5, "2.0")),
        ("CVSS2#AV:N/AC:L/Au:N/C:P/I:P/A:P", None, (7.5, "2.0")),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", None, (9.3, "4.0")),
        ("rubbish", 5.5, (5.5, "")),
        (None, "3", (3.0, "")),
    ],
)
def test_cvss(vector: str | None, score: float | str | None, wanted: tuple[float, str]) -> None:
    rating = cvss(vector, score)
    assert rating is not None
    assert (rating.score, rating.version) == wanted


@pytest.mark.parametrize(
    ("vector", "score"), [("", None), ("CVSS:3.1/AV:N", None), (None, 11), (None, "nan"), ("x", -1), (None, "high")]
)
def test_no_cvss(vector: str | None, score: float | str | None) -> None:
    assert cvss(vector, score) is None


def test_first_line() -> None:
    assert first_line("  One\tline. \nMore") == "One line."
    assert first_line("A short one. " + "x" * 200) == "A short one"
    assert first_line("x" * 200) == "x" * 159 + "…"
    assert first_line("") == ""


def test_references() -> None:
    assert references("see https://a.b/c, or http://d", ["https://a.b/c", "ftp://x"], None, "") == (
        "https://a.b/c",
        "http://d",
    )
    assert len(references([f"https://a.b/{number}" for number in range(99)])) == 50


@pytest.mark.parametrize(
    ("given_", "wanted"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05.123456789+01:00", "2026-01-02T02:04:05.123456Z"),
        ("2026-01-02 03:04:05", "2026-01-02T03:04:05Z"),
        ("2026-01-02", "2026-01-02T00:00:00Z"),
        ("Fri Jan  2 03:04:05 2026", "2026-01-02T03:04:05Z"),
        (1767323045, "2026-01-02T03:04:05Z"),
        (1767323045000, "2026-01-02T03:04:05Z"),
        ("yesterday", ""), ("", ""), (None, ""), (1e300, ""), (math.nan, ""), ("0001-01-01T00:00:00+05:00", ""),
    ],
)  # fmt: skip
def test_moment(given_: str | float | None, wanted: str) -> None:
    assert moment(given_) == wanted


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    assert isinstance(severity(text), Severity)
    assert all(0 < number < 100_000 for number in cwe_ids(text))
    assert all(name in text.upper() or name.upper() in text.upper() for name in vulnerability_ids(text))
    assert "\n" not in first_line(text)
    assert isinstance(moment(text), str)
    cvss(text, text)
    references(text)
    confidence(text)
