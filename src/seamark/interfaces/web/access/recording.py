"""Logins, failures, factors and links to providers are events."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as accounts
from allauth.mfa import signals as factors
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as links
from axes.helpers import get_client_ip_address
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.http import HttpRequest

from seamark.interfaces.web.access import required, seen
from seamark.pipeline.signon.audit import note
from seamark.store.models import User

WORDS = {"totp": "authenticator app", "webauthn": "passkey", "recovery_codes": "recovery codes"}


def listen() -> None:
    """Connect everything; a second call changes nothing."""
    pairs = [
        (accounts.user_logged_in, _logged_in),
        (user_login_failed, _failed),
        (user_logged_out, _logged_out),
        (accounts.password_changed, _password),
        (accounts.password_set, _password),
        (accounts.password_reset, _password_reset),
        (accounts.email_changed, _email),
        (factors.authenticator_added, _factor_added),
        (factors.authenticator_removed, _factor_removed),
        (factors.authenticator_reset, _factor_reset),
        (links.social_account_added, _linked),
        (links.social_account_removed, _unlinked),
    ]
    for signal, receiver in pairs:
        signal.connect(receiver, dispatch_uid=f"seamark.{receiver.__name__}.{id(signal)}")


def _place(request: HttpRequest | None) -> dict[str, str]:
    if request is None:
        return {}
    return {"address": get_client_ip_address(request) or "", "device": request.META.get("HTTP_USER_AGENT", "")[:200]}


def _logged_in(request: HttpRequest, user: User, sociallogin: Any = None, **_: Any) -> None:
    seen.start(request)
    by = f"provider {sociallogin.account.provider}" if sociallogin is not None else _method(request)
    note("login", user, actor=user, by=by, **_place(request))


def _method(request: HttpRequest) -> str:
    proofs = request.session.get("account_authentication_methods") or []
    ways = [WORDS.get(one.get("type", ""), one.get("method", "")) for one in proofs]
    return " and ".join(dict.fromkeys(ways)) or "password"


def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    name = str(credentials.get("username") or credentials.get("email") or "")[:150]
    note("login_failed", name, actor=None, by=str(credentials.get("factor", "password")), **_place(request))


def _logged_out(request: HttpRequest | None, user: User | None, **_: Any) -> None:
    if isinstance(user, User):
        note("logout", user, actor=user, **_place(request))


def _password(request: HttpRequest, user: User, **_: Any) -> None:
    note("password_changed", user, actor=user, **_place(request))


def _password_reset(request: HttpRequest, user: User, **_: Any) -> None:
    note("password_reset", user, actor=user, by="mail", **_place(request))


def _email(request: HttpRequest, user: User, from_email_address: Any, to_email_address: Any, **_: Any) -> None:
    before = from_email_address.email if from_email_address else None
    note("email_changed", user, actor=user, before=before, after=to_email_address.email, **_place(request))


def _factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    required.forget(request)
    note("factor_added", user, actor=user, after=_described(authenticator), **_place(request))


def _factor_removed(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    required.forget(request)
    note("factor_removed", user, actor=user, before=_described(authenticator), **_place(request))


def _factor_reset(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    note("factor_reset", user, actor=user, after=_described(authenticator), **_place(request))


def _described(authenticator: Authenticator) -> str:
    name = authenticator.data.get("name") if isinstance(authenticator.data, dict) else ""
    word = WORDS.get(authenticator.type, authenticator.type)
    return f"{word} {name}" if name else word


def _linked(request: HttpRequest, sociallogin: Any, **_: Any) -> None:
    account = sociallogin.account
    note("link_added", account.user, actor=account.user, after=f"{account.provider} {account.uid}", **_place(request))


def _unlinked(request: HttpRequest, socialaccount: Any, **_: Any) -> None:
    who = socialaccount.user
    note("link_removed", who, actor=who, before=f"{socialaccount.provider} {socialaccount.uid}", **_place(request))
