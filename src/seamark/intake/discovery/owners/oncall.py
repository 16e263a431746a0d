"""On-call schedules as PagerDuty and Opsgenie export them: who answers for what, and when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from seamark.core.errors import SeamarkError
from seamark.intake.discovery.history.people import simplified

_FILLER: Final = frozenset({"on", "call", "oncall", "primary", "secondary", "schedule", "rotation", "team", "the", "service", "policy", "escalation", "prod", "production", "default", "and", "for", "of", "group", "follow", "sun", "247"})  # fmt: skip


class Shift(Struct, frozen=True):
    """Somebody's turn; without start and end it is now."""

    person: str
    """An address, or a name where the export has no address."""
    start: datetime | None = None
    end: datetime | None = None
    level: int = 1

    def covers(self, at: datetime) -> bool:
        """Tell whether it is their turn at a time."""
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


class Schedule(Struct, frozen=True):
    """A schedule with the names that tell what it is for."""

    name: str
    team: str
    shifts: tuple[Shift, ...]

    def answers_for(self, names: Iterable[str]) -> bool:
        """Tell whether it is for one of several names: of a service, a folder or a team."""
        words = {" ".join(_telling(told)) for told in (self.name, self.team) if _telling(told)}
        return any(" ".join(_telling(name)) in words for name in names if _telling(name))

    def on_duty(self, at: datetime) -> list[Shift]:
        """Return whose turn it is, the first level first."""
        return sorted(
            (shift for shift in self.shifts if shift.covers(at)), key=lambda shift: (shift.level, shift.person)
        )


def read_schedules(data: bytes | str) -> list[Schedule]:
    """Read an export: PagerDuty's `oncalls` or `schedule(s)`, Opsgenie's on-calls or schedules. Raises `SeamarkError` for anything else."""
    try:
        told: Any = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        raise SeamarkError("The on-call schedule is not valid JSON") from None
    found: list[Schedule] = []
    for document in told if isinstance(told, list) else [told]:
        found += list(_schedules(document) if isinstance(document, dict) else ())
    if not found:
        raise SeamarkError(
            "The file is no on-call schedule of PagerDuty (oncalls, schedule) or Opsgenie (on-calls, schedules) as their APIs give it"
        )
    return found


def _schedules(told: dict[str, Any]) -> Iterator[Schedule]:
    if isinstance(told.get("oncalls"), list):
        yield from _pagerduty_oncalls(_maps(told["oncalls"]))
    for schedule in [told.get("schedule"), *_maps(told.get("schedules"))]:
        if isinstance(schedule, dict):
            yield _pagerduty(schedule)
    data = told.get("data")
    for schedule in _maps(data) if isinstance(data, list) else [data]:
        if isinstance(schedule, dict):
            yield _opsgenie(schedule)


def _pagerduty_oncalls(rows: list[dict[str, Any]]) -> Iterator[Schedule]:
    groups: dict[tuple[str, str], list[Shift]] = {}
    for row in rows:
        name = _summary(row.get("schedule")) or _summary(row.get("escalation_policy"))
        level = row.get("escalation_level")
        shift = Shift(
            _pagerduty_user(row.get("user")),
            _time(row.get("start")),
            _time(row.get("end")),
            level if isinstance(level, int) else 1,
        )
        if name and shift.person:
            groups.setdefault((name, _summary(row.get("escalation_policy"))), []).append(shift)
    for (name, policy), shifts in groups.items():
        yield Schedule(name, policy, tuple(shifts))


def _pagerduty(told: dict[str, Any]) -> Schedule:
    by_id = {str(user.get("id")): _pagerduty_user(user) for user in _maps(told.get("users"))}
    entries = _maps(_map(told.get("final_schedule")).get("rendered_schedule_entries"))
    shifts = []
    for entry in entries:
        user = _map(entry.get("user"))
        person = _pagerduty_user(user)
        known = by_id.get(str(user.get("id")), "")
        shifts.append(Shift(known if "@" in known else person, _time(entry.get("start")), _time(entry.get("end"))))
    teams = [_summary(team) for team in _maps(told.get("teams"))]
    name = _text(told.get("name")) or _summary(told)
    return Schedule(name, teams[0] if teams else "", tuple(shift for shift in shifts if shift.person))


def _opsgenie(told: dict[str, Any]) -> Schedule:
    name = _text(told.get("name")) or _text(_map(told.get("_parent")).get("name"))
    people = (
        [_text(person) for person in told.get("onCallRecipients") or ()]
        if isinstance(told.get("onCallRecipients"), list)
        else []
    )
    people += [
        _text(each.get("name")) for each in _maps(told.get("onCallParticipants")) if each.get("type", "user") == "user"
    ]
    for rotation in _maps(told.get("rotations")):
        people += [
            _text(each.get("username")) for each in _maps(rotation.get("participants")) if each.get("type") == "user"
        ]
    team = _text(_map(told.get("ownerTeam")).get("name"))
    return Schedule(name, team, tuple(Shift(person) for person in dict.fromkeys(people) if person))


def _pagerduty_user(told: Any) -> str:
    user = _map(told)
    return _text(user.get("email")).lower() or _text(user.get("name")) or _summary(user)


def _telling(name: str) -> list[str]:
    """Return the words of a name that say what it is for, in order."""
    last = name.rpartition("/")[2]
    return sorted({simplified(word) for word in re.findall(r"[A-Za-z0-9]+", last)} - _FILLER - {""})


def _time(told: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def _summary(told: Any) -> str:
    return _text(_map(told).get("summary"))


def _map(told: Any) -> dict[str, Any]:
    return told if isinstance(told, dict) else {}


def _maps(told: Any) -> list[dict[str, Any]]:
    return [each for each in told[:100_000] if isinstance(each, dict)] if isinstance(told, list) else []


def _text(told: Any) -> str:
    return told.strip()[:300] if isinstance(told, str) else ""
