"""Risk profiles: versions that never change, where each holds, and who may say so."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from msgspec.structs import replace

from seamark.analysis.risk import Profile, default_profile
from seamark.core.errors import InvalidSetting, NotAllowed, NotFound
from seamark.pipeline import profiles
from seamark.pipeline.profile_yaml import dump, parse
from seamark.store.access import everything, visible_to
from seamark.store.models import Application, BusinessUnit, ProfileUse, RiskProfile
from seamark.store.models.people import Role
from tests.factories import make_person

pytestmark = pytest.mark.django_db


def version(number: int, *, name: str = "default", **weights: float) -> Profile:
    own = default_profile()
    return replace(own, name=name, version=number, weights={**own.weights, **weights})


@pytest.fixture
def tree() -> dict[str, BusinessUnit]:
    company = BusinessUnit.objects.create(name="Company")
    retail = BusinessUnit.objects.create(name="Retail", parent=company)
    return {
        "company": company,
        "retail": retail,
        "shops": BusinessUnit.objects.create(name="Shops", parent=retail),
        "bank": BusinessUnit.objects.create(name="Bank", parent=company),
    }


def application(name: str, unit: BusinessUnit | None = None) -> Application:
    return Application.objects.create(name=name, slug=name.lower(), unit=unit)


def test_the_products_own_holds_until_one_is_applied() -> None:
    row = profiles.active_profile()
    assert str(row) == default_profile().title
    assert profiles.active_profile().pk == row.pk
    assert ProfileUse.objects.get().comment == profiles.SHIPPED
    assert profiles.standing([row], everything()) == {row.pk: "holds for everything"}


def test_the_nearest_unit_up_the_tree_decides(tree: dict[str, BusinessUnit]) -> None:
    held = {name: application(name, unit) for name, unit in tree.items()} | {"none": application("none")}
    first = profiles.active_profile()
    retail = profiles.draft(None, version(1, name="retail"))
    company = profiles.draft(None, version(1, name="company"))
    profiles.apply(None, retail, tree["retail"])
    use = profiles.apply(None, company, tree["company"])
    now = {name: profiles.active_profile(one) for name, one in held.items()}
    assert now == {"none": first, "company": company, "bank": company, "retail": retail, "shops": retail}
    assert set(profiles.concerned(use)) == {held["company"].pk, held["bank"].pk}
    assert set(profiles.would_hold(tree["shops"])) == {held["shops"].pk}
    assert set(profiles.would_hold(tree["company"])) == {held["company"].pk, held["bank"].pk}
    assert profiles.would_hold(None) == [held["none"].pk]
    assert profiles.standing([retail, company, first], everything()) == {
        retail.pk: "holds for Retail",
        company.pk: "holds for Company",
        first.pk: "holds for everything",
    }

    back = profiles.withdraw(None, tree["retail"], "one rule for all")
    assert (back.before, back.profile) == (retail, None)
    assert set(profiles.concerned(back)) == {held["retail"].pk, held["shops"].pk}
    assert profiles.active_profile(held["shops"]) == company
    assert profiles.standing([retail], everything()) == {retail.pk: "applied before"}
    with pytest.raises(NotAllowed, match="no risk profile of its own"):
        profiles.withdraw(None, tree["retail"])


def test_units_in_a_circle_end_at_the_one_for_all(tree: dict[str, BusinessUnit]) -> None:
    BusinessUnit.objects.filter(pk=tree["company"].pk).update(parent=tree["shops"])
    profiles.apply(None, profiles.draft(None, version(1, name="bank")), tree["bank"])
    assert profiles.active_profile(application("Till", tree["shops"])).name == "default"


def test_a_version_never_changes() -> None:
    row = profiles.draft(None, version(7, epss=1.0), comment="less of EPSS")
    assert profiles.draft(None, version(7, epss=1.0)).pk == row.pk
    with pytest.raises(InvalidSetting, match=r"default v7 is kept already, .* make it version 8"):
        profiles.draft(None, version(7, epss=1.1))
    assert profiles.weights_of(RiskProfile.objects.get(pk=row.pk)).weights["epss"] == 1.0
    assert profiles.standing([row], everything()) == {row.pk: "draft"}
    assert profiles.next_version("default") == 8
    assert profiles.next_version("other") == 1


def test_its_text_goes_out_as_it_came_in() -> None:
    text = "# Ours, since the audit.\n" + dump(version(5))
    row = profiles.draft(None, parse(text), text=text)
    assert profiles.text_of(row) == text
    made = profiles.draft(None, version(6))
    again = profiles.text_of(made)
    assert profiles.draft(None, parse(again), text=again).pk == made.pk
    assert profiles.text_of(made) == again


def test_what_holds_already_is_not_applied_again() -> None:
    with pytest.raises(NotAllowed, match="holds for everything already"):
        profiles.apply(None, profiles.active_profile())


def test_an_earlier_version_may_hold_again() -> None:
    first = profiles.active_profile()
    second = profiles.draft(None, version(9, epss=1.0))
    profiles.apply(None, second, comment="try")
    use = profiles.apply(None, first, comment="back")
    assert profiles.active_profile() == first
    assert [(one.profile, one.before, one.comment) for one in profiles.history(everything())][:2] == [
        (first, second, "back"),
        (second, first, "try"),
    ]
    assert use.current
    assert ProfileUse.objects.filter(current=True).count() == 1


def test_it_takes_the_right(tree: dict[str, BusinessUnit]) -> None:
    admin = make_person("admin", Role.ADMIN)
    of_retail = make_person("rita", Role.ADMIN, unit=tree["retail"])
    of_one = make_person("olga", Role.ADMIN, application=application("Till", tree["retail"]))
    analyst = make_person("ada", Role.ANALYST)
    row = profiles.draft(admin, version(5))
    for nobody in (analyst, of_one):
        assert not profiles.may_draft(nobody)
        with pytest.raises(NotAllowed, match="role admin"):
            profiles.draft(nobody, version(6))
        with pytest.raises(NotAllowed, match="role admin on everything"):
            profiles.apply(nobody, row)
        with pytest.raises(NotAllowed, match="role admin on Retail"):
            profiles.apply(nobody, row, tree["retail"])
    mine = profiles.draft(of_retail, version(1, name="retail"))
    for unit in (None, tree["company"], tree["bank"]):
        with pytest.raises(NotAllowed):
            profiles.apply(of_retail, mine, unit)
    assert profiles.apply(of_retail, mine, tree["shops"]).actor == of_retail
    assert profiles.apply(of_retail, mine, tree["retail"]).actor == of_retail
    with pytest.raises(NotAllowed):
        profiles.withdraw(analyst, tree["retail"])
    assert profiles.apply(admin, row).actor == admin
    assert mine.author == of_retail


@pytest.mark.parametrize("comment", ["x" * (profiles.COMMENT_LIMIT + 1), "a\0b"])
def test_comments_are_bounded(comment: str) -> None:
    with pytest.raises(NotAllowed, match="2,000 characters"):
        profiles.draft(None, version(5), comment=comment)


def test_names_that_nobody_knows(tree: dict[str, BusinessUnit]) -> None:
    assert profiles.unit_named(" retail ") == tree["retail"]
    with pytest.raises(NotFound, match="there are Bank, Company, Retail, Shops"):
        profiles.unit_named("Wholesale")
    row = profiles.draft(None, version(5))
    assert profiles.known("default") == profiles.known("default", 5) == row
    with pytest.raises(NotFound, match="default v4711"):
        profiles.known("default", 4711)


def test_statements_do_not_grow_with_the_estate(tree: dict[str, BusinessUnit]) -> None:
    till = application("Till", tree["shops"])
    profiles.active_profile()
    with CaptureQueriesContext(connection) as plain:
        profiles.active_profile(till)
    profiles.apply(None, profiles.draft(None, version(1, name="retail")), tree["retail"])
    with CaptureQueriesContext(connection) as units:
        profiles.active_profile(till)
    assert (len(plain), len(units)) == (1, 2)


def test_people_see_what_concerns_their_applications(tree: dict[str, BusinessUnit]) -> None:
    till = application("Till", tree["shops"])
    first = profiles.active_profile()
    assert profiles.units_of(visible_to(make_person("early", Role.VIEWER, application=till))) == {
        tree["shops"].pk,
        tree["retail"].pk,
        tree["company"].pk,
    }
    rows = {name: profiles.draft(None, version(1, name=name)) for name in ("retail", "bank", "later")}
    for name in ("retail", "bank"):
        profiles.apply(None, rows[name], tree[name])
    vera = visible_to(make_person("vera", Role.VIEWER, application=till))
    assert profiles.units_of(vera) == {tree["shops"].pk, tree["retail"].pk, tree["company"].pk}
    assert set(profiles.versions(vera, drafts=False)) == {first, rows["retail"]}
    assert {use.profile for use in profiles.history(vera)} == {first, rows["retail"]}
    assert profiles.standing([rows["bank"]], vera) == {rows["bank"].pk: "draft"}
    assert set(profiles.versions(vera, drafts=True)) == {first, *rows.values()}
    assert profiles.versions(visible_to(make_person("all", Role.VIEWER)), drafts=False).count() == 4
    nobody = visible_to(make_person("nemo"))
    assert list(profiles.versions(nobody, drafts=False)) == [first]
