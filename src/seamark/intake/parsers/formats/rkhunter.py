"""Rootkit Hunter: warnings about hosts; its log."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seamark.intake.parsers.kit import Finding, HostLocation, Item, Kind, Run, Severity, Text, parser
from seamark.intake.parsers.kit.probe import Probe

_STAMP = re.compile(r"^\[\d\d:\d\d:\d\d\] ?")
_CHECK = re.compile(r"^\s*(?:Warning: )?(.+?)\s+\[ (\w[\w ]*) \]\s*$")
_RUNNING = re.compile(r"Running Rootkit Hunter version (\S+?)(?: on (\S+))?\s*$")


def _is_log(probe: Probe) -> bool:
    return probe.form in {"text", "csv"} and b"Running Rootkit Hunter version" in probe.source.head(4096)


@parser(
    "rkhunter",
    title="Rootkit Hunter",
    kind=Kind.HOST,
    looks=_is_log,
    made_with="rkhunter --check --skip-keypress --nocolors --logfile rkhunter.log",
    url="https://rkhunter.sourceforge.net/",
    versions="1.4",
)
def read(text: Text) -> Iterator[Item]:
    lines = [_STAMP.sub("", line) for line in text]
    running = next((found for line in lines[:50] if (found := _RUNNING.search(line))), None)
    ended = any(
        line.lstrip().startswith(("Info: End date is", "System checks summary", "Rootkit checks...")) for line in lines
    )
    yield Run(
        tool="Rootkit Hunter",
        version=running[1] if running else "",
        successful=True if ended else None,
        complete=None if ended else False,
        problems=() if ended else ("The log does not reach the end of a check",),
    )
    place = HostLocation(host=running[2]) if running and running[2] else None
    for title, told in _warnings(lines):
        yield Finding(
            rule=_rule(title),
            title=title,
            severity=Severity.MEDIUM,
            severity_given="Warning",
            location=place,
            description="\n".join(told),
        )


def _warnings(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each check that ended in a warning, with what the log says of it in the lines below."""
    title, told = "", list[str]()
    telling = False
    for line in lines:
        check = _CHECK.match(line)
        if check is not None:
            if title:
                yield title, told
            title, told = (check[1], []) if check[2] == "Warning" else ("", [])
            telling = bool(title)
        elif line.startswith("Warning: "):
            if not title or told:
                if title:
                    yield title, told
                title, told = line.removeprefix("Warning: "), []
                telling = True
                continue
            told.append(line.removeprefix("Warning: "))
        elif telling and line.startswith("      "):
            told.append(line.strip())
        elif not line.strip() or line.startswith("Info: "):
            telling = False
    if title:
        yield title, told


def _rule(title: str) -> str:
    """Return what names a check: its title without the file or number in it."""
    return re.sub(r"\s*'[^']*'|\s*\d+", "", title).strip() or title
