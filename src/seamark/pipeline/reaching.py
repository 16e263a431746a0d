"""Keeps what an analysis of source code says of the reach of packages: asked for what an application's issues name, as a fact of their scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from django.db import transaction
from django.utils import timezone
from msgspec import Struct
from msgspec.structs import replace

from seamark.core.assets import AssetKind
from seamark.core.errors import NotFound
from seamark.core.kind import KIND_CODES, Kind
from seamark.core.kind import Reach as Fact
from seamark.intake.discovery.tracked import repository_key
from seamark.intake.reach.advisories import from_words
from seamark.intake.reach.model import Answer, Reach, Target
from seamark.intake.reach.names import canonical
from seamark.pipeline.ingest.place import named as applications_named
from seamark.pipeline.scoring import rescore
from seamark.pipeline.standing.verdicts import LOUDEST, named
from seamark.pipeline.target import repository_key as natural_key
from seamark.store import evidence
from seamark.store.models import Application, Asset, Finding, Issue, Reachability

SOURCE: Final = "seamark reach"
MOST_ISSUES: Final = 50_000
_FACTS: Final = {Reach.REACHABLE: Fact.STATIC, Reach.IMPORTED: Fact.POTENTIAL, Reach.UNREACHABLE: Fact.UNREACHABLE}
"""`unknown` says nothing."""
_MOST_PLACES: Final = 10


class Kept(Struct, frozen=True, kw_only=True):
    """What came of keeping verdicts."""

    application: str
    repository: str
    verdicts: int
    issues: int
    """Open issues of the packages concerned, which were scored anew."""


def repository_of(name: str, root: Path, repository: str = "") -> tuple[Application, Asset]:
    """Return an application and the repository of it that a folder holds: the one named, else the one that git names, else its only one.

    Raises `NotFound`.
    """
    application = applications_named(Application.objects.all(), name).first()
    if application is None:
        raise NotFound(f"There is no application {name!r}")
    theirs = Asset.objects.filter(kind=AssetKind.REPOSITORY.value)
    theirs = theirs.filter(application=application) | theirs.filter(issues__application=application)
    rows = {row.key: row for row in theirs.distinct().order_by("key")}
    wanted = natural_key(repository) if repository else repository_key(root)
    if wanted in rows:
        return application, rows[wanted]
    if len(rows) == 1 and not repository:
        return application, next(iter(rows.values()))
    there = f"there are {', '.join(rows)}" if rows else "it has none yet: import a scan or discover it first"
    raise NotFound(f"{application} has no repository {wanted!r}", hint=f"{there}; --repository names it")


def targets_of(application: Application, asset: Asset, advisories: Iterable[Target] = ()) -> list[Target]:
    """Return what the open issues in dependencies of a repository ask for, with the affected symbols that advisories name, and these."""
    told = list(advisories)
    known = {(one.ecosystem, canonical(one.ecosystem, one.name), one.advisory) for one in told}
    issues = Issue.objects.filter(
        application=application, asset=asset, kind=KIND_CODES[Kind.DEPENDENCY], open=True
    ).order_by("-risk", "id")[:MOST_ISSUES]
    numbers = list(issues.values_list("id", flat=True))
    first: dict[int, Finding] = {}
    for at in range(0, len(numbers), 5000):
        for row in Finding.objects.filter(issue__in=numbers[at : at + 5000], closed_in=None).order_by("id"):
            first.setdefault(row.issue_id, row)
    found: dict[Target, None] = dict.fromkeys(told)
    for finding in evidence.read(first.values(), texts=False).values():
        target = (
            from_words(finding.component.purl) if finding.component is not None and finding.component.purl else None
        )
        if target is None or not finding.vulnerabilities:
            continue
        key = target.ecosystem, canonical(target.ecosystem, target.name)
        if not any((*key, one) in known for one in finding.vulnerabilities):
            found[replace(target, advisory=finding.vulnerabilities[0])] = None
    return list(found)


@transaction.atomic
def keep(
    application: Application, asset: Asset, answers: Sequence[Answer], *, whole: bool, now: datetime | None = None
) -> Kept:
    """Put verdicts in the place of those that were kept before: of the packages asked about, of all of the repository's if `whole`.

    A verdict on symbols that no advisory stands behind is of no issue, and is left out.
    """
    at = now or timezone.now()
    rows: dict[tuple[str, str], Reachability] = {}
    asked: set[tuple[str, str]] = set()
    for answer in answers:
        target = answer.target
        if target.symbols and not target.advisory:
            continue
        key = (named(target.name), target.advisory[:120])
        asked.add(key)
        state = _FACTS.get(answer.reach)
        if state is None or (key in rows and LOUDEST.index(Fact(rows[key].state)) <= LOUDEST.index(state)):
            continue
        places = [*answer.calls, *reversed(answer.chain)][:_MOST_PLACES]
        rows[key] = Reachability(
            asset=asset, source=SOURCE, package=key[0], vulnerability=key[1], state=state.value, confidence=answer.confidence, why=answer.why,
            evidence=[[site.path, site.line, site.text] for site in places], at=at,
        )  # fmt: skip
    before = Reachability.objects.filter(asset=asset, source=SOURCE)
    gone = [row for row in before if whole or (row.package, row.vulnerability) in asked]
    packages = {row.package for row in gone} | {package for package, _ in rows}
    Reachability.objects.filter(pk__in=[row.pk for row in gone]).delete()
    Reachability.objects.bulk_create(rows.values(), batch_size=1000)
    issues = _issues(asset, packages)
    rescore(issues)
    return Kept(application=application.name, repository=asset.key, verdicts=len(rows), issues=len(issues))


def _issues(asset: Asset, packages: set[str]) -> list[int]:
    theirs = Issue.objects.filter(asset=asset, kind=KIND_CODES[Kind.DEPENDENCY], open=True).exclude(component="")
    return [
        number
        for number, component in theirs.values_list("id", "component").iterator()
        if named(component.rpartition(" ")[0] or component) in packages
    ]
