"""What others vouch for: anchors of checkpoints, each checked by its kind. Needs neither a server nor a database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final, NamedTuple

from msgspec import Struct

from seamark.governance.ledger import rekor
from seamark.governance.ledger.anchors import NotAnchored, said_at, stamped_at
from seamark.governance.ledger.checkpoint import open_head
from seamark.governance.ledger.faults import Fault, Found
from seamark.governance.ledger.note import InvalidNote, Verifier

ANCHORS: Final = "anchors/"
_SUFFIX: Final[dict[str, str]] = {"rekor": "json", "timestamp": "tsr"}
_PATH: Final = re.compile(rf"{ANCHORS}([0-9]{{12,18}})-(rekor|timestamp)-([0-9a-f]{{64}}|[0-9a-f]{{80}})\.(json|tsr)")


class Trusted(NamedTuple):
    """Whose word counts; what is empty is not checked."""

    logs: bytes = b""
    """Public keys of Rekor logs, in PEM."""
    authorities: bytes = b""
    """Certificates of time-stamping authorities, in PEM."""


NOBODY: Final = Trusted()


class Kept(NamedTuple):
    """An anchor as it is kept."""

    size: int
    """Entries of the checkpoint."""
    kind: str
    name: str
    """What it is called: the entry's name in its log, or the SHA-256 of the time stamp."""
    answer: bytes
    """What the log or the authority answered, as it came."""

    @property
    def path(self) -> str:
        """Its path in an export, which stays there whatever a database was made to say."""
        kind = self.kind if self.kind in _SUFFIX else "unknown"
        name = self.name if rekor.NAME.fullmatch(self.name) else sha256(self.answer).hexdigest()
        return f"{ANCHORS}{self.size:012d}-{kind}-{name}.{_SUFFIX.get(kind, 'txt')}"


class Anchored(Struct, frozen=True):
    """What an anchor says."""

    kind: str
    """`rekor` or `timestamp`."""
    size: int
    at: str
    """Since when the checkpoint is known there."""
    where: str
    """The log and the place in it; empty for a time stamp."""
    checked: bool
    """Whether the signature of the log or the authority was checked: that takes its key."""


def kind_of(answer: bytes) -> str:
    """Tell what sort of anchor an answer is: JSON of a log, or a time stamp."""
    return "rekor" if answer.lstrip()[:1] == b"{" else "timestamp"


def name_of(kind: str, answer: bytes) -> str:
    """Return what an anchor is called. Raises `NotAnchored`."""
    if kind not in _SUFFIX:
        raise NotAnchored("its kind is not known")
    return rekor.read(answer).name if kind == "rekor" else sha256(answer).hexdigest()


def check(kind: str, note: str, answer: bytes, key: Verifier, trusted: Trusted = NOBODY) -> Anchored:
    """Return what an anchor says of a checkpoint. Raises `NotAnchored` and `InvalidNote` where it does not hold."""
    size = open_head(note, key).size
    if kind == "timestamp":
        at = stamped_at(note, answer, trusted.authorities) if trusted.authorities else said_at(note, answer)
        return Anchored(kind, size, at.isoformat(), "", bool(trusted.authorities))
    logged = rekor.read(answer)
    rekor.check_entry(logged, note, key)
    if trusted.logs:
        rekor.check_log(logged, trusted.logs)
    return Anchored(kind, size, logged.at.isoformat(), logged.where, bool(trusted.logs))


def check_all(
    several: Iterable[Kept], notes: Mapping[int, str], key: Verifier, trusted: Trusted, found: Found
) -> tuple[Anchored, ...]:
    """Return what anchors say of checkpoints, which are given by their size; those that do not hold are faults."""
    told = []
    for one in several:
        note = notes.get(one.size)
        try:
            if note is None:
                raise NotAnchored("that checkpoint is missing, or is not good")
            if one.name != name_of(one.kind, one.answer):
                raise NotAnchored("it is kept under another name")
            told.append(check(one.kind, note, one.answer, key, trusted))
        except (NotAnchored, InvalidNote) as error:
            which = f"{one.kind} anchor of the checkpoint of {one.size} entries"
            found.add(Fault("anchor", None, f"The {which} does not hold: {error}"))
    return tuple(told)


def placed(path: str, answer: bytes) -> Kept | None:
    """Return the anchor that stands at a path of an export, None where there can be none."""
    match = _PATH.fullmatch(path)
    if match is None or match[4] != _SUFFIX[match[2]]:
        return None
    return Kept(int(match[1]), match[2], match[3], answer)
