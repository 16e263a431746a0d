"""The records behind a check's numbers: asked now, by the same question."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils import timezone
from msgspec import Struct

from seamark.core.errors import NotFound
from seamark.governance.compliance.asking import grouped, tallies, unseen_groups
from seamark.governance.compliance.check import INSTALLATION, Check, checks
from seamark.pipeline.compliance.measured import installation
from seamark.pipeline.compliance.scope import Scope, applications
from seamark.pipeline.facts import platform_facts
from seamark.store.access import Visible

ANSWERS: Final = ("yes", "no", "unknown")


class Record(Struct, frozen=True):
    """Something that a check was asked of."""

    ref: str
    application: str
    """Short name; empty for what belongs to none."""
    answer: str
    """`yes`, `no` or `unknown`."""


def find(name: str) -> Check:
    """Return a check. Raises `NotFound`."""
    if name not in checks():
        raise NotFound(f"There is no check {name!r}")
    return checks()[name]


def records(visible: Visible, name: str, scope: Scope, answer: str = "", now: datetime | None = None) -> list[Record]:
    """Return what answers so to a check in a scope now, in the order of its references; without `answer` all.

    Raises `NotFound` for an unknown check or answer.
    """
    check = find(name)
    if answer and answer not in ANSWERS:
        raise NotFound(f"There is no answer {answer!r}", hint=f"there are {', '.join(ANSWERS)}")
    moment = now or timezone.now()
    if check.about == INSTALLATION:
        said = check.ask_installation(installation(moment))
        found = [Record(check.question, "", _word(said))]
    else:
        found = _asked(visible, check, scope, moment)
    return sorted((one for one in found if answer in {"", one.answer}), key=lambda one: (one.application, one.ref))


def _asked(visible: Visible, check: Check, scope: Scope, now: datetime) -> list[Record]:
    slugs = dict(applications(visible, scope).values_list("pk", "slug"))
    groups = grouped(
        platform_facts(
            visible,
            now=now,
            subjects={check.about} | unseen_groups(check),
            applications=None if scope.whole else list(slugs),
        )
    )
    found: list[Record] = []
    for slug, tally in tallies(check, groups, slugs.values(), now, keep=None).items():
        found += [Record(ref, slug, word) for ref, word in tally.examples]
    return found


def _word(answer: bool | None) -> str:
    return "unknown" if answer is None else "yes" if answer else "no"
