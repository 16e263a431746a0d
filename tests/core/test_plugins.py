"""Plug-ins are found in our own package and in other packages, and a broken one is named."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from seamark.core import plugins
from seamark.core.errors import BrokenPlugin
from seamark.core.plugins import brought, load


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of the name `acme_ours` whose modules can be written into the folder."""
    folder = tmp_path / "acme_ours"
    folder.mkdir()
    (folder / "__init__.py").write_text("FOUND = []\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.startswith("acme_ours")]:
        monkeypatch.delitem(sys.modules, name)
    return folder


def points(monkeypatch: pytest.MonkeyPatch, *values: str) -> None:
    monkeypatch.setattr(plugins, "entry_points", lambda group: [EntryPoint(f"p{number}", value, group) for number, value in enumerate(values)])  # fmt: skip


def test_modules_and_entry_points_are_imported(ours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (ours / "one.py").write_text("import acme_ours\nacme_ours.FOUND.append('one')\n", "utf-8")
    (ours.parent / "acme_ours_extra.py").write_text("import acme_ours\nacme_ours.FOUND.append('extra')\n", "utf-8")
    points(monkeypatch, "acme_ours_extra")
    load("editor", package="acme_ours", group="acme")
    assert sys.modules["acme_ours"].FOUND == ["one", "extra"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import acme_nowhere", r"The editor acme_ours\.bad cannot be loaded: No module named 'acme_nowhere'"),
        ("1 / 0", r"The editor acme_ours\.bad cannot be loaded: division by zero"),
        ("from seamark.core.errors import BrokenPlugin\nraise BrokenPlugin('Two editors')", "^Two editors$"),
    ],
)
def test_a_broken_module_is_named(text: str, says: str, ours: Path) -> None:
    (ours / "bad.py").write_text(text, "utf-8")
    with pytest.raises(BrokenPlugin, match=says):
        load("editor", package="acme_ours", group="acme")


def test_a_broken_entry_point_is_named(ours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points(monkeypatch, "acme_nowhere:x")
    with pytest.raises(BrokenPlugin, match="The editor 'p0' of acme_nowhere:x cannot be loaded: No module named"):
        load("editor", package="acme_ours", group="acme")


def test_what_is_brought_is_used_and_says_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    points(monkeypatch, "math:tau", "math:pi", "math:sqrt")
    found = brought("number", "acme", lambda told: round(told, 2))
    assert [next(found), next(found)] == [("math:tau", 6.28), ("math:pi", 3.14)]
    with pytest.raises(BrokenPlugin, match="The number 'p2' of math:sqrt cannot be loaded: type builtin"):
        next(found)
