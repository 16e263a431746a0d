"""The addresses under which people get in. The names are those that django-allauth asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.account import views as accounts
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as links
from django.conf import settings
from django.http import HttpResponseBase
from django.urls import URLPattern, path, re_path
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.generic import RedirectView

from seamark.interfaces.web.access import providers, views
from seamark.interfaces.web.access.fresh import fresh
from seamark.interfaces.web.frame import screen

View = Callable[..., HttpResponseBase]


def _get(route: str, view: View, name: str) -> URLPattern:
    return path(route, screen(require_GET(view)), name=name)


def _post(route: str, view: View, name: str) -> URLPattern:
    return path(route, screen(require_POST(view)), name=name)


def _form(route: str, view: View, name: str) -> URLPattern:
    return path(route, screen(require_http_methods(["GET", "POST"])(view)), name=name)


_log_in = views.LogInView.as_view()
_security = RedirectView.as_view(pattern_name="account-security")

urlpatterns: list[Any] = [
    _form("login/", _log_in, "login"),
    _form("login/", _log_in, "account_login"),
    _post("logout/", accounts.logout, "logout"),
    _post("logout/", accounts.logout, "account_logout"),
    _get("login/inactive/", accounts.account_inactive, "account_inactive"),
    _form("login/factor/", factors.authenticate, "mfa_authenticate"),
    _form("login/passkey/", passkeys.login_webauthn, "mfa_login_webauthn"),
    _form("login/again/", accounts.reauthenticate, "account_reauthenticate"),
    _form("login/again/factor/", factors.reauthenticate, "mfa_reauthenticate"),
    _form("login/again/passkey/", passkeys.reauthenticate_webauthn, "mfa_reauthenticate_webauthn"),
    _form("login/password/", views.ResetView.as_view(), "account_reset_password"),
    _get("login/password/sent/", accounts.password_reset_done, "account_reset_password_done"),
    re_path(
        r"^login/password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        screen(accounts.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    _get("login/password/done/", accounts.password_reset_from_key_done, "account_reset_password_from_key_done"),
    _form("account/email/", fresh(views.email), "account_email"),
    _get("account/email/sent/", accounts.email_verification_sent, "account_email_verification_sent"),
    re_path(r"^account/email/confirm/(?P<key>[-:\w]+)/$", screen(accounts.confirm_email), name="account_confirm_email"),
    _get("account/security/", views.security, "account-security"),
    path("account/security/factors/", _security, name="mfa_index"),
    path("account/security/passkeys/", _security, name="mfa_list_webauthn"),
    path("account/security/links/", _security, name="socialaccount_connections"),
    path("account/security/sessions/", _security, name="usersessions_list"),
    _post("account/security/sessions/<int:number>/end/", views.end_session, "end-session"),
    _post("account/security/sessions/end/", views.end_others, "end-other-sessions"),
    _post("account/security/links/<int:number>/remove/", fresh(views.unlink), "unlink"),
    _form("account/security/app/", fresh(totp.activate_totp), "mfa_activate_totp"),
    _form("account/security/app/remove/", fresh(totp.deactivate_totp), "mfa_deactivate_totp"),
    _get("account/security/codes/", fresh(codes.view_recovery_codes), "mfa_view_recovery_codes"),
    _form("account/security/codes/new/", fresh(codes.generate_recovery_codes), "mfa_generate_recovery_codes"),
    _get("account/security/codes/file/", fresh(codes.download_recovery_codes), "mfa_download_recovery_codes"),
    _form("account/security/passkeys/new/", fresh(passkeys.add_webauthn), "mfa_add_webauthn"),
    _form("account/security/passkeys/<int:pk>/", fresh(passkeys.edit_webauthn), "mfa_edit_webauthn"),
    _form("account/security/passkeys/<int:pk>/remove/", fresh(passkeys.remove_webauthn), "mfa_remove_webauthn"),
    _get("sso/cancelled/", links.login_cancelled, "socialaccount_login_cancelled"),
    _get("sso/error/", links.login_error, "socialaccount_login_error"),
    _post("sso/<slug:provider_id>/login/", views.leave_oidc, "openid_connect_login"),
    _get("sso/<slug:provider_id>/return/", views.return_oidc, "openid_connect_callback"),
    _get("administration/sso/", providers.show, "sign-ons"),
    _form("administration/sso/new/", fresh(providers.add), "sign-on-new"),
    _form("administration/sso/<slug:slug>/", fresh(providers.edit), "sign-on"),
    _post("administration/sso/<slug:slug>/remove/", fresh(providers.remove), "sign-on-remove"),
]

if settings.SEAMARK_SAML:
    from allauth.socialaccount.providers.saml import views as allauth_saml

    from seamark.interfaces.web.access import saml

    urlpatterns += [
        path("sso/saml/<slug:organization_slug>/login/", screen(saml.leave), name="saml_login"),
        path("sso/saml/<slug:organization_slug>/acs/", screen(saml.take), name="saml_acs"),
        path("sso/saml/<slug:organization_slug>/acs/finish/", screen(saml.finish), name="saml_finish_acs"),
        path("sso/saml/<slug:organization_slug>/sls/", screen(allauth_saml.sls), name="saml_sls"),
        _get("sso/saml/<slug:organization_slug>/metadata/", allauth_saml.metadata, "saml_metadata"),
    ]
