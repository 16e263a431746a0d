"""Entries of a Rekor log (its API of version 1): how a checkpoint is proposed, and what the log's answer proves. Opens no network.

The kind is `rekord` 0.0.1. The other kind for plain signatures, `hashedrekord`, gives the log a hash in place of the text; a signature of Ed25519
can only be checked with the text, so that of our keys a log takes the prehashed variant there (Ed25519ph over SHA-512), another signature than the
one below a checkpoint. With `rekord` the log gets the text and that very signature: no secret key is needed to anchor, and what others find in the
log is what we signed. The log keeps the SHA-256 of the text, the signature and the public key.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from msgspec import Meta, Struct, field

from seamark.governance.ledger.anchors import NotAnchored
from seamark.governance.ledger.binary import decoded, encoded
from seamark.governance.ledger.canonical import canonical
from seamark.governance.ledger.checkpoint import read_head
from seamark.governance.ledger.note import InvalidNote, Verifier, open_note, signatures
from seamark.governance.ledger.proofs import check_inclusion
from seamark.governance.ledger.tree import leaf_hash

KIND: Final = "rekord"
VERSION: Final = "0.0.1"
LARGEST: Final = 1_000_000
"""Bytes of an answer."""
NAME: Final = re.compile(r"(?:[0-9a-f]{16})?[0-9a-f]{64}")
"""An entry's name in its log: the tree, where it is told, and the hash of the entry."""
_BLOCK: Final = re.compile(rb"-----BEGIN PUBLIC KEY-----.{1,10000}?-----END PUBLIC KEY-----", re.DOTALL)
_Hash = Annotated[str, Meta(pattern="^[0-9a-fA-F]{64}$")]
_Number = Annotated[int, Meta(ge=0, le=2**53 - 1)]
_Second = Annotated[int, Meta(ge=0, le=253_402_300_799)]


class Inclusion(Struct, frozen=True, rename="camel"):
    """That an entry stands in the tree of a signed checkpoint of the log."""

    log_index: _Number
    root_hash: _Hash
    tree_size: _Number
    hashes: Annotated[tuple[_Hash, ...], Meta(max_length=64)]
    checkpoint: str


class Verification(Struct, frozen=True, rename="camel"):
    """What proves an entry."""

    inclusion_proof: Inclusion
    signed_entry_timestamp: str


class Entry(Struct, frozen=True, rename="camel"):
    """An entry, by the names of Rekor's OpenAPI description."""

    body: str
    """Base64 of what was entered."""
    integrated_time: _Second
    log_id: _Hash = field(name="logID")
    """SHA-256 of the log's public key."""
    log_index: _Number
    """The place in all trees of the log; that in its own tree is the inclusion proof's."""
    verification: Verification


class Logged(NamedTuple):
    """A log's answer, read and not checked yet."""

    name: str
    entry: Entry
    body: bytes

    @property
    def at(self) -> datetime:
        """When the log says that it took the entry in."""
        return datetime.fromtimestamp(self.entry.integrated_time, UTC)

    @property
    def where(self) -> str:
        """Whose log it is, as that log signs, and the place in it."""
        origin = self.entry.verification.inclusion_proof.checkpoint.split("\n", 1)[0]
        return f"{origin[:200]}, entry {self.entry.log_index}"


def proposal(note: str, key: Verifier) -> dict[str, Any]:
    """Return what is sent to a log to enter a checkpoint that this key has signed. Raises `InvalidNote`."""
    text, signature = _signed(note, key)
    pem = Ed25519PublicKey.from_public_bytes(key.key).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = {"format": "x509", "content": encoded(signature), "publicKey": {"content": encoded(pem)}}
    return {"apiVersion": VERSION, "kind": KIND, "spec": {"data": {"content": encoded(text)}, "signature": signed}}


def read(answer: bytes) -> Logged:
    """Return the entry that a log answers with: an object with the entry under its name. Raises `NotAnchored`."""
    if len(answer) > LARGEST:
        raise NotAnchored(f"That is no entry of a Rekor log: it has more than {LARGEST:,} bytes")
    try:
        told = msgspec.json.decode(answer, type=dict[str, Entry])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotAnchored(f"That is no entry of a Rekor log: {error}") from None
    if len(told) != 1:
        raise NotAnchored(f"One entry of a Rekor log was expected, and {len(told)} are there")
    ((name, entry),) = told.items()
    body = decoded(entry.body)
    if not NAME.fullmatch(name.lower()) or not body:
        raise NotAnchored("That is no entry of a Rekor log: its name or its body is none")
    return Logged(name.lower(), entry, body)


def check_entry(logged: Logged, note: str, key: Verifier) -> None:
    """Check that an entry is of this very checkpoint, signed by this key, and stands in the tree that it names.

    Whether a log has signed that tree is up to `check_log`. Raises `NotAnchored`, and `InvalidNote` for a checkpoint that the key has not signed.
    """
    text, signature = _signed(note, key)
    _check_body(logged.body, text, signature, key)
    proof = logged.entry.verification.inclusion_proof
    leaf = leaf_hash(logged.body)
    if bytes.fromhex(logged.name[-64:]) != leaf:
        raise NotAnchored("The entry has the name of another one")
    path = [bytes.fromhex(one) for one in proof.hashes]
    if not check_inclusion(leaf, proof.log_index, proof.tree_size, path, bytes.fromhex(proof.root_hash)):
        raise NotAnchored("The inclusion proof does not lead from the entry to the root")
    try:
        head = read_head(signatures(proof.checkpoint)[0])
    except InvalidNote as error:
        raise NotAnchored(f"The checkpoint of the log is none: {error}") from None
    if (head.size, head.root) != (proof.tree_size, bytes.fromhex(proof.root_hash)):
        raise NotAnchored("The inclusion proof is of another root than the checkpoint of the log")


def check_log(logged: Logged, keys: bytes) -> None:
    """Check what a log has signed: its checkpoint, and the time of the entry. `keys` are PEM public keys (ECDSA) of logs that are trusted.

    Raises `NotAnchored`.
    """
    entry = logged.entry
    der, key = _of_log(entry.log_id, keys)
    said = {
        "body": entry.body,
        "integratedTime": entry.integrated_time,
        "logID": entry.log_id,
        "logIndex": entry.log_index,
    }
    if not _verifies(key, decoded(entry.verification.signed_entry_timestamp), canonical(said).encode()):
        raise NotAnchored("The signature over the entry and its time (signedEntryTimestamp) is wrong")
    try:
        text, below = signatures(entry.verification.inclusion_proof.checkpoint)
    except InvalidNote as error:
        raise NotAnchored(f"The checkpoint of the log is none: {error}") from None
    ours = [one.signature for one in below if one.id == sha256(der).digest()[:4]]
    if not any(_verifies(key, one, text.encode()) for one in ours):
        raise NotAnchored("The checkpoint of the log is not signed with the log's key")


def _check_body(body: bytes, text: bytes, signature: bytes, key: Verifier) -> None:
    try:
        told = msgspec.json.decode(body, type=_Body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotAnchored(f"The entry is no {KIND} {VERSION}: {error}") from None
    if (told.kind, told.api_version) != (KIND, VERSION):
        raise NotAnchored(f"The entry is a {told.kind[:40]} {told.api_version[:20]}, not a {KIND} {VERSION}")
    if (told.spec.data.hash.algorithm, told.spec.data.hash.value.lower()) != ("sha256", sha256(text).hexdigest()):
        raise NotAnchored("The entry is of another checkpoint: the hash is not that of this one")
    if decoded(told.spec.signature.content) != signature:
        raise NotAnchored("The entry has another signature than the checkpoint")
    try:
        public = load_pem_public_key(decoded(told.spec.signature.public_key.content))
    except (ValueError, UnsupportedAlgorithm):
        public = None
    if not isinstance(public, Ed25519PublicKey) or public.public_bytes_raw() != key.key:
        raise NotAnchored("The entry names another key than the one that has signed the checkpoint")


def _signed(note: str, key: Verifier) -> tuple[bytes, bytes]:
    """Return the text of a note and the signature of this key below it. Raises `InvalidNote`."""
    text = open_note(note, key)
    ours = (one.signature for one in signatures(note)[1] if (one.name, one.id) == (key.name, key.id))
    return text.encode(), next(ours)


def _of_log(id: str, keys: bytes) -> tuple[bytes, ec.EllipticCurvePublicKey]:
    """Return the key with that id, in DER and to verify with."""
    blocks = _BLOCK.findall(keys)
    if not blocks:
        raise NotAnchored("The keys of logs are no public keys in PEM")
    for block in blocks:
        try:
            key = load_pem_public_key(block)
        except (ValueError, UnsupportedAlgorithm):
            raise NotAnchored("A key of a log is no public key in PEM") from None
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if sha256(der).hexdigest() == id.lower():
            if not isinstance(key, ec.EllipticCurvePublicKey):
                raise NotAnchored("The key of the log is no ECDSA key; others are not read")
            return der, key
    raise NotAnchored("The entry is from a log with another key than the one that was given")


def _verifies(key: ec.EllipticCurvePublicKey, signature: bytes, text: bytes) -> bool:
    try:
        key.verify(signature, text, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


class _Digest(Struct, frozen=True):
    algorithm: str
    value: str


class _Data(Struct, frozen=True):
    hash: _Digest


class _PublicKey(Struct, frozen=True):
    content: str


class _Signature(Struct, frozen=True, rename="camel"):
    content: str
    public_key: _PublicKey


class _Spec(Struct, frozen=True):
    data: _Data
    signature: _Signature


class _Body(Struct, frozen=True, rename="camel"):
    """What a log keeps of a `rekord`."""

    kind: str
    api_version: str
    spec: _Spec
