"""Firmwalker: files and texts of interest in firmware; its output."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seamark.intake.parsers.kit import CodeLocation, Finding, Item, Kind, Rule, Run, Severity, Text, parser, text_start

_SECTION = re.compile(r"^\*\*\*(.+?)\*\*\*$")
_GROUP = re.compile(r"^(?:#{5,} ?(.*)|-{5,} (.*) -{5,})$")
_WORDS = ("ip addresses", "urls", "emails")


@parser(
    "firmwalker",
    title="Firmwalker",
    kind=Kind.CODE,
    looks=text_start("***Firmware Directory***"),
    made_with="./firmwalker.sh firmware-root firmwalker.txt",
    url="https://github.com/craigz28/firmwalker",
    versions="as of 2015 to 2024",
)
def read(text: Text) -> Iterator[Item]:
    section = group = ""
    found: dict[tuple[str, str, str], None] = {}
    ended = False
    for line in text:
        if heading := _SECTION.match(line.strip()):
            section, group = heading[1], ""
            ended = ended or "emails" in section.lower()
        elif heading := _GROUP.match(line.strip()):
            group = (heading[1] or heading[2] or "").strip()
        elif line.strip() and section.lower().startswith("search for"):
            found[section, group, line.strip()] = None
    # The last search is the one for e-mail addresses.
    yield Run(tool="Firmwalker", complete=None if ended else False)
    for sort, pattern, hit in found:
        topic = sort.removeprefix("Search for").removeprefix("search for").strip()
        rule = f"{topic}: {pattern}" if pattern and pattern != topic else topic
        if any(word in topic.lower() for word in _WORDS):
            yield Finding(
                rule=topic,
                title=f"{topic}: {hit}",
                severity=Severity.INFO,
                about=Rule(id=topic, title=topic),
                tags=(topic,),
            )
        else:
            # Password hashes stand behind the file that they are in: `/etc/shadow:$1$…`.
            path, mark, digest = hit.partition(":$")
            yield Finding(
                rule=rule,
                title=rule,
                severity=Severity.INFO,
                kind=Kind.SECRET if mark else None,
                location=CodeLocation(path=path.removesuffix(" matches").removeprefix("Binary file ")),
                about=Rule(id=rule, title=rule),
                secret=f"${digest}" if mark else "",
                tags=(topic,),
            )
