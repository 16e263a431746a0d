"""Who asks, and for what: a token with its scopes, or the session of somebody who is logged in."""

from __future__ import annotations

from functools import cached_property
from typing import cast

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from seamark.interfaces.api.problems import Refusal
from seamark.pipeline.people import SCOPES, live_token
from seamark.store.access import Visible, visible_to
from seamark.store.models import User

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_OVERHEAD = 1024 * 1024
"""What the form around a report may add to a request's length."""


class Actor:
    """A person, and what the token in use may do of what the person may do."""

    def __init__(self, person: User, scopes: frozenset[str]) -> None:
        self.person = person
        self.scopes = scopes

    @cached_property
    def seen(self) -> Visible:
        """Return what the person may see, with the grants read once a request."""
        return visible_to(self.person)


def actor_of(request: HttpRequest) -> Actor:
    """Return who asks; every endpoint but the open ones has somebody."""
    return cast("Actor", request.auth)  # type: ignore[attr-defined]


class Token(AuthBase):
    """A token of the account page, with at least one of the endpoint's scopes."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "A token of your account page. Its scopes limit what it may do."

    def __init__(self, *scopes: str) -> None:
        super().__init__()
        self.scopes = scopes

    def __call__(self, request: HttpRequest) -> Actor | None:
        """Return the token's person. Raises `Refusal` for a token that is no good, so that no session steps in for it."""
        header = request.headers.get("Authorization")
        if header is None:
            return None
        _check_length(request)
        scheme, _, text = header.partition(" ")
        token = live_token(text.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            challenge = 'Bearer realm="Seamark", error="invalid_token"'
            raise Refusal(401, "The token is wrong, expired or revoked", headers={"WWW-Authenticate": challenge})
        held = frozenset(token.scopes)
        if not held.intersection(self.scopes):
            wanted = " or ".join(self.scopes)
            challenge = f'Bearer realm="Seamark", error="insufficient_scope", scope="{" ".join(self.scopes)}"'
            raise Refusal(403, f"This needs a token with the scope {wanted}", headers={"WWW-Authenticate": challenge})
        return Actor(token.user, held)


class Session(AuthBase):
    """The session of the web interface; what changes something needs its CSRF token too."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = settings.SESSION_COOKIE_NAME
    openapi_description = "The session of the web interface; requests that change something send X-CSRFToken too."
    csrf = True

    def __init__(self, *scopes: str) -> None:
        super().__init__()
        self.scopes = scopes

    def __call__(self, request: HttpRequest) -> Actor | None:
        """Return who is logged in. Raises `Refusal` where a change may have been forged."""
        person = request.user
        if not isinstance(person, User) or not person.is_active:
            return None
        _check_length(request)
        if request.method not in SAFE and check_csrf(request) is not None:
            raise Refusal(403, "The CSRF token is missing or wrong: send X-CSRFToken, or use an API token")
        # As on the pages: whoever finds an open browser makes no token and gives no role with it.
        if (
            request.method not in SAFE
            and "admin" in self.scopes
            and get_adapter().is_reauthentication_required(app="account")
        ):
            raise Refusal(
                403, "Log in again first: this takes a proof from the last minutes, or an API token", type="proof"
            )
        return Actor(person, frozenset(SCOPES))


def _check_length(request: HttpRequest) -> None:
    """Refuse what is too large before anything reads the body, the check against forged requests included."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > settings.SEAMARK_UPLOAD_LIMIT + FORM_OVERHEAD:
        raise too_large()


def too_large() -> Refusal:
    """Return the refusal of a report that is over the limit."""
    limit = settings.SEAMARK_UPLOAD_LIMIT // (1024 * 1024)
    return Refusal(
        413, f"The report is larger than {limit:,} MB; split it, or raise SEAMARK_UPLOAD_LIMIT", type="too-large"
    )


def _either(*scopes: str) -> list[AuthBase]:
    return [Token(*scopes), Session(*scopes)]


READ = _either("read")
IMPORT = _either("import")
READ_OR_IMPORT = _either("read", "import")
WRITE = _either("write")
ADMIN = _either("admin")
GATE = _either("import", "gate")
READ_OR_GATE = _either("read", "import", "gate")
