"""Checkpoints (C2SP tlog-checkpoint): the size and the root of a tree, as the text of a signed note."""

from __future__ import annotations

import re
from typing import NamedTuple

from seamark.governance.ledger.binary import decoded, encoded
from seamark.governance.ledger.note import InvalidNote, Signer, Verifier, open_note, sign

_TIME = "time "
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


class Head(NamedTuple):
    """What a checkpoint says: whose tree, how many entries, and the root over them."""

    origin: str
    size: int
    root: bytes
    at: str = ""
    """When it was signed: a line of ours behind those of the format."""

    def __str__(self) -> str:
        """Write it as the text of a note."""
        when = f"{_TIME}{self.at}\n" if self.at else ""
        return f"{self.origin}\n{self.size}\n{encoded(self.root)}\n{when}"


def sign_head(head: Head, signer: Signer) -> str:
    """Return a checkpoint, signed."""
    return sign(str(head), signer)


def open_head(note: str, verifier: Verifier) -> Head:
    """Return what a checkpoint says that this key has signed. Raises `InvalidNote`."""
    head = read_head(open_note(note, verifier))
    if head.origin != verifier.name:
        raise InvalidNote(f"The checkpoint is of the log {head.origin!r}, not of {verifier.name!r}")
    return head


def read_head(text: str) -> Head:
    """Return what a checkpoint's text says, whoever signed it. Raises `InvalidNote`."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise InvalidNote("This is no checkpoint: it names a log, a size and a root, a line each")
    root = decoded(lines[2])
    if len(root) != 32:
        raise InvalidNote("The checkpoint's root is no SHA-256 hash")
    at = next((line.removeprefix(_TIME) for line in lines[3:] if line.startswith(_TIME)), "")
    return Head(lines[0], int(lines[1]), root, at)
