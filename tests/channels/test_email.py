"""Mails through a real SMTP server."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from seamark.core.errors import RemoteFailure
from seamark.response.actions.all import channels
from seamark.response.actions.contract import Act, Verb
from seamark.response.actions.door import door
from seamark.response.actions.email import Settings, written
from tests.support.smtp import smtp

from .conftest import message

CHANNEL = channels()["email"]


def settings(port: int, **more: Any) -> Settings:
    fields = {
        "host": "127.0.0.1",
        "port": port,
        "encryption": "none",
        "sender": "seamark@example.org",
        "to": "team@example.org",
    }
    return Settings(**{**fields, "unsubscribe": "https://seamark.example/me/messages", **more})


def send(here: Settings, key: str = "news:1", reference: str = "", **more: Any) -> str:
    with CHANNEL.caller(here, door(("127.0.0.1",))) as caller:
        return CHANNEL.perform(
            Act(verb=Verb.SEND, key=key, reference=reference, message=message(**more)), here, caller
        ).reference


@contextmanager
def replies(*lines: str, stop: bool = False) -> Iterator[int]:
    """Run a server that gives these replies, one for each line it reads; then it hangs up."""

    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            if stop:
                return
            self.wfile.write(b"220 tests ready\r\n")
            for one in lines:
                if not self.rfile.readline():
                    return
                self.wfile.write(one.encode() + b"\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_a_mail_arrives_as_text_and_html() -> None:
    with smtp() as server:
        reference = send(settings(server.port), to="anna@example.org")
        mail = server.mails[0]
    assert mail["To"] == "anna@example.org"
    assert mail["From"] == "Seamark <seamark@example.org>"
    assert mail["Message-ID"] == reference
    assert mail["List-Unsubscribe"] == "<https://seamark.example/me/messages>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Importance"] == "high"
    assert mail.get_content_type() == "multipart/alternative"
    plain, rich = (one.get_content() for one in mail.iter_parts())
    assert "Until: 2026-12-01" in plain
    assert "https://seamark.example/issues/SM-7" in plain
    assert "<strong>payments</strong>" in rich
    assert '<a href="https://seamark.example/issues/SM-7"' in rich


def test_a_mail_sent_again_is_the_same_mail() -> None:
    with smtp() as server:
        first, again, other = (
            send(settings(server.port)),
            send(settings(server.port)),
            send(settings(server.port), key="news:2"),
        )
        mails = [one.as_bytes() for one in server.mails]
    assert first == again != other
    assert mails[0] == mails[1]


def test_mails_of_one_thread_belong_together() -> None:
    with smtp() as server:
        first = send(settings(server.port))
        send(settings(server.port), key="news:2", reference=first)
        assert server.mails[1]["In-Reply-To"] == server.mails[1]["References"] == first


@pytest.mark.parametrize(
    "text",
    [
        "x\r\nBcc: all@example.org",
        "x\nBcc: all@example.org",
        "x\rBcc: a@b.example",
        "x\x0bBcc: a",
        "x\u2028Bcc: a",
        "=?utf-8?q?x=0ABcc:_a?=",
    ],
)
def test_no_header_is_injected(text: str) -> None:
    with smtp() as server:
        send(
            settings(server.port, sender_name=text, unsubscribe=f"https://a.example/{text}"), title=text, reference=text
        )
        mail = server.mails[0]
    assert mail["Bcc"] is None
    assert len(mail.get_all("To", [])) == 1
    assert "Bcc: all" not in [line[:8] for line in str(mail).splitlines()]
    for bad in (
        f"anna@example.org{text[1:]}",
        f"{text}@example.org",
        "a@b.example, c@d.example",
        "<a@b.example>",
        "anna",
        "@",
        "a@b@c",
    ):
        if bad != text and (
            "\n" in bad
            or "\r" in bad
            or "," in bad
            or "<" in bad
            or bad.count("@") != 1
            or "\x0b" in bad
            or len(bad) < 5
        ):
            with pytest.raises(RemoteFailure) as caught:
                written(message(to=bad), settings(1), "k")
            assert caught.value.permanent


def test_words_of_reports_are_no_html() -> None:
    mail = written(
        message(
            title="<script>t</script>",
            text='<img src=x onerror=alert(1)> [a](javascript:x) "q"',
            facts=(("<b>n", "<i>v"),),
        ),
        settings(1),
        "k",
    )
    rich = mail.get_body(("html",)).get_content()
    assert "<script" not in rich
    assert "<img" not in rich
    assert "<b>" not in rich
    assert "<i>" not in rich
    assert 'href="javascript' not in rich


def test_people_with_other_letters_in_their_name_are_reached_or_refused_in_words() -> None:
    with smtp() as server:
        send(settings(server.port, sender_name="Zoë Müller"))
        assert server.mails[0]["From"].startswith("Zoë")
        with pytest.raises(RemoteFailure) as caught:
            send(settings(server.port), to="zoë@example.org")
    assert caught.value.permanent


@pytest.mark.parametrize(
    ("code", "permanent"),
    [(421, False), (450, False), (451, False), (452, False), (550, True), (552, True), (554, True)],
)
def test_replies_that_pass_and_replies_that_last(code: int, permanent: bool) -> None:
    no, spare = f"{code} no", ("250 ok",) * 4
    # A greeting that is refused is said again in the older way.
    for lines in ((no, no), ("250 hi", no), ("250 hi", "250 ok", no), ("250 hi", "250 ok", "250 ok", no)):
        with replies(*lines, *spare) as port, pytest.raises(RemoteFailure) as caught:
            send(settings(port))
        assert caught.value.permanent is permanent
        assert str(code) in str(caught.value)


def test_a_mail_that_was_taken_is_sent_however_the_server_says_good_bye() -> None:
    with smtp() as server:
        talk: Any = server.RequestHandlerClass

        class Rude(talk):
            def _say(self, text: str) -> None:
                super()._say("500 what?" if text == "221 bye" else text)

        server.RequestHandlerClass = Rude
        assert send(settings(server.port))
        assert len(server.mails) == 1


def test_a_revoked_password_lasts() -> None:
    hello = ("250-hi\r\n250 AUTH PLAIN", "535 5.7.8 Authentication credentials invalid")
    with replies(*hello) as port, pytest.raises(RemoteFailure) as caught:
        send(settings(port, user="seamark", password="hush-hush"))
    assert caught.value.permanent
    assert "revoked" in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_server_that_hangs_up_or_is_silent_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    with replies(stop=True) as port, pytest.raises(RemoteFailure) as caught:
        send(settings(port))
    assert not caught.value.permanent
    with pytest.raises(RemoteFailure) as caught:
        send(settings(1))
    assert not caught.value.permanent
    monkeypatch.setattr("seamark.response.actions.email._TIMEOUT", 0.3)
    with (
        socketserver.ThreadingTCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as silent,
        pytest.raises(RemoteFailure) as caught,
    ):
        send(settings(silent.server_address[1]))
    assert not caught.value.permanent


def test_a_server_without_encryption_is_not_given_mails_that_ask_for_it() -> None:
    with smtp() as server, pytest.raises(RemoteFailure) as caught:
        send(settings(server.port, encryption="starttls"))
    assert caught.value.permanent
    assert not server.mails
    with smtp() as server, pytest.raises(RemoteFailure):
        send(settings(server.port, encryption="tls"))


def test_the_check_sends_nothing() -> None:
    with smtp() as server:
        here = settings(server.port)
        with CHANNEL.caller(here, door(("127.0.0.1",))) as caller:
            assert CHANNEL.check(here, caller) == "By 127.0.0.1, as seamark@example.org"
        assert not server.mails


def test_servers_inside_the_network_are_reached_only_when_they_are_named() -> None:
    here = settings(25)
    for host in ("127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "[::1]"):
        inside = settings(25, host=host)
        with CHANNEL.caller(inside) as caller, pytest.raises(RemoteFailure):
            CHANNEL.check(inside, caller)
    named = door(("mail.corp.example:25",), resolve=lambda host, port: ["10.0.0.7"])
    assert named("mail.corp.example", 25) == "10.0.0.7"
    with pytest.raises(RemoteFailure):
        named("mail.corp.example", 26)
    assert here.port == 25
