"""The log-in, and the page on which people look after how they get in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.account.views import LoginView, PasswordResetView
from allauth.account.views import email as account_email
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.usersessions.internal.flows.sessions import end_other_sessions, end_sessions
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_POST

from seamark.interfaces.web.access.device import device_of
from seamark.interfaces.web.access.required import lacks_factor
from seamark.interfaces.web.access.sso import StrictAdapter
from seamark.interfaces.web.frame import person
from seamark.pipeline.signon import own, providers
from seamark.pipeline.signon.addresses import keep_given
from seamark.pipeline.signon.audit import note
from seamark.pipeline.signon.model import OIDC, Provider
from seamark.store.models import User

MOST_EVENTS = 20


def _shown_providers() -> list[Provider]:
    return [one for one in providers.usable() if one.kind == OIDC or settings.SEAMARK_SAML]


class LogInView(LoginView):  # type: ignore[misc]
    """Name and password, a passkey, or a provider; then the page that was asked for."""

    template_name = "web/login.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Take the field `username` too, which password managers and scripts know."""
        given: dict[str, Any] = super().get_form_kwargs()
        if given.get("data") and "username" in given["data"]:
            given["data"] = given["data"].copy()
            given["data"].setdefault("login", given["data"]["username"])
        return given

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        """Return what the page shows."""
        shown: dict[str, Any] = super().get_context_data(**more)
        return {
            **shown,
            "providers": _shown_providers(),
            "local": settings.SEAMARK_LOCAL_LOGIN,
            "mail": settings.SEAMARK_SENDS_MAIL,
        }


class ResetView(PasswordResetView):  # type: ignore[misc]
    """Asks for the address to which a link is sent, or says that no mail is sent here."""

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        """Return what the page shows."""
        return {
            **super().get_context_data(**more),
            "mail": settings.SEAMARK_SENDS_MAIL and settings.SEAMARK_LOCAL_LOGIN,
        }


def security(request: HttpRequest) -> HttpResponse:
    """Show factors, passkeys, sessions, links to providers and what happened lately."""
    who = person(request)
    factors = own.factors_of(who)
    by_type: dict[str, list[Authenticator]] = {}
    for one in factors:
        by_type.setdefault(one.type, []).append(one)
    linked = own.links_of(who)
    have = {one.provider for one in linked}
    shown = {
        "app": next(iter(by_type.get("totp", [])), None),
        "codes": next(iter(by_type.get("recovery_codes", [])), None),
        "passkeys": by_type.get("webauthn", []),
        "sessions": _sessions(request, who),
        "linked": linked,
        "linkable": [one for one in _shown_providers() if one.slug not in have],
        "lacking": lacks_factor(request, who),
        "happened": own.happened_to(who, KINDS, MOST_EVENTS),
        "kinds": KINDS,
    }
    return render(request, "web/access/security.html", shown)


KINDS = {
    "login": gettext_noop("Logged in"),
    "login_failed": gettext_noop("Log-in failed"),
    "logout": gettext_noop("Logged out"),
    "password_changed": gettext_noop("Password changed"),
    "password_reset": gettext_noop("Password reset by mail"),
    "email_changed": gettext_noop("Mail address changed"),
    "factor_added": gettext_noop("Factor added"),
    "factor_removed": gettext_noop("Factor removed"),
    "factor_reset": gettext_noop("Recovery codes made anew"),
    "link_added": gettext_noop("Linked to a provider"),
    "link_removed": gettext_noop("Link to a provider removed"),
    "groups_followed": gettext_noop("Groups changed by a provider"),
    "emergency_login": gettext_noop("Emergency log-in"),
    "session_ended": gettext_noop("Session ended"),
}
"""Kinds of events of one's own account, as people read them."""


def _sessions(request: HttpRequest, who: User) -> list[dict[str, Any]]:
    rows = own.sessions_of(who)
    current = request.session.session_key
    found = [{"row": row, "device": device_of(row.user_agent), "current": row.session_key == current} for row in rows]
    return sorted(found, key=lambda one: (not one["current"], -one["row"].last_seen_at.timestamp()))


def email(request: HttpRequest) -> HttpResponseBase:
    """Change the mail address: it counts once the link that is sent there was opened."""
    keep_given(person(request))
    answer: HttpResponseBase = account_email(request)
    return answer


def end_session(request: HttpRequest, number: int) -> HttpResponse:
    """Log one other session of one's own out."""
    row = get_object_or_404(UserSession, pk=number, user=person(request))
    current = row.session_key == request.session.session_key
    note("session_ended", person(request), actor=person(request), before=f"{device_of(row.user_agent)}, {row.ip}")
    end_sessions(request, [row])
    if current:
        return redirect("login")
    messages.success(request, gettext("The session is logged out."))
    return redirect("account-security")


def end_others(request: HttpRequest) -> HttpResponse:
    """Log all sessions out but this one."""
    who = person(request)
    note("session_ended", who, actor=who, before=gettext_noop("all other sessions"))
    end_other_sessions(request, who)
    messages.success(request, gettext("All other sessions are logged out."))
    return redirect("account-security")


def unlink(request: HttpRequest, number: int) -> HttpResponse:
    """Undo the link to a provider, unless it is the only way in."""
    who = person(request)
    account = get_object_or_404(SocialAccount, pk=number, user=who)
    if not (len(own.links_of(who)) > 1 or who.has_usable_password() or own.has_passkey(who)):
        messages.error(request, gettext("This link is the only way in: set up a passkey or a password first."))
        return redirect("account-security")
    note("link_removed", who, actor=who, before=f"{account.provider} {account.uid}")
    account.delete()
    messages.success(request, gettext("The link is removed."))
    return redirect("account-security")


@login_not_required
@require_POST
def leave_oidc(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Go to an OpenID Connect provider."""
    if (found := providers.named(provider_id)) is None or found.kind != OIDC:
        raise Http404
    return leaving(request, OAuth2LoginView.adapter_view(StrictAdapter(request, provider_id))(request), found)


@login_not_required
def return_oidc(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Come back from an OpenID Connect provider."""
    if (found := providers.named(provider_id)) is None or found.kind != OIDC:
        raise Http404
    answer: HttpResponseBase = OAuth2CallbackView.adapter_view(StrictAdapter(request, provider_id))(request)
    return answer


def leaving(request: HttpRequest, answer: HttpResponseBase, provider: Provider) -> HttpResponseBase:
    """Send the browser on by a page: the content security policy lets no form be redirected to another site."""
    target = answer.headers.get("Location", "")
    if urlsplit(target).netloc in {"", request.get_host()}:
        return answer
    return render(request, "web/access/leaving.html", {"target": target, "provider": provider})
