"""JSON that strict decoders refuse, and that tools write all the same."""

from __future__ import annotations

import json

import msgspec
import pytest

from seamark.intake.parsers.kit.tolerant import forgiving, tolerant


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a": NaN, "b": [-Infinity, 1]}', {"a": None, "b": [None, 1]}),
        (b'{"a": "\\ud800x"}', {"a": "�x"}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
        (b'{"a": "x\ty\x01"}', {"a": "x\ty\x01"}),
        (b'{"a": "\xff"}', {"a": "�"}),
        (b'{"\\ud800": 1}', {"�": 1}),
    ],
)
def test_repaired(data: bytes, value: object) -> None:
    repaired = tolerant(data)
    assert repaired is not None
    assert json.loads(repaired) == value
    assert forgiving(msgspec.json.Decoder().decode, data) == value


@pytest.mark.parametrize("data", [b"{", b"", b'{"a": }', b"{'a': 1}", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}"])
def test_not_repaired(data: bytes) -> None:
    assert tolerant(data) is None


def test_wrong_types_are_not_repaired() -> None:
    with pytest.raises(msgspec.ValidationError):
        forgiving(msgspec.json.Decoder(list[int]).decode, b'["a"]')
    with pytest.raises(msgspec.DecodeError):
        forgiving(msgspec.json.Decoder().decode, b"{")


def test_large_data_is_left_alone() -> None:
    assert tolerant(bytes(64 * 1024**2 + 1)) is None
