"""Rusty Hog: secrets in git (Choctaw), files (Duroc), Confluence (Essex), Jira (Göttingen) and other places."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Location,
    Probe,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    WebLocation,
    json_rows,
    moment,
    parser,
)

HOGS = {
    "new_line_num": "Choctaw Hog",
    "linenum": "Duroc Hog",
    "page_id": "Essex Hog",
    "issue_id": "Gottingen Hog",
    "g_drive_id": "Ankamali Hog",
    "bucket": "Berkshire Hog",
}
"""Which tool writes which field."""


class Leak(Struct):
    strings: list[str] = field(name="stringsFound")
    reason: str = ""
    path: str = ""
    linenum: int | None = None
    new_line_num: int | None = None
    old_line_num: int | None = None
    diff: str | None = ""
    commit: str | None = ""
    hash: str | None = field(name="commitHash", default="")
    date: str | None = ""
    url: str = ""
    page_id: str | int = ""
    issue_id: str | int = ""
    location: str = ""
    g_drive_id: str = ""
    bucket: str = ""
    key: str = ""


def _is_hog(probe: Probe) -> bool:
    return bool(HOGS.keys() & probe.first)


@parser(
    "rusty-hog",
    title="Rusty Hog",
    kind=Kind.SECRET,
    looks=json_rows("stringsFound", "reason", where=_is_hog),
    made_with="duroc_hog --outputfile hog.json .",
    url="https://github.com/newrelic/rusty-hog",
    versions="1",
    lift=("[]",),
)
def read(leaks: list[Leak]) -> Iterator[Item]:
    started = False
    for leak in leaks:
        if not started:
            started = True
            yield Run(tool=_tool(leak))
        for text in leak.strings:
            yield Finding(
                rule=leak.reason,
                title=leak.reason or "Secret",
                severity=Severity.HIGH,
                location=_location(leak),
                about=_about(leak.reason),
                description=_history(leak),
                cwes=(798,),
                secret=text,
            )
    if not started:
        yield Run(tool="Rusty Hog")


def _tool(leak: Leak) -> str:
    for name, tool in HOGS.items():
        if getattr(leak, name) not in {None, ""}:
            return tool
    return "Rusty Hog"


def _location(leak: Leak) -> Location | None:
    if leak.bucket:
        return ResourceLocation(resource=f"{leak.bucket}/{leak.key or leak.path}", type="s3")
    if leak.path:
        # A line that a commit took away has a number on the old side only.
        line = leak.linenum or leak.new_line_num or leak.old_line_num
        return CodeLocation(path=leak.path, line=line or None, snippet=leak.diff or "")
    return WebLocation(url=leak.url, parameter=leak.location) if leak.url else None


@lru_cache(maxsize=1024)
def _about(reason: str) -> Rule:
    return Rule(id=reason, cwes=(798,))


def _history(leak: Leak) -> str:
    lines = (
        ("Commit", leak.hash),
        ("Date", moment(leak.date) or leak.date),
        ("Message", (leak.commit or "").strip()),
        ("Page", str(leak.page_id)),
        ("Issue", str(leak.issue_id)),
        ("Document", leak.g_drive_id),
        ("Found in", leak.location),
    )
    return "\n".join(f"{name}: {text}" for name, text in lines if text)
