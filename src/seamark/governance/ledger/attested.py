"""Rows that stand for decisions: how an entry quotes them, and whether the live rows still are what the ledger says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.apps import apps
from django.db.models import JSONField, Model, Q

from seamark.governance.ledger.canonical import canonical
from seamark.governance.ledger.entry import Attested, Entry, plain
from seamark.governance.ledger.faults import Fault
from seamark.store.models import Issue
from seamark.store.models.issues import State

FIELDS: dict[str, tuple[str, ...]] = {
    "store_issue": ("state", "resolution", "merged_into_id"),
    "store_token": (
        "user_id",
        "name",
        "digest",
        "hint",
        "scopes",
        "applications",
        "origin",
        "expires_at",
        "revoked_at",
        "created_at",
    ),
    "store_aliasassertion": ("left", "right", "asserter", "revoked_at", "revoked_by_id"),
    "store_complianceevidence": (
        "kind", "name", "title", "application_id", "unit_id", "query", "sources", "link", "filename", "digest", "size", "frozen_at", "renew_by",
    ),
    "store_complianceframework": ("name", "version", "digest", "text"),
}  # fmt: skip
"""What of a row its decision settles, where that is not all of it."""
COMPLETE: dict[str, dict[str, object]] = {
    "store_grant": {},
    "store_token": {},
    "store_mergedecision": {"by_person": True},
    "store_waiver": {},
    "store_waiverissue": {},
    "store_waiverstep": {},
    "store_verdict": {},
    "store_complianceevidence": {},
    "store_complianceframework": {},
}
"""Tables of which every row, or every one of these, has an entry: one without was slipped in."""
_PIECE = 5000


def row_of(row: Model, fields: Sequence[str] = ()) -> Attested:
    """Return a row as an entry quotes it: these fields, by column name, or those that are settled by its sort of decision."""
    table = row._meta.db_table  # noqa: SLF001 - Django's documented introspection
    names = fields or FIELDS.get(table) or columns_of(type(row))
    return Attested(table, [int(row.pk)], {name: getattr(row, name) for name in names})


def columns_of(model: type[Model]) -> list[str]:
    """Return all columns of a table but its key."""
    return [field.attname for field in model._meta.concrete_fields if not field.primary_key]  # noqa: SLF001


def removed(row: Model) -> Attested:
    """Return what an entry says of a row that its decision removes."""
    return Attested(row._meta.db_table, [int(row.pk)], {}, gone=True)  # noqa: SLF001


class _Said(NamedTuple):
    value: Any
    entry: int


class Expected:
    """What the live rows have to be, from all entries in order."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, int], dict[str, _Said]] = {}
        self._gone: dict[tuple[str, int], int] = {}

    def learn(self, entry: Entry) -> None:
        """Take in what an entry says of rows; the later word counts."""
        for row in entry.rows:
            said = {name: _Said(value, entry.number) for name, value in row.fields.items()}
            for number in row.ids:
                key = (row.table, number)
                if row.gone:
                    self._rows.pop(key, None)
                    self._gone[key] = entry.number
                    continue
                self._gone.pop(key, None)
                known = self._rows.setdefault(key, {})
                known.update(said)
                for name in row.free:
                    known.pop(name, None)

    def compare(self) -> Iterator[Fault]:
        """Yield each way in which the live rows differ."""
        models = {model._meta.db_table: model for model in apps.get_models()}  # noqa: SLF001
        wanted: dict[str, dict[int, dict[str, _Said]]] = {}
        for (table, number), fields in sorted(self._rows.items()):
            wanted.setdefault(table, {})[number] = fields
        for table, rows in wanted.items():
            if (model := models.get(table)) is None:
                yield Fault("row", None, f"The table {table}, of which entries speak, is not there")
                continue
            yield from _differing(model, rows)
        yield from self._returned(models)
        for table, which in COMPLETE.items():
            known = {number for name, number in self._rows if name == table}
            yield from _unknown(models[table], which, known)

    def __len__(self) -> int:
        return len(self._rows)

    def speaks_of(self, table: str, number: int) -> bool:
        """Tell whether an entry says what a row has to be."""
        return (table, number) in self._rows

    def _returned(self, models: Mapping[str, type[Model]]) -> Iterator[Fault]:
        for (table, number), entry in sorted(self._gone.items()):
            if table in models and models[table]._base_manager.filter(pk=number).exists():  # noqa: SLF001
                yield Fault("row", entry, f"{table} {number} was removed by entry {entry}, and is there again")


def _differing(model: type[Model], rows: Mapping[int, Mapping[str, _Said]]) -> Iterator[Fault]:
    table = model._meta.db_table  # noqa: SLF001
    columns = {field.attname: field for field in model._meta.concrete_fields}  # noqa: SLF001
    numbers = sorted(rows)
    for at in range(0, len(numbers), _PIECE):
        piece = numbers[at : at + _PIECE]
        live = {row["pk"]: row for row in model._base_manager.filter(pk__in=piece).values("pk", *columns)}  # noqa: SLF001
        for number in piece:
            said = rows[number]
            if number not in live:
                entries = sorted({one.entry for one in said.values()})
                yield Fault(
                    "row", entries[-1] if entries else None, f"{table} {number}, of entry {_listed(entries)}, is gone"
                )
                continue
            for name, (value, entry) in sorted(said.items()):
                found = live[number].get(name)
                exact = columns.get(name)
                if exact is None or not _same(found, value, json=isinstance(exact, JSONField)):
                    shown, wanted = _short(found), _short(value)
                    yield Fault("row", entry, f"{name} of {table} {number} is {shown}; entry {entry} says {wanted}")


def _same(found: object, said: object, *, json: bool) -> bool:
    try:
        return canonical(plain(found)) == canonical(said)
    except ValueError:
        return json and found == said


def _unknown(model: type[Model], which: Mapping[str, object], known: set[int]) -> Iterator[Fault]:
    table = model._meta.db_table  # noqa: SLF001
    rows = model._base_manager.filter(**which).order_by("pk")  # noqa: SLF001
    for number in rows.values_list("pk", flat=True).iterator(chunk_size=_PIECE):
        if number not in known:
            yield Fault("row", None, f"{table} {number} stands in the database, and no entry speaks of it")


def _short(value: object) -> str:
    text = str(plain(value)) if value is not None else "empty"
    return repr(text if len(text) <= 60 else f"{text[:57]}…") if value is not None else text


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers)) or "none"


_BY_TOOLS = ("suppressed", "not_affected", "false_positive")
"""Why a tool's own word may settle an issue in the moment in which it opens: no decision of ours."""


def derived(expected: Expected) -> Iterator[Fault]:
    """Yield issues that were settled, or taken off the list, without a decision."""
    settled = Issue.objects.exclude(state=State.OPEN).exclude(state=State.DISMISSED, resolution__in=_BY_TOOLS)
    for number in settled.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=_PIECE):
        if not expected.speaks_of("store_issue", number):
            yield Fault("row", None, f"SM-{number} is not open any more, and no entry says why")
    works = Q(state__lte=State.IN_PROGRESS, branch_only=False)
    hidden = Issue.objects.filter((works & Q(open=False)) | (~works & Q(open=True)))
    for number in hidden.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=_PIECE):
        yield Fault("row", None, f"open of store_issue {number} does not fit its state")
