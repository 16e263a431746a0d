"""Tokens: their form, their limits, who makes and ends them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from seamark.core.errors import NotAllowed
from seamark.governance.access import accounts, grants, roles, tokens
from seamark.governance.access.places import Place
from seamark.store.access import visible_to
from seamark.store.models import Application, Token, User
from seamark.store.models.people import Role
from tests.api.conftest import Caller
from tests.factories import code, import_findings, make_person


def make(
    owner: User, *scopes: str, actor: User | None = None, applications: list[Application] | None = None
) -> tokens.Made:
    end = timezone.now() + timedelta(days=1)
    return tokens.make(
        owner, "ci", scopes=scopes or ("read",), expires_at=end, actor=actor, applications=applications or []
    )


def test_the_form_is_one_that_scanners_find_and_slips_are_told() -> None:
    found = {tokens.new_text() for _ in range(50)}
    assert len(found) == 50
    for text in found:
        assert re.search(tokens.PATTERN, f"export SEAMARK_TOKEN={text};")
        assert tokens.well_formed(text)
        swapped = text[:10] + text[11] + text[10] + text[12:]
        assert tokens.well_formed(swapped) == (swapped == text)


@given(st.text())
def test_no_other_text_is_a_token(text: str) -> None:
    assert not tokens.well_formed(text)
    assert not tokens.well_formed(f"smk_{text}")


def test_a_malformed_token_asks_no_database(db: None, django_assert_num_queries: Callable) -> None:
    with django_assert_num_queries(0):
        assert tokens.live("smk_" + "x" * 40) is None


def test_only_the_digest_is_kept(admin: User) -> None:
    made = make(admin)
    row = Token.objects.values().get()
    assert made.text not in str(row)
    assert row["digest"] == tokens.digest_of(made.text)
    assert made.text.startswith(row["hint"])
    assert len(row["hint"]) == 8


def test_a_token_leaves_the_intersection(admin: User, shop: Application, payroll: Application) -> None:
    developer = make_person("dev", Role.DEVELOPER, application=shop)
    made = make(developer, "read", "write", applications=[shop, payroll])
    live = tokens.live(made.text)
    assert live is not None
    seen = visible_to(live.user)
    assert [one.name for one in seen.applications()] == ["Shop"]
    everywhere = tokens.live(make(admin, "read", applications=[payroll]).text)
    assert everywhere is not None
    assert [one.name for one in visible_to(everywhere.user).applications()] == ["Payroll"]
    payroll.delete()
    assert not visible_to(everywhere.user).applications().exists()


def test_through_the_api_a_token_sees_and_changes_only_its_applications(
    admin: User, shop: Application, payroll: Application
) -> None:
    import_findings("Shop", "Semgrep", [code("a", "A", "a.py", 1)])
    import_findings("Payroll", "Semgrep", [code("b", "B", "b.py", 1)], repository="git.example/payroll")
    call = Caller(make(admin, "read", "write", "import", applications=[shop]).text)
    items = call("GET", "/issues").json()["items"]
    assert {one["application"] for one in items} == {"Shop"}
    assert {one["slug"] for one in call("GET", "/applications").json()["items"]} == {"shop"}
    other = visible_to(admin).issues().get(application=payroll)
    assert call("GET", f"/issues/{other.reference}").status_code == 404
    assert call("PATCH", f"/issues/{other.reference}", {"state": "confirmed"}).status_code == 404
    assert call("PATCH", f"/issues/{items[0]['id']}", {"state": "confirmed"}).status_code == 200
    assert call("GET", "/ledger/entries").status_code == 403


def test_who_makes_tokens_for_whom(admin: User, shop: Application, payroll: Application) -> None:
    robot = accounts.create_service(admin, "robot")
    assert robot.responsible == admin
    assert not robot.has_usable_password()
    grants.give(admin, robot, roles.named("analyst"), Place(application=shop))
    assert make(robot, actor=admin).row.user == robot
    mia = make_person("mia", Role.ANALYST)
    assert make(mia, actor=mia)
    for maker, owner in ((admin, mia), (mia, robot), (mia, admin)):
        with pytest.raises(NotAllowed):
            make(owner, actor=maker)
    roles.create(admin, "tokens", ["token.manage"])
    keeper = make_person("keeper")
    grants.give(admin, keeper, roles.named("tokens"))
    with pytest.raises(NotAllowed, match="Nobody gives more"):
        make(robot, actor=keeper)
    limited = tokens.live(make(admin, "admin", applications=[shop]).text)
    assert limited is not None
    for wanted in ([], [payroll], [shop, payroll]):
        with pytest.raises(NotAllowed):
            make(limited.user, actor=limited.user, applications=wanted)
    assert make(limited.user, "read", actor=limited.user, applications=[shop])


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [("", ["read"], 1), ("x" * 101, ["read"], 1), ("a\nb", ["read"], 1), ("a", [], 1), ("a", ["fly"], 1), ("a", ["read"], 0), ("a", ["read"], 4000)],
)  # fmt: skip
def test_what_no_token_can_be(admin: User, name: str, scopes: list[str], days: int) -> None:
    with pytest.raises(NotAllowed):
        tokens.make(admin, name, scopes=scopes, expires_at=timezone.now() + timedelta(days=days))
    assert not Token.objects.exists()


def test_who_ends_tokens(admin: User) -> None:
    mia, eve = make_person("mia", Role.ANALYST), make_person("eve", Role.ANALYST)
    row = make(mia).row
    with pytest.raises(NotAllowed):
        tokens.revoke(row, eve)
    tokens.revoke(row, admin)
    row.refresh_from_db()
    first = row.revoked_at
    tokens.revoke(row, mia)
    row.refresh_from_db()
    assert row.revoked_at == first
