"""Fetching vendors' documents: those that changed, a bounded number at a time, each kept as it comes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from seamark.core.errors import RemoteFailure, UnreadableReport
from seamark.intake.connectors.feeds import csaf
from seamark.intake.connectors.feeds.content import Content
from seamark.intake.connectors.feeds.provider import Distribution, Listed, Provider, local_files, wanted
from seamark.intake.connectors.feeds.vendors import Advisory
from seamark.pipeline.intelligence import Loaded, load
from seamark.store.models import VendorAddress, VendorDocument, VendorStatement, VulnerabilityName

MOST_AT_ONCE: Final = 1_000
"""Documents that one update fetches from a provider; the next one goes on with the others."""
MOST_FAILURES: Final = 20
"""Documents that may fail in one update before the provider is left alone."""
_BATCH: Final = 50
_CVE: Final = re.compile(r"cve-\d{4}-\d{4,}", re.IGNORECASE)


class Taken(NamedTuple):
    """What came of one provider. `loaded` is None where nothing changed; its `rows` are statements on packages."""

    loaded: Loaded | None
    documents: int
    left: int
    """Documents that changed and are still to be fetched."""
    failures: list[str]


class _Document(NamedTuple):
    """What was read at one address."""

    address: VendorAddress
    advisories: Sequence[Advisory]


def take(provider: Provider, internal: Sequence[str] = (), *, most: int = MOST_AT_ONCE) -> Taken:
    """Load the documents of a provider that changed. Raises `RemoteFailure` where it cannot be asked at all.

    `internal` are hosts that may have private addresses, see `intake.connectors.guard`.
    """
    known = {row.url: row for row in VendorAddress.objects.filter(provider=provider.name)}
    failures: list[str] = []
    if not provider.remote:
        return _load(provider, _local(provider, known, failures), 0, failures)
    with Distribution(provider, internal) as asked:
        listed = asked.listed()
        chosen, left = wanted(listed, {url: row.changed for url, row in known.items()}, _ours(), most)
        return _load(provider, _fetched(asked, provider, chosen, known, failures), left, failures)


def _load(provider: Provider, documents: Iterator[_Document], left: int, failures: list[str]) -> Taken:
    number, rescored, loaded = 0, 0, None
    while some := list(islice(documents, _BATCH)):
        advisories = [one for document in some for one in document.advisories]
        if advisories:
            loaded = load(csaf.feed_of(advisories, provider.name), provider.name)
            number, rescored = number + len(advisories), rescored + loaded.rescored
        # Only what is kept is not asked for again.
        VendorAddress.objects.bulk_create(
            [one.address for one in some], update_conflicts=True, unique_fields=["provider", "url"], update_fields=["changed", "etag"]
        )  # fmt: skip
    if loaded is not None:
        newest = VendorDocument.objects.filter(provider=provider.name).order_by("-released_at").first()
        day = newest.released_at.date().isoformat() if newest else ""
        rows = VendorStatement.objects.filter(flaw__document__provider=provider.name).count()
        loaded = Loaded(csaf.KIND, day, rows, rescored, f"{csaf.KIND} {provider.name} {day}")
    return Taken(loaded, number, left, failures)


def _fetched(
    asked: Distribution, provider: Provider, chosen: Sequence[Listed], known: dict[str, VendorAddress], failures: list[str]
) -> Iterator[_Document]:  # fmt: skip
    for one in chosen:
        before = known.get(one.url)
        try:
            came = asked.document(one, before.etag if before else "")
            found = [csaf.advisory(came.data)] if came.data else []
        except (RemoteFailure, UnreadableReport) as error:
            failures.append(f"{one.url}: {error}" if isinstance(error, UnreadableReport) else str(error))
            if len(failures) >= MOST_FAILURES:
                return
            continue
        yield _Document(VendorAddress(provider=provider.name, url=one.url, changed=one.changed, etag=came.etag), found)


def _local(provider: Provider, known: dict[str, VendorAddress], failures: list[str]) -> Iterator[_Document]:
    """Yield what files of this machine say that changed. Files that are no CSAF, as a provider's lists are, are passed over."""
    for path in local_files(provider.place):
        try:
            about = path.stat()
            changed, name = f"{about.st_mtime_ns}-{about.st_size}", os.fsencode(path).decode("utf-8", "replace")
            before = known.get(name)
            if before is not None and before.changed == changed:
                continue
            content = Content(path)
            if not content.archive and not csaf.recognises(content.head):
                continue
            found = csaf.read(content).advisories
        except (OSError, UnreadableReport) as error:
            failures.append(f"{path.name}: {error}")
            continue
        yield _Document(VendorAddress(provider=provider.name, url=name, changed=changed), found)


def _ours() -> Callable[[str], bool]:
    """Return whether a document's name is of a flaw that some finding names."""
    names = frozenset(
        name.lower()
        for name in VulnerabilityName.objects.filter(name__startswith="CVE-").values_list("name", flat=True)
    )
    return lambda name: (found := _CVE.search(name)) is not None and found[0].lower() in names
