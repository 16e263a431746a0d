"""What vendors say of a flaw: of it as such, of their packages, and where a "not affected" is about a very package of ours.

That is a suggestion to whoever triages. Nothing is closed by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

from django.db.models import Case, Value, When
from msgspec import Struct

from seamark.core.component import package_key, parse_purl
from seamark.core.finding import Finding
from seamark.core.kind import VexState
from seamark.store.access import Visible
from seamark.store.evidence import read
from seamark.store.models import Issue, VendorDocument, VendorFlaw, VendorStatement

MOST_DOCUMENTS: Final = 20
MOST_STATEMENTS: Final = 60
MOST_COMPARED: Final = 2_000
MOST_FINDINGS: Final = 50
_AGAINST: Final = frozenset({VexState.AFFECTED.value, VexState.UNDER_INVESTIGATION.value})


class Source(Struct, frozen=True, kw_only=True):
    """A document that says something."""

    provider: str
    """What the operator calls it; `imported` for files that somebody brought."""
    publisher: str
    document: str
    version: str
    released: str
    """The day of this version."""


class VendorView(Struct, frozen=True, kw_only=True):
    """What a document says of the flaw as such."""

    source: Source
    title: str
    cvss: float | None
    vector: str
    exploitation: str
    """The vendor's words."""
    exploited: str | None
    """Since which day the vendor knows it to be exploited."""


class PackageWord(Struct, frozen=True, kw_only=True):
    """What a document says of a package."""

    source: Source
    package: str
    version: str
    range: str
    within: str
    """The product that the package is a part of: it is said of it there."""
    status: str
    """`affected`, `not_affected`, `fixed` or `under_investigation`."""
    justification: str
    detail: str


class Suggestion(Struct, frozen=True, kw_only=True):
    """A vendor says that this very package version does not have the flaw."""

    purl: str
    source: Source
    justification: str
    detail: str


class Vendors(Struct, frozen=True, kw_only=True):
    """What vendors say."""

    views: list[VendorView] = []
    """The newest first."""
    packages: list[PackageWord] = []
    """Those that findings name first."""
    more: bool = False
    """Whether there are more statements on packages than are listed."""
    suggestions: list[Suggestion] = []


def vendors_on(names: Collection[str], found: Iterable[Finding] = ()) -> Vendors:
    """Return what vendors say of a flaw by its names. `found` are findings of it, whose packages are what matters."""
    flaws = list(
        VendorFlaw.objects.filter(name__in=list(names)).select_related("document")
        .order_by("-document__released_at", "document")[:MOST_DOCUMENTS]
    )  # fmt: skip
    if not flaws:
        return Vendors()
    purls = sorted({
        one.component.purl for one in found
        if one.component is not None and one.component.purl and (one.vex is None or one.vex.state is VexState.AFFECTED)
    })  # fmt: skip
    ours = sorted({package_key(purl) for purl in purls})
    statements = VendorStatement.objects.filter(flaw__in=flaws).select_related("flaw__document")
    place = Case(When(package__in=ours, then=Value(0)), default=Value(1)) if ours else Value(1)
    listed = list(statements.order_by(place, "package", "version", "status", "pk")[: MOST_STATEMENTS + 1])
    return Vendors(
        views=[
            VendorView(
                source=_source(one.document), title=one.document.title, cvss=None if one.cvss is None else one.cvss / 10, vector=one.vector,
                exploitation=one.exploitation, exploited=one.exploited.isoformat() if one.exploited else None,
            )
            for one in flaws
        ],
        packages=[
            PackageWord(
                source=_source(one.flaw.document), package=one.package, version=one.version, range=one.range, within=one.within,
                status=one.status, justification=one.justification, detail=one.detail,
            )
            for one in listed[:MOST_STATEMENTS]
        ],
        more=len(listed) > MOST_STATEMENTS,
        suggestions=_suggestions(purls, list(statements.filter(package__in=ours)[: MOST_COMPARED + 1]) if ours else []),
    )  # fmt: skip


def vendors_of_issue(visible: Visible, issue: Issue, names: Collection[str]) -> Vendors:
    """Return what vendors say of the flaw behind an issue; suggestions are about the packages that its open findings name."""
    rows = visible.findings().filter(issue=issue, closed_in=None).order_by("pk")[:MOST_FINDINGS]
    return vendors_on(names, read(rows, texts=False).values())


def _source(document: VendorDocument) -> Source:
    return Source(
        provider=document.provider, publisher=document.publisher, document=document.document, version=document.version,
        released=_day(document.released_at),
    )  # fmt: skip


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


def _suggestions(purls: Sequence[str], said: Sequence[VendorStatement]) -> list[Suggestion]:
    """Return which packages a vendor says are not affected, where no vendor says otherwise.

    What is said of a package as a part of a product holds there only, and ranges are for people to read.
    """
    if len(said) > MOST_COMPARED:
        # Who contradicts may be among those that were not read.
        return []
    found: dict[tuple[str, int], Suggestion] = {}
    for purl in purls:
        close = [one for one in said if one.package == package_key(purl) and _agree(one.purl, purl)]
        for one in close:
            if one.status != VexState.NOT_AFFECTED or one.within or not one.version or not _exact(one, purl):
                continue
            if not any(other.status in _AGAINST and _denies(other, one, purl) for other in close):
                found.setdefault(
                    (purl, one.flaw.document_id),
                    Suggestion(
                        purl=purl, source=_source(one.flaw.document), justification=one.justification, detail=one.detail
                    ),
                )
    return list(found.values())


def _exact(one: VendorStatement, purl: str) -> bool:
    parsed = parse_purl(purl)
    return parsed is not None and parsed.version == one.version


def _denies(other: VendorStatement, one: VendorStatement, purl: str) -> bool:
    """Tell whether a statement speaks against another one on a package; in one document the exact version counts before a range."""
    return _exact(other, purl) if other.version else other.flaw.document_id != one.flaw.document_id


def _agree(left: str, right: str) -> bool:
    """Tell whether the qualifiers that two package URLs both have are the same, such as the architecture."""
    mine, theirs = parse_purl(left), parse_purl(right)
    if mine is None or theirs is None:
        return False
    a, b = dict(mine.qualifiers or {}), dict(theirs.qualifiers or {})
    return all(a[key] == b[key] for key in a.keys() & b.keys())
