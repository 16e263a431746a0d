"""A provider's groups become ours, by the rules that its administrator wrote."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

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

    Groups that no rule names are left alone; one that is not there yet is made, and grants nothing.
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
    for group in Group.objects.filter(name__in=held - wanted):
        group.members.remove(user)
    note("groups_followed", user, by=f"provider {provider.slug}", before=sorted(held), after=sorted(wanted))
