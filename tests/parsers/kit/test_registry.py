"""How formats are declared, and how loudly a wrong declaration fails."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint

import pytest
from msgspec import Struct

from seamark.core.errors import BrokenPlugin
from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.intake.parsers.kit import registry
from seamark.intake.parsers.kit.probe import json_object
from seamark.intake.parsers.kit.registry import parser, parsers, variant
from seamark.intake.parsers.kit.rows import Reading


class Shape(Struct):
    a: int


def read_plain(report: Shape) -> Iterator[Finding]:
    yield from ()


def read_both(report: list[Shape], reading: Reading) -> Iterator[Finding]:
    yield from ()


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    parsers()
    monkeypatch.setattr(registry, "_PARSERS", {})
    yield
    parsers.cache_clear()


def declare(name: str = "one") -> None:
    parser(name, title="One", kind=Kind.CODE, looks=json_object("a"), made_with="one --json", lift=("[]",))(read_plain)


def test_declaration() -> None:
    declare()
    variant("one", looks=json_object("b"))(read_both)
    one = registry._PARSERS["one"]
    assert (one.title, one.kind, one.made_with) == ("One", Kind.CODE, "one --json")
    first, second = one.variants
    assert (first.shape, first.wants_reading, first.lift) == (Shape, False, ("[]",))
    assert (second.shape, second.wants_reading, second.lift) == (list[Shape], True, ())


def test_same_name_in_another_module_is_refused() -> None:
    declare()

    def read(report: Shape) -> Iterator[Finding]:
        yield from ()

    read.__module__ = "elsewhere"
    with pytest.raises(BrokenPlugin, match="Two parsers are called 'one'"):
        parser("one", title="Two", kind=Kind.CODE, looks=json_object("a"), made_with="x")(read)


def test_variant_of_nothing_is_refused() -> None:
    with pytest.raises(BrokenPlugin, match="not declared before"):
        variant("none", looks=json_object("a"))(read_plain)


def no_parameter() -> Iterator[Finding]:
    yield from ()


def no_type(report) -> Iterator[Finding]:
    yield from ()


def three(report: Shape, reading: Reading, more: int) -> Iterator[Finding]:
    yield from ()


def unknown(report: "Missing") -> Iterator[Finding]:  # type: ignore[name-defined]  # noqa: F821, UP037
    yield from ()


@pytest.mark.parametrize("read", [no_parameter, no_type, three, unknown])
def test_wrong_generators_are_refused(read: registry.Read) -> None:
    with pytest.raises(BrokenPlugin):
        parser("x", title="X", kind=Kind.CODE, looks=json_object("a"), made_with="x")(read)


def test_parsers_of_other_packages_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    parsers.cache_clear()
    point = EntryPoint("extra", f"{__name__}:declare", "seamark.parsers")
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    monkeypatch.setattr(EntryPoint, "load", lambda self: declare("extra"))
    assert "extra" in parsers()


def test_broken_plugins_are_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    parsers.cache_clear()
    monkeypatch.setattr(registry, "entry_points", lambda group: [EntryPoint("bad", "no.such.module", group)])
    with pytest.raises(BrokenPlugin, match="plug-in 'bad'"):
        parsers()


def test_own_formats_that_cannot_be_imported_are_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    parsers.cache_clear()
    real = registry.importlib.import_module

    def broken(name: str) -> object:
        if name.endswith(".hadolint"):
            raise ImportError("no such thing")
        return real(name)

    monkeypatch.setattr(registry.importlib, "import_module", broken)
    with pytest.raises(BrokenPlugin, match="cannot be loaded: no such thing"):
        parsers()
