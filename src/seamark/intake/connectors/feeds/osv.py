"""OSV records: the archives of an ecosystem, and GitHub's advisory database, which has the same form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

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
from seamark.intake.parsers.kit.normalise import cvss

KIND = "OSV"
_NEWEST_FIRST = ("CVSS_V4", "CVSS_V3", "CVSS_V2")


class _Severity(Struct):
    type: str = ""
    score: str = ""


class _Record(Struct):
    id: str
    modified: str = ""
    published: str = ""
    withdrawn: str | None = None
    severity: list[_Severity] | None = None


def recognises(head: bytes) -> bool:
    """Tell whether a file, or the first of an archive, starts as this feed does."""
    telling = b'"schema_version"' in head or b'"affected"' in head
    return head[:1] == b"{" and telling and b'"id"' in head and b'"modified"' in head and b'"cveMetadata"' not in head


def read(content: Content) -> Feed:
    """Return the records that are not withdrawn. Raises `UnreadableReport`."""
    try:
        entries = tuple(_records(content.documents()))
    except UNREADABLE as error:
        raise unreadable("OSV records", error) from None
    return feed(KIND, newest(entries), entries)


def _records(documents: Iterable[bytes]) -> Iterator[Known]:
    decoder = msgspec.json.Decoder(_Record)
    for document in documents:
        record = decoder.decode(document)
        if record.withdrawn:
            continue
        given = {one.type: one.score for one in record.severity or ()}
        vector = next((given[version] for version in _NEWEST_FIRST if given.get(version)), "")
        yield Known(
            name=record.id[:120].upper() if record.id.upper().startswith("CVE-") else record.id[:120], cvss=_base_score(vector),
            vector=vector[:120], published=day_of(record.published), modified=day_of(record.modified),
        )  # fmt: skip


@lru_cache(maxsize=16_384)
def _base_score(vector: str) -> int | None:
    # Thousands of records share a few hundred vectors, and working one out takes long.
    rated = cvss(vector)
    return tenths(rated.score) if rated is not None else None
