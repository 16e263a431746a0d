"""Roles as sets of rights, and where they hold."""

from __future__ import annotations

import pytest

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.access import grants, roles
from seamark.governance.access.places import Place
from seamark.store.access import may, visible_to
from seamark.store.models import Application, BusinessUnit, CustomRole, Event, LedgerEntry, User
from seamark.store.models.people import Limit, Role
from seamark.store.permissions import ROLES, SCOPES, WORDS, Permission, allowed_by, known, needed
from tests.factories import make_person

P = Permission


def holders(permission: Permission) -> set[str]:
    return {str(role) for role, rights in ROLES.items() if permission in rights}


def test_what_each_role_of_the_product_may_do() -> None:
    everybody = set(Role.values)
    expected = {
        P.ISSUE_READ: everybody,
        P.GRAPH_READ: everybody,
        P.ISSUE_TRIAGE: {"developer", "analyst", "approver", "admin"},
        P.ISSUE_DISMISS: {"analyst", "approver", "admin"},
        P.ISSUE_MERGE: {"analyst", "approver", "admin"},
        P.ASSET_EDIT: {"analyst", "approver", "admin"},
        P.IMPORT: {"developer", "analyst", "admin"},
        P.CONTEXT_EDIT: {"analyst", "admin"},
        P.WAIVER_REQUEST: {"developer", "analyst", "approver", "admin"},
        P.WAIVER_APPROVE: {"approver", "admin"},
        P.POLICY_EDIT: {"admin"},
        P.PROFILE_APPLY: {"admin"},
        P.LEDGER_READ: {"auditor", "admin"},
        P.USER_MANAGE: {"admin"},
        P.TOKEN_MANAGE: {"admin"},
    }
    assert {permission: holders(permission) for permission in P} == expected
    assert set(WORDS) == set(P)


def test_scopes_leave_what_they_say() -> None:
    assert P.IMPORT in allowed_by(["import"])
    assert allowed_by(["read"]).isdisjoint({P.IMPORT, P.ISSUE_TRIAGE, P.USER_MANAGE})
    assert P.USER_MANAGE not in allowed_by(["read", "import", "gate", "write"])
    assert allowed_by(["nonsense"]) == frozenset()
    assert allowed_by(SCOPES) == frozenset(P)


def test_names_of_rights_that_are_gone_give_nothing() -> None:
    assert known(["issue.read", "issue.paint"]) == {P.ISSUE_READ}


def test_a_refusal_names_the_roles() -> None:
    assert needed(P.ISSUE_DISMISS, "SM-1") == "This needs one of the roles admin, analyst, approver on SM-1"
    assert needed(P.POLICY_EDIT) == "This needs the role admin on everything"


def test_a_custom_role_gives_its_rights_where_it_is_granted(
    admin: User, shop: Application, payroll: Application
) -> None:
    role = roles.create(admin, "Merger", ["issue.merge"], "joins  what\nis one")
    assert (role.name, role.permissions, role.description) == (
        "merger",
        ["issue.merge", "issue.read"],
        "joins what is one",
    )
    mia = make_person("mia")
    unit = BusinessUnit.objects.get(name="Commerce")
    grants.give(admin, mia, roles.named("MERGER"), Place(unit=unit))
    assert may(mia, P.ISSUE_MERGE, shop)
    assert not may(mia, P.ISSUE_MERGE, payroll)
    assert not may(mia, P.ISSUE_DISMISS, shop)
    assert not may(mia, P.ISSUE_MERGE)
    assert visible_to(mia).may_in(P.ISSUE_MERGE, BusinessUnit.objects.get(name="Checkout"))
    assert [one.name for one in visible_to(mia).applications()] == ["Shop"]
    roles.edit(admin, role, ["issue.dismiss"])
    assert may(mia, P.ISSUE_DISMISS, shop)
    assert not may(mia, P.ISSUE_MERGE, shop)
    with pytest.raises(NotAllowed, match="The role merger is held: mia on unit Commerce"):
        roles.remove(admin, role)


def test_roles_are_made_by_those_who_may_of_what_they_hold(admin: User, db: None) -> None:
    roles.create(admin, "people", ["user.manage"])
    manager = make_person("manager")
    grants.give(admin, manager, roles.named("people"))
    with pytest.raises(NotAllowed, match=r"you lack waiver\.approve"):
        roles.create(manager, "more", ["waiver.approve", "issue.read"])
    role = roles.create(manager, "looker", ["issue.read"])
    with pytest.raises(NotAllowed, match="you lack import"):
        roles.edit(manager, role, ["import"])
    with pytest.raises(NotAllowed, match="the role admin"):
        roles.create(make_person("vera", Role.ANALYST), "x", ["issue.read"])
    for name, rights in (
        ("viewer", ["import"]),
        ("looker", ["import"]),
        ("a/b", ["import"]),
        ("new", []),
        ("new", ["fly"]),
    ):
        with pytest.raises(NotAllowed):
            roles.create(admin, name, rights)
    with pytest.raises(NotFound, match="looker"):
        roles.named("nobody")
    roles.remove(admin, role)
    assert not CustomRole.objects.filter(name="looker").exists()
    told = Event.objects.filter(kind="role").order_by("pk")
    assert [(one.details["before"] is None, one.details["after"] is None) for one in told] == [
        (True, False),
        (True, False),
        (False, True),
    ]
    assert LedgerEntry.objects.filter(kind="role").count() == 3


def test_a_limit_takes_rights_and_applications_away(shop: Application, payroll: Application) -> None:
    whole, part = make_person("whole", Role.ADMIN), make_person("part", Role.ANALYST, unit=shop.unit)
    for person in (whole, part):
        person.limit = Limit(allowed_by(["read"]), frozenset({shop.pk}))
        seen = visible_to(person)
        assert [one.name for one in seen.applications()] == ["Shop"]
        assert not seen.everything
        assert not seen.may(P.ISSUE_TRIAGE, shop)
        assert not seen.may(P.ISSUE_READ, payroll)
        assert not seen.may_in(P.ISSUE_READ, shop.unit)  # type: ignore[arg-type]
        person.limit = Limit(allowed_by(["write"]), None)
        assert visible_to(person).may(P.ISSUE_TRIAGE, shop)
    part.limit = Limit(allowed_by(["read"]), frozenset({payroll.pk}))
    assert not visible_to(part).applications().exists()
    assert not visible_to(part).may_anywhere(P.ISSUE_READ)
