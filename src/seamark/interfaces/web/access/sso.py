"""Single sign-on: which providers there are, and whom their word lets in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.account.signals import user_logged_in
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialAccount, SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import render

from seamark.pipeline.signon import groups, providers
from seamark.pipeline.signon.addresses import holders, keep_given
from seamark.pipeline.signon.audit import note
from seamark.pipeline.signon.model import OIDC, SAML, Provider
from seamark.store.models import User

_KINDS = {OIDC: "openid_connect", SAML: "saml"}


class SignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Providers come from the settings' file and from the database; secrets are unsealed here, and only here."""

    def list_apps(
        self,
        request: HttpRequest,  # noqa: ARG002 - the signature of the base
        provider: str | None = None,
        client_id: str | None = None,
    ) -> list[SocialApp]:
        """Return the providers in use, of a kind or slug and of a client."""
        usable = [one for one in providers.usable() if one.kind == OIDC or settings.SEAMARK_SAML]
        apps = [_app(one) for one in usable]
        return [
            app
            for app in apps
            if (not provider or provider in {app.provider, app.provider_id})
            and (not client_id or app.client_id == client_id)
        ]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Tell whether the provider may bring new people. Raises the page that refuses them."""
        found = providers.named(sociallogin.account.provider)
        address = next((one.email for one in sociallogin.email_addresses), "")
        if found is None or not found.creates_people or (address and holders(address)):
            note("login_failed", sociallogin.account.uid[:150], by=f"provider {sociallogin.account.provider}")
            raise ImmediateHttpResponse(
                render(request, "web/access/refused.html", {"reason": "unknown", "provider": found}, status=403)
            )
        return True

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: Any) -> bool:  # noqa: ARG002 - the signature of the base
        """Tell that no form is asked for: what the provider says is enough."""
        return True

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """Make somebody new, without any right, and record it."""
        user: User = super().save_user(request, sociallogin, form)
        note("person_created", user, after=user.get_username(), by=f"provider {sociallogin.account.provider}")
        return user

    def authenticate_by_email(self, sociallogin: Any) -> tuple[User, str] | None:
        """Return whose verified address it is, if the provider is trusted to say so and exactly one active person has it."""
        found = providers.named(sociallogin.account.provider)
        if found is None or not found.trusts_email:
            return None
        for told in sociallogin.email_addresses:
            found_people = holders(told.email) if told.verified else []
            if len(found_people) == 1 and found_people[0].is_active:
                keep_given(found_people[0])
                return found_people[0], told.email
        return None

    def is_email_verified(self, provider: Any, email: str) -> bool:
        """Tell whether an address counts as verified without the provider's word for each: with SAML, which has none."""
        found = providers.named(provider.app.provider_id)
        return bool(found and found.kind == SAML and found.trusts_email and email)

    def on_authentication_error(self, request: HttpRequest, provider: Any, **told: Any) -> None:  # noqa: ARG002 - the signature of the base
        """Record a login that failed at the provider."""
        problem = told.get("error") or type(told.get("exception")).__name__
        note("login_failed", "", by=f"provider {provider.app.provider_id}", problem=str(problem)[:100])

    def get_requests_session(self) -> Any:
        """Return a session that follows no redirect: a provider stands where its issuer says."""
        session = super().get_requests_session()
        session.max_redirects = 0
        return session


def _app(provider: Provider) -> SocialApp:
    app = SocialApp(provider=_KINDS[provider.kind], provider_id=provider.slug, name=provider.name)
    if provider.kind == OIDC:
        app.client_id, app.secret = provider.client_id, provider.secret
        app.settings = {"server_url": provider.address, "oauth_pkce_enabled": True}
        return app
    app.client_id = provider.slug
    app.settings = {
        "idp": {"entity_id": provider.entity_id, "sso_url": provider.address, "x509cert": provider.certificate},
        "advanced": {"want_assertion_signed": True, "strict": True, "allow_single_label_domains": True},
    }
    return app


class StrictAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """Checks what allauth leaves to TLS: the ID token's signature, and that both answers are of one person."""

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **told: Any) -> Any:
        """Return the login. Raises `OAuth2Error` where the provider's answers do not hold."""
        if not told["response"].get("id_token"):
            raise OAuth2Error("The provider sent no ID token")
        login = super().complete_login(request, app, token, **told)
        data = login.account.extra_data
        if "userinfo" in data and data["userinfo"].get("sub") != data["id_token"].get("sub"):
            raise OAuth2Error("The provider's answers speak of two people")
        return login

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        config = self.openid_config
        if config["issuer"].rstrip("/") != self.get_provider().app.settings["server_url"].rstrip("/"):
            raise OAuth2Error("The provider calls itself by another name")
        decoded: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=config["jwks_uri"],
            issuer=config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )
        return decoded


def claims_of(account: SocialAccount) -> dict[str, Any]:
    """Return what a provider said of a person: userinfo over ID token, or SAML's attributes."""
    data: Mapping[str, Any] = account.extra_data
    if "id_token" in data or "userinfo" in data:
        return {**data.get("id_token", {}), **data.get("userinfo", {})}
    return dict(data)


def join_groups(request: HttpRequest, user: User, sociallogin: Any = None, **_: Any) -> None:  # noqa: ARG001 - a signal's receiver
    """Put a person who comes from a provider into the groups that its claims name."""
    if sociallogin is not None and (found := providers.named(sociallogin.account.provider)) is not None:
        groups.follow(user, found, claims_of(sociallogin.account))


user_logged_in.connect(join_groups, dispatch_uid="seamark.join_groups")
