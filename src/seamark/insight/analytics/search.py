"""One search over everything that has a name, as far as somebody may see it: a few of each sort, never all.

Components and people are looked for in the 10,000 riskiest open issues; what is asked for by its reference is always found.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from heapq import nsmallest
from typing import Final, NamedTuple

from django.db.models import Exists, OuterRef, Q

from seamark.insight.analytics.vulnerability import spellings
from seamark.store.access import READS, Visible
from seamark.store.models import Policy, User, VulnerabilityName
from seamark.store.query import Hits, Query, Term, hits, select

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
    listed = hits(seen.issues(), Query(), ("component", "owner", "assignee_id"))
    return [
        *_issues(seen, text, words),
        *_vulnerabilities(seen, text),
        *_components(listed, words),
        *_applications(seen, words),
        *_people(listed, words),
        *_policies(seen, words),
    ]


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
    told = [Hit("vulnerability", name, name, "in open issues") for name in found]
    whole = spellings(text) if _WHOLE.fullmatch(text) else []
    if whole and not any(one in found for one in whole):
        told.append(Hit("vulnerability", whole[0], whole[0], "are we affected?"))
    return told


def _components(listed: Hits, words: list[str]) -> list[Hit]:
    often = _often(listed.column("component"), words)
    return [Hit("component", name, name, "its open issues") for name, _ in often]


def _often(values: Iterable[str], words: list[str]) -> list[tuple[str, int]]:
    """Return which values that have all words occur most, and how often."""
    lower = [word.lower() for word in words]
    found = [
        (name, number) for name, number in Counter(values).items() if name and all(one in name.lower() for one in lower)
    ]
    return nsmallest(EACH, found, key=lambda one: (-one[1], one[0]))


def _applications(seen: Visible, words: list[str]) -> list[Hit]:
    rows = seen.applications().filter(_having(words, "name", "slug")).order_by("name")[:EACH]
    return [Hit("application", one.slug, one.name, one.slug if one.slug != one.name.lower() else "") for one in rows]


def _people(listed: Hits, words: list[str]) -> list[Hit]:
    """Return who works on open issues, or answers for them: nobody learns of people elsewhere."""
    working = Counter(number for number in listed.column("assignee_id") if number is not None)
    named = User.objects.filter(_having(words, "username", "first_name", "last_name"), pk__in=working)
    rows = sorted(named.values_list("pk", "username"), key=lambda row: (-working[row[0]], row[1]))
    told = [Hit("person", f"assignee:{name}", name, f"works on {working[number]:,}") for number, name in rows[:EACH]]
    told += [
        Hit("person", f"owner:{name}", name, f"answers for {number:,}")
        for name, number in _often(listed.column("owner"), words)
    ]
    return told[:EACH]


def _policies(seen: Visible, words: list[str]) -> list[Hit]:
    """Return the policies in force, to people with a role: that they exist is no secret among them."""
    if not seen.may_anywhere(READS):
        return []
    rows = Policy.objects.filter(_having(words, "name"), active=True, bundle__active=True)
    return [
        Hit("policy", name, name) for name in rows.order_by("name").values_list("name", flat=True).distinct()[:EACH]
    ]
