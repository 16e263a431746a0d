"""The index of nuclei's templates: a CVE in it can be tested for, and so be found, by anybody. One JSON object a line."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from seamark.intake.connectors.feeds.content import Content
from seamark.intake.connectors.feeds.statements import UNREADABLE, Feed, Known, feed, unreadable

KIND = "Nuclei"


class _Template(Struct):
    id: str = msgspec.field(name="ID")


def recognises(head: bytes) -> bool:
    """Tell whether a file starts as this feed does."""
    return head.startswith(b'{"ID":') and b'"Info"' in head


def read(content: Content) -> Feed:
    """Return the CVEs that a template is for. The index names no day. Raises `UnreadableReport`."""
    decoder = msgspec.json.Decoder(_Template)
    try:
        names = {decoder.decode(line).id.upper()[:120] for line in content.data.splitlines() if line.strip()}
    except UNREADABLE as error:
        raise unreadable("index of nuclei templates", error) from None
    return feed(KIND, "", tuple(Known(name=name, exploit=True) for name in sorted(names) if name.startswith("CVE-")))
