"""The judge of the fuzzing sees what it is there to see; what fuzzing found once stays mended."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from seamark.core.errors import UnreadableReport
from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.report import Item
from seamark.core.severity import Severity
from seamark.intake.parsers.kit import registry
from seamark.intake.parsers.kit.probe import json_object
from tests.fuzz import judge as judging
from tests.fuzz.judge import judge
from tests.fuzz.mutate import mutated
from tests.parsers.samples import all_samples

FOUND = sorted((Path(__file__).parent / "found").iterdir())
ODD = json.dumps({"odd_tool": 1}).encode()


class Odd(Struct):
    odd_tool: Any = None


@pytest.fixture
def odd() -> Iterator[Callable[[Callable[[], Iterator[Item]]], None]]:
    """Return a function that gives the registry one format more, which reads with the given generator."""

    def use(body: Callable[[], Iterator[Item]]) -> None:
        def read(report: Odd) -> Iterator[Item]:
            yield from body()

        format = registry.Parser("odd", "Odd", Kind.CODE, "odd --json")
        format.variants.append(registry.Variant(read, json_object("odd_tool"), Odd, wants_reading=False))
        registry.add([format])

    yield use
    registry.add([])


@pytest.mark.parametrize("path", FOUND, ids=[path.name for path in FOUND])
def test_what_was_found_is_mended(path: Path) -> None:
    assert judge(path.read_bytes()) is None


def test_samples_and_nonsense_are_no_fault() -> None:
    for data in (
        b"",
        b"{}",
        b"[]x",
        b"\x00",
        b"<a",
        b"a,b\n1,2",
        *(one.path.read_bytes() for one in all_samples()[:5]),
    ):
        assert judge(data) is None


def test_a_failure_of_a_parser_is_a_fault(odd: Callable[..., None]) -> None:
    names = ["only one"]

    def body() -> Iterator[Item]:
        yield Finding(rule="x", title=names[7], severity=Severity.LOW)

    odd(body)
    fault = judge(ODD)
    assert fault is not None
    assert "IndexError" in fault.words


def test_a_failure_that_nobody_foresaw_is_a_fault(odd: Callable[..., None]) -> None:
    def body() -> Iterator[Item]:
        raise OSError("disk")
        yield

    odd(body)
    fault = judge(ODD)
    assert fault is not None
    assert fault.place.startswith("intake/parsers/")
    assert "disk" in fault.words


@pytest.mark.parametrize("wrong", [{"epss": float("nan")}, {"title": 7}, {"description": "\ud800"}])
def test_an_item_that_cannot_be_kept_is_a_fault(odd: Callable[..., None], wrong: dict[str, Any]) -> None:
    odd(lambda: iter([Finding(**{"rule": "x", "title": "t", "severity": Severity.LOW, **wrong})]))
    assert judge(ODD) is not None


def test_a_refusal_needs_a_sentence(odd: Callable[..., None]) -> None:
    def body() -> Iterator[Item]:
        raise UnreadableReport(sentence)
        yield

    sentence = "It is empty"
    odd(body)
    assert judge(ODD) is None
    sentence = ""
    fault = judge(ODD)
    assert fault is not None
    assert fault.place == "odd: refusal"


def test_slowness_and_hunger_are_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "SECONDS", -1)
    assert (judge(b"{}") or ("", ""))[0] == "slow"
    monkeypatch.setattr(judging, "SECONDS", 60)
    monkeypatch.setattr(judging, "MEGABYTES", -1)
    assert (judge(b"{}") or ("", ""))[0] == "memory"


def by_bytes(data: bytes, most: int) -> bytes:
    return (data + b"!")[:most]


def test_most_changes_leave_a_report() -> None:
    for sample in ("bandit", "nmap", "testssl"):
        data = next(one.path.read_bytes() for one in all_samples() if one.format == sample)
        changed = [mutated(data, 200_000, seed, by_bytes) for seed in range(40)]
        assert changed == [mutated(data, 200_000, seed, by_bytes) for seed in range(40)]
        assert len(set(changed)) > 25
        assert sum(not one.endswith(b"!") for one in changed) > 20


def test_changes_keep_to_the_size_and_take_anything() -> None:
    dice = random.Random(7)
    data = next(one.path.read_bytes() for one in all_samples() if one.format == "bandit")
    for seed in range(60):
        cut = data[: dice.randrange(len(data))]
        assert len(mutated(cut, 3_000, seed, by_bytes)) <= 3_000
        mutated(bytes(dice.randrange(256) for _ in range(50)), 100, seed, by_bytes)
