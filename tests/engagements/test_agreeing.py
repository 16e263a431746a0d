"""Agreeing on engagements: who may, on what, and what the ledger keeps of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from seamark.core.errors import NotAllowed, NotFound
from seamark.pipeline.engagements import agreeing, reading, rights
from seamark.store.access import READS, everything, visible_to
from seamark.store.models import Application, Asset, Engagement, LedgerEntry, User
from seamark.store.models.people import Limit, Role
from tests.engagements.conftest import terms
from tests.factories import import_findings, make_person


def test_an_analyst_agrees_and_the_ledger_keeps_it(engagement: Engagement, ada: User) -> None:
    assert engagement.reference == f"PT-{engagement.pk}"
    assert engagement.retest_until == engagement.ends + timedelta(days=agreeing.RETEST_DAYS)
    assert engagement.created_by == ada
    kept = LedgerEntry.objects.filter(kind="engagement", subject=engagement.reference)
    assert [step for one in kept.order_by("number") for step in ("created", "tester added") if f'"{step}"' in one.content] == ["created", "tester added"]  # fmt: skip
    assert set(kept.values_list("actor", flat=True)) == {"ada"}


@pytest.mark.parametrize("who", ["dev", "tess"])
def test_others_agree_on_nothing(
    who: str, request: pytest.FixtureRequest, shop: Application, engagement: Engagement
) -> None:
    person = request.getfixturevalue(who)
    acts = [
        lambda: agreeing.create(person, shop, terms()),
        lambda: agreeing.edit(person, engagement, terms(name="Mine")),
        lambda: agreeing.add_tester(person, engagement, person),
        lambda: agreeing.remove_tester(person, engagement, person),
        lambda: agreeing.close(person, engagement),
        lambda: agreeing.reopen(person, engagement),
    ]
    for act in acts:
        with pytest.raises(NotAllowed, match="analyst"):
            act()
    assert Engagement.objects.get().name == "Spring test"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\x07b"}, "name"),
        ({"ends": date(2020, 1, 1)}, "ends on or after"),
        ({"ends": date(9999, 12, 1)}, "too far"),
        ({"retest_until": date(2020, 1, 1)}, "last day"),
        ({"rules": "x" * 20_001}, "characters"),
        ({"assets": (1_000_000,)}, "assets"),
    ],
)
def test_wrong_terms_are_refused(shop: Application, ada: User, wrong: dict[str, object], words: str) -> None:
    with pytest.raises(NotAllowed, match=words):
        agreeing.create(ada, shop, terms(**wrong))
    assert not Engagement.objects.exists()


def test_assets_of_others_are_no_scope(shop: Application, ada: User) -> None:
    import_findings("Other", "Semgrep", [], repository="git.example/other/other")
    other = Asset.objects.get(key="git.example/other/other")
    with pytest.raises(NotAllowed, match="assets of"):
        agreeing.create(ada, shop, terms(assets=(other.pk,)))


def test_a_tester_sees_the_engagement_and_nothing_else(engagement: Engagement, tess: User, shop: Application) -> None:
    seen = visible_to(tess)
    assert list(reading.listed(seen)) == [engagement]
    assert not seen.applications().exists()
    assert not seen.issues().exists()
    assert not rights.manages(seen, shop)
    assert rights.reports(seen, engagement)
    assert not rights.mends(seen, engagement)


def test_a_tester_sees_it_no_longer_once_it_is_over(engagement: Engagement, ada: User, tess: User) -> None:
    then = rights.today() - timedelta(days=200)
    agreeing.edit(ada, engagement, terms(starts=then, ends=then, retest_until=rights.today()))
    row = Engagement.objects.get()
    seen = visible_to(tess)
    assert not rights.reports(seen, row)
    assert rights.retests(seen, row)
    agreeing.edit(ada, engagement, terms(starts=then, ends=then, retest_until=rights.today() - timedelta(days=1)))
    with pytest.raises(NotFound):
        reading.named(visible_to(tess), row.pk)
    assert reading.stand(Engagement.objects.get()) == "over"


def test_a_tester_is_none_any_more_when_removed_closed_or_switched_off(
    engagement: Engagement, ada: User, tess: User
) -> None:
    agreeing.close(ada, engagement)
    assert not reading.listed(visible_to(tess)).exists()
    agreeing.reopen(ada, engagement)
    assert reading.listed(visible_to(tess)).exists()
    assert agreeing.remove_tester(ada, engagement, tess)
    assert not agreeing.remove_tester(ada, engagement, tess)
    assert not reading.listed(visible_to(tess)).exists()
    tess.is_active = False
    with pytest.raises(NotAllowed, match="switched off"):
        agreeing.add_tester(ada, engagement, tess)


def test_a_token_leaves_a_tester_what_its_scopes_say(engagement: Engagement, tess: User) -> None:
    tess.limit = Limit(frozenset({READS}), None)
    assert reading.listed(visible_to(tess)).exists()
    assert not rights.reports(visible_to(tess), engagement)
    tess.limit = Limit(frozenset({READS}), frozenset({engagement.application_id + 1}))
    assert not reading.listed(visible_to(tess)).exists()


def test_stands_and_their_lists_agree(shop: Application, ada: User) -> None:
    now, day = rights.today(), timedelta(days=1)
    spans = {
        "planned": (now + day, now + 2 * day, now + 3 * day),
        "running": (now, now, now),
        "retests": (now - 2 * day, now - day, now),
        "over": (now - 3 * day, now - 2 * day, now - day),
    }
    for name, (starts, ends, until) in spans.items():
        agreeing.create(ada, shop, terms(name=name, starts=starts, ends=ends, retest_until=until))
    agreeing.close(ada, agreeing.create(ada, shop, terms(name="closed")))
    for name in reading.STANDS:
        (row,) = reading.listed(everything(), state=name)
        assert (row.name, reading.stand(row)) == (name, name)
    assert reading.listed(everything(), application="none").count() == 0
    assert reading.listed(visible_to(make_person("stranger", Role.VIEWER, application=Application.objects.create(name="x", slug="x")))).count() == 0  # fmt: skip


def test_whoever_holds_the_database_may_all(shop: Application, tess: User) -> None:
    row = agreeing.create(None, shop, terms())
    assert agreeing.add_tester(None, row, tess)
    assert not agreeing.add_tester(None, row, tess)
    assert [one.slug for one in agreeing.applications(make_person("root", Role.ADMIN))] == ["shop"]
    assert agreeing.applications(tess) == []
    assert {one.name for one in agreeing.candidates(make_person("boss", Role.ADMIN), shop)} == {"shop"}
