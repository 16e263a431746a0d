"""What audit logs prove: who reached what, as relations; each once, with how often and when last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from seamark.intake.parsers.kit import AssetKind, AssetRef, Relation, RelationKind, Run

MOST: Final = 10_000
"""Relations that are kept of one log; a day of a busy cluster has millions of events and some hundred of these."""


_MOST_VERBS: Final = 5


class _Seen(Struct):
    verbs: dict[str, None]
    times: int
    last: str


class Acts:
    """Collects the relations of one log, in bounded memory and in the order of their first event."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._seen: dict[tuple[RelationKind, AssetRef, AssetRef], _Seen] = {}
        self._first = self._last = ""
        self._left = 0

    def at(self, time: str) -> None:
        """Note the time of an event (RFC 3339 in UTC), whether or not it proves anything."""
        if time:
            self._first = min(self._first or time, time)
            self._last = max(self._last, time)

    def add(self, kind: RelationKind, source: AssetRef, target: AssetRef, verb: str, time: str) -> None:
        """Note that `source` reached `target` by `verb` at a time. Nothing reaches itself, and nothing without a key."""
        if not source.key or not target.key or source == target:
            return
        known = self._seen.get((kind, source, target))
        if known is None:
            if len(self._seen) >= MOST:
                self._left += 1
                return
            known = self._seen[kind, source, target] = _Seen({}, 0, "")
        known.times += 1
        known.last = max(known.last, time)
        if len(known.verbs) < _MOST_VERBS:
            known.verbs[verb] = None

    def items(self) -> Iterator[Run | Relation]:
        """Yield the run, which checked nothing and so closes nothing, and the relations."""
        left = f"{self._left} events are of relations beyond the first {MOST}, which were left out"
        yield Run(
            tool=self._origin,
            complete=False,
            ruleset=frozenset(),
            problems=(left,) if self._left else (),
            started=self._first,
            finished=self._last,
        )
        for (kind, source, target), seen in self._seen.items():
            times = f" {seen.times} times" if seen.times > 1 else ""
            last = f", last {seen.last}" if seen.last else ""
            at = f"{' and '.join(seen.verbs)}{times}{last}"
            yield Relation(kind=kind, source=source, target=target, origin=self._origin, at=at)


def role_of_session(arn: str) -> str:
    """Return the role's ARN for that of a session of it (`arn:aws:sts::1:assumed-role/orders/x`), any other as it is."""
    head, mark, rest = arn.partition(":assumed-role/")
    parts = head.split(":")
    if not mark or len(parts) != 5:
        return arn
    return f"arn:{parts[1]}:iam::{parts[4]}:role/{rest.partition('/')[0]}"


def resource(arn: str) -> AssetRef:
    """Return the cloud resource of an ARN: a role, a user, a function, a machine."""
    return AssetRef(AssetKind.CLOUD_RESOURCE, arn)
