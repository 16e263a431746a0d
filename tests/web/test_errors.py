"""Failures have pages in the same look, and say what to do."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.parametrize("address", ["/nowhere/", "/issues/SM-99999999/", "/applications/none/", "/imports/12345/"])
def test_not_found(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()
    assert "default-src 'self'" in answer["Content-Security-Policy"]


def test_a_fault_of_ours(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("seamark.interfaces.web.fixes.visible", fail)
    client.raise_request_exception = False
    answer = client.get("/fixes/")
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "Something went wrong" in page
    assert "a secret detail" not in page


def test_a_wrong_method(client: Client) -> None:
    assert client.post("/fixes/").status_code == 405
