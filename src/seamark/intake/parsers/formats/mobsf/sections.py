"""What MobSF finds in single files of an application: code, calls of the system, binaries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from seamark.intake.parsers.formats.mobsf.application import (
    PASSED,
    Application,
    plain,
    rows,
    severity_of,
    text,
    values,
)
from seamark.intake.parsers.kit import (
    CodeLocation,
    Cvss,
    Finding,
    Kind,
    Rule,
    Severity,
    cvss,
    cwe_ids,
    first_line,
    references,
)


def code(given: Any) -> Iterator[Finding]:
    """Yield a finding for every line that a rule names."""
    found = values(values(given).get("findings")) if "summary" in values(given) else values(given)
    for rule, told in found.items():
        about, word, rating = _rule(rule, values(told))
        if word.lower() in PASSED:
            continue
        for place in _places(values(told).get("files")):
            yield Finding(
                rule=rule,
                title=about.title,
                severity=severity_of(word),
                severity_given=word,
                kind=Kind.CODE,
                location=place,
                about=about,
                cwes=about.cwes,
                cvss=rating,
            )


def calls(given: Any) -> Iterator[Finding]:
    """Yield a finding for every file that uses a part of the system: what it can do, not what is wrong."""
    for rule, told in values(given).items():
        about, word, _ = _rule(rule, values(told))
        seen: set[str] = set()
        for place in _places(values(told).get("files")):
            if place.path in seen:
                continue
            seen.add(place.path)
            yield Finding(
                rule=rule,
                title=about.title,
                severity=severity_of(word or "info"),
                severity_given=word,
                kind=Kind.CODE,
                location=place,
                about=about,
                tags=("api",),
            )


def _rule(rule: str, told: dict[str, Any]) -> tuple[Rule, str, tuple[Cvss, ...]]:
    meta = values(told.get("metadata")) or told
    description = text(meta, "description", "detailed_desc")
    title = first_line(description) or rule
    about = Rule(
        id=rule,
        name=rule,
        title=title,
        description="" if description == title else description,
        cwes=cwe_ids(text(meta, "cwe")),
        tags=tuple(tag for tag in (text(meta, "owasp-mobile", "owasp"), text(meta, "masvs")) if tag),
        references=references(text(meta, "ref", "reference")),
    )
    score = meta.get("cvss")
    rating = cvss(None, score, "MobSF") if isinstance(score, int | float) and score > 0 else None
    return about, text(meta, "severity", "level"), (rating,) if rating else ()


def _places(files: Any) -> Iterator[CodeLocation]:
    """Yield the places in `{"path": "3,14"}` or in a list of objects, each line once."""
    if isinstance(files, dict):
        for path, lines in files.items():
            numbers = list(dict.fromkeys(_numbers(lines)))
            if not numbers:
                yield CodeLocation(path=path)
            for number in numbers:
                yield CodeLocation(path=path, line=number)
    for row in rows(files):
        lines = row.get("match_lines")
        span = [number for number in lines if type(number) is int] if isinstance(lines, list) else []
        yield CodeLocation(
            path=text(row, "file_path"),
            line=span[0] if span else None,
            end_line=span[-1] if span else None,
            snippet=text(row, "match_string"),
        )


def _numbers(given: Any) -> list[int]:
    found = given.split(",") if isinstance(given, str) else given if isinstance(given, list) else []
    return [int(one) for one in map(str, found) if one.isascii() and one.isdigit() and len(one) < 10]


def binaries(given: Any, app: Application) -> Iterator[Finding]:
    """Yield the protections that binaries lack. What is of severity info is a protection that is there."""
    if isinstance(given, list):
        for row in rows(given):
            yield from _binary(row, app)
        return
    found = values(given)
    if "nx" in found or "pie" in found or "stack_canary" in found:
        yield from _binary(found, app)
        return
    for rule, told in (values(found.get("findings")) if "summary" in found else found).items():
        about, word, rating = _rule(rule, values(told))
        if word and word.lower() not in PASSED | {"info"}:
            yield Finding(
                rule=rule,
                title=rule,
                severity=severity_of(word),
                severity_given=word,
                location=app.location,
                about=about,
                description=text(values(told), "detailed_desc", "description"),
                cwes=about.cwes,
                cvss=rating,
            )


def _binary(row: dict[str, Any], app: Application) -> Iterator[Finding]:
    path = text(row, "name") or app.file
    for check, told in row.items():
        word = text(values(told), "severity", "status")
        if not word or word.lower() in PASSED | {"info"}:
            continue
        told_text = text(values(told), "description", "desc")
        title = first_line(told_text.split(". ", 1)[0]) or check
        yield Finding(
            rule=f"binary_{check}",
            title=title,
            severity=severity_of(word),
            severity_given=word,
            location=CodeLocation(path=path),
            about=Rule(id=f"binary_{check}", name=check),
            description="" if told_text == title else told_text,
        )


def files(given: Any) -> Iterator[Finding]:
    """Yield files that should not be shipped with an application, as keys and databases."""
    for row in rows(given):
        title = text(row, "issue", "finding")
        found = row.get("files")
        for one in found if isinstance(found, list) else ():
            path = text(one, "file_path") if isinstance(one, dict) else plain(one) if isinstance(one, str) else ""
            if title and path:
                yield Finding(
                    rule=f"file: {title}",
                    title=title,
                    severity=Severity.INFO,
                    location=CodeLocation(path=path),
                    about=Rule(id=f"file: {title}"),
                )
