"""What people say about an application: the facts that weigh on every one of its issues."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.store.access import visible_to
from seamark.store.models import Application, Event, User
from seamark.store.models.inventory import Criticality
from seamark.store.models.people import Role

DESCRIBES = frozenset({Role.ANALYST, Role.ADMIN})
"""Roles that may say what an application is."""
EXPOSURES = {"": "not known", "internet": "internet", "partner": "partners", "internal": "internal", "none": "none"}
MOST_CLASSES = 20


@transaction.atomic
def describe(
    actor: User,
    application: Application,
    *,
    criticality: int,
    exposure: str,
    data_classes: Iterable[str],
    description: str,
) -> bool:
    """Set an application's facts and return whether its issues have to be scored anew. Raises `NotAllowed`."""
    if not visible_to(actor).may(DESCRIBES, application):
        raise NotAllowed(f"This needs one of the roles {', '.join(sorted(DESCRIBES))} on {application}")
    if criticality not in Criticality.values or exposure not in EXPOSURES:
        raise NotAllowed("Choose a criticality and an exposure from the lists")
    classes = sorted({name.strip().upper() for name in data_classes if name.strip()})
    if len(classes) > MOST_CLASSES or any(len(name) > 40 for name in classes):
        raise NotAllowed(f"At most {MOST_CLASSES} data classes, each of at most 40 characters")
    wanted = {
        "criticality": criticality,
        "exposure": exposure,
        "data_classes": classes,
        "description": description.strip(),
    }
    before = {name: getattr(application, name) for name in wanted if getattr(application, name) != wanted[name]}
    if not before:
        return False
    for name in before:
        setattr(application, name, wanted[name])
    application.origins = {**application.origins, **dict.fromkeys(before, f"said by {actor.get_username()}")}
    application.save(update_fields=[*before, "origins"])
    details = {"before": before, "after": {name: wanted[name] for name in before}}
    Event.objects.create(application=application, kind="described", details=details, actor=actor, at=timezone.now())
    return bool(before.keys() - {"description"})
