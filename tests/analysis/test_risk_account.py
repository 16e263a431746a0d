"""The document of a score: it recomputes to the same, and every forgery shows."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from msgspec.structs import replace

from seamark.analysis.risk import Facts, default_profile
from seamark.analysis.risk.account import MOST_BYTES, Account, account, read_account, verify, write_account
from seamark.core.errors import UnreadableReport
from seamark.core.kind import Kind
from seamark.core.severity import Severity

from .risk_facts import facts

PROFILE = default_profile()
ONE = account(
    "SM-12",
    Facts(severity=Severity.HIGH, kind=Kind.DEPENDENCY, cvss=98, epss=0.3, exposure="internet", deployed="not_running"),
    PROFILE,
)


def changed(**receipt: Any) -> Account:
    return replace(ONE, receipt=replace(ONE.receipt, **receipt))


@given(facts)
def test_what_is_written_is_read_and_agrees(one: Facts) -> None:
    told = account("SM-1", one, PROFILE)
    again = read_account(write_account(told))
    assert again == told
    assert verify(again) == ()


def test_the_document_is_whole() -> None:
    told = msgspec.json.decode(write_account(ONE))
    assert (told["format"], told["version"], told["issue"], told["engine"]) == ("seamark.dev/receipt", 1, "SM-12", 2)
    assert told["profile"]["weights"] == PROFILE.weights
    assert told["facts"]["cvss"] == 98
    assert told["receipt"]["score"] == ONE.receipt.score


def test_each_forged_line_is_named() -> None:
    parts = ONE.receipt.parts
    forged = (parts[0], replace(parts[1], points=parts[1].points + 1), *parts[2:])
    differences = {one.what: (one.stated, one.worked_out) for one in verify(changed(parts=forged))}
    points = parts[1].points
    assert differences == {
        f"{parts[1].factor}, points": (f"{(points + 1) / 10:.1f}", f"{points / 10:.1f}"),
        "sum of the parts": ("39.1", "39.0"),
    }


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("score", {"score": 100}),
        ("priority", {"priority": 4}),
        ("reason", {"reason": "Fine"}),
        ("profile", {"profile": "default v3"}),
        ("unknown", {"unknown": ()}),
        ("what would change it", {"counterfactuals": ()}),
        ("epss, label", {"parts": tuple(replace(p, label="x") if p.factor == "epss" else p for p in ONE.receipt.parts)}),
        ("cvss", {"parts": tuple(p for p in ONE.receipt.parts if p.factor != "cvss")}),
        ("cvss (2)", {"parts": (*ONE.receipt.parts, ONE.receipt.parts[2])}),
        ("order of the parts", {"parts": tuple(reversed(ONE.receipt.parts))}),
    ],
)  # fmt: skip
def test_every_difference_is_found(what: str, change: dict[str, Any]) -> None:
    assert what in {one.what for one in verify(changed(**change))}


def test_other_facts_or_weights_do_not_give_this_receipt() -> None:
    assert verify(replace(ONE, facts=replace(ONE.facts, epss=0.31)))
    weights = PROFILE.weights | {"epss": 2.6}
    assert {one.what for one in verify(replace(ONE, profile=replace(PROFILE, weights=weights)))} >= {"epss, points"}


def spoiled(**change: Any) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(write_account(ONE)) | change)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no receipt"),
        (b"{}", "no receipt"),
        (b" " * (MOST_BYTES + 1), "too large"),
        (spoiled(version=2), "version 2"),
        (spoiled(colour="red"), "broken"),
        (spoiled(facts=7), "broken"),
        (spoiled(facts={"severity": 9, "kind": "code"}), "broken"),
        (spoiled(facts={"severity": 3, "kind": "code", "luck": 1}), "does not know: luck"),
        (spoiled(profile={}), "broken"),
        (spoiled(receipt=None), "broken"),
    ],
)
def test_what_is_no_receipt_is_refused_with_a_sentence(content: bytes, words: str) -> None:
    with pytest.raises(UnreadableReport, match=words):
        read_account(content)


def test_a_profile_that_could_not_be_applied_is_refused() -> None:
    profile = msgspec.to_builtins(PROFILE)
    profile["weights"]["epss"] = -1
    with pytest.raises(UnreadableReport, match="negative"):
        read_account(spoiled(profile=profile))
