"""Mails by SMTP: plain text and HTML, and the same mail when it is sent again.

The `Message-ID` comes from the key, so mail programs and servers that know it show one sent twice once. What `caller` gets as `transport` is a door
(`actions.door`), for SMTP is no HTTP; without one, only servers outside the own network are reached.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, Final

from msgspec import Struct

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.caller import Caller
from seamark.response.actions.contract import Act, Change, Done, Message, Role
from seamark.response.actions.door import Door, door_of
from seamark.response.actions.marking import digest
from seamark.response.actions.messages import demand_message, no_callbacks
from seamark.response.actions.rendering.document import line, link
from seamark.response.actions.rendering.writers import Html, Mail

_TEXT: Final = 200_000
_TIMEOUT: Final = 20.0
_ADDRESS: Final = re.compile(
    r"(?!.*=\?)[^\s<>()\[\],;:\\\"@\x00-\x1f\x7f]{1,64}@[^\s<>()\[\],;:\\\"@\x00-\x1f\x7f]{1,255}"
)
_ID: Final = re.compile(r"<[A-Za-z0-9.@_-]{3,200}>")


class Settings(Struct, frozen=True, kw_only=True):
    """A server that mails are submitted to."""

    host: str = ""
    """Empty for the installation's own server, which the outbox knows."""
    port: int = 587
    user: str = ""
    password: str = ""
    encryption: str = "starttls"
    """`starttls`, `tls` (from the beginning) or `none`."""
    sender: str = ""
    """Address of the sender, such as `seamark@example.org`; empty for the installation's own."""
    sender_name: str = "Seamark"
    to: str = ""
    """Where mails go that name nobody."""
    unsubscribe: str = ""
    """Page on which people choose what they get."""


class Mailer(Caller):
    """Reaches the mail server: a caller without HTTP."""

    def __init__(self, settings: Settings, way: Door) -> None:
        super().__init__("https://mail.invalid", {}, name="the mail server", attempts=1)
        self._settings, self._way = settings, way

    def connect(self) -> smtplib.SMTP:
        """Return a connection that is encrypted and authorised as the settings say. Raises `RemoteFailure`."""
        settings = self._settings
        context = ssl.create_default_context()
        address = self._way(settings.host, settings.port)
        if settings.encryption == "tls":
            server: smtplib.SMTP = _Encrypted(address, settings, context)
        else:
            server = _Plain(address, settings)
        try:
            if settings.encryption == "starttls":
                server.starttls(context=context)
            if settings.user:
                server.login(settings.user, settings.password)
        except BaseException:
            server.close()
            raise
        return server


class _Plain(smtplib.SMTP):
    """Connects to the address that was let through, under the name that its certificate has."""

    def __init__(self, address: str, settings: Settings) -> None:
        self._address = address
        super().__init__(settings.host, settings.port, timeout=_TIMEOUT)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002 - smtplib's own
        return socket.create_connection((self._address, port), timeout)


class _Encrypted(smtplib.SMTP_SSL):
    """The same, encrypted from the beginning."""

    def __init__(self, address: str, settings: Settings, context: ssl.SSLContext) -> None:
        self._address, self._trust = address, context
        super().__init__(settings.host, settings.port, timeout=_TIMEOUT, context=context)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._trust.wrap_socket(socket.create_connection((self._address, port), timeout), server_hostname=host)


class Email:
    """The channel."""

    name, title, role = "email", "E-mail", Role.MESSAGE
    settings: type[Struct] = Settings
    secrets = frozenset({"password"})

    def caller(self, settings: Settings, transport: Any = None) -> Caller:
        """Return a mailer. `transport` is a door."""
        return Mailer(settings, door_of(transport))

    def check(self, settings: Settings, caller: Caller) -> str:
        """Say that the server takes our name and the sender."""
        with _Told(), _connected(caller) as server:
            server.ehlo_or_helo_if_needed()
            code, words = server.mail(_sender(settings))
        if code != 250:
            raise _refused(code, words)
        return f"By {settings.host}, as {_sender(settings)}"

    def perform(self, act: Act, settings: Settings, caller: Caller) -> Done:
        """Send a mail; `reference` is its Message-ID."""
        message = demand_message(act, "E-mail")
        mail = written(message, settings, act.key, act.reference)
        with _Told(), _connected(caller) as server:
            server.send_message(mail, from_addr=_sender(settings), to_addrs=[_to(message, settings)])
        return Done(reference=str(mail["Message-ID"]))

    def changes(self, settings: Settings, caller: Caller, references: tuple[str, ...], since: str) -> list[Change]:  # noqa: ARG002
        """Return nothing: mails have no states."""
        return []

    def verify(self, settings: Settings, headers: Mapping[str, str], body: bytes, now: float) -> list[Any]:  # noqa: ARG002
        """Refuse: mails call nobody back."""
        no_callbacks("E-mail")


def written(message: Message, settings: Settings, key: str, first: str = "") -> EmailMessage:
    """Return a mail. `first` is the Message-ID of the mail that began its thread. Raises `RemoteFailure` for addresses that are none."""
    sender = _sender(settings)
    domain = sender.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    try:
        mail["From"] = Address(display_name=_phrase(settings.sender_name, 100), addr_spec=sender)
        mail["To"] = Address(addr_spec=_to(message, settings))
        mail["Subject"] = _phrase(message.title, 200)
        mail["Message-ID"] = f"<{digest(key)}@{domain if domain.isascii() else 'seamark.invalid'}>"
    except (ValueError, MessageError, IndexError):
        raise RemoteFailure("The address of the sender or the receiver is none", permanent=True) from None
    if _ID.fullmatch(first):
        mail["In-Reply-To"] = mail["References"] = first
    # What answers by itself, answers no mail of a program.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    page = link(settings.unsubscribe)
    if page.isascii() and page:
        mail["List-Unsubscribe"] = f"<{page.replace('=?', '=%3F')}>"
    if message.urgent:
        mail["Importance"] = "high"
    mail.set_content(_plain(message, page))
    mail.add_alternative(_html(message, page), subtype="html")
    # A boundary by chance would make another mail of the same key.
    mail.set_boundary(f"=-{digest(key)}")
    return mail


def _plain(message: Message, page: str) -> str:
    parts = [Mail().write(message.text, _TEXT)]
    if message.facts:
        parts.append("\n".join(f"{line(name, 100)}: {line(value, 1000)}" for name, value in message.facts))
    if address := link(message.url):
        parts.append(f"In Seamark: {address}")
    if page:
        parts.append(f"--\nWhat you get by mail: {page}")
    return "\n\n".join(parts) + "\n"


def _html(message: Message, page: str) -> str:
    out = Html()
    parts = [f"<h2>{out.escape(line(message.title, 200))}</h2>", out.write(message.text, _TEXT)]
    if message.facts:
        rows = "".join(
            f'<tr><th align="left">{out.escape(line(name, 100))}</th><td>{out.escape(line(value, 1000))}</td></tr>'
            for name, value in message.facts
        )
        parts.append(f'<table cellpadding="4">{rows}</table>')
    if address := link(message.url):
        parts.append(f"<p>{out.anchor('Open in Seamark', address)}</p>")
    if page:
        parts.append(f"<p><small>{out.anchor('What you get by mail', page)}</small></p>")
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    return f"<!DOCTYPE html><html><head>{head}</head><body>{''.join(parts)}</body></html>\n"


class _Told:
    """Turns what goes wrong with a mail server into a `RemoteFailure`: replies of 4xx pass, those of 5xx last."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            code, words = next(iter(error.recipients.values()), (550, b""))
            raise _refused(code, words) from None
        if isinstance(error, smtplib.SMTPResponseException):
            raise _refused(error.smtp_code, error.smtp_error) from None
        if isinstance(error, smtplib.SMTPNotSupportedError):
            raise RemoteFailure(f"The mail server cannot do what is asked ({error})", permanent=True) from None
        if isinstance(error, ssl.SSLCertVerificationError):
            raise RemoteFailure(
                f"The mail server's certificate is not trusted ({error.verify_message})", permanent=True
            ) from None
        if isinstance(error, smtplib.SMTPException | OSError):
            said = str(error) or type(error).__name__
            raise RemoteFailure(f"The mail server does not answer ({said[:200]})", permanent=False) from None


def _refused(code: int, words: bytes | str) -> RemoteFailure:
    said = line(words.decode("utf-8", "replace") if isinstance(words, bytes) else words, 200)
    if code in {530, 534, 535, 538}:
        return RemoteFailure(
            f"The mail server does not accept the password: it is wrong or revoked ({code} {said})", permanent=True
        )
    return RemoteFailure(f"The mail server answered {code} ({said})", permanent=code >= 500)


@contextmanager
def _connected(caller: Caller) -> Iterator[smtplib.SMTP]:
    if not isinstance(caller, Mailer):
        raise RemoteFailure("Mails need a caller of their own", permanent=True)
    server = caller.connect()
    try:
        yield server
        # The mail is taken: how the server says good-bye changes nothing.
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
    finally:
        server.close()


def _phrase(text: str, longest: int) -> str:
    """Return words for a header, in which Python would decode what looks encoded, ends of lines and all."""
    return line(text, longest).replace("=?", "= ?")


def _sender(settings: Settings) -> str:
    if not _ADDRESS.fullmatch(settings.sender):
        raise RemoteFailure(f"{settings.sender[:100]!r} is no address to send from", permanent=True)
    return settings.sender


def _to(message: Message, settings: Settings) -> str:
    to = message.to or settings.to
    if not _ADDRESS.fullmatch(to):
        raise RemoteFailure(f"{to[:100]!r} is no address to send to", permanent=True)
    return to
