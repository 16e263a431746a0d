"""What people say about the names of flaws: that two do not mean the same, whoever says so, and that they do after all."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from seamark.analysis.correlation.aliases import AliasGroups
from seamark.core.errors import NotAllowed
from seamark.governance.ledger import changes
from seamark.governance.ledger.attested import row_of
from seamark.governance.ledger.record import record
from seamark.pipeline.ingest.names import join_groups
from seamark.pipeline.ingest.opening import open_issue
from seamark.pipeline.ingest.rekeying import rekey_flaws
from seamark.pipeline.scoring import rescore
from seamark.store import evidence
from seamark.store.access import APPROVES_WAIVERS, visible_to
from seamark.store.models import AliasAssertion, Finding, Issue, User, Vulnerability, VulnerabilityName
from seamark.store.permissions import needed


class Assertion(NamedTuple):
    """Who says that two names mean one flaw, and whether somebody has revoked it."""

    left: str
    right: str
    asserter: str
    since: str
    revoked_at: str | None
    revoked_by: str | None


def assertions_of(name: str) -> list[Assertion]:
    """Return what is said of a name and of all that are one flaw with it, revoked assertions included. Raises `NotAllowed` for an unknown one."""
    group = VulnerabilityName.objects.get(name=_known(name)).group_id
    names = [*VulnerabilityName.objects.filter(group=group).values_list("name", flat=True)]
    rows = AliasAssertion.objects.filter(left__in=names) | AliasAssertion.objects.filter(right__in=names)
    return [
        Assertion(
            row.left, row.right, row.asserter, row.first_seen.isoformat(),
            row.revoked_at.isoformat() if row.revoked_at else None, row.revoked_by.get_username() if row.revoked_by else None,
        )
        for row in rows.select_related("revoked_by").order_by("left", "right", "asserter").distinct()
    ]  # fmt: skip


@transaction.atomic
def revoke(author: User | None, left: str, right: str) -> list[int]:
    """Say that two names are not one flaw. What is no longer connected becomes a flaw of its own, with its issues.

    Returns the issues that changed or are new. `author` is None for whoever holds the database. Raises `NotAllowed` where the person
    may not, or where nobody says that they are one.
    """
    pair = _pair(author, left, right)
    since = changes.begin()
    rows = AliasAssertion.objects.filter(left=pair[0], right=pair[1], revoked_at=None)
    if not rows.update(revoked_at=timezone.now(), revoked_by=author):
        raise NotAllowed(f"Nobody says that {left} is {right}")
    group = VulnerabilityName.objects.get(name=pair[0]).group_id
    moved = _separate(group)
    changed = _follow(group, moved)
    rescore(changed)
    _record(author, pair, since, changed, revoked=True)
    return sorted(changed)


@transaction.atomic
def restore(author: User | None, left: str, right: str) -> list[int]:
    """Take a revocation back, and return the issues that were joined by it. Raises `NotAllowed`."""
    pair = _pair(author, left, right)
    since = changes.begin()
    rows = AliasAssertion.objects.filter(left=pair[0], right=pair[1], revoked_at__isnull=False)
    if not rows.update(revoked_at=None, revoked_by=None):
        raise NotAllowed(f"That {left} is {right} was not revoked")
    known = dict(VulnerabilityName.objects.filter(name__in=pair).values_list("name", "group"))
    known |= dict(VulnerabilityName.objects.filter(group__in=set(known.values())).values_list("name", "group"))
    groups = AliasGroups(known)
    groups.join(pair)
    joined = join_groups(groups, known)
    changed = rekey_flaws(joined, now=timezone.now())
    rescore(changed)
    _record(author, pair, since, changed, revoked=False)
    return sorted(changed)


def _record(
    author: User | None, pair: tuple[str, str], since: changes.Since, issues: set[int], *, revoked: bool
) -> None:
    assertions = AliasAssertion.objects.filter(left=pair[0], right=pair[1]).order_by("pk")
    body = {
        "left": pair[0],
        "right": pair[1],
        "revoked": revoked,
        "issues": [f"SM-{number}" for number in sorted(issues)],
    }
    inputs = {"asserters": [row.asserter for row in assertions]}
    rows = [*(row_of(row) for row in assertions), *changes.issues_as_they_are(issues)]
    record("alias", f"{pair[0]} {pair[1]}", body, actor=author, inputs=inputs, rows=rows)
    changes.record_merges(since, author)


def _pair(author: User | None, left: str, right: str) -> tuple[str, str]:
    # What is known of a flaw's names makes it exploited or not, which policies ask.
    if author is not None and not visible_to(author).may(APPROVES_WAIVERS):
        raise NotAllowed(needed(APPROVES_WAIVERS))
    one, other = sorted((_known(left), _known(right)))
    return one, other


def _known(name: str) -> str:
    """Return a name as it is stored: people write ids in any case."""
    found = VulnerabilityName.objects.filter(name__iexact=name.strip()).values_list("name", flat=True).first()
    if found is None:
        raise NotAllowed(f"No report has named {name}")
    return found


def _separate(group: int) -> dict[str, int]:
    """Give each part of a group that no assertion connects any more a group of its own; the oldest part keeps the number."""
    names = list(VulnerabilityName.objects.filter(group=group).order_by("id").values_list("name", flat=True))
    parts = AliasGroups()
    for name in names:
        parts.join([name])
    told = AliasAssertion.objects.filter(left__in=names, right__in=names)
    revoked = set(told.filter(revoked_at__isnull=False).values_list("left", "right"))
    for left, right in told.values_list("left", "right"):
        if (left, right) not in revoked:
            parts.join((left, right))
    keeps = parts.head(names[0])
    moved: dict[str, int] = {}
    for head, members in parts.groups().items():
        if head == keeps:
            continue
        fresh = Vulnerability.objects.create()
        VulnerabilityName.objects.filter(name__in=members).update(group=fresh)
        moved |= dict.fromkeys(members, fresh.pk)
    return moved


def _follow(group: int, moved: dict[str, int]) -> set[int]:
    """Let findings go with their names: whole issues where all of one do, else those findings into issues of their own."""
    issues = list(Issue.objects.filter(vulnerability=group, merged_into=None).select_related("application"))
    rows = list(Finding.objects.filter(issue__in=issues).order_by("id"))
    full = evidence.read(rows, texts=False)
    of_issue: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        names = full[row.pk].vulnerabilities if row.pk in full else ()
        of_issue[row.issue_id][moved.get(names[0], group) if names else group].append(row.pk)
    changed: set[int] = set()
    now = timezone.now()
    for issue in issues:
        parts = of_issue[issue.pk]
        stays = group if group in parts else min(parts, default=group)
        for number, findings in sorted(parts.items()):
            target = issue
            if number != stays:
                target = open_issue(issue, findings, now)
                Finding.objects.filter(pk__in=findings).update(issue=target)
            if number != group:
                Issue.objects.filter(pk=target.pk).update(vulnerability=number)
                changed |= {issue.pk, target.pk}
    rekey_flaws({group, *moved.values()}, now=now)
    return changed
