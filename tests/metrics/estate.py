"""A generated estate: issues with a history of events over years, written straight into the tables, by seed."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

from seamark.core.kind import KIND_CODES, Kind
from seamark.core.severity import Severity
from seamark.pipeline.profiles import active_profile
from seamark.store import writer
from seamark.store.models import Application, Asset, BusinessUnit, Event, Issue, User
from seamark.store.models.issues import State

START = datetime(2024, 1, 1, tzinfo=UTC)
KINDS = (Kind.CODE, Kind.DEPENDENCY, Kind.CONTAINER, Kind.WEB, Kind.PENTEST)
BANDS = (900, 700, 500, 300)
_ISSUE = (
    "id", "application", "asset", "kind", "title", "severity", "risk", "priority", "facts", "profile", "state", "resolution", "open",
    "regression", "branch_only", "kev", "fixable", "tools", "owner", "due", "opened_at", "resolved_at", "place", "component", "rule",
)  # fmt: skip
_EVENT = ("id", "issue", "application", "kind", "details", "actor", "at")


def band(risk: int) -> int:
    """Return the priority of a score."""
    return next((at for at, least in enumerate(BANDS) if risk >= least), 4)


def homes(count: int, chance: random.Random) -> list[tuple[Application, Asset]]:
    """Make applications in units, each with a repository."""
    units = [BusinessUnit.objects.create(name=f"Unit {at}") for at in range(max(1, count // 3))]
    found = []
    for at in range(count):
        application = Application.objects.create(
            name=f"Harbour {at:03}", slug=f"harbour-{at:03}", unit=units[at % len(units)],
            revenue_per_hour=chance.choice((None, 1000, 25_000)),
        )  # fmt: skip
        found.append(
            (application, Asset.objects.create(kind="repository", key=f"git.example/{at}", application=application))
        )
    return found


class Maker:
    """Writes issues with their history until a time."""

    def __init__(
        self, places: list[tuple[Application, Asset]], until: datetime, *, seed: int = 1, days: int = 1_000
    ) -> None:
        self.chance = random.Random(seed)
        self.places, self.until = places, until
        self.first = until - timedelta(days=days)
        self.person = User.objects.create(username=f"maker-{seed}").pk
        self.profile = active_profile().pk

    def write(self, count: int) -> None:
        """Write issues and their events."""
        issues, events = [], []
        for number in writer.reserve(Issue, count):
            row, told = self._issue(number)
            issues.append(row)
            events += told
        # Numbers of events rise with time, as they do where things happen one after the other.
        events.sort(key=lambda one: one[-1])
        writer.insert(Issue, _ISSUE, issues)
        numbers = writer.reserve(Event, len(events))
        writer.insert(Event, _EVENT, [(number, *one) for number, one in zip(numbers, events, strict=True)])

    def _issue(self, number: int) -> tuple[tuple[Any, ...], list[tuple[Any, ...]]]:
        chance = self.chance
        application, asset = self.places[min(int(chance.expovariate(4 / len(self.places))), len(self.places) - 1)]
        span = int((self.until - self.first).total_seconds())
        opened = at = self.first + timedelta(seconds=chance.randrange(span))
        state, resolution, regression = State.OPEN, "", False
        resolved: datetime | None = None
        risk = chance.randrange(20, 1000)
        events: list[tuple[Any, ...]] = []

        def tell(kind: str, details: dict[str, Any], actor: int | None = None) -> None:
            events.append((number, application.pk, kind, json.dumps(details), actor, at))

        while True:
            at += timedelta(seconds=int(chance.expovariate(1 / (90 * 86_400))) + 1)
            if at >= self.until:
                break
            dice = chance.random()
            if state >= State.RESOLVED:
                if dice < 0.15:
                    tell("reopened", {"regression": state == State.RESOLVED})
                    state, resolution, resolved, regression = State.OPEN, "", None, True
                elif dice < 0.25 and state == State.DISMISSED:
                    tell(
                        "state", {"before": state.label, "after": "open", "reason": "", "comment": "again"}, self.person
                    )
                    state, resolution, resolved = State.OPEN, "", None
                else:
                    break
            elif dice < 0.5:
                tell("fixed", {})
                state, resolution, resolved = State.RESOLVED, "fixed", at
            elif dice < 0.65:
                reason = chance.choice(("false_positive", "accepted", "not_affected"))
                rule = {"rule": "quiet"} if chance.random() < 0.4 else {}
                tell(
                    "state",
                    {"before": state.label, "after": "dismissed", "reason": reason, **rule},
                    None if rule else self.person,
                )
                state, resolution, resolved = State.DISMISSED, reason, at
            elif dice < 0.8:
                after = max(1, min(1000, risk + chance.randrange(-200, 200)))
                if after != risk:
                    tell("risk", {"before": risk, "after": after, "why": []})
                risk = after
            elif state == State.OPEN:
                tell("state", {"before": "open", "after": "confirmed", "reason": ""}, self.person)
                state = State.CONFIRMED
        due: date | None = (
            (opened + timedelta(days=chance.choice((7, 30, 90, 180)))).date() if chance.random() < 0.6 else None
        )
        severity = chance.choice(list(Severity))
        kind = chance.choice(KINDS)
        row = (
            number, application.pk, asset.pk, KIND_CODES[kind], f"Flaw {number}", severity.value, risk, band(risk), "{}", self.profile,
            state.value, resolution, state <= State.IN_PROGRESS, regression, False, False, False, 1,
            chance.choice(("", "team-1", "team-2")), due.isoformat() if due else None, opened, resolved, "", "", "",
        )  # fmt: skip
        return row, events
