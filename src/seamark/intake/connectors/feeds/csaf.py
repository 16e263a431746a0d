"""Advisories and VEX documents of vendors: CSAF 2.0 and 2.1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct, field

from seamark.core.component import canonical_purl, package_key, parse_purl
from seamark.core.errors import UnreadableReport
from seamark.core.kind import VexState
from seamark.intake.connectors.feeds.content import Content
from seamark.intake.connectors.feeds.statements import UNREADABLE, Feed, Known, day_of, tenths, unreadable
from seamark.intake.connectors.feeds.vendors import Advisory, Flaw, Product
from seamark.intake.parsers.formats import csaf as told
from seamark.intake.parsers.kit import moment

KIND = "CSAF"
MOST_STATEMENTS: Final = 20_000
"""Of one document; large platforms list each of their packages for each of their versions."""
_DEEPEST: Final = 60
_STATUS: Final = {
    "known_affected": VexState.AFFECTED,
    "first_affected": VexState.AFFECTED,
    "last_affected": VexState.AFFECTED,
    "known_not_affected": VexState.NOT_AFFECTED,
    "fixed": VexState.FIXED,
    "first_fixed": VexState.FIXED,
    "under_investigation": VexState.UNDER_INVESTIGATION,
    "unknown": VexState.UNDER_INVESTIGATION,
}
_EXPLOITED: Final = re.compile(r"\bexploited\s*:\s*yes\b", re.IGNORECASE)
"""A field with a plain answer. Sentences are shown to people, and move nothing."""


class _Exploited(Struct):
    exploitation_date: str = ""
    date: str = ""


class _Vulnerability(told.Vulnerability):
    exploited: list[_Exploited] | None = field(name="first_known_exploitation_dates", default=None)


class _Publisher(Struct):
    name: str = ""


class _Head(told.Document):
    publisher: _Publisher | None = None


class _Report(Struct):
    document: _Head
    product_tree: told.Tree | None = None
    vulnerabilities: list[_Vulnerability] | None = None


class _Named(NamedTuple):
    """What a product id stands for."""

    purl: str = ""
    range: str = ""
    name: str = ""
    within: str = ""


def recognises(head: bytes) -> bool:
    """Tell whether a file starts as this feed does."""
    return head[:1] == b"{" and b'"csaf_version"' in head


def read(content: Content) -> Feed:
    """Return the documents of a file or archive; other files of an archive are passed over. Raises `UnreadableReport`."""
    found = [advisory(one) for one in content.documents() if not content.archive or b'"csaf_version"' in one]
    return feed_of(found)


def feed_of(advisories: Iterable[Advisory], name: str = "") -> Feed:
    """Return documents as a feed, each once, in its newest version. `name` is what the snapshot calls their provider."""
    newest: dict[tuple[str, str], Advisory] = {}
    for one in advisories:
        before = newest.get((one.publisher, one.id))
        if before is None or before.released <= one.released:
            newest[one.publisher, one.id] = one
    kept = tuple(newest.values())
    day = max((one.released[:10] for one in kept), default="")
    entries = {
        flaw.name: Known(name=flaw.name, cvss=flaw.cvss, vector=flaw.vector)
        for one in kept
        for flaw in one.flaws
        if flaw.cvss is not None
    }
    snapshot = " ".join(part for part in (KIND, name, day or "undated") if part)
    return Feed(KIND, day, snapshot, tuple(entries.values()), kept)


def advisory(data: bytes) -> Advisory:
    """Return what a document says. Raises `UnreadableReport`."""
    try:
        report = msgspec.json.decode(data, type=_Report)
        tracking = report.document.tracking or told.Tracking()
        released = moment(tracking.current_release_date)
        if not tracking.id or not released:
            raise UnreadableReport("The CSAF document has no id, or no date of release")
        reading = _Reading(report, released)
        publisher = report.document.publisher.name if report.document.publisher else ""
        return Advisory(
            publisher=_text(publisher, 200), id=_text(tracking.id, 200), version=_text(tracking.version, 60),
            title=_text(report.document.title, 500), released=released, flaws=tuple(reading.flaws()),
        )  # fmt: skip
    except UNREADABLE as error:
        raise unreadable("CSAF document", error) from None


class _Reading:
    """One document as it is read."""

    def __init__(self, report: _Report, released: str) -> None:
        tree = report.product_tree or told.Tree()
        self._rows = report.vulnerabilities or []
        self._released = released
        self._products = _products(tree)
        self._groups = {group.group_id: group.product_ids or [] for group in tree.product_groups or ()}
        self._left = MOST_STATEMENTS

    def flaws(self) -> Iterator[Flaw]:
        seen: set[str] = set()
        for row in self._rows:
            name = _name(row)
            if not name or name in seen:
                continue
            seen.add(name)
            score, vector = _rated(row)
            words = "; ".join(
                dict.fromkeys(
                    one.details for one in row.threats or () if one.category == "exploit_status" and one.details
                )
            )
            yield Flaw(
                name=name, cvss=score, vector=_text(vector, 120), exploitation=_text(words, 1000), exploited=self._exploited(row, words),
                products=self._said(row),
            )  # fmt: skip

    def _exploited(self, row: _Vulnerability, words: str) -> str:
        days = [day_of(one.exploitation_date or one.date) for one in row.exploited or ()]
        if not any(days) and _EXPLOITED.search(words):
            days = [day_of(row.release_date) or self._released[:10]]
        return min((day for day in days if day), default="")

    def _said(self, row: _Vulnerability) -> tuple[Product, ...]:
        flags = self._words((one.product_ids, one.group_ids, one.label) for one in row.flags or ())
        impact = self._words(
            (one.product_ids, one.group_ids, one.details) for one in row.threats or () if one.category == "impact"
        )
        found: dict[Product, None] = {}
        for word, status in _STATUS.items():
            for product in (row.product_status or {}).get(word, ()):
                named = self._products.get(product)
                if named is None or not named.purl:
                    continue
                if len(found) >= self._left:
                    break
                bound = {"first_affected": ">=", "last_affected": "<="}.get(word)
                one = _product(named, status, flags, impact, product, bound or "")
                found[one] = None
        self._left -= len(found)
        return tuple(found)

    def _words(self, rows: Iterable[tuple[list[str] | None, list[str] | None, str]]) -> dict[str, list[str]]:
        """Return words by product; those that name none, under an empty name, are about all."""
        found: dict[str, list[str]] = {}
        for products, groups, words in rows:
            named = [*(products or ()), *(one for group in groups or () for one in self._groups.get(group, ()))]
            for product in named or ([] if products or groups else [""]):
                found.setdefault(product, []).append(words)
        return found


def _product(
    named: _Named, status: VexState, flags: Mapping[str, list[str]], impact: Mapping[str, list[str]], product: str, bound: str
) -> Product:  # fmt: skip
    parsed = parse_purl(named.purl)
    version = (parsed.version if parsed else "") or ""
    return Product(
        purl=_text(named.purl, 1000), package=_text(package_key(named.purl), 1000), version="" if bound else _text(version, 300),
        range=_text(f"{bound}{version}" if bound and version else named.range, 300), within=_text(named.within, 300), status=status,
        justification=_text(", ".join(dict.fromkeys((*flags.get(product, ()), *flags.get("", ())))), 200),
        detail=_text("\n".join(dict.fromkeys((*impact.get(product, ()), *impact.get("", ())))), 1000),
    )  # fmt: skip


def _text(text: str, most: int) -> str:
    """Return a text as a database keeps it, at most so long."""
    return text.replace("\0", "")[:most]


def _name(row: _Vulnerability) -> str:
    text = (row.cve or next((one.text for one in row.ids or () if one.text), "")).replace("\0", "").strip()
    return (text.upper() if text[:4].upper() == "CVE-" else text) if len(text) <= 120 else ""


def _rated(row: _Vulnerability) -> tuple[int | None, str]:
    """Return the highest score of the newest version of CVSS, in tenths, with its vector."""
    given: list[told.Scores | told.Content] = [*(row.scores or ()), *(one.content for one in row.metrics or ())]
    for version in ("cvss_v4", "cvss_v3", "cvss_v2"):
        scored = [
            (score, one.vector_string or "")
            for rating in given
            if (one := getattr(rating, version)) is not None and (score := tenths(one.base_score)) is not None
        ]
        if scored:
            return max(scored)
    return None, ""


def _products(tree: told.Tree) -> dict[str, _Named]:
    """Return what the tree's product ids stand for."""
    found = {one.product_id: _named(one, "") for one in tree.full_product_names or ()}
    for branch in tree.branches or ():
        _walk(branch, "", found, 0)
    for relation in tree.relationships or ():
        whole = relation.full_product_name
        part, own = found.get(relation.product_reference, _Named()), _named(whole, "")
        # A part is named by its own purl; what is said of it holds within the whole.
        found[whole.product_id] = part._replace(within=whole.name) if not own.purl else own._replace(within=whole.name)
    return found


def _walk(branch: told.Branch, span: str, found: dict[str, _Named], depth: int) -> None:
    if branch.category == "product_version_range":
        span = branch.name
    if branch.product is not None:
        found[branch.product.product_id] = _named(branch.product, span)
    for inner in branch.branches or () if depth < _DEEPEST else ():
        _walk(inner, span, found, depth + 1)


def _named(product: told.Product, span: str) -> _Named:
    helper = product.helper or told.Helper()
    text = helper.purl or next(iter(helper.purls or ()), "")
    return _Named(canonical_purl(text), span, product.name) if text else _Named(name=product.name, range=span)
