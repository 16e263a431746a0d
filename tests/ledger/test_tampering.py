"""Somebody who owns the database changes a field of a table behind the ledger: the verifier finds it, whichever it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from seamark.governance.ledger import checkpoints
from seamark.governance.ledger.attested import COMPLETE, FIELDS, columns_of
from seamark.governance.ledger.entry import Decision, read_entry
from seamark.governance.ledger.live import verify_database
from seamark.governance.ledger.note import Verifier
from seamark.governance.ledger.record import record_all
from seamark.governance.triage.context import FACTS
from seamark.store.models import Application, BusinessUnit, CustomRole, Group, Issue, LedgerEntry, User
from seamark.store.models.issues import State

pytestmark = pytest.mark.django_db
MODELS = {model._meta.db_table: model for model in apps.get_models()}
LEDGER = ("store_ledgerentry", "store_ledgernode", "store_checkpoint")
ROWS = (
    "store_issue", "store_event", "store_mergedecision", "store_grant", "store_token", "store_aliasassertion", "store_complianceevidence",
    "store_complianceframework",
)  # fmt: skip
OF_THE_LEDGER = [(table, field.attname) for table in LEDGER for field in MODELS[table]._meta.concrete_fields]
OF_ROWS = [(table, name) for table in ROWS for name in FIELDS.get(table) or columns_of(MODELS[table])]


def write(
    table: str, name: str, value: object, where: str, *given: object, more: dict[str, object] | None = None
) -> None:
    changes = {name: value, **(more or {})}
    settings = ", ".join(f"{connection.ops.quote_name(column)} = %s" for column in changes)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {settings} WHERE {where}", [*changes.values(), *given])
        assert cursor.rowcount > 0


def another(table: str, name: str, value: Any) -> object:
    """Return a value of the same type, as its column keeps it."""
    field = next(field for field in MODELS[table]._meta.concrete_fields if field.attname == name)
    if field.is_relation:
        return field.related_model.objects.exclude(pk=value).order_by("-pk").values_list("pk", flat=True)[0]
    kind = field.get_internal_type()
    if kind == "JSONField":
        return json.dumps(["another"])
    if kind == "DateTimeField":
        return "2001-02-03 04:05:06.000007+00:00" if connection.vendor == "postgresql" else "2001-02-03 04:05:06.000007"
    if kind == "DateField":
        return "2001-02-03"
    if kind == "BooleanField":
        return not value
    if kind == "BinaryField":
        return bytes(value)[:-1] + bytes([bytes(value)[-1] ^ 1])
    if kind in {"CharField", "TextField"}:
        return f"{value}x"[-(field.max_length or 10_000) :] if value != "x" else "y"
    if kind == "DecimalField":
        return "13.37"
    return (value or 0) + 1


@pytest.fixture
def signed(decided: object, key: Verifier, unguarded: None) -> Verifier:
    record_all(Decision("test", "thing", {"at": at}, "system:tests") for at in range(300))
    # What tampered rows are made to point at.
    User.objects.create_user("eve")
    Group.objects.create(name="Strangers")
    CustomRole.objects.create(name="strange")
    BusinessUnit.objects.create(name="Elsewhere")
    Application.objects.create(name="Other", slug="other")
    checkpoints.sign_now()
    assert verify_database(key).ok
    return key


@pytest.mark.parametrize(("table", "name"), OF_THE_LEDGER)
def test_each_field_of_the_ledger(signed: Verifier, table: str, name: str) -> None:
    first = MODELS[table].objects.order_by("pk").values("pk", name)[0]
    key = MODELS[table]._meta.pk.attname if table != "store_ledgernode" else "place"
    changed = another(table, name, first[name]) if key != name else 5_000
    if name == "content":
        changed = first[name].replace('"system:', '"sXstem:', 1)
        assert changed != first[name]
    at = first["pk"][1] if table == "store_ledgernode" else first["pk"]
    write(table, name, changed, f"{key} = %s", at)
    told = verify_database(signed)
    assert not told.ok
    assert told.faults


@pytest.mark.parametrize(("table", "name"), OF_ROWS)
def test_each_field_of_rows_that_entries_quote(signed: Verifier, table: str, name: str) -> None:
    quoted = {
        number
        for content in LedgerEntry.objects.values_list("content", flat=True)
        for row in read_entry(content).rows
        if row.table == table
        for number in row.ids
    }
    assert quoted
    number = min(quoted)
    value = MODELS[table].objects.filter(pk=number).values_list(name, flat=True)[0]
    # A grant is to a person or to a group, and of a role of the product or of an own one.
    more: dict[str, object] | None = {"group_id": {"user_id": None}, "custom_id": {"role": ""}}.get(name)
    write(table, name, another(table, name, value), "id = %s", number, more=more)
    faults = [fault for fault in verify_database(signed).faults if fault.kind == "row"]
    assert any(f"{name} of {table} {number} is" in fault.words for fault in faults), faults


@pytest.mark.parametrize(
    "name", [name for name in FACTS if name in {"criticality", "data_classes", "revenue_per_hour"}]
)
def test_each_fact_that_a_person_said(signed: Verifier, name: str) -> None:
    number, value = MODELS["store_application"].objects.order_by("pk").values_list("pk", name)[0]
    write("store_application", name, another("store_application", name, value), "id = %s", number)
    assert [fault.words for fault in verify_database(signed).faults if f"{name} of store_application" in fault.words]


def test_a_fact_that_was_taken_back_is_free(signed: Verifier) -> None:
    MODELS["store_application"].objects.update(exposure="partner")
    assert verify_database(signed).ok


@pytest.mark.parametrize(
    "table", ["store_token", "store_mergedecision", "store_grant", "store_event", "store_aliasassertion"]
)
def test_a_row_that_is_gone(signed: Verifier, table: str) -> None:
    rows = {
        row.table
        for content in LedgerEntry.objects.values_list("content", flat=True)
        for row in read_entry(content).rows
    }
    assert table in rows
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")
    assert any(
        fault.words.startswith(table) and fault.words.endswith("is gone") for fault in verify_database(signed).faults
    )


@pytest.mark.parametrize("table", COMPLETE)
def test_a_row_that_was_slipped_in(signed: Verifier, table: str) -> None:
    row = MODELS[table].objects.filter(**COMPLETE[table]).order_by("pk")[0]
    row.pk = None
    if table == "store_token":
        row.digest = "0" * 64
    if table == "store_complianceframework":
        row.version = 2
        row.active = False
    if table == "store_waiverissue":
        row.issue_id = Issue.objects.exclude(pk=row.issue_id)[0].pk
    row.save(force_insert=True)
    assert any("no entry speaks of it" in fault.words for fault in verify_database(signed).faults)


@pytest.mark.parametrize(
    "change", [{"state": State.RESOLVED, "resolution": "fixed", "open": False}, {"state": State.DISMISSED, "resolution": "accepted", "open": False}, {"open": False}]
)  # fmt: skip
def test_an_issue_that_is_settled_without_a_decision(signed: Verifier, change: dict[str, Any]) -> None:
    spoken = {
        number
        for content in LedgerEntry.objects.values_list("content", flat=True)
        for row in read_entry(content).rows
        if row.table == "store_issue"
        for number in row.ids
    }
    issue = Issue.objects.filter(state=State.OPEN, open=True).exclude(pk__in=spoken).first()
    if issue is None:
        issue = Issue.objects.filter(state=State.OPEN, open=True)[0]
    Issue.objects.filter(pk=issue.pk).update(**change)
    assert not verify_database(signed).ok


@pytest.mark.parametrize("which", ["first", "middle", "last", "all behind"])
def test_an_entry_that_is_gone_is_named(signed: Verifier, which: str) -> None:
    size = LedgerEntry.objects.count()
    number = {"first": 0, "middle": size // 2, "last": size - 1, "all behind": size - 10}[which]
    gone = "number >= %s" if which == "all behind" else "number = %s"
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM store_ledgerentry WHERE {gone}", [number])
    faults = verify_database(signed).faults
    assert any(fault.kind == "missing" and fault.entry == number for fault in faults)


def test_entries_that_changed_places(signed: Verifier) -> None:
    one, other = (LedgerEntry.objects.get(pk=number) for number in (3, 4))
    for row, into in ((one, 9_003), (other, 3), (one, 4)):
        write("store_ledgerentry", "number", into, "content = %s", row.content)
    kinds = {fault.kind for fault in verify_database(signed).faults}
    assert {"order", "column"} <= kinds


def test_a_forger_who_computes_the_whole_tree_anew_has_no_signature(signed: Verifier) -> None:
    """Everything fits but the signed root: the part of the ledger behind the last good checkpoint is named."""
    from seamark.governance.ledger.tree import leaf_hash

    record_all(Decision("test", "later", {"at": at}, "system:tests") for at in range(20))
    last = checkpoints.sign_now()
    target = LedgerEntry.objects.get(pk=last.size - 5)
    forged = target.content.replace('"later"', '"never"')
    write("store_ledgerentry", "content", forged, "number = %s", target.pk)
    write("store_ledgerentry", "subject", "never", "number = %s", target.pk)
    write("store_ledgerentry", "leaf_hash", leaf_hash(forged.encode()), "number = %s", target.pk)
    (root, nodes) = verify_database(signed).faults
    assert (root.kind, root.entry) == ("root", last.size - 20)
    assert f"entries {last.size - 20} to {last.size - 1}" in root.words
    assert nodes.kind == "node"
