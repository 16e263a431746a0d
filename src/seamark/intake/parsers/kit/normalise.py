"""Scales, identifiers and texts of three hundred tools, mapped to ours once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from functools import lru_cache

from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError

from seamark.core.finding import Cvss
from seamark.core.kind import Confidence
from seamark.core.severity import Severity

_SEVERITY_WORDS = {
    "critical": Severity.CRITICAL,
    "crit": Severity.CRITICAL,
    "blocker": Severity.CRITICAL,
    "fatal": Severity.CRITICAL,
    "emergency": Severity.CRITICAL,
    "alert": Severity.CRITICAL,
    "urgent": Severity.CRITICAL,
    "very high": Severity.CRITICAL,
    "high": Severity.HIGH,
    "error": Severity.HIGH,
    "important": Severity.HIGH,
    "severe": Severity.HIGH,
    "major": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM,
    "warning": Severity.MEDIUM,
    "warn": Severity.MEDIUM,
    "minor": Severity.LOW,
    "low": Severity.LOW,
    "very low": Severity.LOW,
    "notice": Severity.LOW,
    "info": Severity.INFO,
    "informational": Severity.INFO,
    "information": Severity.INFO,
    "note": Severity.INFO,
    "none": Severity.INFO,
    "negligible": Severity.INFO,
    "unknown": Severity.INFO,
    "unspecified": Severity.INFO,
    "unassigned": Severity.INFO,
    "unimportant": Severity.INFO,
    "debug": Severity.INFO,
    "style": Severity.INFO,
}


@lru_cache(maxsize=4096)
def severity(word: str | float | None, default: Severity = Severity.MEDIUM) -> Severity:
    """Return the severity for a tool's word in any case, or for a CVSS base score from 0.0 to 10.0.

    Scales that mean something else by their words or numbers (Sonar, Qualys, SARIF levels) are mapped by
    their own parser. An unknown or missing word gives `default`.
    """
    if word is None:
        return default
    if isinstance(word, int | float):
        return Severity.from_cvss(float(word)) if 0 <= word <= 10 else default
    cleaned = word.strip().lower().replace("_", " ").replace("-", " ")
    return _SEVERITY_WORDS.get(cleaned, default)


@lru_cache(maxsize=64)
def confidence(word: str | None) -> Confidence | None:
    """Return the confidence for a tool's word, or None where it is missing or unknown."""
    return {
        "certain": Confidence.HIGH,
        "confirmed": Confidence.HIGH,
        "very high": Confidence.HIGH,
        "high": Confidence.HIGH,
        "firm": Confidence.MEDIUM,
        "medium": Confidence.MEDIUM,
        "moderate": Confidence.MEDIUM,
        "tentative": Confidence.LOW,
        "low": Confidence.LOW,
        "weak": Confidence.LOW,
    }.get((word or "").strip().lower().replace("_", " ").replace("-", " "))


_MOST_CWE = 100_000
_CWE = re.compile(r"(?:cwe[\s:_-]*(?:id)?[\s:_/-]*0*|cwe\.mitre\.org/data/definitions/0*)(\d{1,5})\b", re.IGNORECASE)


def _cwes_of_text(text: str) -> tuple[int, ...]:
    stripped = text.strip()
    if stripped.isdecimal() and len(stripped) <= 5:
        return (int(stripped),)
    return tuple(int(number) for number in _CWE.findall(text))


@lru_cache(maxsize=16384)
def _cwes_of_texts(*texts: str) -> tuple[int, ...]:
    return tuple(number for number in dict.fromkeys(one for text in texts for one in _cwes_of_text(text)) if number > 0)


def cwe_ids(*given: str | float | Iterable[str | int] | None) -> tuple[int, ...]:
    """Return the CWE numbers in texts (`CWE-79: XSS`, `external/cwe/cwe-079`, `79`), in order, once each.

    0 and negative numbers, which several tools write for "none", are left out.
    """
    if len(given) == 1 and isinstance(given[0], list):
        given = tuple(given[0])
    for value in given:
        if type(value) is not str:
            break
    else:
        return _cwes_of_texts(*given)  # type: ignore[arg-type]
    found: dict[int, None] = {}
    for value in given:
        if value is None:
            continue
        if isinstance(value, int | float):
            if 0 < value < _MOST_CWE and not isinstance(value, bool):
                found[int(value)] = None
        elif isinstance(value, str):
            found.update(dict.fromkeys(_cwes_of_texts(value)))
        else:
            found.update(dict.fromkeys(cwe_ids(*value)))
    return tuple(number for number in found if number > 0)


_VULNERABILITY = re.compile(
    r"""\b(?:
      CVE-\d{4}-\d{4,}
    | GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}
    | (?:RHSA|RHBA|RHEA)-\d{4}:\d+
    | (?:ELSA|ALSA|RLSA|ALBA)-\d{4}[:-]\d+(?:-\d+)?
    | (?:DSA|DLA)-\d{2,}(?:-\d+)?
    | USN-\d+-\d+
    | (?:PYSEC|RUSTSEC|OSV|MAL|RSEC|GSD|HSEC|EUVD|JLSEC|PSF|BDSA|WS|PRISMA|SONATYPE|JVNDB|CNVD|CNNVD)-\d{4,6}-\d+
    | GO-\d{4}-\d{4,}
    | BIT-[A-Z0-9.-]+?-\d{4}-\d{4,}
    | (?:ALPINE|DEBIAN|UBUNTU|CURL)-CVE-\d{4}-\d{4,}
    | DRUPAL-(?:CORE|CONTRIB)-\d{4}-\d+
    | ASB-A-\d+
    | ALAS[A-Z0-9.]*-\d{4}-\d+
    | SNYK-[A-Z0-9]+-[A-Z0-9.]+-\d+
    | GMS-\d{4}-\d+
    | XRAY-\d{4,}
    | TEMP-\d+-[0-9A-F]+
    | (?:CESA|OPENEULER-SA)-\d{4}[:-]\d+
    | (?:openSUSE|SUSE)-SU-\d{4}:\d+-\d+
    | CGA(?:-[23456789cfghjmpqrvwx]{4}){3}
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_AS_WRITTEN = ("opensuse", "openeuler", "bit-", "sonatype")
"""Ids that their databases do not write in capitals."""


is_usual = re.compile(
    r"CVE-\d{4}-\d{4,}|GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}|SNYK-[A-Z0-9]+-[A-Z0-9.]+-\d+", re.ASCII
).fullmatch
"""Matches ids that are written as they should be, and nothing beside them: most are."""


def one_text_ids(text: str) -> tuple[str, ...]:
    """Return the vulnerability ids in a text, in its order."""
    return (text,) if is_usual(text) else _ids_in(text)


@lru_cache(maxsize=16384)
def _ids_in(text: str) -> tuple[str, ...]:
    return tuple(
        match if match.lower().startswith(_AS_WRITTEN) else _cased(match) for match in _VULNERABILITY.findall(text)
    )


def _cased(identifier: str) -> str:
    upper = identifier.upper()
    if upper.startswith(("GHSA-", "CGA-")):
        kind, mark, rest = upper.partition("-")
        return kind + mark + rest.lower()
    return upper


def vulnerability_ids(*given: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return the vulnerability ids in texts: written as their databases write them, CVE first, once each."""
    found: dict[str, None] = {}
    for value in given:
        if not value:
            continue
        for text in (value,) if isinstance(value, str) else value:
            for name in one_text_ids(text):
                found[name] = None
    return in_order(found)


def in_order(found: Collection[str]) -> tuple[str, ...]:
    """Return ids with those of CVE first, and those of GitHub next."""
    if len(found) < 3:
        names = tuple(found)
        return names if len(names) < 2 or _rank(names[0]) <= _rank(names[1]) else (names[1], names[0])
    return tuple(sorted(found, key=_rank))


def _rank(name: str) -> int:
    return 0 if name.startswith("CVE-") else 1 if name.startswith("GHSA-") else 2


@lru_cache(maxsize=65536)
def cvss(vector: str | None = "", score: float | str | None = None, source: str = "") -> Cvss | None:
    """Return a rating with version and base score filled in, or None where neither part is usable.

    A vector in brackets or without its prefix (CVSS 2) is understood. A vector that is not valid is
    dropped; its score stays.
    """
    text = (vector or "").strip().strip("()")
    number: float | None
    try:
        number = None if score in {None, ""} else float(score)
    except (TypeError, ValueError):
        number = None
    if number is not None and not 0 <= number <= 10:
        number = None
    if text:
        try:
            if text.startswith("CVSS:4"):
                four = CVSS4(text)
                return Cvss(
                    vector=text,
                    score=number if number is not None else float(four.base_score),
                    version="4.0",
                    source=source,
                )
            if text.startswith("CVSS:3"):
                three = CVSS3(text)
                return Cvss(
                    vector=text,
                    score=number if number is not None else float(three.scores()[0]),
                    version=text[5:8],
                    source=source,
                )
            two = CVSS2(text.removeprefix("CVSS2#"))
            return Cvss(
                vector=text.removeprefix("CVSS2#"),
                score=number if number is not None else float(two.scores()[0]),
                version="2.0",
                source=source,
            )
        except (CVSSError, ValueError, KeyError, IndexError):
            text = ""
    return None if number is None else Cvss(score=number, source=source)


def first_line(text: str, limit: int = 160) -> str:
    """Return the first sentence or line of a text as one line of at most `limit` characters."""
    # The cut in front keeps a long message from costing more than its title: runs of blanks are rare.
    line = text.lstrip()[: 4 * limit].split("\n", 1)[0]
    # Text without a control character or another blank than single spaces is as it would be after this, ends apart.
    line = line.strip() if "  " not in line and line.isprintable() else " ".join(line.split())
    if len(line) <= limit:
        return line
    sentence = line.split(". ", 1)[0]
    return sentence if len(sentence) <= limit else line[: limit - 1].rstrip() + "…"


_ADDRESS = re.compile(r"https?://[!-~]*[!-+\--:<-~]", re.ASCII).fullmatch
"""Matches what is an address as it stands: no blank, and no mark of a list at its end."""
_SCHEMES = ("https://", "http://")


def references(*given: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return the http(s) addresses in texts or lists, in order, once each, at most 50."""
    texts: list[str] = []
    for value in given:
        if value:
            if isinstance(value, str):
                texts.append(value)
            else:
                texts.extend(value)
    if len(texts) == 1 and _ADDRESS(texts[0]):
        return (texts[0],)
    joined = f" {' '.join(texts)}"
    words = joined.split()
    if joined.count(" https://") + joined.count(" http://") != len(words):
        words = [word for word in words if word.startswith(_SCHEMES)]
    if "," in joined or ";" in joined:
        words = [word.rstrip(",;") for word in words]
    return tuple(dict.fromkeys(words))[:50]


_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII).fullmatch
_MOMENTS = ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S", "%a, %d %b %Y %H:%M:%S", "%Y-%m-%d", "%a %b %d %H:%M:%S %Y")


@lru_cache(maxsize=8192)
def moment(text: str | float | None) -> str:
    """Return a time as RFC 3339 in UTC, or an empty string where it is none. Numbers are Unix seconds or milliseconds."""
    if text is None or text == "":
        return ""
    if isinstance(text, int | float):
        seconds = text / 1000 if text > 1e11 else text
        try:
            return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
        except (OverflowError, OSError, ValueError):
            return ""
    cleaned = text.strip()
    try:
        value = datetime.fromisoformat(cleaned)
        if _UTC(cleaned):
            return cleaned
    except ValueError:
        for pattern in _MOMENTS:
            try:
                value = datetime.strptime(cleaned, pattern)  # noqa: DTZ007 - the zone is set below
                break
            except ValueError:
                continue
        else:
            return ""
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return ""
