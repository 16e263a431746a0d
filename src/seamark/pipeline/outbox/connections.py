"""Services that take tickets and messages: made, changed, tried, and called."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from email.utils import parseaddr
from functools import lru_cache
from typing import Any, Final

import msgspec
from django.conf import settings as site
from django.db import transaction
from django.db.models import QuerySet
from msgspec.structs import replace

from seamark.core.errors import InvalidSetting, NotAllowed, RemoteFailure
from seamark.governance.access.changes import tell
from seamark.intake.connectors.caller import Caller
from seamark.intake.connectors.guard import Guarded
from seamark.pipeline.outbox.channels import channel_named
from seamark.response.actions.contract import Change, Channel, KnowsItself, KnowsPeople, Pressed, Role
from seamark.response.actions.door import door
from seamark.response.actions.email import Settings as MailSettings
from seamark.store.access import Visible, visible_to
from seamark.store.models import ChannelConnection, User
from seamark.store.permissions import Permission, needed
from seamark.store.secretbox import seal, unseal

RIGHT: Final = Permission.TOKEN_MANAGE
"""The right to manage connections, held on everything: their secrets are the installation's."""
OWNERS: Final = ("seamark", "far", "both")
FIELDS: Final[dict[str, str]] = {"status": "seamark", "assignee": "both", "priority": "seamark", "comments": "both"}
"""What is kept in step, each with who owns it unless said otherwise."""
MOST_A_MINUTE: Final = 6000
KEPT: Final = "·" * 8
"""What stands for a secret that is kept: sent back, it stays."""


def manages(seen: Visible) -> bool:
    """Tell whether somebody manages connections."""
    return seen.may(RIGHT)


def all_of(seen: Visible) -> QuerySet[ChannelConnection]:
    """Return the connections, for those who manage them."""
    return ChannelConnection.objects.all() if manages(seen) else ChannelConnection.objects.none()


def choosable(role: Role) -> QuerySet[ChannelConnection]:
    """Return the connections that people may send something through, by name. Whoever shows them tells no settings."""
    return ChannelConnection.objects.filter(role=role.value, active=True).order_by("name")


@transaction.atomic
def add(
    actor: User | None, name: str, channel: str, given: Mapping[str, Any], *, owns: Mapping[str, str] | None = None, commands: bool = False,
    rate: int = 60,
) -> ChannelConnection:  # fmt: skip
    """Keep a connection. `actor` is None for whoever holds the database. Raises `NotAllowed` with what is wrong."""
    _check_right(actor)
    kind = channel_named(channel)
    open_part, closed_part = _parted(kind, given)
    row = ChannelConnection(
        name=_name(name, None), channel=kind.name, role=kind.role.value, settings=open_part, secrets=_sealed(closed_part),
        owns=_owns(owns or {}), commands=commands, rate=_rate(rate), callback=secrets.token_urlsafe(32),
    )  # fmt: skip
    row.save()
    tell("connection", f"connection {row.name}", actor=actor, before=None, after=_state(row))
    return row


@transaction.atomic
def change(
    actor: User | None, row: ChannelConnection, *, name: str | None = None, given: Mapping[str, Any] | None = None,
    owns: Mapping[str, str] | None = None, commands: bool | None = None, rate: int | None = None, active: bool | None = None,
) -> None:  # fmt: skip
    """Change what is given. A secret that is left out or comes as `KEPT` stays, unless the address changes. Raises `NotAllowed`."""
    _check_right(actor)
    before = _state(row)
    if name is not None:
        row.name = _name(name, row)
    if given is not None:
        kind = channel_named(row.channel)
        open_part, closed_part = _parted(kind, _completed(kind, row, given))
        row.settings, row.secrets = open_part, _sealed(closed_part)
    row.owns = row.owns if owns is None else _owns(owns)
    row.commands = row.commands if commands is None else commands
    row.rate = row.rate if rate is None else _rate(rate)
    row.active = row.active if active is None else active
    row.save()
    tell("connection", f"connection {row.name}", actor=actor, before=before, after=_state(row))


@transaction.atomic
def remove(actor: User | None, row: ChannelConnection) -> None:
    """Remove a connection with its log. Tickets at the far side stay as they are. Raises `NotAllowed`."""
    _check_right(actor)
    tell("connection", f"connection {row.name}", actor=actor, before=_state(row), after=None)
    row.delete()


def resume(actor: User | None, row: ChannelConnection) -> None:
    """End a connection's pause: what waits is sent now. Raises `NotAllowed`."""
    _check_right(actor)
    ChannelConnection.objects.filter(pk=row.pk).update(paused_until=None, why_paused="", failures=0, pauses=0)
    row.acts.filter(state="queued", lease_until=None).update(due_at=row.created_at)


def settings_of(row: ChannelConnection) -> Any:
    """Return what a channel is called with, secrets and all. Raises `RemoteFailure` where it cannot be read."""
    kind = channel_named(row.channel)
    try:
        whole = {**row.settings, **msgspec.json.decode(unseal(row.secrets) or "{}")}
        told = msgspec.convert(whole, kind.settings, strict=False)
    except (InvalidSetting, msgspec.MsgspecError) as error:
        raise RemoteFailure(f"The settings of {row.name} cannot be read: {error}", permanent=True) from None
    return _mailed(told) if isinstance(told, MailSettings) else told


def _mailed(told: MailSettings) -> MailSettings:
    """Return settings of mail with what the installation knows: its own server where none is named, its sender, its page."""
    sender = told.sender or parseaddr(site.DEFAULT_FROM_EMAIL)[1]
    page = told.unsubscribe or (f"{site.SEAMARK_PUBLIC_URL}/account/messages/" if site.SEAMARK_PUBLIC_URL else "")
    if told.host:
        return replace(told, sender=sender, unsubscribe=page)
    if not site.SEAMARK_SENDS_MAIL:
        raise RemoteFailure("No mail server is named, neither here nor by SEAMARK_MAIL_URL", permanent=True)
    way = "tls" if site.EMAIL_USE_SSL else "starttls" if site.EMAIL_USE_TLS else "none"
    return replace(
        told, host=site.EMAIL_HOST, port=site.EMAIL_PORT, user=site.EMAIL_HOST_USER, password=site.EMAIL_HOST_PASSWORD, encryption=way,
        sender=sender, unsubscribe=page,
    )  # fmt: skip


def caller_of(row: ChannelConnection) -> tuple[Channel, Any, Caller]:
    """Return a connection's channel, its settings and a guarded caller, which whoever asks closes. Raises `RemoteFailure`."""
    kind, told = channel_named(row.channel), settings_of(row)
    return kind, told, kind.caller(told, _Way((*site.SEAMARK_INTERNAL_HOSTS, *_own_server(row, told))))


def _own_server(row: ChannelConnection, told: Any) -> tuple[str, ...]:
    """Return the installation's own mail server where that is used: whoever runs the installation named it, so it may stand in the own network."""
    own = isinstance(told, MailSettings) and not row.settings.get("host")
    return (f"{told.host}:{told.port}",) if own else ()


class _Way(Guarded):
    """The guard of calls, also for channels that speak no HTTP: they ask it for the address to connect to."""

    def __init__(self, internal: Collection[str]) -> None:
        super().__init__(internal)
        self._door = door(tuple(internal))

    def __call__(self, host: str, port: int) -> str:
        """Return the address of a host and port. Raises `RemoteFailure` for those that are refused."""
        return self._door(host, port)


def check(row: ChannelConnection) -> str:
    """Ask the far side whether the settings are right; return its sentence. Raises `RemoteFailure`."""
    kind, told, caller = caller_of(row)
    with caller:
        return kind.check(told, caller)


def fields_of(kind: Channel) -> list[tuple[str, bool, bool]]:
    """Return the fields of a channel's settings: name, whether it is needed, whether it is a secret."""
    return [(one.name, one.required, one.name in kind.secrets) for one in msgspec.structs.fields(kind.settings)]


def owner_of(row: ChannelConnection, field: str) -> str:
    """Return who owns a field of tickets: `seamark`, `far` or `both`."""
    return str(row.owns.get(field, FIELDS[field]))


def _parted(kind: Channel, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        whole = msgspec.to_builtins(msgspec.convert(dict(given), kind.settings, strict=False))
    except msgspec.ValidationError as error:
        raise NotAllowed(f"The settings do not fit {kind.title}: {error}") from None
    unknown = set(given) - {name for name, _, _ in fields_of(kind)}
    if unknown:
        raise NotAllowed(f"{kind.title} has no setting {min(unknown)!r}")
    closed = {name: value for name, value in whole.items() if name in kind.secrets}
    return {name: value for name, value in whole.items() if name not in closed}, closed


def _completed(kind: Channel, row: ChannelConnection, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with the secrets that are kept. Raises `NotAllowed` where a kept secret would go to another place."""
    wanted = {name: value for name, value in given.items() if name not in kind.secrets or value not in {KEPT, ""}}
    missing = kind.secrets - wanted.keys()
    kept = {name: value for name, value in msgspec.json.decode(unseal(row.secrets) or "{}").items() if name in missing}
    moved = any(
        wanted.get(name, value) != value
        for name, value in row.settings.items()
        if isinstance(value, str) and ("://" in value or name in {"url", "host", "server", "port", "address", "base"})
    )
    if moved and any(kept.values()):
        raise NotAllowed("Give the secrets again with the new address: those that are kept go nowhere else")
    return {**wanted, **kept}


def _sealed(closed: Mapping[str, Any]) -> str:
    return seal(msgspec.json.encode(closed).decode()) if closed else ""


def _state(row: ChannelConnection) -> dict[str, Any]:
    """Return a connection as the ledger has it: no secrets."""
    return {
        "channel": row.channel, "settings": row.settings, "owns": row.owns, "commands": row.commands, "rate": row.rate, "active": row.active,
    }  # fmt: skip


def _check_right(actor: User | None) -> None:
    if actor is not None and not visible_to(actor).may(RIGHT):
        raise NotAllowed(needed(RIGHT))


def _name(name: str, row: ChannelConnection | None) -> str:
    name = name.strip()
    others = ChannelConnection.objects.filter(name__iexact=name).exclude(pk=row.pk if row is not None else 0)
    if not name or len(name) > 100 or not name.isprintable() or others.exists():
        raise NotAllowed("A connection needs a name of at most 100 characters that no other has")
    return name


def _owns(given: Mapping[str, str]) -> dict[str, str]:
    wrong = {name: value for name, value in given.items() if name not in FIELDS or value not in OWNERS}
    if wrong:
        raise NotAllowed(
            f"{', '.join(FIELDS)} are owned by {', '.join(OWNERS)}; {next(iter(wrong.items()))} is neither"
        )
    return {**FIELDS, **given}


def _rate(rate: int) -> int:
    if not 1 <= rate <= MOST_A_MINUTE:
        raise NotAllowed(f"A connection takes 1 to {MOST_A_MINUTE:,} acts a minute")
    return rate


def called_back(
    secret: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> tuple[ChannelConnection, list[Any]] | None:
    """Return the connection of a call-back's address with what it says, None for an address of none.

    Raises `NotAllowed` where the signature is not good.
    """
    row = ChannelConnection.objects.filter(callback=secret, active=True).first()
    if row is None:
        return None
    found = channel_named(row.channel).verify(settings_of(row), headers, body, now.timestamp())
    return row, _known(row, found)


def _known(row: ChannelConnection, found: Sequence[Any]) -> list[Any]:
    """Return what a call-back says, with what the far side is asked for: which changes are our own, and the addresses of who pressed."""
    kind = channel_named(row.channel)
    own = ""
    if isinstance(kind, KnowsItself) and any(isinstance(one, Change) and one.author for one in found):
        own = _own_of(row)
    told: list[Any] = []
    for one in found:
        if isinstance(one, Change) and own and one.author == own:
            told.append(replace(one, own=True))
        elif isinstance(one, Pressed) and not one.user_email and isinstance(kind, KnowsPeople):
            told.append(replace(one, user_email=_email_of(row, one.user)))
        else:
            told.append(one)
    return told


def _own_of(row: ChannelConnection) -> str:
    """Return as whom a connection acts, asked once for its settings; empty where the far side does not say so now."""
    try:
        return _own(row.pk, row.channel, row.secrets, msgspec.json.encode(row.settings, order="sorted"))
    except RemoteFailure:
        return ""


@lru_cache(maxsize=256)
def _own(number: int, _channel: str, _secrets: str, _settings: bytes) -> str:
    kind, told, caller = caller_of(ChannelConnection.objects.get(pk=number))
    with caller:
        return kind.own(told, caller) if isinstance(kind, KnowsItself) else ""


def _email_of(row: ChannelConnection, user: str) -> str:
    """Return somebody's confirmed address by the far side; empty where it tells none, so that nothing is done in anybody's name."""
    try:
        kind, told, caller = caller_of(row)
        with caller:
            return kind.email_of(told, caller, user) if isinstance(kind, KnowsPeople) else ""
    except RemoteFailure:
        return ""
