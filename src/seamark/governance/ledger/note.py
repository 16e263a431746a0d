"""Signed notes (C2SP signed-note, Ed25519): a text, and below it who signed it."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from seamark.core.errors import SeamarkError
from seamark.governance.ledger.binary import decoded, encoded

_ED25519 = b"\x01"
_NAME = re.compile(r"[^\s+]{1,200}")
_DASH = "\N{EM DASH}"
LARGEST = 1_000_000
"""Characters that a note may have."""
MOST_SIGNATURES = 100


class InvalidNote(SeamarkError):
    """A key or a note that is not what it should be."""


class Verifier(NamedTuple):
    """A public key with the name of whoever signs with it."""

    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        """Return the four bytes by which signatures name their key."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:4]

    def __str__(self) -> str:
        """Write it as `name+id+key`."""
        return f"{self.name}+{self.id.hex()}+{encoded(_ED25519 + self.key)}"


class Signer(NamedTuple):
    """A private key with its name. Its text is a secret."""

    name: str
    seed: bytes

    @property
    def verifier(self) -> Verifier:
        """Return the public half."""
        return Verifier(self.name, Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw())

    def __repr__(self) -> str:
        """Leave the secret out."""
        return f"Signer({self.name!r})"

    def __str__(self) -> str:
        """Write it as `PRIVATE+KEY+name+id+seed`."""
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{encoded(_ED25519 + self.seed)}"


class Signature(NamedTuple):
    """A line below a note, not checked yet."""

    name: str
    id: bytes
    """The four bytes that name the key."""
    signature: bytes


def new_signer(name: str) -> Signer:
    """Make a key. Raises `InvalidNote` for a name that cannot be one."""
    if not _NAME.fullmatch(name) or not name.isprintable():
        raise InvalidNote("A key's name has 1 to 200 printable characters, and neither spaces nor a plus")
    return Signer(name, Ed25519PrivateKey.generate().private_bytes_raw())


def read_signer(text: str) -> Signer:
    """Return the signer that a text names. Raises `InvalidNote`, without repeating the text."""
    start, _, rest = text.strip().partition("+KEY+")
    if start != "PRIVATE":
        raise InvalidNote("A signing key reads PRIVATE+KEY+name+id+key; `seamark ledger key` makes one")
    name, id, seed = _parts(rest, "signing")
    found = Signer(name, seed)
    if found.verifier.id != id:
        raise InvalidNote("The id of the signing key does not fit its name and key")
    return found


def read_verifier(text: str) -> Verifier:
    """Return the verifier that a text names. Raises `InvalidNote`."""
    if text.strip().startswith("PRIVATE+"):
        raise InvalidNote("This is a signing key: the verifier's key is its public half, name+id+key")
    name, id, key = _parts(text.strip(), "verifier's")
    found = Verifier(name, key)
    if found.id != id:
        raise InvalidNote("The id of the verifier's key does not fit its name and key")
    return found


def sign(text: str, signer: Signer) -> str:
    """Return a text, which ends with a line break, with its signature below."""
    if not text.endswith("\n") or not _printable(text):
        raise InvalidNote("A note's text ends with a line break and has no other control characters")
    signature = Ed25519PrivateKey.from_private_bytes(signer.seed).sign(text.encode())
    return f"{text}\n{_DASH} {signer.name} {encoded(signer.verifier.id + signature)}\n"


def open_note(note: str, verifier: Verifier) -> str:
    """Return the text of a note that this key has signed. Raises `InvalidNote`."""
    text, below = signatures(note)
    ours = [one.signature for one in below if (one.name, one.id) == (verifier.name, verifier.id)]
    if not ours:
        raise InvalidNote(f"The note is not signed by {verifier.name} with the key {verifier.id.hex()}")
    key = Ed25519PublicKey.from_public_bytes(verifier.key)
    for signature in ours:
        try:
            key.verify(signature, text.encode())
        except InvalidSignature:
            raise InvalidNote(
                f"The signature of {verifier.name} is wrong: the note was changed, or is forged"
            ) from None
    return text


def signatures(note: str) -> tuple[str, list[Signature]]:
    """Return the text of a note, and who has signed it by its own word. Raises `InvalidNote` for what is no note."""
    if len(note) > LARGEST or not _printable(note):
        raise InvalidNote("This is no signed note: it is too long, or has control characters")
    text, gap, below = note.rpartition("\n\n")
    lines = below.split("\n")
    if not gap or lines.pop() or not 0 < len(lines) <= MOST_SIGNATURES:
        raise InvalidNote("This is no signed note: text, an empty line and signatures")
    found = []
    for line in lines:
        dash, _, rest = line.partition(" ")
        name, _, blob = rest.partition(" ")
        signature = decoded(blob)
        if dash != _DASH or not _NAME.fullmatch(name) or len(signature) < 5:
            raise InvalidNote("A line below the note is no signature")
        found.append(Signature(name, signature[:4], signature[4:]))
    return f"{text}\n", found


def _parts(text: str, which: str) -> tuple[str, bytes, bytes]:
    name, _, rest = text.partition("+")
    id, _, blob = rest.partition("+")
    key = decoded(blob)
    if not _NAME.fullmatch(name) or not re.fullmatch(r"[0-9a-f]{8}", id) or key[:1] != _ED25519 or len(key) != 33:
        raise InvalidNote(f"The {which} key is not understood: it is no Ed25519 key of the form name+id+key")
    return name, bytes.fromhex(id), key[1:]


def _printable(text: str) -> bool:
    return not any(ord(character) < 0x20 and character != "\n" for character in text)
