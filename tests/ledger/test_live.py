"""The ledger in the database: what is recorded, what the triggers refuse, and what the verifier finds."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from seamark.core.errors import InvalidSetting, NotAllowed, NotFound
from seamark.governance.ledger import checkpoints, nodes, proofs
from seamark.governance.ledger.attested import removed, row_of
from seamark.governance.ledger.entry import Decision, read_entry
from seamark.governance.ledger.live import verify_database
from seamark.governance.ledger.note import Verifier
from seamark.governance.ledger.record import record, record_all, size_now
from seamark.governance.ledger.tree import leaf_hash, root_of
from seamark.store.models import Checkpoint, Grant, LedgerEntry, LedgerNode, User

pytestmark = pytest.mark.django_db


def fill(count: int) -> None:
    record_all(Decision("test", f"thing {at}", {"at": at}, "system:tests") for at in range(count))


def test_every_decision_is_recorded_and_all_of_it_verifies(decided: User, key: Verifier) -> None:
    kinds = set(LedgerEntry.objects.values_list("kind", flat=True))
    assert kinds == {
        "triage",
        "merge",
        "closure",
        "context",
        "grant",
        "token",
        "user",
        "alias",
        "waiver",
        "verdict",
        "policy",
        "evidence",
        "framework",
    }
    checkpoints.sign_now()
    told = verify_database(key)
    assert told.faults == ()
    assert told.ok
    assert told.size == size_now()
    assert told.rows
    assert (told.unsigned, told.checkpoints) == (0, 1)


def test_numbers_have_no_gaps_and_the_tree_is_that_of_the_entries(db: None) -> None:
    for count in (1, 254, 1, 0, 700, 3):
        before = size_now()
        fill(count)
        assert size_now() == before + count
    rows = list(LedgerEntry.objects.order_by("number"))
    assert [row.number for row in rows] == list(range(959))
    leaves = [leaf_hash(row.content.encode()) for row in rows]
    assert [bytes(row.leaf_hash) for row in rows] == leaves
    assert LedgerNode.objects.count() == 3
    assert proofs.root(nodes.read, 959) == root_of(leaves) == nodes.resumed(959).root()


def test_an_entry_says_who_decided_what_from_what(ada: User) -> None:
    number = record(
        "verdict",
        "build 7",
        {"outcome": "block"},
        actor=ada,
        inputs={"facts": {"risk": 9.5}},
        rows=[row_of(Grant.objects.get())],
    )
    entry = read_entry(LedgerEntry.objects.get(pk=number).content)
    assert (entry.kind, entry.subject, entry.actor, entry.body, entry.inputs) == (
        "verdict", "build 7", "ada", {"outcome": "block"}, {"facts": {"risk": 9.5}},
    )  # fmt: skip
    assert entry.rows[0].fields["role"] == "admin"
    assert LedgerEntry.objects.get(pk=record("x", "y", {}, actor="import")).actor == "system:import"
    assert LedgerEntry.objects.get(pk=record("x", "y", {})).actor == "system:command-line"


def test_a_decision_that_is_rolled_back_leaves_no_entry(db: None) -> None:
    with pytest.raises(NotAllowed), transaction.atomic():
        _record_and_fail()
    assert size_now() == 0
    assert record("test", "thing", {}) == 0


def _record_and_fail() -> None:
    record("test", "thing", {})
    raise NotAllowed("what comes after")


def test_an_entry_has_a_size(db: None) -> None:
    with pytest.raises(NotAllowed, match="4,000,000 bytes"), transaction.atomic():
        record("test", "thing", {"words": "x" * 4_000_000})
    assert size_now() == 0


@pytest.mark.parametrize("table", ["store_ledgerentry", "store_ledgernode", "store_checkpoint"])
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}", "INSERT"])
def test_the_database_refuses_changes(table: str, change: str, key: Verifier) -> None:
    fill(300)
    checkpoints.sign_now()
    if change == "TRUNCATE {}" and connection.vendor == "sqlite":
        change = "DELETE FROM {} WHERE 1"
    column = {"store_ledgerentry": "subject", "store_ledgernode": "hash", "store_checkpoint": "note"}[table]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} LIMIT 1")
        row = cursor.fetchone()
    statement = change.format(table, column, column)
    if change == "INSERT":
        replace = "INSERT OR REPLACE" if connection.vendor == "sqlite" else "INSERT"
        statement = f"{replace} INTO {table} VALUES ({', '.join(['%s'] * len(row))})"
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, row if change == "INSERT" else None)
    assert verify_database(key).ok


def test_the_orm_is_refused_too(key: Verifier) -> None:
    fill(300)
    checkpoints.sign_now()
    for model in (LedgerEntry, LedgerNode, Checkpoint):
        row = model.objects.order_by("pk")[0]
        for change in (row.delete, model.objects.all().delete, lambda row=row: row.save(force_update=True)):
            with pytest.raises(DatabaseError, match="can only grow"), transaction.atomic():
                change()
    with pytest.raises(DatabaseError), transaction.atomic():
        LedgerEntry.objects.create(number=301, at="2026-01-01T00:00Z", kind="x", content="{}", leaf_hash=b"")
    assert size_now() == 300


def test_a_checkpoint_needs_a_key(db: None, settings: pytest.FixtureRequest) -> None:
    fill(1)
    assert checkpoints.sign_when_due() is None
    with pytest.raises(InvalidSetting, match="seamark ledger key"):
        checkpoints.sign_now()
    settings.SEAMARK_LEDGER_KEY = "nonsense"  # type: ignore[attr-defined]
    with pytest.raises(InvalidSetting, match="SEAMARK_LEDGER_KEY"):
        checkpoints.sign_when_due()


def test_a_checkpoint_is_signed_once_a_day_and_where_something_happened(key: Verifier) -> None:
    fill(2)
    first = checkpoints.sign_when_due()
    assert first is not None
    assert (first.size, checkpoints.sign_now()) == (2, first)
    fill(1)
    assert checkpoints.sign_when_due() is None
    assert checkpoints.sign_now().size == 3


def test_a_proof_is_of_the_newest_checkpoint(key: Verifier) -> None:
    fill(5)
    with pytest.raises(NotFound, match="No checkpoint covers entry 3"):
        checkpoints.proof_of(3)
    checkpoints.sign_now()
    fill(1)
    assert (checkpoints.proof_of(3).index, checkpoints.proof_of(3).size) == (3, 5)
    with pytest.raises(NotFound, match="No checkpoint covers entry 5"):
        checkpoints.proof_of(5)
    with pytest.raises(NotFound, match="no entry 6"):
        checkpoints.proof_of(6)


def test_entries_behind_the_checkpoint_are_told_as_unsigned(key: Verifier) -> None:
    fill(5)
    checkpoints.sign_now()
    fill(2)
    told = verify_database(key)
    assert (told.ok, told.size, told.unsigned) == (True, 5, 2)


def test_what_was_removed_by_a_decision_may_not_return(ada: User, key: Verifier) -> None:
    grant = Grant.objects.get()
    record("grant", "user ada", {"granted": False}, rows=[removed(grant)])
    number = grant.pk
    grant.delete()
    assert verify_database(key).ok
    grant.pk = number
    grant.save(force_insert=True)
    assert any("there again" in fault.words for fault in verify_database(key).faults)
