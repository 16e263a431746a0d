"""A provider's groups become ours, by the rules that its administrator wrote."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from seamark.core.errors import NotAllowed
from seamark.governance.access.administrators import keeping_one
from seamark.governance.ledger.record import record
from seamark.pipeline.signon.audit import note
from seamark.pipeline.signon.model import Provider
from seamark.store.models import Group, User


def named_by(provider: Provider, claims: Mapping[str, object]) -> set[str]:
    """Return the names of our groups that claims give."""
    told = claims.get(provider.groups_claim)
    values = told if isinstance(told, list | tuple) else [told]
    return {provider.groups[str(value)] for value in values if str(value) in provider.groups}


@transaction.atomic
def follow(user: User, provider: Provider, claims: Mapping[str, object]) -> None:
    """Make a person a member of the groups that claims give, and of no other group that the rules of this provider name.

    Groups that no rule names are left alone; one that is not there yet is made, and grants nothing. Nobody is
    taken out of a group where that would leave nobody who administers everything.
    """
    ruled = set(provider.groups.values())
    if not ruled:
        return
    wanted = named_by(provider, claims)
    held = set(user.teams.filter(name__in=ruled).values_list("name", flat=True))
    if wanted == held:
        return
    for name in sorted(wanted - held):
        group, _ = Group.objects.get_or_create(name=name)
        group.members.add(user)
    # A provider's mistake must not leave nobody who can mend it.
    try:
        with keeping_one():
            for group in Group.objects.filter(name__in=held - wanted):
                group.members.remove(user)
    except NotAllowed as error:
        wanted |= held
        note("groups_kept", user, by=f"provider {provider.slug}", why=str(error))
    note("groups_followed", user, by=f"provider {provider.slug}", before=sorted(held), after=sorted(wanted))
    told = {"person": user.get_username(), "provider": provider.slug, "before": sorted(held), "after": sorted(wanted)}
    record("group", f"groups of {user.get_username()}", told, actor="sign-on")
