"""Editors on files of real repositories: nothing changes without a change, and only the lines that name the package with one.

The files are no part of the project. They stand in a folder named by `SEAMARK_TEST_MANIFESTS`, or `manifests` in the folder of real reports:
one folder for each sort of file (`cargo`, `maven` …, the keys of `FINDERS`), with any folders below.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from difflib import SequenceMatcher
from itertools import islice
from pathlib import Path

import pytest

from seamark.response.remediation.change import Change
from seamark.response.remediation.editors.edit import edit
from seamark.response.remediation.editors.formats.composer import content_hash
from seamark.response.remediation.editors.formats.pipfile import pipfile_hash
from seamark.response.remediation.editors.notation.json_ import Json, read_json, set_string
from seamark.response.remediation.editors.notation.source import UnsafeEdit, source, spliced
from seamark.response.remediation.editors.notation.toml_ import read_toml
from seamark.response.remediation.editors.notation.toml_ import set_string as set_toml
from seamark.response.remediation.editors.notation.xml_ import read_xml, set_text
from seamark.response.remediation.editors.notation.yaml_ import entries, read_yaml, set_scalar
from tests.conformance.conftest import CORPUS

from .named import FINDERS, INTEGRITY, changes

MANIFESTS = Path(os.environ.get("SEAMARK_TEST_MANIFESTS") or CORPUS / "manifests")
LEAST = 200
EACH = 4
"""Changes of a file that are tried."""

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not MANIFESTS.is_dir(), reason="there is no folder of real manifests"),
]


def files(sort: str) -> list[Path]:
    return sorted(path for path in (MANIFESTS / sort).rglob("*") if path.is_file())


def test_there_are_enough() -> None:
    assert sum(len(files(sort)) for sort in FINDERS) >= LEAST


@pytest.mark.parametrize("sort", FINDERS)
def test_nothing_changes_without_a_change(sort: str) -> None:
    assert files(sort), sort
    absent = Change(
        ecosystem="npm", name="no-such-package-at-all", from_version="0.0.1", to_version="0.0.2", manifests=()
    )
    for path in files(sort):
        data = path.read_bytes()
        read = source(path.name, data)
        assert read.encoded(spliced(read.text, [])) == data, path
        for change in islice(_changes(sort, path, data), 1):
            other = Change(
                **{key: getattr(change if key != "name" else absent, key) for key in change.__struct_fields__}
            )
            with pytest.raises(UnsafeEdit):
                edit({change.manifests[0]: data}, other)


@pytest.mark.parametrize("sort", FINDERS)
def test_only_the_lines_change_that_name_the_package(sort: str, record_property: pytest.RecordProperty) -> None:
    told: Counter[str] = Counter()
    refused: list[str] = []
    for path in files(sort):
        data = path.read_bytes()
        for change in islice(_changes(sort, path, data), EACH):
            name = change.manifests[0]
            try:
                after = edit(_beside(path, name), change)[name]
            except UnsafeEdit as error:
                told["refused"] += 1
                refused.append(f"{path.relative_to(MANIFESTS)}: {error}")
                continue
            told["edited"] += 1
            _only_meant(data.decode(), after.decode(), change, path)
    record_property("told", dict(told))
    assert told["edited"] >= told["refused"], refused


def _beside(path: Path, name: str) -> dict[str, bytes]:
    """Return a file with those of its folder, as a working tree has them."""
    folder = name.rpartition("/")[0]
    return {
        f"{folder}/{each.name}" if folder else each.name: each.read_bytes()
        for each in path.parent.iterdir()
        if each.is_file()
    }


def _changes(sort: str, path: Path, data: bytes):
    try:
        found = list(changes(sort, str(path.relative_to(MANIFESTS / sort)), data.decode()))
    except (ValueError, AttributeError, TypeError, SyntaxError):
        return iter(())  # broken on purpose, in somebody's tests
    step = max(1, len(found) // EACH)
    return iter(found[::step])


def _only_meant(before: str, after: str, change: Change, path: Path) -> None:
    assert before != after
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    allowed = (change.to_version.partition("@")[0], *(value for _, value in INTEGRITY))
    was = change.from_version
    head = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    old, new = old[head:], new[head:]
    while old and new and old[-1] == new[-1]:
        old.pop()
        new.pop()
    assert (
        len(new) == len(old)
        or change.ecosystem == "golang"
        or "--hash" in "".join(old)
        or "hashes" in "".join(old)
        or '"sha256:' in "".join(old)
        or "zh:" in "".join(old)
    ), path
    proof = (
        "integrity",
        "resolved",
        "checksum",
        "h1:",
        "zh:",
        "--hash",
        '"sha256:',
        "reference",
        "url",
        "shasum",
        "]",
        "hashes",
    )
    if len(old) == len(new):
        pairs = [("replace", at, at + 1, at, at + 1) for at in range(len(old)) if old[at] != new[at]]
    else:
        pairs = [each for each in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if each[0] != "equal"]
    for _, a, b, c, d in pairs:
        for line in old[a:b]:
            assert was in line or change.name.lower() in line.lower() or any(each in line for each in proof), (
                path,
                change,
                line,
            )
        for line in new[c:d]:
            assert (
                any(each in line for each in allowed)
                or change.to_version.rpartition(".")[0] in line
                or line.strip() == "]"
            ), (path, change, line)


def test_hashes_that_locks_keep_of_their_manifests_are_those_of_the_tools() -> None:
    right = Counter[str]()
    for path in (*files("composer"), *files("pipfile")):
        manifest = path.with_name({"composer.lock": "composer.json", "Pipfile.lock": "Pipfile"}.get(path.name, "none"))
        if not manifest.is_file():
            continue
        lock = json.loads(path.read_text("utf-8"))
        if path.name == "composer.lock":
            right["composer"] += lock.get("content-hash") == content_hash(manifest.read_text("utf-8"))
        else:
            right["pipfile"] += lock["_meta"]["hash"]["sha256"] == pipfile_hash(manifest.read_text("utf-8"))
    assert min(right["composer"], right["pipfile"]) >= 1, right


@pytest.mark.parametrize("sort", ["package_json", "package_lock", "composer"])
def test_strings_of_json_say_the_same_when_written_again(sort: str) -> None:
    for path in files(sort):
        read = source(path.name, path.read_bytes())
        try:
            waiting, pieces = [read_json(read)], []
        except UnsafeEdit:
            continue
        while waiting:
            node: Json = waiting.pop()
            waiting += [*node.items, *(value for _, value in node.members or ())]
            if node.string and "\\" not in read.text[node.start : node.end]:
                pieces.append(set_string(read, node, node.string))
        assert spliced(read.text, pieces) == read.text


@pytest.mark.parametrize("sort", ["cargo", "pyproject", "catalogue"])
def test_strings_of_toml_say_the_same_when_written_again(sort: str) -> None:
    for path in files(sort):
        read = source(path.name, path.read_bytes())
        document = read_toml(read)
        strings = [node for _, node in document.walk() if node.string and not set(node.string) & set("\"'\\\n")]
        assert spliced(read.text, [set_toml(read, node, node.string or "") for node in strings]) == read.text
        assert strings


@pytest.mark.parametrize("sort", ["compose", "kubernetes", "chart", "actions"])
def test_scalars_of_yaml_say_the_same_when_written_again(sort: str) -> None:
    count = 0
    for path in files(sort):
        read = source(path.name, path.read_bytes())
        try:
            roots = read_yaml(read)
        except UnsafeEdit:
            continue
        for entry in islice(entries(roots), 2_000):
            if entry.value and entry.node.tag.endswith(":str") and "\n" not in entry.value:
                try:
                    piece = set_scalar(read, roots, entry.node, entry.value)
                except UnsafeEdit:
                    continue
                written = read.text[piece.start : piece.end]
                assert piece.text in {written, f'"{written}"'}, (path, written)
                count += 1
    assert count > 100


def test_texts_of_xml_say_the_same_when_written_again() -> None:
    for path in (*files("maven"), *files("nuget")):
        read = source(path.name, path.read_bytes())
        try:
            nodes = [
                each
                for each in read_xml(read).walk()
                if each.text.strip() and not each.children and "&" not in read.text[each.opened : each.closing]
            ]
        except UnsafeEdit:
            continue
        for node in nodes:
            try:
                piece = set_text(read, node, node.text.strip())
            except UnsafeEdit:
                continue
            assert read.text[piece.start : piece.end] == piece.text
