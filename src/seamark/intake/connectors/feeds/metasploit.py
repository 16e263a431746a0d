"""Metasploit's list of modules: an exploit that anybody can use for the CVEs that it names."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from seamark.intake.connectors.feeds.content import Content
from seamark.intake.connectors.feeds.statements import UNREADABLE, Feed, Known, day_of, feed, unreadable

KIND = "Metasploit"
_ATTACKS = frozenset({"exploit", "auxiliary"})


class _Module(Struct):
    type: str = ""
    references: list[str] = []
    disclosed: str | None = msgspec.field(name="disclosure_date", default=None)
    changed: str | None = msgspec.field(name="mod_time", default=None)


def recognises(head: bytes) -> bool:
    """Tell whether a file starts as this feed does."""
    return head[:1] == b"{" and b'"fullname"' in head and b'"rank"' in head


def read(content: Content) -> Feed:
    """Return the CVEs that a module attacks. Raises `UnreadableReport`."""
    try:
        modules = msgspec.json.decode(content.data, type=dict[str, _Module])
    except UNREADABLE as error:
        raise unreadable("list of Metasploit modules", error) from None
    names = {
        reference.upper()[:120]
        for module in modules.values() if module.type in _ATTACKS
        for reference in module.references if reference.upper().startswith("CVE-")
    }  # fmt: skip
    day = max((day_of(module.changed) for module in modules.values()), default="")
    return feed(KIND, day, tuple(Known(name=name, exploit=True) for name in sorted(names)))
