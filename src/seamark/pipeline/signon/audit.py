"""What happens around logging in, as events of the platform."""

from __future__ import annotations

from django.utils import timezone

from seamark.store.models import Event, User


def note(kind: str, subject: User | str, *, actor: User | None = None, **told: object) -> None:
    """Keep what happened to whom: `before`, `after`, `by`, `address` … as `told`; empty ones are left out.

    `actor` is who did it, None for a stranger, a provider or whoever holds the database.
    """
    name = subject.get_username() if isinstance(subject, User) else subject
    details = {"person": name, **{key: value for key, value in told.items() if value is not None and value != ""}}
    Event.objects.create(kind=kind, actor=actor, at=timezone.now(), details=details)
