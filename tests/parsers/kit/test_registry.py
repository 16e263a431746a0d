"""How formats are declared, and how loudly a wrong declaration fails."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from msgspec import Struct

from seamark.core import plugins
from seamark.core.errors import BrokenPlugin
from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.intake.parsers.kit import registry
from seamark.intake.parsers.kit.probe import json_object
from seamark.intake.parsers.kit.read import open_bytes
from seamark.intake.parsers.kit.registry import add, parser, parsers, variant
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
    monkeypatch.setattr(plugins, "entry_points", lambda group: [point])
    monkeypatch.setattr(EntryPoint, "load", lambda self: declare("extra"))
    assert "extra" in parsers()


PLUG_IN = """
from collections.abc import Iterator
from msgspec import Struct
from seamark.intake.parsers.kit import Finding, Kind, json_object, parser, severity

class Report(Struct):
    acme_plugin: str
    rows: list[str]

@parser("acme-plugin", title="Acme", kind=Kind.CODE, looks=json_object("acme_plugin"), made_with="acme --json")
def read(report: Report) -> Iterator[Finding]:
    for row in report.rows:
        yield Finding(rule=row, title=row, severity=severity("low"))
"""


def test_an_installed_distribution_brings_its_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = tmp_path / "acme_seamark-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-seamark\nVersion: 1.0\n", "utf-8")
    (about / "entry_points.txt").write_text("[seamark.parsers]\nacme = acme_seamark_plugin\n", "utf-8")
    (tmp_path / "acme_seamark_plugin.py").write_text(PLUG_IN, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "acme_seamark_plugin", raising=False)
    parsers.cache_clear()
    opened = open_bytes(b'{"acme_plugin": "1", "rows": ["r1"]}')
    assert opened.parser.name == "acme-plugin"
    assert [one.rule for one in opened.items() if isinstance(one, Finding)] == ["r1"]
    sys.modules.pop("acme_seamark_plugin")


def test_formats_that_are_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_ADDED", {})
    declare()
    one = registry._PARSERS["one"]
    with pytest.raises(BrokenPlugin, match="Two formats are called 'one'"):
        add([one, one])
    add([replace(one, name="two")])
    assert parsers()["two"].title == "One"
    add([one])
    with pytest.raises(BrokenPlugin, match="Two formats are called 'one'"):
        parsers()
    add([])
    assert "two" not in parsers()


def test_broken_plugins_are_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    parsers.cache_clear()
    monkeypatch.setattr(plugins, "entry_points", lambda group: [EntryPoint("bad", "no.such.module", group)])
    with pytest.raises(BrokenPlugin, match=r"parser 'bad' of no\.such\.module"):
        parsers()


def test_own_formats_that_cannot_be_imported_are_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    parsers.cache_clear()
    real = plugins.importlib.import_module

    def broken(name: str) -> object:
        if name.endswith(".hadolint"):
            raise ImportError("no such thing")
        return real(name)

    monkeypatch.setattr(plugins.importlib, "import_module", broken)
    with pytest.raises(BrokenPlugin, match="cannot be loaded: no such thing"):
        parsers()
