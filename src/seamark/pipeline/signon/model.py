"""A provider of single sign-on as a value, wherever it is kept, and the rules that each has to meet."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from urllib.parse import urlsplit

import msgspec

from seamark.core.errors import InvalidSetting

OIDC, SAML = "oidc", "saml"
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class Provider(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where people log in. The fields are those of `store.models.SignOn`; `secret` is in the clear."""

    slug: str
    kind: str
    address: str
    name: str = ""
    client_id: str = ""
    secret: str = ""
    entity_id: str = ""
    certificate: str = ""
    trusts_email: bool = False
    creates_people: bool = False
    trusts_second_factor: bool = False
    groups_claim: str = "groups"
    groups: dict[str, str] = {}
    enabled: bool = True
    declared: bool = False
    """Whether it comes from the settings' file, where alone it can be changed."""


def checked(provider: Provider) -> Provider:
    """Return a provider with its name and certificate in order. Raises `InvalidSetting`, naming what is wrong."""
    if not _SLUG.fullmatch(provider.slug) or provider.slug == SAML:
        raise InvalidSetting(
            f"{provider.slug[:60]!r} cannot name a provider: small letters, digits and hyphens, 40 at most"
        )
    if provider.kind not in {OIDC, SAML}:
        raise InvalidSetting(f"{provider.slug}: the kind is {provider.kind!r}; kinds are oidc and saml")
    _check_address(provider)
    if provider.kind == OIDC and not provider.client_id:
        raise InvalidSetting(f"{provider.slug}: OpenID Connect needs a client_id")
    certificate = provider.certificate
    if provider.kind == SAML:
        if not provider.entity_id:
            raise InvalidSetting(f"{provider.slug}: SAML needs the provider's entity_id")
        certificate = _bare(provider)
    return msgspec.structs.replace(provider, name=provider.name or provider.slug, certificate=certificate)


def _check_address(provider: Provider) -> None:
    parts = urlsplit(provider.address)
    if parts.scheme == "https" and parts.hostname and not parts.username:
        return
    if parts.scheme == "http" and _loopback(parts.hostname or ""):
        return
    raise InvalidSetting(f"{provider.slug}: the address must start with https://")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bare(provider: Provider) -> str:
    """Return a certificate without head, foot and line breaks."""
    text = re.sub(r"-----(BEGIN|END) CERTIFICATE-----|\s", "", provider.certificate)
    try:
        if len(base64.b64decode(text, validate=True)) > 100:
            return text
    except binascii.Error:
        pass
    raise InvalidSetting(f"{provider.slug}: the certificate must be PEM, or the base64 text of one")
