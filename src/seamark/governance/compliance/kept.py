"""The frameworks that there are: those of the product, and those that this installation brought."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache

from django.db import transaction
from django.utils import timezone

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.access.places import check_right
from seamark.governance.compliance.check import checks
from seamark.governance.compliance.crosswalk import matches
from seamark.governance.compliance.framework import Control, Framework, InvalidFramework, read, shipped
from seamark.governance.ledger.attested import row_of
from seamark.governance.ledger.record import record
from seamark.store.models import ComplianceFramework, User
from seamark.store.permissions import Permission

MOST: int = 50
"""Frameworks of its own that an installation may have."""


@lru_cache(maxsize=64)
def _compiled(text: str) -> Framework:
    return read(text, checks().keys())


def frameworks() -> dict[str, Framework]:
    """Return all frameworks in force by name: the product's first, each in the order of its name."""
    rows = ComplianceFramework.objects.filter(active=True).order_by("name").values_list("text", flat=True)
    own = [_compiled(text) for text in rows]
    return {**shipped(), **{one.name: one for one in own}}


def framework(name: str) -> Framework:
    """Return a framework by its name. Raises `NotFound`."""
    found = shipped().get(name)
    if found is None:
        row = ComplianceFramework.objects.filter(name=name, active=True).first()
        found = _compiled(row.text) if row is not None else None
    if found is None:
        raise NotFound(f"There is no framework {name!r}", hint=f"there are {', '.join(frameworks())}")
    return found


def control(name: str, number: str) -> tuple[Framework, Control]:
    """Return a framework and one of its controls. Raises `NotFound`."""
    found = framework(name)
    if number not in found.controls:
        raise NotFound(f"{found.title} has no control {number!r}")
    return found, found.controls[number]


def crosswalk() -> Mapping[str, tuple[str, ...]]:
    """Return for each control, as `framework/control`, those of other frameworks that ask for the same. It is symmetric."""
    return matches(tuple(frameworks().values()))


@transaction.atomic
def upload(actor: User | None, text: str) -> ComplianceFramework:
    """Take over a framework of one's own, or a new version of it; the version before stays for packs of its time.

    Raises `InvalidFramework`, and `NotAllowed` without `policy.edit` on everything or for the name of one of the product's.
    """
    check_right(actor, Permission.POLICY_EDIT)
    found = read(text, checks().keys())
    if found.name in shipped():
        raise NotAllowed(f"{found.name} comes with the product; give yours another name")
    known = frameworks()
    for one in found.controls.values():
        for other in one.like:
            name, _, number = other.partition("/")
            if name not in known and name != found.name:
                raise InvalidFramework(f"{one.id}: there is no framework {name[:60]!r}")
            if number not in (known[name] if name != found.name else found).controls:
                raise InvalidFramework(f"{one.id}: {name} has no control {number[:60]!r}")
    before = ComplianceFramework.objects.select_for_update().filter(name=found.name).order_by("-version").first()
    if before is None and len(known) - len(shipped()) >= MOST:
        raise NotAllowed(f"An installation has at most {MOST} frameworks of its own")
    digest = hashlib.sha256(text.encode()).hexdigest()
    if before is not None and before.active and before.digest == digest:
        return before
    ComplianceFramework.objects.filter(name=found.name, active=True).update(active=False)
    row = ComplianceFramework.objects.create(
        name=found.name, version=before.version + 1 if before else 1, digest=digest, text=text, author=actor, created_at=timezone.now()
    )  # fmt: skip
    told = {"version": row.version, "digest": digest, "controls": len(found.controls), "in_force": True}
    record(
        "framework",
        f"framework {row.name}",
        told,
        actor=actor,
        rows=[row_of(row)],
    )
    return row


@transaction.atomic
def retire(actor: User | None, name: str) -> ComplianceFramework:
    """Take a framework of one's own out of use; its versions stay. Raises `NotAllowed` and `NotFound`."""
    check_right(actor, Permission.POLICY_EDIT)
    row = ComplianceFramework.objects.select_for_update().filter(name=name, active=True).first()
    if row is None:
        raise NotFound(f"There is no framework of your own named {name!r}")
    row.active = False
    row.save(update_fields=["active"])
    record("framework", f"framework {row.name}", {"version": row.version, "in_force": False}, actor=actor)
    return row
