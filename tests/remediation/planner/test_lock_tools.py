"""Locks written by their own programs, each where it is installed, from a registry on this machine. npm's own test is in `test_tree`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from seamark.pipeline.fixing.sandbox import TOOLS, relock
from seamark.response.remediation.change import Change
from seamark.response.remediation.project import Project

from .served import Served, registry_at_home

SIMPLE = {"Content-Type": "application/vnd.pypi.simple.v1+json"}
RUN = frozenset({"npm", "uv", "poetry", "cargo"})
"""Managers that a test runs for real where they are installed."""


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Served]:
    monkeypatch.setenv("PATH", os.pathsep.join(filter(None, (os.environ.get("SEAMARK_TEST_SCANNERS", ""), os.environ["PATH"]))))  # fmt: skip
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with registry_at_home() as found:
        yield found


def program(name: str, *words: str) -> None:
    """Skip where a program is not installed, or does not start."""
    found = shutil.which(name)
    if found is None or subprocess.run([found, *words], capture_output=True, check=False).returncode:
        pytest.skip(f"{name} is not installed")


def wheels(served: Served, name: str, *versions: str, needs: str = "") -> None:
    """Serve a package of Python with its metadata."""
    file = name.replace("-", "_")
    served.answers[f"/simple/{name}/"] = json.dumps({
        "meta": {"api-version": "1.1"}, "name": name, "versions": list(versions),
        "files": [{
            "filename": f"{file}-{one}-py3-none-any.whl", "url": f"{served.base}/files/{file}-{one}-py3-none-any.whl", "hashes": {"sha256": f"{at + 1}" * 64},
            "requires-python": ">=3.8", "core-metadata": True, "data-dist-info-metadata": True, "size": 10, "upload-time": "2026-01-01T00:00:00Z",
        } for at, one in enumerate(versions)],
    })  # fmt: skip
    served.headers[f"/simple/{name}/"] = SIMPLE
    for one in versions:
        lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {one}", "Requires-Python: >=3.8", *([f"Requires-Dist: {needs}"] if needs else [])]  # fmt: skip
        served.answers[f"/files/{file}-{one}-py3-none-any.whl.metadata"] = "\n".join([*lines, "", ""])


def project(manager: str, ecosystem: str, manifest: str, lock: str) -> Project:
    return Project(place=f"x//{lock}", ecosystem=ecosystem, manager=manager, lock=lock, manifests=(manifest, lock))


def bump(manager: str, ecosystem: str, name: str, before: str, after: str, *files: str) -> Change:
    return Change(ecosystem=ecosystem, manager=manager, name=name, from_version=before, to_version=after, manifests=files)  # fmt: skip


def test_uv(served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program("uv", "--version")
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{served.base}/simple")
    wheels(served, "acme-b", "1.0")
    wheels(served, "acme-a", "1.0", needs="acme-b>=1.0")
    manifest = b'[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = ["acme-a>=1.0"]\n'
    one = project("uv", "pypi", "pyproject.toml", "uv.lock")
    made = relock({"pyproject.toml": manifest, "uv.lock": b'version = 1\nrequires-python = ">=3.10"\n'}, one, ())
    assert made.done, made.words
    assert b'name = "acme-b"\nversion = "1.0"' in made.files["uv.lock"]
    wheels(served, "acme-b", "1.0", "1.1", "1.2")
    lowest = relock(made.files, one, (bump("uv", "pypi", "acme-b", "1.0", "1.1", "uv.lock"),))
    assert lowest.done, lowest.words
    assert b'name = "acme-b"\nversion = "1.1"' in lowest.files["uv.lock"]
    assert lowest.files["pyproject.toml"] == manifest


def test_poetry(served: Served, tmp_path: Path) -> None:
    program("poetry", "--version")
    wheels(served, "acme-a", "1.0", "1.1")

    def manifest(version: str) -> bytes:
        told = f'[tool.poetry]\nname = "shop"\nversion = "1"\ndescription = ""\nauthors = []\npackage-mode = false\n[tool.poetry.dependencies]\npython = "^3.10"\nacme-a = "{version}"\n'
        return f'{told}[[tool.poetry.source]]\nname = "home"\nurl = "{served.base}/simple/"\npriority = "primary"\n'.encode()  # fmt: skip

    one = project("poetry", "pypi", "pyproject.toml", "poetry.lock")
    made = relock(
        {
            "pyproject.toml": manifest("1.0"),
            "poetry.lock": b'package = []\n[metadata]\nlock-version = "2.1"\npython-versions = "^3.10"\ncontent-hash = "x"\n',
        },
        one,
        (),
        trust=True,
    )
    assert made.done, made.words
    assert b'name = "acme-a"\nversion = "1.0"' in made.files["poetry.lock"]
    change = bump("poetry", "pypi", "acme-a", "1.0", "1.1", "pyproject.toml", "poetry.lock")
    after = relock({**made.files, "pyproject.toml": manifest("1.1")}, one, (change,), trust=True)
    assert after.done, after.words
    assert b'name = "acme-a"\nversion = "1.1"' in after.files["poetry.lock"]


def test_cargo(served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program("cargo", "--version")
    home = tmp_path / "cargo"
    home.mkdir()
    (home / "config.toml").write_text(
        f'[source.crates-io]\nreplace-with = "home"\n[source.home]\nregistry = "sparse+{served.base}/"\n'
    )
    monkeypatch.setenv("CARGO_HOME", str(home))
    monkeypatch.setenv("RUSTUP_HOME", os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup")))

    def crate(*versions: str) -> None:
        rows = [{"name": "acme", "vers": one, "deps": [], "cksum": "a" * 64, "features": {}, "yanked": False} for one in versions]  # fmt: skip
        served.answers["/ac/me/acme"] = "\n".join(map(json.dumps, rows)) + "\n"

    served.answers["/config.json"] = json.dumps({"dl": f"{served.base}/dl"})
    crate("1.0.0")
    manifest = b'[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\nacme = "1"\n'
    one = project("cargo", "cargo", "Cargo.toml", "Cargo.lock")
    made = relock({"Cargo.toml": manifest, "Cargo.lock": b""}, one, ())
    assert made.done, made.words
    assert b'name = "acme"\nversion = "1.0.0"' in made.files["Cargo.lock"]
    crate("1.0.0", "1.0.1", "1.0.2")
    after = relock(made.files, one, (bump("cargo", "cargo", "acme", "1.0.0", "1.0.1", "Cargo.lock"),))
    assert after.done, after.words
    assert b'name = "acme"\nversion = "1.0.1"' in after.files["Cargo.lock"]


def test_which_managers_no_test_runs() -> None:
    """docs/fix.md names them: what is said of them there is not proven."""
    assert set(TOOLS) - RUN == {"pnpm", "yarn", "go", "bundler", "composer"}
