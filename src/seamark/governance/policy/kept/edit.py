"""Policies that are written on the server: a version for each change, by people with the right to it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.policy.bundle import Bundle, Policy, examine, starter
from seamark.governance.policy.kept.sync import (
    SERVER,
    Synced,
    Written,
    declare,
    lock,
    take,
    version,
    without_own,
)
from seamark.governance.policy.model import InvalidPolicies, Mistake, Source
from seamark.store import models
from seamark.store.access import visible_to
from seamark.store.models import User
from seamark.store.models.policies import BundleKind
from seamark.store.permissions import Permission, needed

COMMENT_LIMIT: Final = 2_000
_HERE: Final = frozenset({BundleKind.SERVER, BundleKind.STARTER})
"""Kinds of bundle whose policies are changed here; those of the others are changed where they are kept."""


def may_edit(actor: User) -> bool:
    """Tell whether somebody may write policies: the right `policy.edit` on everything."""
    return visible_to(actor).may(Permission.POLICY_EDIT)


def changed_here(kind: str) -> bool:
    """Tell whether the policies of such a bundle are changed on the server, not where the bundle is kept."""
    return kind in _HERE


def one_policy(text: str, file: str = "policy.yaml") -> tuple[Policy | None, list[Mistake]]:
    """Return the policy that a text is, and what is wrong with it. A text with several policies, or none, is wrong."""
    bundle, mistakes = examine([Source(file, text)])
    if not mistakes and len(bundle.policies) != 1:
        number = len(bundle.policies)
        mistakes = [
            Mistake(
                file, 0, 0, f"write one policy here; there are {number}" if number else "there is no policy here yet"
            )
        ]
    return (None if mistakes else bundle.policies[0]), mistakes


def save(text: str, *, actor: User, comment: str, now: datetime, instead_of: str = "") -> models.Policy:
    """Let a policy be in force from now on, as a new version; return it.

    `instead_of` is the digest of the version that it was made from, empty for a new policy: what somebody else changed meanwhile is not
    overwritten. Raises `InvalidPolicies` and `NotAllowed`.
    """
    _check(actor, comment)
    policy, mistakes = one_policy(text)
    if policy is None:
        raise InvalidPolicies(tuple(mistakes))
    with transaction.atomic():
        lock()
        before = (
            models.Policy.objects.filter(name=policy.name, active=True, bundle__active=True)
            .select_related("bundle")
            .first()
        )
        _unchanged_since(policy, before, instead_of, text)
        row = declare(SERVER, BundleKind.SERVER)
        kept = [one for one in _own(row) if one.name != policy.name]
        written = Written(name=policy.name, text=text, author=actor, comment=comment)
        if before is not None and before.bundle.kind == BundleKind.STARTER:
            # Two of one name are never in force: the bundle's own makes room first.
            rest = [one for one in _own(before.bundle) if one.name != policy.name]
            take(before.bundle, now, Bundle(rest, before.bundle.commit))
        take(row, now, Bundle([*kept, policy]), written)
        return models.Policy.objects.get(bundle=row, name=policy.name, active=True)


def withdraw(name: str, *, actor: User, comment: str, now: datetime) -> Synced:
    """Take a policy that was written here out of force; where the starter bundle has one of that name, that holds again.

    Raises `NotAllowed` and `NotFound`.
    """
    _check(actor, comment)
    with transaction.atomic():
        lock()
        before = (
            models.Policy.objects.filter(name=name, active=True, bundle__active=True).select_related("bundle").first()
        )
        if before is None:
            raise NotFound(f"There is no policy {name!r}")
        if before.bundle.kind != BundleKind.SERVER:
            raise NotAllowed(
                f"{name} was not written here: it belongs to the bundle {before.bundle.name}; its mode `off` puts it out of force"
            )
        rest = [one for one in _own(before.bundle) if one.name != name]
        written = Written(name=name, text="", author=actor, comment=comment)
        done = take(before.bundle, now, Bundle(rest), written)
        for row in models.Bundle.objects.filter(kind=BundleKind.STARTER, active=True):
            take(row, now, without_own(Bundle.compile(starter())))
        return done


def _check(actor: User, comment: str) -> None:
    if not may_edit(actor):
        raise NotAllowed(needed(Permission.POLICY_EDIT))
    if len(comment) > COMMENT_LIMIT:
        raise NotAllowed(f"The comment is longer than {COMMENT_LIMIT:,} characters")


def _unchanged_since(policy: Policy, before: models.Policy | None, instead_of: str, text: str) -> None:
    if before is None:
        if instead_of and not models.Policy.objects.filter(digest=instead_of, name=policy.name).exists():
            raise NotAllowed("A policy keeps its name: make a new one for another name")
        return
    if not changed_here(before.bundle.kind):
        raise NotAllowed(
            f"{policy.name} belongs to the bundle {before.bundle.name}, which is kept in {before.bundle.location}: propose the change there"
        )
    if not instead_of:
        raise NotAllowed(f"There is a policy {policy.name} already")
    if before.digest != instead_of:
        raise NotAllowed(
            f"Somebody has changed {policy.name} meanwhile: look at version {before.version}, and change that"
        )
    if before.digest == policy.digest and (before.text == text or not before.text):
        raise NotAllowed("Nothing is changed")


def _own(row: models.Bundle) -> list[Policy]:
    """Return the policies of a bundle that are in force, as they were examined."""
    digests = models.Policy.objects.filter(bundle=row, active=True).order_by("name").values_list("digest", flat=True)
    return [version(digest).policies[0] for digest in digests]
