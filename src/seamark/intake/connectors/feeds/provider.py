"""A vendor's CSAF provider: what it publishes, and its documents, each only where it changed, bounded and checked against its digest.

A provider is the address of its `provider-metadata.json` or of its site, or a folder, archive or file of documents on this machine.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self
from urllib.parse import quote, urljoin, urlsplit

import httpx2
import msgspec

from seamark import __version__
from seamark.core.errors import InvalidSetting, RemoteFailure
from seamark.intake.connectors.guard import Guarded

MOST_LISTED: Final = 500_000
MOST_FEEDS: Final = 200
LARGEST_LISTING: Final = 64 * 1024**2
LARGEST_DOCUMENT: Final = 32 * 1024**2
_METADATA: Final = "/.well-known/csaf/provider-metadata.json"
_OPEN: Final = frozenset({"", "WHITE", "CLEAR", "UNLABELED"})
"""Marks of the traffic light protocol that anybody may read."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_DIGEST: Final = re.compile(r"\b[0-9a-fA-F]{64}(?:[0-9a-fA-F]{64})?\b")
_SHORT: Final = 64 * 1024


class Provider(NamedTuple):
    """Whose documents, and where they are."""

    name: str
    place: str
    """An https address, or a path on this machine."""

    @property
    def remote(self) -> bool:
        """Tell whether it is asked over the network."""
        return "://" in self.place


class Listed(NamedTuple):
    """A document that a provider lists."""

    url: str
    changed: str = ""
    """When it changed, in the provider's words; empty where its list does not tell."""
    digest: str = ""
    """Address of its digest, where the list names one."""


class Came(NamedTuple):
    """A document that came; `data` is empty where the server says that it did not change."""

    data: bytes
    etag: str = ""


def providers(given: Iterable[str]) -> list[Provider]:
    """Return the providers of texts like `redhat=https://www.redhat.com/.well-known/csaf/provider-metadata.json`. Raises `InvalidSetting`."""
    found: dict[str, Provider] = {}
    for text in given:
        name, _, place = (part.strip() for part in text.partition("="))
        if not _NAME.fullmatch(name) or not place or not place.isprintable():
            raise InvalidSetting(
                f"{text!r} is no provider: write NAME=https://… or NAME=FOLDER, the name of small letters, digits, '.', '-' and '_'"
            )
        if name in found:
            raise InvalidSetting(f"The provider {name} is named twice")
        if "://" in place and not _address(place):
            raise InvalidSetting(f"{name} has an address that is not https://HOST/…, without a password")
        found[name] = Provider(name, place)
    return list(found.values())


def local_files(place: str) -> list[Path]:
    """Return the documents or archives of a path, those of a folder in order. Links that lead out of it are passed over.

    Raises `RemoteFailure` where there is nothing.
    """
    root = Path(place).expanduser()
    try:
        if root.is_file():
            return [root]
        inside = root.resolve(strict=True)
        found = sorted(
            one
            for one in root.rglob("*")
            if one.suffix.lower() in {".json", ".zip"} and one.is_file() and one.resolve().is_relative_to(inside)
        )
    except OSError as error:
        raise RemoteFailure(f"{place} cannot be read: {error.strerror or error}", permanent=True) from None
    if not found or len(found) > MOST_LISTED:
        raise RemoteFailure(f"{place} holds {'no' if not found else 'too many'} documents", permanent=True)
    return found


class Distribution:
    """Asks one provider. Every address, also of a redirect, goes through the guard. Close it, or use it as a context."""

    def __init__(
        self, provider: Provider, internal: Sequence[str] = (), *, transport: httpx2.BaseTransport | None = None
    ) -> None:
        self._provider = provider
        self._client = httpx2.Client(
            headers={"User-Agent": f"seamark/{__version__}"}, timeout=httpx2.Timeout(30.0, read=60.0), follow_redirects=True,
            max_redirects=5, transport=transport or Guarded(internal),
        )  # fmt: skip
        self._digests: dict[str, bool] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def listed(self) -> list[Listed]:
        """Return what the provider publishes to everybody, the newest first. Raises `RemoteFailure`."""
        place = self._provider.place
        metadata = place if urlsplit(place).path.endswith(".json") else place.rstrip("/") + _METADATA
        told = self._json(metadata)
        found: dict[str, Listed] = {}
        distributions = _rows(told, "distributions")
        feeds = [feed for one in distributions for feed in _rows(one.get("rolie"), "feeds")]
        for feed in feeds[:MOST_FEEDS]:
            label = str(feed.get("tlp_label") or "").upper().removeprefix("TLP:")
            if label in _OPEN and isinstance(url := feed.get("url"), str):
                _add(found, self._entries(_joined(metadata, url)))
        # A provider with both says the same twice.
        if not feeds:
            for one in distributions[:MOST_FEEDS]:
                if isinstance(url := one.get("directory_url"), str):
                    _add(found, self._directory(_joined(metadata, url).rstrip("/") + "/"))
        if not found:
            raise RemoteFailure(f"{metadata} leads to no documents that everybody may read", permanent=True)
        return sorted(found.values(), key=lambda one: one.changed, reverse=True)

    def document(self, one: Listed, etag: str = "") -> Came:
        """Return a document. Raises `RemoteFailure`, also where it is not what its digest says."""
        answer = self._get(one.url, LARGEST_DOCUMENT, etag)
        if answer is None:
            return Came(b"", etag)
        data, fresh = answer
        self._check(one, data)
        return Came(data, fresh)

    def _entries(self, url: str) -> Iterator[Listed]:
        """Yield the documents of a ROLIE feed."""
        told = self._json(url)
        for entry in _rows(told.get("feed"), "entry"):
            links = {
                str(one.get("rel")): one["href"] for one in _rows(entry, "link") if isinstance(one.get("href"), str)
            }
            content = entry.get("content")
            source = content.get("src") if isinstance(content, dict) else None
            href = source if isinstance(source, str) else links.get("self", "")
            address = _joined(url, href)
            if address.partition("?")[0].endswith(".json"):
                digest = _joined(url, links["hash"]) if "hash" in links else ""
                yield Listed(address, str(entry.get("updated") or "")[:60], digest)

    def _directory(self, base: str) -> Iterator[Listed]:
        """Yield the documents of a directory: by `changes.csv`, or by `index.txt` where there is none."""
        text = self._text(f"{base}changes.csv")
        if text is not None:
            try:
                rows = [(row[0].strip(), row[1].strip()[:60]) for row in csv.reader(text.splitlines()) if len(row) > 1]
            except csv.Error as error:
                raise RemoteFailure(f"{base}changes.csv cannot be read: {error}", permanent=False) from None
        else:
            text = self._text(f"{base}index.txt")
            if text is None:
                raise RemoteFailure(f"{base} has neither changes.csv nor index.txt", permanent=True)
            rows = [(line.strip(), "") for line in text.splitlines()]
        for path, changed in rows:
            if _inside(path):
                yield Listed(base + quote(path), changed)

    def _check(self, one: Listed, data: bytes) -> None:
        """Compare a document with the digest that is published beside it, if one is."""
        base = one.url.rpartition("/")[0]
        for where in [one.digest] if one.digest else [f"{one.url}.sha512", f"{one.url}.sha256"]:
            kind = f"{urlsplit(base).netloc} {where.rpartition('.')[2]}"
            if not one.digest and self._digests.get(kind) is False:
                continue
            text = self._text(where, _SHORT)
            # Whoever publishes none for the first document is not asked beside every other.
            self._digests.setdefault(kind, text is not None)
            if text is None:
                continue
            wanted = _DIGEST.search(text)
            if wanted is None:
                raise RemoteFailure(f"{where} holds no digest", permanent=False)
            algorithm = hashlib.sha512 if len(wanted[0]) == 128 else hashlib.sha256
            if algorithm(data).hexdigest() != wanted[0].lower():
                raise RemoteFailure(f"{one.url} is not what its publisher's digest says", permanent=False)
            return

    def _json(self, url: str) -> dict[str, Any]:
        answer = self._get(url, LARGEST_LISTING)
        try:
            told = msgspec.json.decode(answer[0] if answer else b"")
        except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
            raise RemoteFailure(f"{url} is not JSON: {error}", permanent=False) from None
        if not isinstance(told, dict):
            raise RemoteFailure(f"{url} is not what a CSAF provider publishes", permanent=True)
        return told

    def _text(self, url: str, most: int = LARGEST_LISTING) -> str | None:
        """Return a text; None where there is none."""
        try:
            answer = self._get(url, most)
        except _Missing:
            return None
        return answer[0].decode("utf-8-sig", "replace") if answer else ""

    def _get(self, url: str, most: int, etag: str = "") -> tuple[bytes, str] | None:
        taken = bytearray()
        try:
            with self._client.stream("GET", url, headers={"If-None-Match": etag} if etag else {}) as response:
                if response.status_code == httpx2.codes.NOT_MODIFIED and etag:
                    return None
                if response.status_code in {httpx2.codes.NOT_FOUND, httpx2.codes.GONE}:
                    raise _Missing(f"{url} answers {response.status_code}", permanent=True)
                if response.status_code != httpx2.codes.OK:
                    permanent = response.is_client_error and response.status_code != httpx2.codes.TOO_MANY_REQUESTS
                    raise RemoteFailure(f"{url} answers {response.status_code}", permanent=permanent)
                for block in response.iter_bytes():
                    taken += block
                    if len(taken) > most:
                        raise RemoteFailure(f"{url} gives more than {most // 1024} kB", permanent=True)
                return bytes(taken), response.headers.get("ETag", "")[:200]
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            raise RemoteFailure(f"{url} cannot be fetched: {error or type(error).__name__}", permanent=False) from None


class _Missing(RemoteFailure):
    """There is nothing at an address."""


def _address(place: str) -> bool:
    """Tell whether a place is an address of the web, without anybody's name or password."""
    try:
        parts = urlsplit(place)
        return parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False


def _joined(base: str, address: str) -> str:
    """Return an address as seen from another one; nothing for what is none."""
    try:
        return urljoin(base, address)
    except ValueError:
        return ""


def _add(found: dict[str, Listed], listed: Iterable[Listed]) -> None:
    for one in listed:
        before = found.get(one.url)
        if before is None or before.changed < one.changed:
            found[one.url] = one
        if len(found) > MOST_LISTED:
            raise RemoteFailure(f"The provider lists more than {MOST_LISTED:,} documents", permanent=True)


def _rows(table: object, key: str) -> list[dict[str, Any]]:
    """Return the objects of a list under a key; none where there is no such list."""
    rows = table.get(key) if isinstance(table, Mapping) else None
    return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []


def _inside(path: str) -> bool:
    """Tell whether a listed path is a document below its directory."""
    parts = path.split("/")
    return path.endswith(".json") and path.isprintable() and not {"", "..", "."} & set(parts) and ":" not in parts[0]


def wanted(
    listed: Sequence[Listed], known: Mapping[str, str], ours: Callable[[str], bool], most: int
) -> tuple[list[Listed], int]:
    """Return the documents to fetch, and how many more there are.

    Those that changed since `known`, which tells by address when they had, in the provider's words: those first whose name is of a flaw of
    ours, then the newest; last those that are known, and of which the list does not tell.
    """
    changed = [one for one in listed if not one.changed or known.get(one.url) != one.changed]
    changed.sort(key=lambda one: (one.changed == "" and one.url in known, not ours(one.url.rpartition("/")[2])))
    return changed[:most], max(0, len(changed) - most)
