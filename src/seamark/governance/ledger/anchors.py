"""Putting a checkpoint where the ledger's owner cannot change it afterwards: a git tag, and a time stamp (RFC 3161)."""

from __future__ import annotations

import os
import secrets
import subprocess
from hashlib import sha256
from pathlib import Path

from seamark.core.errors import SeamarkError

TIMEOUT = 30.0
_SHA256 = bytes.fromhex("300d06096086480165030402010500")
"""AlgorithmIdentifier of SHA-256, in DER."""
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
    imprint = _der(0x30, _SHA256 + _der(0x04, sha256(note.encode()).digest()))
    nonce = b"\x00" + secrets.token_bytes(8)
    return _der(0x30, _der(0x02, b"\x01") + imprint + _der(0x02, _shortest(nonce)) + _der(0x01, b"\xff"))


def _shortest(number: bytes) -> bytes:
    """Return a positive number without zeros that DER does not allow."""
    while len(number) > 1 and number[0] == 0 and number[1] < 0x80:
        number = number[1:]
    return number


def _der(tag: int, content: bytes) -> bytes:
    """Return a value of DER; all that is written here is short."""
    if len(content) > 127:
        raise ValueError("only short values are written")
    return bytes([tag, len(content)]) + content
