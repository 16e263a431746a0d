"""Putting a checkpoint where the ledger's owner cannot change it afterwards: a git tag, and a time stamp (RFC 3161)."""

from __future__ import annotations

import os
import subprocess
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cryptography.x509 import load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampTokenInfo,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from seamark.core.errors import SeamarkError

TIMEOUT = 30.0
_WHO = (
    "-c",
    "user.name=Seamark",
    "-c",
    "user.email=ledger@seamark.invalid",
    "-c",
    "tag.gpgSign=false",
    "-c",
    "core.hooksPath=/dev/null",
)


class NotAnchored(SeamarkError):
    """A checkpoint could not be put elsewhere."""


def tag(repository: Path, note: str, size: int) -> str:
    """Write a checkpoint as an annotated tag of a git repository, `seamark-ledger-<size>`, and return the tag's name.

    The tag is of a blob with the checkpoint, and has it as its message. Pushing it is up to its owner. Raises `NotAnchored`.
    """
    name = f"seamark-ledger-{size}"
    blob = _git(repository, ["hash-object", "-w", "--stdin"], note).strip()
    _git(repository, ["tag", "--annotate", "--cleanup=verbatim", "--file=-", name, blob], note)
    return name


def _git(repository: Path, arguments: list[str], given: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(repository), *_WHO, *arguments], input=given.encode(), capture_output=True, check=False, timeout=TIMEOUT, env=environment,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotAnchored(f"git did not answer: {error}") from None
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().split("\n", 1)[0]
        raise NotAnchored(f"The tag was not made: {reason or 'git refused'}")
    return done.stdout.decode("utf-8", "replace")


def timestamp_request(note: str) -> bytes:
    """Return a request (RFC 3161, DER) for a time stamp of a checkpoint, to be sent to an authority as `application/timestamp-query`."""
    made = (
        TimestampRequestBuilder()
        .data(note.encode())
        .hash_algorithm(HashAlgorithm.SHA256)
        .cert_request(cert_request=True)
    )
    return made.build().as_bytes()


def stamped_at(note: str, response: bytes, authorities: bytes) -> datetime:
    """Return when an authority has stamped a checkpoint, by its answer (RFC 3161, DER).

    `authorities` are the PEM certificates that are trusted: at least one root, and those between it and the stamp that the answer does
    not carry. Raises `NotAnchored` where the answer is none, is about something else, or was not signed on their behalf.
    """
    try:
        certificates = load_pem_x509_certificates(authorities)
    except ValueError:
        raise NotAnchored("The certificates of the authority are not PEM") from None
    builder = VerifierBuilder()
    for one in certificates:
        own = one.issuer == one.subject
        builder = builder.add_root_certificate(one) if own else builder.add_intermediate_certificate(one)
    if not any(one.issuer == one.subject for one in certificates):
        raise NotAnchored("None of the certificates is a root, which signs itself")
    try:
        told = decode_timestamp_response(response)
        builder.build().verify_message(told, note.encode())
    except VerificationError as error:
        raise NotAnchored(f"The time stamp does not hold: {error}") from None
    except ValueError as error:
        raise NotAnchored(f"That is no time stamp: {error}") from None
    return told.tst_info.gen_time


def imprint(response: bytes) -> bytes:
    """Return the hash that a time stamp (RFC 3161, DER) is of, whoever signed it. Raises `NotAnchored` for what is none."""
    return _info(response).message_imprint.message


def said_at(note: str, response: bytes) -> datetime:
    """Return when an answer says that a checkpoint was stamped, whoever signed it. Raises `NotAnchored` where it is about something else."""
    if imprint(response) != sha256(note.encode()).digest():
        raise NotAnchored("The time stamp is of something else than this checkpoint")
    return _info(response).gen_time


def _info(response: bytes) -> TimeStampTokenInfo:
    try:
        return decode_timestamp_response(response).tst_info
    except ValueError as error:
        raise NotAnchored(f"That is no time stamp: {error}") from None
