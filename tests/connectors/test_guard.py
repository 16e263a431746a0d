"""Addresses that people typed do not lead inside."""

from __future__ import annotations

import httpx2
import pytest

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.guard import Guarded, check_url


class Inner(httpx2.BaseTransport):
    """Notes what it is asked, and answers nothing."""

    def __init__(self) -> None:
        self.sent: list[httpx2.Request] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.sent.append(request)
        return httpx2.Response(204)


@pytest.mark.parametrize(
    ("url", "addresses", "internal", "goes"),
    [
        ("https://issuer.example/x", ["93.184.216.34"], [], True),
        ("https://issuer.example/x", ["2606:2800:220:1:248:1893:25c8:1946"], [], True),
        ("http://issuer.example/x", ["93.184.216.34"], [], False),
        ("https://issuer.example/x", ["10.0.0.1"], [], False),
        ("https://issuer.example/x", ["93.184.216.34", "127.0.0.1"], [], False),
        ("https://issuer.example/x", ["169.254.169.254"], [], False),
        ("https://issuer.example/x", ["::1"], [], False),
        ("https://issuer.example/x", ["::ffff:10.0.0.1"], [], False),
        ("https://issuer.example/x", ["fd00::1"], [], False),
        ("https://issuer.example/x", ["64:ff9b::a00:1"], [], False),
        ("https://issuer.example/x", ["64:ff9b::5db8:d822"], [], True),
        ("https://issuer.example/x", ["2002:a00:1::"], [], False),
        ("https://issuer.example/x", ["0.0.0.0"], [], False),
        ("https://issuer.example/x", ["100.64.0.1"], [], False),
        ("https://issuer.example/x", ["fe80::1%eth0"], [], False),
        ("https://issuer.example/x", ["224.0.0.1"], [], False),
        ("https://issuer.example/x", ["10.0.0.1"], ["issuer.example"], True),
        ("https://issuer.example:8443/x", ["10.0.0.1"], ["issuer.example:443"], False),
        ("http://issuer.example/x", ["10.0.0.1"], ["issuer.example"], False),
        ("http://issuer.example/x", ["127.0.0.1"], ["ISSUER.example"], True),
        ("https://issuer.example/x", [], [], False),
    ],
)
def test_the_guard(url: str, addresses: list[str], internal: list[str], goes: bool) -> None:
    inner = Inner()
    with httpx2.Client(transport=Guarded(internal, resolve=lambda *_: addresses, inner=inner)) as client:
        if not goes:
            with pytest.raises(RemoteFailure):
                client.get(url)
            assert not inner.sent
            return
        client.get(url)
    (sent,) = inner.sent
    assert sent.url.host == addresses[0]
    assert sent.headers["Host"] == "issuer.example"
    assert sent.extensions["sni_hostname"] == "issuer.example"


def test_plain_http_inside_is_for_those_who_ask_for_it() -> None:
    inner = Inner()
    with httpx2.Client(
        transport=Guarded(["chat.corp"], plain=True, resolve=lambda *_: ["10.0.0.1"], inner=inner)
    ) as client:
        client.get("http://chat.corp/x")
        with pytest.raises(RemoteFailure, match="https"):
            client.get("http://other.corp/x")
    assert [str(one.url) for one in inner.sent] == ["http://10.0.0.1/x"]


@pytest.mark.parametrize("url", ["ftp://x.example", "https://", "x.example", "https://x.example:99999", "https://a b.example", "https://me:word@x.example/", "http://x.example/", "https://x.example/\n"])  # fmt: skip
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(RemoteFailure):
        check_url(url.replace("\n", " y"))


def test_what_is_an_address() -> None:
    check_url("https://x.example/hooks?for=seamark")
    check_url("http://Chat.Corp:8080/x", ["chat.corp:8080"])
