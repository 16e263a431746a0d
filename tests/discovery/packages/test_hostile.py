"""Package files that are cut, spoiled, huge, nested or of another shape: nothing is raised, and what comes out is sound."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from seamark.core.component import make_purl
from seamark.intake.discovery.extractors.packages.draft import Draft, integrity, package_purl, prefixed
from seamark.intake.discovery.registry import _EXTRACTORS

from . import test_jvm, test_npm, test_pypi, test_yarn_pnpm_bun
from .support import EXTRACTORS, plant, told

SAMPLES: dict[str, tuple[str, str]] = {
    "package.json": ("npm", '{"name": "a", "workspaces": ["p/*"], "license": {"type": "MIT"}, "dependencies": {"b": "^1", "c": "npm:d@1"}, "peerDependencies": {"e": "1"}, "peerDependenciesMeta": {"e": {"optional": true}}}'),
    "package-lock.json": ("npm", json.dumps(test_npm.LOCK)),
    "npm-shrinkwrap.json": ("npm", '{"lockfileVersion": 1, "dependencies": {"a": {"version": "1.0.0", "integrity": "sha1-AA==", "requires": {"b": "1"}, "dependencies": {"b": {"version": "1.0.0"}}}}}'),
    "yarn.lock": ("npm", '__metadata:\n  version: 8\n\n"a@npm:^1, a@npm:~1":\n  version: 1.0.0\n  resolution: "a@npm:1.0.0"\n  dependencies:\n    "@b/c": "npm:^1"\n\nb@^1:\n  version "1.0.0"\n  resolved "x#0123456789abcdef0123456789abcdef01234567"\n'),
    "pnpm-lock.yaml": ("npm", test_yarn_pnpm_bun.PNPM_9),
    "bun.lock": ("npm", '{"workspaces": {"": {"dependencies": {"a": "1",},}}, "packages": {"a": ["a@1.0.0", "", {"dependencies": {"b": "1"}}, "sha512-AA=="], "b": ["b@1.0.0", "", {}, ""],}}'),
    "requirements.txt": ("pypi", "-r other.txt\n-c limits.txt\na[b]==1.0 ; x \\\n  --hash=sha256:00\n  # via\n  #   c\nc>=1\n-e git+https://x/y#egg=z\n"),
    "pyproject.toml": ("pypi", test_pypi.PYPROJECT + test_pypi.POETRY.replace("[tool.poetry]", "[tool.poetry]")),
    "Pipfile": ("pypi", '[packages]\na = "*"\nb = {version = "==1", extras = ["x"]}\nc = [{git = "https://x"}]\n'),
    "Pipfile.lock": ("pypi", '{"_meta": {}, "default": {"a": {"version": "==1", "hashes": ["sha256:00"]}}, "develop": {"b": {"path": "."}}}'),
    "uv.lock": ("pypi", '[[package]]\nname = "a"\nversion = "1"\nsource = { virtual = "." }\ndependencies = [{ name = "b" }]\n[[package]]\nname = "b"\nversion = "1"\nwheels = [{ hash = "sha256:00" }]\n'),
    "poetry.lock": ("pypi", '[[package]]\nname = "a"\nversion = "1"\ngroups = ["main"]\nfiles = [{hash = "sha256:00"}]\n[package.dependencies]\nb = "*"\n[[package]]\nname = "b"\nversion = "1"\ncategory = "dev"\n[metadata.files]\nb = []\n'),
    "pdm.lock": ("pypi", '[[package]]\nname = "a"\nversion = "1"\ngroups = ["default"]\ndependencies = ["b==1"]\nfiles = [{hash = "sha256:00"}]\n'),
    "pylock.toml": ("pypi", '[[packages]]\nname = "a"\nversion = "1"\ndependencies = [{ name = "b" }]\nwheels = [{ hashes = { sha256 = "00" } }]\n'),
    "setup.cfg": ("pypi", "[metadata]\nname = a\n[options]\ninstall_requires =\n  b>=1\n[options.extras_require]\nx = y\n"),
    "setup.py": ("pypi", 'from setuptools import setup\nA = ["b"]\nsetup(name="a", install_requires=A + ["c==1"], extras_require={"x": "y"})\n'),
    "pom.xml": ("maven", test_jvm.PARENT),
    "build.gradle": ("gradle", test_jvm.GROOVY),
    "build.gradle.kts": ("gradle", 'dependencies { implementation(libs.a.b); api(platform("x:y:1")); api(kotlin("test")) }'),
    "settings.gradle": ("gradle", "rootProject.name = 'x'\ninclude ':a', ':b'\n"),
    "libs.versions.toml": ("gradle", '[versions]\na = { strictly = "1" }\n[libraries]\nb = { module = "c:d", version.ref = "a" }\ne = "f:g:1"\n[bundles]\nh = ["b"]\n'),
    "gradle.lockfile": ("gradle", "a:b:1=runtimeClasspath,testRuntimeClasspath\nempty=\n"),
    "go.mod": ("golang", "module a\ngo 1.21\nrequire (\n\tb/c v1.0.0 // indirect\n)\nreplace b/c v1.0.0 => d/e v1.0.0\nexclude f v1\nreplace g => ../h\n"),
    "go.sum": ("golang", "b/c v1.0.0 h1:AAECAw==\n"),
    "go.work": ("golang", "go 1.21\nuse (\n\t./a\n)\n"),
    "Cargo.toml": ("cargo", '[package]\nname = "a"\nversion.workspace = true\n[workspace]\nmembers = ["*"]\n[workspace.package]\nversion = "1"\n[dependencies]\nb = { version = "=1.0.0", optional = true }\n[target.x.dependencies]\nc = "1"\n'),
    "Cargo.lock": ("cargo", '[[package]]\nname = "a"\nversion = "1"\ndependencies = ["b 1.0.0"]\n[[package]]\nname = "b"\nversion = "1.0.0"\nsource = "x"\nchecksum = "00"\n[metadata]\n'),
    "Gemfile": ("gem", 'gem "a", "~> 1", group: [:test]\ngroup :development do\n  gem "b"\nend\n'),
    "x.gemspec": ("gem", 's.name = "x"\ns.add_dependency "a", "1.0"\n'),
    "Gemfile.lock": ("gem", "GEM\n  specs:\n    a (1.0)\n      b (>= 1)\n    b (1.0-x86_64-linux)\n\nDEPENDENCIES\n  a!\n\nCHECKSUMS\n  a (1.0) sha256=00\n"),
    "x.csproj": ("nuget", '<Project Sdk="x"><PropertyGroup><V>1.0</V></PropertyGroup><ItemGroup><PackageReference Include="a;b" Version="$(V)"/></ItemGroup></Project>'),
    "Directory.Packages.props": ("nuget", '<Project><ItemGroup><PackageVersion Include="a" Version="1.0"/><GlobalPackageReference Include="c" Version="1"/></ItemGroup></Project>'),
    "packages.config": ("nuget", '<packages><package id="a" version="1.0"/></packages>'),
    "packages.lock.json": ("nuget", '{"dependencies": {"net8.0": {"a": {"type": "Direct", "resolved": "1.0", "contentHash": "AA==", "dependencies": {"b": "1"}}, "b": {"type": "Project"}}}}'),
    "project.assets.json": ("nuget", '{"libraries": {"a/1.0": {"sha512": "AA=="}}, "targets": {"x": {"a/1.0": {"dependencies": {"b": "1"}}}}, "project": {"frameworks": {"x": {"dependencies": {"a": {}}}}}, "projectFileDependencyGroups": {"x": ["a >= 1"]}}'),
    "composer.json": ("composer", '{"name": "a/b", "license": ["MIT"], "require": {"c/d": "^1", "php": "8"}, "require-dev": {"e/f": "1.0"}}'),
    "composer.lock": ("composer", '{"packages": [{"name": "c/d", "version": "1.0", "require": {"e/f": "*"}, "replace": {"g/h": "1"}, "dist": {"shasum": "00"}, "license": ["MIT"]}], "packages-dev": [{"name": "e/f", "version": "1.0"}]}'),
    "mix.exs": ("hex", 'def project do\n  [app: :a, version: "1.0"]\n  end\n  defp deps do\n    [{:b, "~> 1.0", only: [:test]}, {:c, git: "https://x/y"}]\n  end\n'),
    "mix.lock": ("hex", '%{\n  "b": {:hex, :b, "1.0.0", "00", [:mix], [{:c, "~> 1", [hex: :c]}], "hexpm", "' + "0" * 64 + '"},\n  "c": {:git, "https://x", "0", []},\n}\n'),
    "pubspec.yaml": ("pub", "name: a\nworkspace: [b]\ndependencies:\n  c: ^1.0.0\n  d: {git: {url: x}}\n"),
    "pubspec.lock": ("pub", 'packages:\n  c:\n    dependency: "direct main"\n    description: {sha256: "00"}\n    source: hosted\n    version: "1.0.0"\n'),
    "Package.swift": ("swift", 'let package = Package(name: "a", dependencies: [.package(url: "https://x/y/z.git", .exact("1.0.0"))])\n'),
    "Package.resolved": ("swift", '{"version": 2, "pins": [{"identity": "a", "kind": "localSourceControl", "location": "https://x/y.git", "state": {"version": "1.0"}}], "object": {"pins": []}}'),
    "Podfile.lock": ("cocoapods", "PODS:\n  - A/B (1.0):\n    - C (= 1)\n  - C (1.0)\nDEPENDENCIES:\n  - A/B\nEXTERNAL SOURCES:\n  C:\n    :path: x\nSPEC CHECKSUMS:\n  A: 00\n"),
}  # fmt: skip
NAMES = sorted(SAMPLES)
PIECES = ["\0", "\n", "\ufeff", '"', "'", "{", "}", "[", "]", "(", ")", "@", "/", ":", ",", "=", "#", "  ", "null", "[[", "- ", "&a *a", "<!DOCTYPE x [<!ENTITY a 'b'>]>&a;", "..", "é", "\udcff", "$" + "{x}", "9" * 400]  # fmt: skip
VALUES: list[Any] = [
    None,
    True,
    1,
    -1.5,
    "",
    "x" * 400,
    [],
    {},
    [[]],
    [None, 1, "x"],
    {"": 1},
    {"x": None},
    {"x": {"y": ["z"]}},
]


def read(root: Path, name: str, texts: Iterable[str]) -> None:
    """Read spoiled files, each in a folder of its own, the first in the root."""
    files = {f"d{number}/{name}" if number else name: text for number, text in enumerate(texts)}
    told(plant(root, files), SAMPLES[name][0])


@pytest.mark.parametrize("name", NAMES)
def test_cut_anywhere(name: str, tmp_path: Path) -> None:
    text = SAMPLES[name][1]
    read(tmp_path, name, (text[:end] for end in range(0, len(text), max(1, len(text) // 60))))


def _spoiled(text: str, chance: random.Random) -> str:
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice([0, 0, 1, 5, 40]))
        text = text[:start] + chance.choice([*PIECES, text[start:end] * 3]) + text[end:]
    return text


@pytest.mark.parametrize("name", NAMES)
def test_spoiled_anywhere(name: str, tmp_path: Path) -> None:
    chance = random.Random(name)
    read(tmp_path, name, [_spoiled(SAMPLES[name][1], chance) for _ in range(100)])


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in _places(each, (*path, key)))]


def _with(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    if not path:
        return other
    copied = value.copy()
    copied[path[0]] = _with(value[path[0]], path[1:], other)
    return copied


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name.endswith((".json", ".resolved", "composer.lock", "Pipfile.lock"))]
)
def test_every_value_of_another_shape(name: str, tmp_path: Path) -> None:
    whole = json.loads(SAMPLES[name][1])
    chance = random.Random(name)
    shapes = [(place, other) for place in _places(whole) for other in chance.sample(VALUES, 4)]
    read(tmp_path, name, (json.dumps(_with(whole, *shape)) for shape in shapes))


LONG = [
    "[" * 100_000,
    '{"a":' * 5_000 + "1" + "}" * 5_000,
    "a." * 50_000 + "b = 1",
    "<a>" * 5_000,
    "(" * 20_000,
    "a: " * 20_000,
    "  - " * 20_000,
    '"' * 100_001,
    "x " * 50_000,
    "\\\n" * 20_000,
    "\n" * 100_000,
    " " * 100_000,
    "dependencies { " * 5_000,
    "gem " * 20_000,
    "-r requirements.txt\n-c requirements.txt\n",
    "\ud800",
]


@pytest.mark.parametrize("name", NAMES)
def test_nested_and_long(name: str, tmp_path: Path) -> None:
    read(tmp_path, name, LONG)


def test_a_package_of_absurd_length_is_left_out(tmp_path: Path) -> None:
    lock = {"packages": {"": {"dependencies": {"a": "1"}}, "node_modules/a": {"version": "1.0.0", "dependencies": {"b" * 400: "1"}}, "node_modules/" + "b" * 400: {"version": "1.0.0"}, "node_modules/c": {"version": "1" * 400, "dependencies": {"a": "1"}}}}  # fmt: skip
    found = told(plant(tmp_path, {"package-lock.json": json.dumps(lock)}), "npm")["package-lock.json"]
    assert found.rows == ["npm/a@1.0.0 runtime direct"]
    assert found.edges == {"": ("a@1.0.0",)}


def test_dependencies_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seamark.intake.discovery.extractors.packages.draft._MOST_EDGES", 3)
    tree = plant(tmp_path, {})
    draft = Draft(tree, "package.json", "npm", origin="npm")
    for number in range(5):
        draft.require(f"p{number}", "1.0.0")
    assert len(draft.listing().components) == 5
    assert len(draft.listing().edges[0].targets) == 3
    assert [each.text for each in tree.troubles] == ["only the first 3 dependencies were looked at"]


def test_links_out_of_the_tree_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("secret==1.0\n", "utf-8")
    tree = plant(
        tmp_path / "tree", {"requirements.txt": "-r ../outside.txt\n-r linked.txt\n-r /outside.txt\nflask==1.0\n"}
    )
    (tmp_path / "tree" / "linked.txt").symlink_to(tmp_path / "outside.txt")
    assert list(told(tree, "pypi")) == ["requirements.txt"]


@pytest.mark.parametrize("ecosystem", ["npm", "cargo", "gem", "pypi", "maven", "golang", "composer"])
def test_quick_purls_are_those_of_the_library(ecosystem: str) -> None:
    names = ["plain", "with-dash", "Upper", "under_score", "@scope/name", "@Scope/name", "group/name", "a.b", "-odd", "é", "@", "/", "a//b", "@a/b/c", "%40"]  # fmt: skip
    pairs = [(name, version) for name in names for version in ("", "1.0.0", "1.0.0-rc.1", "1.0+local", "^1", "é")]
    assert [package_purl(ecosystem, *pair) for pair in pairs] == [make_purl(ecosystem, *pair) for pair in pairs]


def test_digests() -> None:
    assert integrity("sha512-AAECAw==?opt sha1-BB== junk sha256-x") == (("sha512", "00010203"), ("sha1", "04"))
    assert prefixed(["sha256:AA", "sha256:aa", "nothing", "md5:"]) == (("sha256", "aa"),)


def test_each_is_declared() -> None:
    assert set(EXTRACTORS) <= set(_EXTRACTORS)
    assert all(_EXTRACTORS[name].extract is extract and _EXTRACTORS[name].title for name, extract in EXTRACTORS.items())
