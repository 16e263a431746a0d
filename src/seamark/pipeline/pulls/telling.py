"""What a fix's pull request says, and who is asked to look at it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.models import Sum

from seamark.core.assets import AssetKind
from seamark.core.location import CodeLocation
from seamark.pipeline.tickets.facts import about, open_issues
from seamark.response.remediation.pulls.naming import key_of
from seamark.response.remediation.pulls.terms import Terms
from seamark.response.remediation.pulls.text import Told
from seamark.store import evidence
from seamark.store.models import Finding, Fix, Ownership

MOST_FINDINGS: Final = 500
_SHOWN: Final = 20
_OWNERS: Final = 2


def key_of_fix(fix: Fix) -> str:
    """Return what names a fix in branches and texts."""
    return key_of(fix.application.slug, fix.asset.key, fix.kind, fix.key)


def findings_of(fix: Fix) -> list[Finding]:
    """Return the open findings of a fix's open issues, at most 500."""
    rows = Finding.objects.filter(closed_in=None, issue__in=open_issues(fix.pk, None).values("pk"))
    return list(rows.select_related("stream", "opened_in", "rule").order_by("id")[:MOST_FINDINGS])


def told_of(fix: Fix, rows: Iterable[Finding]) -> Told:
    """Return what there is to say of a fix."""
    found, several = about(fix, None), list(rows)[:_SHOWN]
    full = evidence.read(several)
    removed = open_issues(fix.pk, None).aggregate(all=Sum("risk"))["all"] or 0
    return Told(
        key=key_of_fix(fix), title=fix.title, url=found.url if found else "", risk=removed / 10, number=len(found.members) if found else 0,
        issues=tuple((one.reference, one.priority, one.title, one.kev) for one in found.worst) if found else (),
        evidence=tuple((row.stream.tool, full[row.pk].rule, _place(row, full[row.pk].location)) for row in several if row.pk in full),
        references=tuple(dict.fromkeys(address for one in full.values() for address in one.references)),
    )  # fmt: skip


def reviewers_of(fix: Fix, repository: str, terms: Terms) -> tuple[str, ...]:
    """Return who is asked: the owners that are named as forges name people and teams, and those of the settings.

    `repository` is the natural key of the one that the pull request is opened in.
    """
    for key in dict.fromkeys((fix.asset.key, repository)):
        rows = Ownership.objects.filter(asset__key=key, asset__application=fix.application_id).order_by("rank", "pk")
        kinds = (AssetKind.TEAM, AssetKind.PERSON)
        names = rows.filter(owner__kind__in=kinds, owner__key__startswith="@").values_list("owner__key", flat=True)
        if found := [name.removeprefix("@") for name in names[:_OWNERS]]:
            return tuple(dict.fromkeys((*found, *terms.reviewers)))
    return terms.reviewers


def _place(row: Finding, location: object) -> str:
    if isinstance(location, CodeLocation) and location.path:
        return f"{location.path}:{location.line}" if location.line else location.path
    return row.path or row.component
