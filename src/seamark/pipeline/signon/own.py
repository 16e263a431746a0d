"""What belongs to one person's way in: factors, links to providers, sessions, and what happened to them."""

from __future__ import annotations

from collections.abc import Collection

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db.models import Q
from django.http import HttpRequest

from seamark.store.models import Event, Grant, User

STRONG = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""Factors that count as a second one; recovery codes come with these only."""


def factors_of(user: User) -> list[Authenticator]:
    """Return a person's factors, passkeys and recovery codes included, by type and age."""
    return list(Authenticator.objects.filter(user=user).order_by("type", "created_at"))


def has_factor(user: User) -> bool:
    """Tell whether a person has a second factor."""
    return bool(Authenticator.objects.filter(user=user, type__in=STRONG).exists())


def has_passkey(user: User) -> bool:
    """Tell whether a person has a passkey or a security key."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).exists())


def roles_of(user: User) -> set[str]:
    """Return the roles that a person holds on anything, directly or by a group."""
    held = Grant.objects.filter(Q(user=user) | Q(group__members=user))
    return set(held.values_list("role", flat=True).distinct())


def links_of(user: User) -> list[SocialAccount]:
    """Return what links a person to providers."""
    return list(SocialAccount.objects.filter(user=user).order_by("provider", "pk"))


def sessions_of(user: User) -> list[UserSession]:
    """Return the sessions that are still good; the others are forgotten."""
    return list(UserSession.objects.purge_and_list(user))


def note_session(request: HttpRequest) -> None:
    """Note that a request's session is in use now, from where and with what."""
    UserSession.objects.create_from_request(request)


def happened_to(user: User, kinds: Collection[str], limit: int) -> list[Event]:
    """Return the latest events of some kinds that speak of a person, newest first."""
    about = Event.objects.filter(issue=None, kind__in=list(kinds), details__person=user.get_username())
    return list(about.order_by("-id")[:limit])
