"""Gobuster: paths and names that answered when they were guessed, as text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seamark.intake.parsers.formats._web import found, host
from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Probe,
    Run,
    Severity,
    Text,
    UnreadableReport,
    WebLocation,
    parser,
)

_PATH = re.compile(
    r"^(?P<path>\S+)\s+\(Status: (?P<status>\d{3})\)(?: ?\[Size: (?P<size>\d+)\])?(?: \[--> (?P<to>[^\]]+)\])?\s*$"
)
_NAME = re.compile(r"^Found: (?P<name>[\w.-]+\.[\w-]+)(?: (?:\(?Status: (?P<status>\d{3})\)?))?(?P<rest>.*)$")
_URL = re.compile(r"^\[\+\] Url:\s+(?P<url>\S+)")
_MOST_LINES = 200


def _is_output(probe: Probe) -> bool:
    if probe.form not in {"text", "csv"}:
        return False
    lines = probe.source.head(16384).decode("utf-8", "replace").splitlines()[:_MOST_LINES]
    said = [line for line in lines if line.strip()]
    if any(line.startswith("Gobuster v") for line in said):
        return True
    return bool(said) and all(_PATH.match(line) or _NAME.match(line) for line in said[:-1] or said)


@parser(
    "gobuster",
    title="Gobuster",
    kind=Kind.WEB,
    looks=_is_output,
    made_with="gobuster dir -u https://example.com -w words.txt -o gobuster.txt",
    url="https://github.com/OJ/gobuster",
    versions="3",
)
def read(lines: Text) -> Iterator[Item]:
    yield Run(tool="Gobuster")
    site, answers = "", 0
    for line in lines:
        if address := _URL.match(line):
            site = address["url"].rstrip("/")
        elif row := _PATH.match(line):
            answers += 1
            yield _path(row, site)
        elif row := _NAME.match(line):
            answers += 1
            yield _name(row)
        elif line.startswith(("Error:", "[!] ")):
            raise UnreadableReport(f"Gobuster failed: {line[:200]}")
    if not answers and not site:
        raise UnreadableReport("The output names nothing that was found, nor where was looked")


def _path(row: re.Match[str], site: str) -> Finding:
    path = row["path"] if row["path"].startswith(("/", "http://", "https://")) else f"/{row['path']}"
    url = path if "://" in path else f"{site}{path}"
    return found(url, row["status"], ("Length", row["size"]), ("Redirects to", row["to"]))


def _name(row: re.Match[str]) -> Finding:
    place = WebLocation(url=f"http://{row['name']}") if row["status"] else host(row["name"])
    return Finding(
        rule="discovered-name",
        title="Virtual host found" if row["status"] else "Host name found",
        severity=Severity.INFO,
        location=place,
        description=row["rest"].strip(),
    )
