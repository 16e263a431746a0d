"""What tests of logging in need: a fresh proof, codes of an authenticator app."""

from __future__ import annotations

import time

from allauth.account.internal.userkit import user_id_to_str
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from seamark.store.models import User


def prove(client: Client, person: User, *, ago: int = 0) -> None:
    """Let a client that was logged in without the page look as if its password had been asked for, `ago` seconds before."""
    session = client.session
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time() - ago, "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = user_id_to_str(person)
    session.save()


def code_of(secret: str, *, steps: int = 0) -> str:
    """Return what the app shows for a secret, now or some steps of 30 seconds away."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))
