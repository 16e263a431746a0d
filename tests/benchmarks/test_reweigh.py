"""The measurement of another risk profile does what it says."""

from __future__ import annotations

import pytest
from benchmarks.measurements import lists, reweigh
from django.db import connection

from seamark.pipeline import outlook

COUNT = 200


@pytest.mark.django_db(transaction=True)
def test_a_company_is_varied_previewed_and_scored_anew() -> None:
    from seamark.store.models import Issue

    outlook.forget()
    lists.fill(COUNT)
    made = reweigh.vary(150)
    assert made["findings"] == COUNT
    assert 50 < made["different"] <= 150
    looked = reweigh.look(**reweigh.ONE)
    assert looked["findings"] == Issue.objects.filter(open=True).count()
    assert 0 < looked["moved"] < looked["findings"]
    before = dict(Issue.objects.values_list("pk", "risk"))
    one = reweigh.reweigh(1, **reweigh.ONE)
    after = dict(Issue.objects.values_list("pk", "risk"))
    assert one["findings"] == COUNT
    assert one["moved"] == sum(before[pk] != after[pk] for pk in before) > 0
    assert reweigh.reweigh(2, **reweigh.ALL)["moved"] > one["moved"]
    assert (one["server_cpu"] is not None) == (connection.vendor == "postgresql")
