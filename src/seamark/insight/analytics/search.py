"""One search over everything that has a name, as far as somebody may see it: a few of each sort, never all.

Components and people are looked for in the 10,000 riskiest open issues; what is asked for by its reference is always found.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from seamark.insight.analytics.vulnerability import spellings
from seamark.store.access import READS, Visible
from seamark.store.models import Issue, Policy, VulnerabilityName
from seamark.store.query import NEEDS_WORK, Query, Term, select
from seamark.store.query.paging import COUNT_BOUND

EACH: Final = 6
"""Hits of one sort at most."""
SHORTEST: Final = 2
LONGEST: Final = 100
MOST_WORDS: Final = 6
_REFERENCE: Final = re.compile(r"(?:sm-?)?([0-9]{1,18})", re.IGNORECASE)
_WHOLE: Final = re.compile(r"CVE-\d{4}-\d{4,}|GHSA(-\w{4}){3}", re.IGNORECASE)
_ADVISORY: Final = re.compile(r"[a-z]{2,12}-[a-z0-9-]*", re.IGNORECASE)


class Hit(NamedTuple):
    """Something that was found."""

    sort: str
    """`issue`, `vulnerability`, `component`, `application`, `person`, `policy`."""
    key: str
    """What names it in an address or a query."""
    label: str
    hint: str = ""


def find(seen: Visible, text: str) -> list[Hit]:
    """Return what is named so, sort by sort, the riskiest or shortest first."""
    text = text.replace("\0", "").strip()[:LONGEST]
    if len(text) < SHORTEST:
        return []
    words = text.split()[:MOST_WORDS]
    return [
        *_issues(seen, text, words),
        *_vulnerabilities(seen, text),
        *_components(seen, words),
        *_applications(seen, words),
        *_people(seen, words),
        *_policies(seen, words),
    ]


def _open(seen: Visible) -> QuerySet[Issue]:
    riskiest = seen.issues().filter(NEEDS_WORK).order_by("-risk", "-id").values("pk")[: COUNT_BOUND + 1]
    return seen.issues().filter(pk__in=riskiest)


def _having(words: list[str], *columns: str) -> Q:
    """Return the condition that each word is in one of the columns."""
    whole = Q()
    for word in words:
        either = Q()
        for column in columns:
            either |= Q(**{f"{column}__icontains": word})
        whole &= either
    return whole


def _issues(seen: Visible, text: str, words: list[str]) -> list[Hit]:
    named = _REFERENCE.fullmatch(text)
    rows = list(seen.issues().filter(pk=int(named[1])).select_related("application")) if named else []
    found = select(seen.issues(), Query(tuple(Term("", (word,)) for word in words))).select_related("application")
    rows += [one for one in found.order_by("-risk", "-id")[:EACH] if one not in rows]
    return [
        Hit("issue", one.reference, one.title or one.rule, f"{one.reference} · {one.application.name}")
        for one in rows[:EACH]
    ]


def _vulnerabilities(seen: Visible, text: str) -> list[Hit]:
    if not _ADVISORY.fullmatch(text):
        return []
    here = Exists(seen.issues().filter(vulnerability=OuterRef("group"), open=True))
    names = VulnerabilityName.objects.filter(here, name__istartswith=text)
    found = list(names.order_by("name").values_list("name", flat=True)[:EACH])
    hits = [Hit("vulnerability", name, name, "in open issues") for name in found]
    whole = spellings(text) if _WHOLE.fullmatch(text) else []
    if whole and not any(one in found for one in whole):
        hits.append(Hit("vulnerability", whole[0], whole[0], "are we affected?"))
    return hits


def _components(seen: Visible, words: list[str]) -> list[Hit]:
    rows = _open(seen).exclude(component="").filter(_having(words, "component")).order_by()
    found = rows.values_list("component").annotate(number=Count("pk")).order_by("-number", "component")[:EACH]
    return [Hit("component", name, name, "its open issues") for name, _ in found]


def _applications(seen: Visible, words: list[str]) -> list[Hit]:
    rows = seen.applications().filter(_having(words, "name", "slug")).order_by("name")[:EACH]
    return [Hit("application", one.slug, one.name, one.slug if one.slug != one.name.lower() else "") for one in rows]


def _people(seen: Visible, words: list[str]) -> list[Hit]:
    """Return who works on open issues, or answers for them: nobody learns of people elsewhere."""
    working = _open(seen).filter(
        _having(words, "assignee__username", "assignee__first_name", "assignee__last_name"), assignee__isnull=False
    )
    names = working.order_by().values_list("assignee__username").annotate(number=Count("pk"))
    answering = _open(seen).exclude(owner="").filter(_having(words, "owner")).order_by()
    owners = answering.values_list("owner").annotate(number=Count("pk"))
    hits = [
        Hit("person", f"assignee:{name}", name, f"works on {number:,}")
        for name, number in names.order_by("-number")[:EACH]
    ]
    hits += [
        Hit("person", f"owner:{name}", name, f"answers for {number:,}")
        for name, number in owners.order_by("-number")[:EACH]
    ]
    return hits[:EACH]


def _policies(seen: Visible, words: list[str]) -> list[Hit]:
    """Return the policies in force, to people with a role: that they exist is no secret among them."""
    if not seen.may_anywhere(READS):
        return []
    rows = Policy.objects.filter(_having(words, "name"), active=True, bundle__active=True)
    return [
        Hit("policy", name, name) for name in rows.order_by("name").values_list("name", flat=True).distinct()[:EACH]
    ]
