"""humble: headers that a web site should send, should not, or sends wrongly, as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    UnreadableReport,
    WebLocation,
    json_object,
    moment,
    parser,
)

SORTS = {
    "missing": Rule(id="missing-header", name="missing-header", title="Missing HTTP security header"),
    "fingerprint": Rule(id="fingerprint-header", name="fingerprint-header", title="Header that tells of the software"),
    "deprecated": Rule(id="deprecated-header", name="deprecated-header", title="Deprecated header or insecure value"),
    "empty": Rule(id="empty-header", name="empty-header", title="Empty header"),
}
SEVERITIES = {"fingerprint": Severity.INFO}
"""humble does not rate; what a header gives away is information."""
_HEADING = re.compile(r"^\[\d+\. (?P<name>[^\]]+)\]$")
_NOTHING = ("nothing to report", "none")


def _is_report(probe: Probe) -> bool:
    return "[0. Info]" in probe.keys and any(
        (found := _HEADING.match(key)) is not None and _sort(found["name"]) for key in probe.keys
    )


def _sort(heading: str) -> str:
    word = heading.split(maxsplit=1)[0].lower()
    return word if word in SORTS else ""


@parser(
    "humble",
    title="humble",
    kind=Kind.WEB,
    looks=json_object(where=_is_report),
    made_with="humble.py -u https://example.com -o json",
    url="https://github.com/rfc-st/humble",
    versions="1.2x to 1.5x",
)
def read(report: dict[str, Any]) -> Iterator[Item]:
    info = report.get("[0. Info]")
    facts = info if isinstance(info, dict) else {}
    url = next((str(value) for name, value in facts.items() if name.strip(" :").upper() == "URL"), "")
    if not url:
        raise UnreadableReport("The report does not say which site it is about", where="$.[0. Info]")
    said = next((str(value) for name, value in facts.items() if name.strip(" :").lower() == "date"), "")
    yield Run(tool="humble", scope=(url,), finished=moment(said.replace("/", "-", 2).replace(" - ", " ")))
    for heading, content in report.items():
        found = _HEADING.match(heading)
        sort = _sort(found["name"]) if found else ""
        if sort:
            for name, detail in _entries(content):
                yield _finding(sort, name, detail, url)


def _entries(content: Any) -> list[tuple[str, str]]:
    """Return names and details of a section: a list of texts, an object, or one text."""
    if isinstance(content, dict):
        pairs = [(str(name), str(detail or "")) for name, detail in content.items()]
    else:
        pairs = [(text, "") for text in (content if isinstance(content, list) else [content]) if isinstance(text, str)]
    return [pair for pair in pairs if pair[0].strip() and not pair[0].strip().lower().startswith(_NOTHING)]


def _finding(sort: str, name: str, detail: str, url: str) -> Finding:
    about = SORTS[sort]
    return Finding(
        rule=about.id,
        title=f"{about.title}: {name.strip()}",
        severity=SEVERITIES.get(sort, Severity.MEDIUM),
        location=WebLocation(url=url, parameter=name.partition("(")[0].strip()),
        about=about,
        description=detail,
    )
