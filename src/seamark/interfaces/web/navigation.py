"""The navigation: one table. A screen more is one line more.

An entry is shown to those who have business there, is marked on all pages below its address and below `under`, and may have a
number (a property of `Counts`) and a key that leads to it after `g`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from seamark.interfaces.web.counts import Counts
from seamark.store.access import APPROVES_WAIVERS, READS

Words = Any
"""Text that is translated when it is shown."""


def _everybody(_counts: Counts) -> bool:
    return True


def _readers(counts: Counts) -> bool:
    return counts.visible.may_anywhere(READS)


class Entry(NamedTuple):
    """A screen in the navigation."""

    label: Words
    page: str
    """The name of its address."""
    under: tuple[str, ...] = ()
    """Where else the entry is marked: beginnings of paths."""
    number: str = ""
    key: str = ""
    shown: Callable[[Counts], bool] = _everybody


class Section(NamedTuple):
    """Entries that belong together; the first section has no title."""

    title: Words
    entries: tuple[Entry, ...]


class Link(NamedTuple):
    """An entry as one person sees it on one page."""

    label: Words
    address: str
    here: bool
    number: object
    key: str


class Group(NamedTuple):
    """A section as one person sees it; `name` is for the page's own references."""

    name: str
    title: Words
    links: list[Link]


NAVIGATION: Final[tuple[Section, ...]] = (
    Section("", (
        Entry(_("Today"), "home", under=("/today/",), key="h"),
        Entry(_("Issues"), "issues", number="issues", key="i"),
        Entry(_("Fixes"), "fixes", number="fixes", key="f"),
        Entry(_("Tickets"), "tickets"),
        Entry(_("Pull requests"), "pulls"),
        Entry(_("Suggestions"), "suggestions", number="suggestions", key="s"),
    )),
    Section(_("Inventory"), (
        Entry(_("Applications"), "applications", key="a"),
        Entry(_("Assets"), "assets", key="t"),
        Entry(_("Vulnerabilities"), "vulnerabilities", key="v"),
        Entry(_("Graph"), "graph", key="r"),
        Entry(_("Penetration tests"), "engagements"),
    )),
    Section(_("Rules"), (
        Entry(_("Policies"), "policies", under=("/policy-editor/",), key="p", shown=_readers),
        Entry(_("Violations"), "violations", key="b", shown=_readers),
        Entry(_("Waivers"), "waivers", key="w"),
        Entry(_("Dismissals"), "dismissals", key="d", shown=lambda counts: counts.visible.may_anywhere(APPROVES_WAIVERS)),
        Entry(_("Triage rules"), "rules", key="u"),
        Entry(_("Service levels"), "levels", key="e"),
        Entry(_("Risk profile"), "risk-profile", key="k", shown=_readers),
    )),
    Section(_("Insight"), (
        Entry(_("Analytics"), "analytics", key="y", shown=_readers),
        Entry(_("Compliance"), "compliance", key="c", shown=_readers),
    )),
    Section(_("Learning"), (
        Entry(_("Knowledge"), "knowledge"),
        Entry(_("Recognition"), "recognition", shown=_readers),
    )),
    Section(_("Operation"), (
        Entry(_("Imports"), "imports", key="m"),
        Entry(_("Ledger"), "ledger", key="l", shown=lambda counts: counts.reads_ledger),
        Entry(_("Administration"), "administration", key="n", shown=lambda counts: counts.administers),
    )),
)  # fmt: skip


def entries() -> Iterator[Entry]:
    """Yield all entries in their order."""
    for section in NAVIGATION:
        yield from section.entries


def groups_for(request: HttpRequest) -> list[Group]:
    """Return the navigation for the person and the page of a request; sections without an entry are left out."""
    counts = Counts.of(request)
    shown = [(at, section, list(_shown(section, counts))) for at, section in enumerate(NAVIGATION)]
    here = _here(request.path, [one for _at, _section, found in shown for one in found])
    return [
        Group(f"nav-{at}", section.title, [_link(one, address, counts, here=address == here) for one, address in found])
        for at, section, found in shown
        if found
    ]


def _shown(section: Section, counts: Counts) -> Iterator[tuple[Entry, str]]:
    for one in section.entries:
        if one.shown(counts):
            yield one, reverse(one.page)


def _here(path: str, found: list[tuple[Entry, str]]) -> str:
    """Return the address of the entry below which a page is: the longest beginning counts, and the home page is above all."""
    fits = [
        (len(start), address)
        for one, address in found
        for start in (address, *one.under)
        if path == start or (start != "/" and path.startswith(start))
    ]
    return max(fits, default=(0, ""))[1]


def _link(one: Entry, address: str, counts: Counts, *, here: bool) -> Link:
    return Link(one.label, address, here, getattr(counts, one.number) if one.number else "", one.key)
