"""What django-allauth asks of us: about accounts, and about second factors."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import quote

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from seamark.interfaces.web.access.fresh import is_fresh
from seamark.pipeline.signon.emergency import may_log_in_here
from seamark.store.models import User
from seamark.store.secretbox import seal, unseal


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by administrators and providers; nobody signs up."""

    error_messages: ClassVar = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": gettext_lazy(
            "The name or the password is not right. The password distinguishes capital letters."
        ),
        "incorrect_password": gettext_lazy("The password is not right."),
        "too_many_login_attempts": gettext_lazy("Too many failed attempts. Wait five minutes and try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - the signature of the base
        """Tell that nobody signs up."""
        return False

    def pre_login(self, request: HttpRequest, user: User, **told: Any) -> HttpResponse | None:
        """Refuse whoever comes without single sign-on where only that lets people in, with a passkey too."""
        by_provider = "sociallogin" in (told.get("signal_kwargs") or {})
        if not by_provider and not may_log_in_here(user):
            return render(request, "web/access/refused.html", {"reason": "local"}, status=403)
        if user.is_service:
            return render(request, "web/access/refused.html", {"reason": "service"}, status=403)
        answer: HttpResponse | None = super().pre_login(request, user, **told)
        return answer

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:  # noqa: ARG002 - the signature of the base
        """Tell whether somebody has to prove anew to be there: one rule for allauth's pages and ours."""
        return not is_fresh(context.request)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link of a mail, at the public address where one is set: no Host header can turn it elsewhere."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        path = path.replace("UID-KEY", quote(key))
        if settings.SEAMARK_PUBLIC_URL:
            return str(settings.SEAMARK_PUBLIC_URL) + path
        return str(context.request.build_absolute_uri(path))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """Return the link that confirms an address, as above."""
        path = reverse("account_confirm_email", args=[emailconfirmation.key])
        if settings.SEAMARK_PUBLIC_URL:
            return str(settings.SEAMARK_PUBLIC_URL) + path
        return request.build_absolute_uri(path)


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keys of authenticator apps and recovery codes are sealed in the database."""

    def encrypt(self, text: str) -> str:
        """Return a secret as it is kept."""
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return a secret that was kept."""
        return unseal(encrypted_text)
