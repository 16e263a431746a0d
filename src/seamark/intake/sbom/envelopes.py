"""Statements that attest something, as they come: bare, in signed envelopes (DSSE), in Sigstore's bundles, one or many to a file."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct, field

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit.source import Source
from seamark.intake.sbom.signatures import Key

IN_TOTO: Final = "application/vnd.in-toto+json"
_STATEMENTS: Final = re.compile(r"https://in-toto\.io/Statement/v(?:0\.1|1(?:\.\d+)?)")
_MOST: Final = 10_000
_LARGEST: Final = 64 * 1024**2
_MOST_SIGNATURES: Final = 100
_HINT: Final = "in-toto statements, DSSE envelopes, Sigstore bundles and cosign's .att files are read"


class Digested(Struct):
    """Something that is named by its digests."""

    name: str | None = ""
    uri: str | None = ""
    digest: dict[str, str] | None = None


class Statement(Struct, rename="camel"):
    """An in-toto statement; its predicate is decoded by whoever knows its type."""

    type: str = field(default="", name="_type")
    predicate_type: str = ""
    subject: list[Digested] | None = None
    predicate: Raw = field(default_factory=Raw)


class Signature(Struct):
    """A signature of an envelope."""

    sig: str = ""
    keyid: str | None = ""


class Envelope(Struct, rename="camel"):
    """A DSSE envelope, or what wraps one."""

    payload_type: str = ""
    payload: str = ""
    signatures: list[Signature] | None = None
    dsse_envelope: Envelope | None = None
    bundle: Envelope | None = None
    attestations: list[Envelope] | None = None
    message_signature: Raw = field(default_factory=Raw)


class Opened(Struct, frozen=True):
    """A statement, and what its signatures are worth."""

    statement: Statement
    signed: bool
    verified: bool | None
    """None where no key was given to verify it with."""
    key: str = ""
    """The name of the key that verified it."""
    why: str = ""
    """Why it is not verified."""


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """Return what a signature of DSSE is made over."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def open_all(source: Source, keys: Iterable[Key] = ()) -> Iterator[Opened]:
    """Yield the statements in a file, each verified by the keys. Raises `UnreadableReport` where there is none, or one is broken."""
    given = tuple(keys)
    number = 0
    for value in _values(source):
        for one in _each(value, given):
            number += 1
            if number > _MOST:
                raise UnreadableReport(f"There are more than {_MOST} attestations in one file")
            yield one
    if not number:
        raise UnreadableReport("There is no attestation in the file", hint=_HINT)


def _values(source: Source) -> Iterator[bytes]:
    """Yield the JSON objects of a file: a single one, a list, one a line, or one after another."""
    if len(source) > _LARGEST:
        raise UnreadableReport(f"Attestations of more than {_LARGEST // 1024**2} MB are not read")
    data = bytes(source.data).strip()
    try:
        if data[:1] == b"[":
            yield from (bytes(one) for one in msgspec.json.decode(data, type=list[Raw]))
            return
        msgspec.json.decode(data, type=Raw)
        yield data
        return
    except RecursionError:
        raise UnreadableReport("The JSON is nested too deeply for an attestation") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    text = data.decode("utf-8", "replace")
    decoder = json.JSONDecoder()
    at = 0
    while at < len(text):
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise UnreadableReport(
                "This is no attestation: not valid JSON", where=f"character {at}", hint=_HINT
            ) from None
        yield text[at:end].encode()
        at = end
        while at < len(text) and text[at].isspace():
            at += 1


def _decoded(data: bytes | Raw, kind: Any) -> Any:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableReport(f"The attestation is wrongly made: {error}") from None


def _each(data: bytes, keys: tuple[Key, ...]) -> Iterator[Opened]:
    found = _decoded(data, Envelope)
    if found.attestations is not None:
        for one in found.attestations:
            yield _opened((one.bundle or one).dsse_envelope or one, keys)
        return
    found = found.bundle or found
    if len(found.message_signature):
        raise UnreadableReport("This bundle signs a file and attests nothing about it")
    found = found.dsse_envelope or found
    if found.payload_type or found.payload:
        yield _opened(found, keys)
        return
    yield Opened(_statement(data), signed=False, verified=None, why="it is not signed")


def _statement(data: bytes) -> Statement:
    found: Statement = _decoded(data, Statement)
    if not _STATEMENTS.fullmatch(found.type):
        shown = f"of type {found.type[:100]!r}" if found.type else "without a type"
        raise UnreadableReport(f"This is no in-toto statement, but JSON {shown}", hint=_HINT)
    return found


def _opened(envelope: Envelope, keys: tuple[Key, ...]) -> Opened:
    if envelope.payload_type != IN_TOTO:
        raise UnreadableReport(
            f"The envelope holds {envelope.payload_type[:100] or 'nothing'}, and no in-toto statement"
        )
    payload = _unpacked(envelope.payload, "payload")
    statement = _statement(payload)
    signatures = (envelope.signatures or [])[:_MOST_SIGNATURES]
    if not signatures:
        return Opened(statement, signed=False, verified=None, why="the envelope has no signature")
    if not keys:
        return Opened(statement, signed=True, verified=None, why="no key was given to verify it with")
    message = pre_authentication(envelope.payload_type, payload)
    for one in signatures:
        signature = _unpacked(one.sig, "signature")
        for key in keys:
            if key.verifies(signature, message):
                return Opened(statement, signed=True, verified=True, key=key.name)
    why = (
        "none of the given keys verifies its signature: it was changed after it was signed, or signed by somebody else"
    )
    return Opened(statement, signed=True, verified=False, why=why)


def _unpacked(text: str, what: str) -> bytes:
    """Return what base64 stands for, of either alphabet, with or without its padding."""
    plain = text.strip().replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableReport(f"The {what} of the attestation is no base64 text") from None
