"""Syncs of live sources: what fails deletes nothing, and is never silent."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from seamark.core.errors import RemoteFailure, SeamarkError
from seamark.intake.connectors.clusters.look import Look, partly
from seamark.intake.dumps.dump import Said
from seamark.intake.dumps.read import read_dumps
from seamark.pipeline.runtime.sync import Source, check, pause, repeat, standing, sync
from seamark.store.models import Asset, Connection, Relation, Survey
from tests.dumps.clouds import ACCOUNT, AWS, REGION
from tests.dumps.harbour import CLUSTER, as_json, objects

pytestmark = pytest.mark.django_db
MAY = datetime(2026, 5, 21, tzinfo=UTC)
NAME = f"kubernetes {CLUSTER}"


def look(items: list[dict[str, Any]] | None = None, *problems: str, failed: frozenset[str] = frozenset()) -> Look:
    dumps = read_dumps([("live", as_json(items or objects()))], Said(cluster=CLUSTER, complete=True))
    return Look(
        dumps=tuple(partly(dump, problems) for dump in dumps),
        problems=problems,
        failed=failed,
        versions={"pods": "4711"},
    )


def source(came: Look | SeamarkError, **more: Any) -> Source:
    def answer() -> Look:
        if isinstance(came, SeamarkError):
            raise came
        return came

    return Source(**{"name": NAME, "kind": "kubernetes", "look": answer, "application": "Harbour", **more})


def runs() -> int:
    return Relation.objects.filter(kind="runs", until=None, said_in=NAME).count()


def orders() -> Asset:
    return Asset.objects.get(key=f"{CLUSTER}/harbour/Deployment/orders")


def test_a_sync_is_kept_like_a_dump_and_remembered() -> None:
    (taken,) = sync(source(look()), now=MAY)
    assert (taken.complete, taken.outcomes[0].findings > 0, runs()) == (True, True, 4)
    row = Connection.objects.get()
    assert (row.name, row.good_at, row.partial_at, row.failures, row.problems) == (NAME, MAY, None, 0, [])
    assert (row.sources, row.versions) == ([NAME], {"pods": "4711"})
    (again,) = sync(source(look()), now=MAY + timedelta(hours=1))
    assert (again.added, again.ended) == (0, 0)
    assert Connection.objects.get().good_at == MAY + timedelta(hours=1)


def test_a_failure_deletes_nothing_and_is_told() -> None:
    sync(source(look()), now=MAY)
    for number in (1, 2):
        with pytest.raises(RemoteFailure):
            sync(
                source(RemoteFailure("127.0.0.1 does not answer", permanent=False)), now=MAY + timedelta(minutes=number)
            )
    assert (runs(), Survey.objects.count()) == (4, Survey.objects.filter(at=MAY).count())
    (row,) = standing(MAY + timedelta(minutes=3))
    assert (row["state"], row["failures"], row["failure"], row["good_at"]) == (
        "failing",
        2,
        "127.0.0.1 does not answer",
        MAY,
    )
    assert check(MAY)[1:] == (
        "wrong",
        f"{NAME}: nothing since 2026-05-21 00:00, last failure: 127.0.0.1 does not answer",
    )
    sync(source(look()), now=MAY + timedelta(minutes=4))
    (row,) = standing(MAY + timedelta(minutes=5))
    assert (row["state"], row["failures"], row["failed_at"]) == ("well", 0, MAY + timedelta(minutes=2))


def test_a_part_ends_nothing_and_says_what_is_missing() -> None:
    sync(source(look()), now=MAY)
    fewer = [
        one
        for one in objects()
        if one["metadata"]["name"] != "orders" and not one["metadata"]["name"].startswith("orders-")
    ]
    (taken,) = sync(
        source(look(fewer, "statefulsets: it answers 403", failed=frozenset({"statefulsets"}))),
        now=MAY + timedelta(hours=1),
    )
    assert (taken.complete, taken.ended, runs()) == (False, 0, 4)
    (row,) = standing(MAY + timedelta(hours=1))
    assert (row["state"], row["problems"], row["good_at"]) == ("partial", ["statefulsets: it answers 403"], MAY)
    assert check(MAY + timedelta(hours=1)) == ("runtime", "note", f"told in part: {NAME} (`seamark runtime status`)")
    (whole,) = sync(source(look(fewer)), now=MAY + timedelta(hours=2))
    assert whole.ended > 0
    assert runs() == 3


def test_ways_in_that_nobody_listed_are_as_they_were() -> None:
    sync(source(look()), now=MAY)
    assert orders().exposure == "internet"
    closed = [one for one in objects() if one["kind"] not in {"Ingress", "Namespace"}]
    sync(
        source(look(closed, "ingresses: it answers 403", failed=frozenset({"ingresses", "namespaces"}))),
        now=MAY + timedelta(hours=1),
    )
    assert (orders().exposure, orders().environment) == ("internet", "production")
    assert orders().attributes["exposure_why"].startswith("Ingress shop")
    # A complete look at the same is news.
    sync(source(look(closed)), now=MAY + timedelta(hours=2))
    assert orders().exposure != "internet"


def test_what_became_empty_ends_what_was_told() -> None:
    place = f"aws {ACCOUNT} {REGION}"
    dumps = read_dumps([("x", json.dumps(AWS["eks describe-cluster"]).encode())], Said(complete=True))
    sync(source(Look(dumps=tuple(dumps)), name="aws", kind="aws"), now=MAY)
    assert Asset.objects.get(key="prod-eu").gone_at is None
    sync(
        source(Look(dumps=(), empty=(f"{place} eks", f"{place} ecs/never")), name="aws", kind="aws"),
        now=MAY + timedelta(hours=1),
    )
    assert Asset.objects.get(key="prod-eu").gone_at == MAY + timedelta(hours=1)
    assert not Survey.objects.filter(source=f"{place} ecs/never").exists()


def test_old_syncs_are_shown() -> None:
    sync(source(look(), every=900), now=MAY)
    assert [row["old"] for row in standing(MAY + timedelta(minutes=45))] == [False]
    assert [row["old"] for row in standing(MAY + timedelta(minutes=46))] == [True]
    assert check(MAY + timedelta(minutes=46)) == ("runtime", "wrong", f"{NAME}: nothing since 2026-05-21 00:00")
    sync(source(look()), now=MAY)
    assert [row["old"] for row in standing(MAY + timedelta(days=7))] == [False]
    assert [row["old"] for row in standing(MAY + timedelta(days=8))] == [True]
    Connection.objects.all().delete()
    assert check(MAY) == ("runtime", "well", "no cluster or cloud is synced")


def test_pauses_grow_with_failures_and_stay_below_the_usual_one() -> None:
    assert [pause(900, number) for number in range(7)] == [900, 30, 60, 120, 240, 480, 900]
    assert pause(900, 1, permanent=True) == 900
    assert pause(900, 10**9) == 900


def test_a_loop_goes_on_after_failures_and_ends_when_asked() -> None:
    answers: list[Look | SeamarkError] = [
        look(),
        RemoteFailure("gone", permanent=False),
        RemoteFailure("gone", permanent=False),
        look(),
    ]
    waits: list[float] = []
    closed: list[int] = []

    def next_answer() -> Look:
        came = answers.pop(0)
        if isinstance(came, SeamarkError):
            raise came
        return came

    live = Source(name=NAME, kind="kubernetes", look=next_answer, every=900)
    came = list(repeat(live, ended=lambda: not answers, wait=waits.append, done=lambda: closed.append(1)))
    assert [isinstance(one, RemoteFailure) for one in came] == [False, True, True, False]
    assert [low <= wait <= high for wait, (low, high) in zip(waits, ((810, 990), (27, 33), (54, 66)), strict=True)] == [
        True
    ] * 3
    assert len(closed) == 4
