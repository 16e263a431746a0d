"""What the pages load is there, is locked, and names no registry."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import get_template

ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "frontend"
WEB = ROOT / "src/seamark/interfaces/web"


@pytest.fixture
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("frontend_build", FRONTEND / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_lock_has_digests_and_no_addresses() -> None:
    text = (FRONTEND / "package-lock.json").read_text("utf-8")
    lock = json.loads(text)
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    for package in packages.values():
        assert package["integrity"].startswith("sha512-")
        assert "resolved" not in package
    assert not re.search(r"https?://[^\"]*(npm|registry|mirror)", text)


def test_the_lock_fits_the_package() -> None:
    wanted = json.loads((FRONTEND / "package.json").read_text("utf-8"))["dependencies"]
    lock = json.loads((FRONTEND / "package-lock.json").read_text("utf-8"))
    assert lock["packages"][""]["dependencies"] == wanted
    for name, version in wanted.items():
        assert lock["packages"][f"node_modules/{name}"]["version"] == version


def test_everything_that_templates_name_is_there() -> None:
    named = {
        found
        for template in WEB.glob("templates/**/*.html")
        for found in re.findall(r"\{% static '([^']+)' %\}", template.read_text("utf-8"))
    }
    assert any(name.startswith("vendor/") for name in named)
    assert not [name for name in named if finders.find(name) is None], "run `python frontend/build.py`"


def test_every_template_is_sound() -> None:
    for template in WEB.glob("templates/**/*.html"):
        get_template(str(template.relative_to(WEB / "templates")))


def test_licences_come_along(build: ModuleType) -> None:
    for folder in build.TAKEN:
        assert (build.VENDOR / folder / "LICENSE").stat().st_size > 100


def test_nothing_is_done_twice(build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def install(folder: Path) -> None:
        made.append(folder)
        for package, patterns in build.TAKEN.values():
            for pattern in patterns:
                file = folder / "node_modules" / package / pattern.replace("*", "latin")
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text("x")

    monkeypatch.setattr(build, "_install", install)
    assert build.build(tmp_path / "vendor")
    assert not build.build(tmp_path / "vendor")
    assert len(made) == 1
    (tmp_path / "vendor" / "stamp.txt").write_text("older")
    assert build.build(tmp_path / "vendor")
    assert (tmp_path / "vendor/inter/files/latin-wght-normal.woff2").exists()


def test_a_missing_file_is_said(build: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "_install", lambda folder: None)
    with pytest.raises(SystemExit, match="has no"):
        build.build(tmp_path / "vendor")


def test_both_dark_themes_are_the_same() -> None:
    text = (WEB / "static/web/css/tokens.css").read_text("utf-8")
    _light, chosen, system = (
        re.findall(r"--[\w-]+: [^;]+;", block) for block in re.split(r':root(?=\[data-theme="dark"\]|:not)', text)
    )
    assert chosen == system
    assert len(chosen) > 20
