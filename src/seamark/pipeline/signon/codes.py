"""Codes of authenticator apps are good once, on whichever process they arrive."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from django.db import transaction


@transaction.atomic
def first_use(authenticator: Authenticator, code: str) -> bool:
    """Note the time step of a right code; tell whether it is later than that of the last one. Other factors see to it themselves."""
    if authenticator.type != Authenticator.Type.TOTP:
        return True
    row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
    secret = decrypt(row.data["secret"])
    given = code.strip().replace(" ", "")
    later = [
        step
        for step in totp.yield_hotp_counters_from_time()
        if step > row.data.get("step", 0) and totp.format_hotp_value(totp.hotp_value(secret, step)) == given
    ]
    if not later:
        return False
    row.data = {**row.data, "step": later[0]}
    row.save(update_fields=["data"])
    return True
