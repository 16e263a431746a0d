"""Many decide at once: numbers stay in order, without gaps, and those that are taken back leave none."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from seamark.core.errors import NotAllowed
from seamark.governance.ledger import checkpoints
from seamark.governance.ledger.live import verify_database
from seamark.governance.ledger.note import Verifier
from seamark.governance.ledger.record import record
from seamark.store.models import LedgerEntry

THREADS, EACH = 6, 60


def decide(name: str) -> None:
    """Make decisions, each in a transaction; every fifth is taken back, after its entry was written."""
    try:
        for at in range(EACH):
            try:
                with transaction.atomic():
                    record("test", f"{name} {at}", {"at": at}, actor=name)
                    if at % 5 == 0:
                        raise NotAllowed("taken back")
            except NotAllowed:
                continue
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_threads(key: Verifier) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite's writers are alone, and its tests have one connection")
    threads = [threading.Thread(target=decide, args=(f"thread-{number}",)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    rows = list(LedgerEntry.objects.order_by("number").values_list("number", "subject"))
    assert [number for number, _ in rows] == list(range(THREADS * EACH * 4 // 5))
    for name in (f"thread-{number}" for number in range(THREADS)):
        own = [subject for _, subject in rows if subject.startswith(f"{name} ")]
        assert own == [f"{name} {at}" for at in range(EACH) if at % 5]
    checkpoints.sign_now()
    assert verify_database(key).ok
