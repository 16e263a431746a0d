"""The way to one registry: bounded requests, and a cache on disk that outlives the process."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx2
import msgspec
from msgspec import Struct

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.caller import Answer, Caller
from seamark.intake.connectors.guard import Guarded

DAY: Final = 86_400.0
GONE: Final = (404, 410)
_NAME: Final = 500


class _Kept(Struct):
    at: float
    text: str | None


class Cache:
    """Answers by address, each for some time. What cannot be written is fetched again."""

    def __init__(self, folder: Path | None, *, seconds: float = DAY, now: Callable[[], float] = time.time) -> None:
        """Take the folder to keep answers in, None to keep them in memory only."""
        self._folder, self._seconds, self._now = folder, seconds, now
        self._memory: dict[str, str | None] = {}

    def get(self, address: str, *, stale: bool = False) -> tuple[bool, str | None]:
        """Tell whether an answer is kept, and return it; None stands for "there is nothing". `stale` takes old ones as well."""
        if address in self._memory:
            return True, self._memory[address]
        if self._folder is None:
            return False, None
        try:
            kept = msgspec.json.decode(self._file(address).read_bytes(), type=_Kept)
        except (OSError, msgspec.MsgspecError):
            return False, None
        if not stale and not 0 <= self._now() - kept.at < self._seconds:
            return False, None
        self._memory[address] = kept.text
        return True, kept.text

    def put(self, address: str, text: str | None) -> None:
        """Keep an answer."""
        self._memory[address] = text
        if self._folder is None:
            return
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, draft = tempfile.mkstemp(prefix="draft.", dir=self._folder)
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(_Kept(self._now(), text)))
            Path(draft).replace(self._file(address))

    def _file(self, address: str) -> Path:
        return (self._folder or Path()) / f"{hashlib.sha256(address.encode()).hexdigest()}.json"


class Door:
    """Asks one registry. Addresses that its answers name on other hosts are only followed where they are public, or named as internal."""

    def __init__(
        self, base: str, name: str, cache: Cache, *, headers: dict[str, str] | None = None, internal: Collection[str] = (), attempts: int = 3,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:  # fmt: skip
        """Take the base address, which may hold a user and password, and what failures call the registry."""
        self.base, self._name, self._cache, self._internal, self._attempts = (
            base.rstrip("/"),
            name,
            cache,
            internal,
            attempts,
        )
        self._caller = Caller(base, headers or {}, name=name, attempts=attempts, transport=transport)
        self._others: dict[str, Door] = {}

    def text(self, path: str, accept: str = "*/*") -> str | None:
        """Return what is at a path below the base; None where there is nothing. Raises `RemoteFailure`."""
        address = f"{self.base}/{path} {accept}"
        there, kept = self._cache.get(address)
        if there:
            return kept
        try:
            answer = self._caller.call("GET", f"/{path}", headers={"Accept": accept}, allow=GONE)
        except RemoteFailure:
            # What was known yesterday is better than nothing while the registry is away.
            there, kept = self._cache.get(address, stale=True)
            if there:
                return kept
            raise
        found = answer.text if answer.ok else None
        self._cache.put(address, found)
        return found

    def answer(self, path: str, accept: str, authorization: str) -> Answer:
        """Return the answer at a path with its headers, 401 and what is not there among them. It is not kept. Raises `RemoteFailure`."""
        headers = {"Accept": accept, **({"Authorization": authorization} if authorization else {})}
        return self._caller.call("GET", f"/{path}", headers=headers, allow=(401, *GONE))

    def follow(self, url: str, accept: str = "*/*") -> str | None:
        """Return what is at an address that an answer named. Raises `RemoteFailure`."""
        mine, theirs = urlsplit(self.base), urlsplit(url)
        path = theirs.path.lstrip("/") + (f"?{theirs.query}" if theirs.query else "")
        if theirs.scheme not in {"http", "https"} or not theirs.hostname:
            raise RemoteFailure(f"{self._name} names an address that is none: {url[:200]!r}", permanent=True)
        origin = f"{theirs.scheme}://{theirs.netloc}"
        if origin not in self._others:
            same = (mine.scheme, mine.netloc) == (theirs.scheme, theirs.netloc)
            transport = None if same else Guarded(self._internal)
            self._others[origin] = Door(origin, self._name, self._cache, attempts=self._attempts, transport=transport)
        return self._others[origin].text(path, accept)

    def close(self) -> None:
        """Close the connections."""
        self._caller.close()
        for other in self._others.values():
            other.close()
