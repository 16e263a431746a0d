"""Forms for codes: guessing is counted as failed logins are, and no code is good twice."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from axes.handlers.proxy import AxesProxyHandler
from django import forms
from django.contrib.auth.signals import user_login_failed
from django.utils.translation import gettext

from seamark.pipeline.signon.codes import first_use


class _Counted(forms.Form):
    user: Any
    authenticator: Authenticator

    def clean_code(self) -> str:
        """Return the code. Raises `ValidationError` for a wrong or used one, and after too many."""
        who = {"username": self.user.get_username()}
        if not AxesProxyHandler.is_allowed(context.request, who):
            raise forms.ValidationError(
                gettext("Too many wrong codes. Wait a quarter of an hour, or ask an administrator.")
            )
        try:
            code: str = super().clean_code()  # type: ignore[misc]
            if not first_use(self.authenticator, code):
                raise forms.ValidationError(gettext("This code was used already. Wait for the next one."))
        except forms.ValidationError:
            user_login_failed.send(sender=__name__, credentials={**who, "factor": "code"}, request=context.request)
            raise
        return code


class FactorForm(_Counted, AuthenticateForm):  # type: ignore[misc]
    """The second step of logging in."""


class FactorAgainForm(_Counted, ReauthenticateForm):  # type: ignore[misc]
    """The confirmation before something dangerous."""
