"""Are we affected by a flaw? What it is, where it runs, where and how to fix it."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Path, Query, Router, Schema
from pydantic import Field

from seamark.core.errors import InvalidQuery
from seamark.insight.analytics.vulnerability import account_of, plain
from seamark.interfaces.api.answers import Answer, Line, tagged
from seamark.interfaces.api.authentication import actor_of
from seamark.interfaces.api.fixes import FixShape
from seamark.interfaces.api.problems import declared, refused_field
from seamark.interfaces.api.shapes import NodeShape
from seamark.pipeline.feeds import standing

router = Router()
Name = Annotated[
    str, Path(max_length=120, pattern=r"^[A-Za-z0-9][A-Za-z0-9:._-]*$", description="CVE, GHSA, OSV … id, in any case.")
]


class VerdictShape(Answer):
    """Whether one is affected, and why."""

    status: Literal["affected", "accepted", "possible", "set_aside", "not_affected", "unknown"] = Field(
        description="`accepted`: affected, and the risk is accepted. `possible`: inventories match, or other branches have it. `set_aside`: "
        "suppressed by a tool, or a duplicate. `unknown`: no report has named it."
    )
    words: str
    reasons: list[str]


class AliasShape(Answer):
    """Two names that mean one flaw, and who says so."""

    left: str
    right: str
    by: list[str]
    revoked: bool


class RatedShape(Answer):
    """A CVSS rating."""

    version: str
    vector: str
    score: float | None
    by: str


class ListedShape(Answer):
    """An entry in catalogues of what is exploited in the wild."""

    name: str
    added: str
    due: str | None
    ransomware: bool
    catalogues: list[str]


class ChanceShape(Answer):
    """EPSS of a day."""

    day: str
    epss: float


class EpssShape(Answer):
    """The chance of exploitation within 30 days, now and before."""

    name: str
    now: float
    percentile: float | None
    day: str | None
    before: ChanceShape | None = Field(description="About 30 days earlier.")
    points: list[ChanceShape]


class DecidedShape(Answer):
    """The inputs of SSVC as CISA states them."""

    exploitation: str
    automatable: str
    impact: str


class FeedShape(Answer):
    """How a feed stands."""

    feed: str
    snapshot: str
    age: int | None = Field(description="In days.")
    said: str = Field(description="That it is old, failed or missing; else empty.")


class IntelligenceShape(Answer):
    """What feeds say of a flaw."""

    listed: ListedShape | None
    epss: EpssShape | None
    exploits: list[str] = Field(description="Collections that have an exploit, or a test, for it.")
    ssvc: DecidedShape | None
    cvss: float | None
    snapshot: str
    feeds: list[FeedShape]
    warnings: list[str]


class ThreatShape(Answer):
    """What the flaw is."""

    descriptions: list[tuple[str, str]] = Field(description="Tools with their words.")
    ratings: list[RatedShape]
    weaknesses: list[int]
    aliases: list[AliasShape]
    references: list[str]
    intelligence: IntelligenceShape


class CountsShape(Answer):
    """How many issues there are of a flaw, by where they stand."""

    applications: int = Field(description="Those with an open issue.")
    open: int
    waived: int = Field(description="Those of the open ones that a waiver in force covers.")
    accepted: int
    dismissed: int = Field(description="As not affected, or as a false positive.")
    set_aside: int = Field(description="Suppressed in a tool, or a duplicate.")
    resolved: int
    elsewhere: int = Field(description="Seen on other branches only.")
    more: bool = Field(description="Whether there are more issues than were counted.")


class StandingShape(Answer):
    """A flaw in one application."""

    id: int
    name: str
    slug: str
    criticality: int
    exposure: str
    data_classes: list[str]
    environment: str
    open: int
    waived: int = Field(description="Those of the open ones that a waiver in force covers.")
    accepted: int
    dismissed: int
    set_aside: int
    resolved: int
    elsewhere: int = Field(description="Seen on other branches only.")
    riskiest: float | None


class AtAssetShape(Answer):
    """An asset with open issues of the flaw."""

    asset: NodeShape
    issues: int
    riskiest: float


class HoldingShape(Answer):
    """A package version in a current inventory for which no tool reports the flaw."""

    asset: NodeShape
    sbom: int
    package: str
    version: str
    purl: str
    since: str
    sure: bool
    why: str


class InventoriesShape(Answer):
    """The inventories that were looked through."""

    number: int
    oldest: str | None
    newest: str | None


class ExceptedShape(Answer):
    """A waiver in force, and how many of the open issues it covers."""

    waiver: str
    policy: str = Field(description="The policy that it exempts from, `*` for all.")
    days_left: int
    issues: int


class RunsShape(Answer):
    """Where a flaw runs."""

    counts: CountsShape
    waivers: list[ExceptedShape]
    applications: list[StandingShape] = Field(description="The riskiest first, at most 100.")
    assets: list[AtAssetShape]
    running: Literal["running", "not_seen", "unknown", ""] = Field(
        description="`not_seen`: workloads are known, none of them runs it. `unknown`: no workload is known. Empty: it is nowhere."
    )
    workloads: list[NodeShape]
    images: list[NodeShape]
    exposed: int
    data_classes: list[str]
    complete: bool
    holdings: list[HoldingShape]
    more_holdings: bool
    inventories: InventoriesShape


class PackageShape(Answer):
    """A package that tools name for the flaw."""

    key: str
    name: str
    ecosystem: str
    versions: list[str] = Field(description="Versions that tools report.")
    fixed: list[str] = Field(description="Versions that fix it.")


class GuardShape(Answer):
    """A compensating control that is in force."""

    application: str
    name: str
    kind: str
    evidence: str
    expires: str | None


class RepairShape(Answer):
    """Where and how to fix it."""

    fixes: list[FixShape]
    single: int = Field(description="Open issues that no other one shares its change with.")
    owners: list[tuple[str, int]] = Field(description="With open issues; an empty name stands for nobody.")
    packages: list[PackageShape]
    remedies: list[tuple[str, str]]
    controls: list[GuardShape]


class SourceShape(Answer):
    """A vendor's document."""

    provider: str = Field(description="What the operator calls it; `imported` for files that somebody brought.")
    publisher: str
    document: str
    version: str
    released: str


class VendorViewShape(Answer):
    """What a vendor's document says of the flaw as such."""

    source: SourceShape
    title: str
    cvss: float | None
    vector: str
    exploitation: str = Field(description="The vendor's words.")
    exploited: str | None = Field(description="Since which day the vendor knows it to be exploited.")


class PackageWordShape(Answer):
    """What a vendor's document says of a package."""

    source: SourceShape
    package: str
    version: str
    range: str
    within: str = Field(description="The product that the package is a part of: it is said of it there only.")
    status: Literal["affected", "not_affected", "fixed", "under_investigation"]
    justification: str
    detail: str


class VendorSuggestionShape(Answer):
    """A vendor says that this very package version, which findings name, does not have the flaw. Nothing is closed by it."""

    purl: str
    source: SourceShape
    justification: str
    detail: str


class VendorsShape(Answer):
    """What vendors say."""

    views: list[VendorViewShape]
    packages: list[PackageWordShape] = Field(description="Those that findings name first, at most 60.")
    more: bool
    suggestions: list[VendorSuggestionShape]


class VulnerabilityShape(Answer):
    """What is known of a flaw, as far as you may see."""

    name: str
    names: list[str]
    title: str
    verdict: VerdictShape
    issues: list[str] = Field(
        description="The riskiest open ones first, at most 20; `/issues?q=vuln:…` pages through all."
    )
    threat: ThreatShape
    runs: RunsShape
    repair: RepairShape
    vendors: VendorsShape


class Asked(Schema):
    """What may help to answer."""

    package: Line = Field(
        "",
        max_length=500,
        description="The package that it is in, such as `log4j-core < 2.17`: inventories are looked through for it.",
    )


@router.get(
    "/vulnerabilities/{name}",
    response={200: VulnerabilityShape, 304: None, **declared()},
    summary="Tell whether a vulnerability concerns you",
)
def show_vulnerability(request: HttpRequest, name: Name, asked: Query[Asked]) -> HttpResponse:
    """Tell whether a vulnerability concerns you, by any of its names. A name that no report has used is answered, too."""
    now = timezone.now()
    seen = actor_of(request).seen
    try:
        found = account_of(seen, name, standing=standing(now), today=now.date(), package=asked.package)
    except InvalidQuery as error:
        raise refused_field("query.package", str(error)) from None
    return tagged(request, plain(found))
