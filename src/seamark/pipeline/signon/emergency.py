"""Getting in when single sign-on does not work."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from seamark.governance.ledger.record import record
from seamark.pipeline.signon.audit import note
from seamark.store.models import EmergencyLogin, User


def may_log_in_here(user: User) -> bool:
    """Tell whether somebody may log in with a password or passkey of ours."""
    if settings.SEAMARK_LOCAL_LOGIN:
        return True
    return EmergencyLogin.objects.filter(user=user, until__gt=timezone.now()).exists()


@transaction.atomic
def open_for(user: User, hours: int) -> None:
    """Let somebody log in with a password for some hours, although that is switched off; on record."""
    until = timezone.now() + timedelta(hours=hours)
    EmergencyLogin.objects.update_or_create(user=user, defaults={"until": until})
    note("emergency_login", user, after=until.isoformat(timespec="seconds"))
    record("emergency-login", f"user {user.get_username()}", {"until": until})


@transaction.atomic
def close_for(user: User) -> None:
    """End somebody's exception, if there is one."""
    if EmergencyLogin.objects.filter(user=user).delete()[0]:
        note("emergency_login", user, before="open", after="closed")
        record("emergency-login", f"user {user.get_username()}", {"until": None})
