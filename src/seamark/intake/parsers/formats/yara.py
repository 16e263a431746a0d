"""YARA: files that match rules; the output of its command line, with and without metadata and strings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    Text,
    parser,
    references,
    severity,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described

_MATCH = re.compile(
    r"^(?:(?P<space>[A-Za-z_]\w*):)?(?P<rule>[A-Za-z_]\w{0,127})(?: \[(?P<tags>[\w,]*)\])?"
    r"(?: \[(?P<meta>.*)\])? (?P<path>(?:\.{0,2}/|[A-Za-z]:[\\/]|[\w.-]+/).+)$"
)
_STRING = re.compile(r"^0x[0-9a-f]+:(?:\d+:)?\$\w*(?::|$)")
_META = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|-?\d+|true|false)')
_NOISE = ("warning: ", "error: ")


def _is_output(probe: Probe) -> bool:
    if probe.form not in {"text", "csv"}:
        return False
    lines = probe.source.head(16384).decode("utf-8", "replace").splitlines()
    if len(probe.source) > 16384:
        lines = lines[:-1]
    given = [line for line in lines if line.strip() and not line.startswith(_NOISE)]
    return (
        bool(given)
        and _MATCH.match(given[0]) is not None
        and all(_MATCH.match(one) or _STRING.match(one) for one in given)
    )


class Match(Struct):
    rule: str
    path: str
    tags: tuple[str, ...]
    meta: dict[str, str]
    strings: list[str] = field(default_factory=list)


@parser(
    "yara",
    title="YARA",
    kind=Kind.HOST,
    looks=_is_output,
    made_with="yara --print-meta --print-strings --recursive rules.yar /srv > yara.txt",
    url="https://yara.readthedocs.io/en/stable/commandline.html",
    versions="3.8 to 4.5",
)
def read(text: Text) -> Iterator[Item]:
    matches: list[Match] = []
    problems: list[str] = []
    for line in text:
        if found := _MATCH.match(line):
            meta = {name: value.strip('"').replace('\\"', '"') for name, value in _META.findall(found["meta"] or "")}
            # One pair of brackets holds metadata where it assigns anything, else tags.
            tags = tuple(tag for tag in (found["tags"] or "").split(",") if tag)
            matches.append(Match(found["rule"], found["path"], tags, meta))
        elif line.startswith("error"):
            problems.append(line)
        elif matches and _STRING.match(line) and len(matches[-1].strings) < 50:
            matches[-1].strings.append(line)
    yield Run(tool="YARA", complete=False if problems else None, problems=tuple(problems[:50]))
    for match in matches:
        yield _finding(match)


def _finding(match: Match) -> Finding:
    meta = match.meta
    given = meta.get("severity") or meta.get("threat_level") or ""
    text = meta.get("description") or meta.get("desc") or ""
    about = Rule(
        id=match.rule,
        title=text or match.rule,
        description=described(
            *((name, value) for name, value in meta.items() if name not in {"description", "severity"})
        ),
        tags=match.tags,
        references=references(*meta.values()),
    )
    return Finding(
        rule=match.rule,
        title=f"{match.rule}: {text}" if text else match.rule,
        severity=severity(given) if given else Severity.MEDIUM,
        severity_given=given,
        location=CodeLocation(path=match.path),
        about=about,
        description="\n".join(match.strings),
        vulnerabilities=vulnerability_ids(*meta.values()),
    )
