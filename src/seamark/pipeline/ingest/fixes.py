"""The changes that clear issues: found or made for new issues, and the targets of upgrades kept up to date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from seamark.analysis.correlation.fixes import CODE, CONFIGURATION, UPGRADE, FixKey, target_of, upgrade_title
from seamark.analysis.correlation.signals import hash64
from seamark.pipeline.ingest.issues import NO_FIX, Cleared
from seamark.pipeline.ingest.keys import KeyMap
from seamark.store import writer
from seamark.store.models import Application, Fix, Issue

_SHARED = frozenset({CODE, CONFIGURATION})
"""Kinds that make a fix only where several issues share it: one change of one function for one issue is the issue itself."""


class Fixes:
    """Row ids of the changes that clear issues of one application, by the asset that owns them, their kind and their key."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._ids: dict[tuple[int, str, str], int] = {}
        self._single = KeyMap()
        self.touched: set[int] = set()
        """Fixes whose target has to be looked at again."""

    def of(
        self, asset: int, wanted: Mapping[int, FixKey], issues: Mapping[int, int], *, alone: bool = False
    ) -> dict[int, Cleared]:
        """Return the fix of each of these new issues of an asset, by the caller's keys; `issues` are their row ids.

        `alone`: nothing but this import's own is stored for the asset.
        """
        users: dict[tuple[str, str], list[int]] = {}
        for group, one in wanted.items():
            mine = users.setdefault(one[:2], [])
            mine.append(group)
        if not alone:
            self._find(asset, users)
        prefix, held = f"{self._application.pk}\0{asset}\0", self._ids
        waiting = {
            pair: hash64(f"{prefix}{pair[0]}\0{pair[1]}")
            for pair, mine in users.items()
            if len(mine) == 1 and pair[0] in _SHARED and (asset, *pair) not in held
        }
        others = self._single.find(list(waiting.values())) if waiting else {}
        if waiting and not alone:
            others |= dict(
                writer.select_in("SELECT fix_key, id FROM store_issue WHERE fix_key {values}", sorted(waiting.values()))
            )
        single = {pair: key for pair, key in waiting.items() if key not in others} if others else waiting
        self._write(asset, {pair: wanted[mine[0]] for pair, mine in users.items() if pair not in single})
        joining = [(others[key], self._ids[(asset, *pair)], None) for pair, key in waiting.items() if key in others]
        writer.update(Issue, ["fix", "fix_key"], joining)
        self._single.add(list(single.values()), [issues[users[pair][0]] for pair in single])
        found: dict[int, Cleared] = {}
        for pair, mine in users.items():
            if (key := single.get(pair)) is not None:
                found[mine[0]] = Cleared(None, key)
                continue
            number = self._ids[(asset, *pair)]
            cleared = Cleared(number, None)
            found.update((group, cleared) for group in mine)
            if pair[0] == UPGRADE:
                self.touched.add(number)
        return found

    def one(self, asset: int, issue: int, fix: FixKey | None) -> Cleared:
        """Return the fix of one issue."""
        return self.of(asset, {0: fix}, {0: issue})[0] if fix is not None else NO_FIX

    def _find(self, asset: int, pairs: Iterable[tuple[str, str]]) -> None:
        by_kind: dict[str, list[str]] = defaultdict(list)
        for kind, key in sorted(pairs):
            if (asset, kind, key) not in self._ids:
                by_kind[kind].append(key)
        for kind, keys in by_kind.items():
            rows = writer.select_in(
                "SELECT key, id FROM store_fix WHERE application_id = %s AND asset_id = %s AND kind = %s AND key {values}",
                keys,
                [self._application.pk, asset, kind],
            )
            self._ids |= {(asset, kind, key): number for key, number in rows}

    def _write(self, asset: int, wanted: Mapping[tuple[str, str], FixKey]) -> None:
        fresh = [one for pair, one in wanted.items() if (asset, *pair) not in self._ids]
        numbers = writer.reserve(Fix, len(fresh))
        encode = msgspec.json.Encoder().encode
        writer.insert(
            Fix,
            ["id", "application", "asset", "kind", "key", "title", "target", "details"],
            [
                (number, self._application.pk, asset, one.kind, one.key, one.title, "", encode({"name": one.name}).decode())
                for number, one in zip(numbers, fresh, strict=True)
            ],
        )  # fmt: skip
        self._ids |= {(asset, one.kind, one.key): number for number, one in zip(numbers, fresh, strict=True)}


def retarget(fixes: Iterable[int]) -> None:
    """Compute the target of upgrades anew from what the open findings of their issues say. Writes those that changed."""
    rows = writer.select_in(
        "SELECT id, title, target, details FROM store_fix WHERE kind = %s AND id {values}",
        sorted(set(fixes)),
        [UPGRADE],
    )
    fixed: dict[int, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    current: dict[int, set[str]] = defaultdict(set)
    for number, issue, version, component in writer.select_in(
        "SELECT DISTINCT i.fix_id, i.id, f.fixed_version, f.component FROM store_issue i JOIN store_finding f ON f.issue_id = i.id "
        "WHERE f.closed_in_id IS NULL AND i.fix_id {values}",
        [row[0] for row in rows],
    ):
        fixed[number][issue].update(one for one in version.split(" ") if one)
        current[number].add(component.rpartition(" ")[2])
    changed = []
    for number, title, target, details in rows:
        known = msgspec.json.decode(details) if isinstance(details, str) else details
        name = str(known.get("name") or title.removeprefix("Upgrade "))
        now = target_of((tuple(sorted(one)) for one in fixed[number].values()), current[number])
        words = upgrade_title(name, now.version)
        if (now.version, words, now.partial) != (target, title, known.get("partial", False)):
            kept = msgspec.json.encode({"name": name, "partial": now.partial}).decode()
            changed.append((number, now.version, words, kept))
    writer.update(Fix, ["target", "title", "details"], changed)
