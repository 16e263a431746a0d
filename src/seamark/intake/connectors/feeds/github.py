"""GitHub's advisories as its API lists them. Its repository of advisories has OSV's form."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from seamark.intake.connectors.feeds.content import Content
from seamark.intake.connectors.feeds.statements import (
    UNREADABLE,
    Feed,
    Known,
    day_of,
    feed,
    newest,
    tenths,
    unreadable,
)  # fmt: skip

KIND = "GitHub"


class _Cvss(Struct):
    score: float | None = None
    vector_string: str | None = None


class _Advisory(Struct):
    ghsa_id: str
    cve_id: str | None = None
    published_at: str | None = None
    updated_at: str | None = None
    withdrawn_at: str | None = None
    cvss: _Cvss | None = None


def recognises(head: bytes) -> bool:
    """Tell whether a file starts as this feed does."""
    return head[:1] == b"[" and b'"ghsa_id"' in head


def read(content: Content) -> Feed:
    """Return the advisories that are not withdrawn, each under its own name. Raises `UnreadableReport`."""
    try:
        rows = msgspec.json.decode(content.data, type=list[_Advisory])
    except UNREADABLE as error:
        raise unreadable("GitHub advisories", error) from None
    entries = tuple(_known(row) for row in rows if not row.withdrawn_at)
    return feed(KIND, newest(entries), entries)


def _known(row: _Advisory) -> Known:
    given = row.cvss or _Cvss()
    # An advisory without a vector has no score, whatever number stands there.
    score = tenths(given.score) if given.vector_string else None
    return Known(
        name=row.ghsa_id[:120], cvss=score, vector=(given.vector_string or "")[:120], published=day_of(row.published_at),
        modified=day_of(row.updated_at),
    )  # fmt: skip
