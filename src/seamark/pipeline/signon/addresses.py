"""Whose mail address is whose."""

from __future__ import annotations

from allauth.account.models import EmailAddress

from seamark.store.models import User


def holders(address: str) -> list[User]:
    """Return who has an address, two at most: confirmed by a mail, or given by an administrator. A mere claim does not count."""
    rows = EmailAddress.objects.filter(email__iexact=address)
    verified, claimed = rows.filter(verified=True).values("user"), rows.filter(verified=False).values("user")
    people = User.objects.filter(pk__in=verified) | User.objects.filter(email__iexact=address).exclude(pk__in=claimed)
    return list(people.distinct()[:2])


def keep_given(user: User) -> None:
    """Keep an address that an administrator gave as a confirmed one: people themselves change theirs by a mail only."""
    if user.email and not EmailAddress.objects.filter(user=user).exists():
        EmailAddress.objects.create(user=user, email=user.email.lower(), verified=True, primary=True)
