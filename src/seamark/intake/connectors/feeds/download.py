"""Fetches a feed's file: only when it changed, bounded, checked against its publisher's digest, and never half."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import re
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx2

from seamark import __version__
from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.feeds.catalogue import Checksum, Origin

_BLOCK = 1024 * 1024
_DIGEST_BYTES = 64 * 1024
_ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}


class Validators(NamedTuple):
    """What the server said of a file, to be asked with whether it changed."""

    etag: str = ""
    modified: str = ""


class Fetched(NamedTuple):
    """A file that came."""

    path: Path
    url: str
    sha256: str
    validators: Validators


def addresses(of: Origin, mirror: str = "") -> tuple[tuple[str, str], ...]:
    """Return the name and the address of each of a feed's files; none where it has no public address and there is no mirror."""
    if mirror:
        return tuple((name, f"{mirror.rstrip('/')}/{name}") for name in of.files)
    return tuple(zip(of.files, of.urls, strict=bool(of.urls)))


@contextlib.contextmanager
def fetched(
    url: str, folder: Path, of: Origin, known: Validators = Validators(), *, transport: httpx2.BaseTransport | None = None  # noqa: B008 - a tuple
) -> Iterator[Fetched | None]:  # fmt: skip
    """Yield a draft of the file, or None where it did not change. Whoever wants to keep it moves it before the block ends.

    Raises `RemoteFailure`.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(prefix="draft.", dir=folder)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file, _client(transport) as client:
            came = _stream(client, url, file.fileno(), of.most, known)
            if came is not None and of.checksum is not None:
                _check(client, url, draft, of.checksum)
        yield None if came is None else Fetched(draft, url, *came)
    finally:
        draft.unlink(missing_ok=True)


def _client(transport: httpx2.BaseTransport | None) -> httpx2.Client:
    return httpx2.Client(
        headers={"User-Agent": f"seamark/{__version__}"}, timeout=httpx2.Timeout(30.0, read=120.0), follow_redirects=True,
        max_redirects=5, transport=transport,
    )  # fmt: skip


def _stream(client: httpx2.Client, url: str, file: int, most: int, known: Validators) -> tuple[str, Validators] | None:
    asked = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
    digest, taken = hashlib.sha256(), 0
    try:
        with client.stream("GET", url, headers={key: value for key, value in asked.items() if value}) as response:
            if response.status_code == httpx2.codes.NOT_MODIFIED:
                return None
            _refuse(response, url)
            for block in response.iter_bytes(_BLOCK):
                taken += len(block)
                if taken > most:
                    raise RemoteFailure(f"{url} gives more than {most // 1024**2} MB", permanent=True)
                digest.update(block)
                os.write(file, block)
            validators = Validators(
                response.headers.get("ETag", "")[:200], response.headers.get("Last-Modified", "")[:100]
            )
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
        raise RemoteFailure(f"{url} cannot be fetched: {error or type(error).__name__}", permanent=False) from None
    if not taken:
        raise RemoteFailure(f"{url} gives an empty file", permanent=False)
    return digest.hexdigest(), validators


def _refuse(response: httpx2.Response, url: str) -> None:
    if url.startswith("https:") and response.url.scheme != "https":
        raise RemoteFailure(f"{url} leads to an address without TLS", permanent=True)
    if response.status_code != httpx2.codes.OK:
        permanent = response.is_client_error and response.status_code != httpx2.codes.TOO_MANY_REQUESTS
        raise RemoteFailure(f"{url} answers {response.status_code}", permanent=permanent)


def _check(client: httpx2.Client, url: str, path: Path, told: Checksum) -> None:
    """Compare a file with the digest that is published beside it."""
    where = url.removesuffix(told.replaces) + told.suffix
    try:
        with client.stream("GET", where) as response:
            _refuse(response, where)
            text = next(response.iter_bytes(_DIGEST_BYTES), b"").decode("ascii", "replace")
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
        raise RemoteFailure(f"{where} cannot be fetched: {error or type(error).__name__}", permanent=False) from None
    wanted = next(
        (word.lower() for word in re.findall(r"\b[0-9A-Fa-f]{32,128}\b", text) if len(word) in _ALGORITHMS), ""
    )
    if not wanted:
        raise RemoteFailure(f"{where} holds no digest", permanent=False)
    if _digest(path, _ALGORITHMS[len(wanted)], unpacked=told.unpacked) != wanted:
        raise RemoteFailure(f"{url} is not what its publisher's digest says", permanent=False)


def _digest(path: Path, algorithm: str, *, unpacked: bool) -> str:
    # The digest guards against a broken transfer; which algorithm it uses is the publisher's choice.
    digest = hashlib.new(algorithm, usedforsecurity=False)
    try:
        with gzip.open(path) if unpacked else path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except (OSError, EOFError, zlib.error) as error:
        raise RemoteFailure(f"What came cannot be unpacked: {error}", permanent=False) from None
    return digest.hexdigest()
