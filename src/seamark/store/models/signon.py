"""Ways in that are not a password of ours, and the exception for emergencies."""

from __future__ import annotations

from django.db import models

from seamark.store.models.people import User


class SignOn(models.Model):
    """A provider at which people log in: OpenID Connect or SAML."""

    slug = models.SlugField(max_length=40, unique=True)
    """Its name in addresses; logins are tied to it, so that it never changes."""
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=4)
    """`oidc` or `saml`."""
    address = models.CharField(max_length=500)
    """The issuer (OIDC), or where the browser is sent (SAML)."""
    client_id = models.CharField(max_length=300, blank=True, default="")
    sealed_secret = models.TextField(blank=True, default="")
    """The client's secret, see `store.secretbox`."""
    entity_id = models.CharField(max_length=500, blank=True, default="")
    """How the SAML provider calls itself."""
    certificate = models.TextField(blank=True, default="")
    """What the SAML provider signs with: base64 of DER, without its head and foot."""
    trusts_email = models.BooleanField(default=False)
    """Whether its word that an address is verified finds the person of that address."""
    creates_people = models.BooleanField(default=False)
    """Whether somebody unknown is made a person, without any right."""
    trusts_second_factor = models.BooleanField(default=False)
    """Whether it asks for a second factor itself."""
    groups_claim = models.CharField(max_length=200, blank=True, default="groups")
    groups = models.JSONField(default=dict)
    """Value of that claim → name of a group of ours."""
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)


class EmergencyLogin(models.Model):
    """Somebody may log in with a password although that is switched off, for a while."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="emergency")
    until = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
