"""What editors stand on: requirements raised in their own words, files as text, places of values, and the proof that nothing else changed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.core.errors import BrokenPlugin
from seamark.response.remediation.change import Change, ChangeKind
from seamark.response.remediation.editors.check import check, differences
from seamark.response.remediation.editors.edit import edit
from seamark.response.remediation.editors.formats import (
    actions,
    cargo,
    chart,
    composer,
    dockerfile,
    gem,
    golang,
    gradle,
    images,
    maven,
    nuget,
    package_json,
    package_lock,
    pipfile,
    pnpm,
    pyproject,
    requirements,
    terraform,
    version_catalogue,
    yarn,
)
from seamark.response.remediation.editors.notation import json_, toml_, yaml_
from seamark.response.remediation.editors.notation.docker import instructions
from seamark.response.remediation.editors.notation.source import LARGEST, Splice, UnsafeEdit, source, spliced
from seamark.response.remediation.editors.registry import editor, editors
from seamark.response.remediation.editors.requirement import raised

from .made import made, refused

FORMATS = (
    actions,
    cargo,
    chart,
    composer,
    dockerfile,
    gem,
    golang,
    gradle,
    images,
    maven,
    nuget,
    package_json,
    package_lock,
    pipfile,
    pnpm,
    pyproject,
    requirements,
    terraform,
    version_catalogue,
    yarn,
)


@pytest.mark.parametrize(
    ("ecosystem", "text", "current", "wanted", "expected"),
    [
        ("pypi", "==1.2", "1.2", "1.3", "==1.3"),
        ("pypi", "== 1.2", "1.2", "1.3", "== 1.3"),
        ("pypi", ">1.0,!=1.1", "1.2", "1.3", ">=1.3,!=1.1"),
        ("pypi", ">=1.0,<2.0", "1.2", "1.3", ">=1.3,<2.0"),
        ("pypi", ">=1.4", "1.4", "1.3", None),
        ("pypi", "==1.1", "1.2", "1.3", None),
        ("npm", "1.2.3", "1.2.3", "1.2.4", "1.2.4"),
        ("npm", "^1.2.3", "1.2.9", "2.0.1", "^2.0.1"),
        ("npm", "~1.2", "1.2.9", "1.4.2", "~1.4.2"),
        ("npm", ">=1.0.0 <2.0.0", "1.2.9", "1.4.2", ">=1.4.2 <2.0.0"),
        ("npm", "1.x", "1.2.9", "1.4.2", "^1.4.2"),
        ("npm", "1.2.x", "1.2.3", "1.2.9", "~1.2.9"),
        ("cargo", "1.0", "1.0.4", "1.2.3", "1.2.3"),
        ("cargo", "=1.0.4", "1.0.4", "1.2.3", "=1.2.3"),
        ("gem", "~> 5.0", "5.1.0", "5.2.0", "~> 5.2"),
        ("gem", "~> 5.0", "5.1.0", "5.2.3", "~> 5.2, >= 5.2.3"),
        ("terraform", "~> 4.0.1", "4.0.9", "4.67.0", "~> 4.67.0"),
        ("composer", "v1.2.0", "1.2.0", "1.3.0", "v1.3.0"),
        ("helm", "^11.0.0", "11.1.0", "11.2.0", "^11.2.0"),
    ],
)
def test_requirement_is_raised_in_its_own_words(
    ecosystem: str, text: str, current: str, wanted: str, expected: str | None
) -> None:
    assert raised(text, ecosystem=ecosystem, name="it", current=current, wanted=wanted) == expected


@pytest.mark.parametrize(
    ("ecosystem", "text", "wanted"),
    [
        ("pypi", "<2", "2.1"), ("pypi", ">=1,<2", "2.0"), ("pypi", "!=1.3,>=1", "1.3"), ("pypi", "==1.2.*", "1.3"), ("npm", "1 || 2", "2.1"), ("npm", "*", "1.0.0"),
        ("npm", "latest", "1.0.0"), ("npm", "file:../a", "1.0.0"), ("npm", "1.0.0 - 2.0.0", "1.5.0"), ("npm", "1.x", "2.0.0"), ("npm", "", "1.0.0"),
        ("npm", ">=1 >=2", "3.0.0"), ("maven", "[1.0,2.0)", "1.5"), ("composer", "dev-main", "1.0"), ("pypi", ">=1 ; x", "2"), ("npm", "1.0.0", "what"),
    ],
)  # fmt: skip
def test_requirement_is_refused(ecosystem: str, text: str, wanted: str) -> None:
    with pytest.raises(UnsafeEdit, match="it is asked for as"):
        raised(text, ecosystem=ecosystem, name="it", current="", wanted=wanted)


@given(st.text(st.characters(codec="utf-8"), max_size=200), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_text_keeps_its_bytes(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    try:
        read = source("a", data)
    except UnsafeEdit:
        assert "\0" in text
        return
    assert read.encoded(spliced(read.text, [])) == data


def test_files_that_are_no_text_are_refused() -> None:
    for data, match in (
        (b"\xff\xfe\xfa", "UTF-8"),
        (b"\0" * 9, "no text"),
        (b"\xe9", "UTF-8"),
        (b" " * (LARGEST + 1), "larger"),
    ):
        with pytest.raises(UnsafeEdit, match=match):
            source("a", data)
    latin = "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>".encode("latin-1")
    assert source("a.xml", latin).encoded(source("a.xml", latin).text) == latin
    with pytest.raises(UnsafeEdit, match="no sign"):
        source("a.xml", latin).encoded("€")


def test_pieces_that_overlap_are_refused() -> None:
    pieces = [Splice(path="a", start=0, end=2, text="x"), Splice(path="a", start=1, end=3, text="y")]
    with pytest.raises(UnsafeEdit, match="same place"):
        spliced("abcd", pieces)
    assert spliced("abcd", pieces[:1] * 2) == "xcd"


@pytest.mark.parametrize(
    "text", ["", "{", '{"a": 1,}', "[1 2]", "{'a': 1}", '{"a": 01}', "[" * 500 + "]" * 500, '"a" "b"', "// c\n{}"]
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(UnsafeEdit):
        json_.read_json(source("a.json", text.encode()))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    )
)
def test_json_has_its_places(value: object) -> None:
    read = source("a.json", json.dumps(value, indent=1).encode())
    waiting = [(json_.read_json(read), value)]
    while waiting:
        node, expected = waiting.pop()
        assert json.loads(read.text[node.start : node.end]) == expected
        if isinstance(expected, dict):
            waiting += [(node.get(key), each) for key, each in expected.items()]


def test_toml_has_its_places() -> None:
    text = 'a = 1 # c\n"b c".d = """x\n"y" """\n[t.u]\nv = {w = [1, "2", {x = \'3\'}], y.z = 1979-05-27 07:32:00}\n[[r]]\nn = "1"\n[[r]]\nn = "2"\n[r.s]\nq = true\n'
    read = source("a.toml", text.encode())
    document = toml_.read_toml(read)
    written = {path: read.text[node.start : node.end] for path, node in document.walk()}
    assert written[("a",)] == "1"
    assert written[("b c", "d")] == '"""x\n"y" """'
    assert written[("t", "u", "v", "w", 2, "x")] == "'3'"
    assert written[("t", "u", "v", "y", "z")] == "1979-05-27 07:32:00"
    assert (written[("r", 0, "n")], written[("r", 1, "n")], written[("r", 1, "s", "q")]) == ('"1"', '"2"', "true")
    assert document.table("t", "u") is not None


def test_yaml_that_repeats_itself_costs_nothing() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    text = "image: nginx:1\n" + "\n".join(lines) + "\n"
    assert made({"a.yaml": text}, "docker", "nginx", "1 -> 2")["a.yaml"] == text.replace("nginx:1", "nginx:2")
    with pytest.raises(UnsafeEdit):
        yaml_.read_yaml(source("a.yaml", b"[" * 400 + b"]" * 400))


def test_dockerfile_has_its_instructions() -> None:
    text = "# escape=`\nFROM a\nRUN one `\n# comment\n  two\nCOPY <<END /x\nUSER none\nEND\nUSER me"
    found = [(each.word, text[each.start : each.end]) for each in instructions(text)]
    assert found == [("FROM", "a"), ("RUN", "one `\n# comment\n  two"), ("COPY", "<<END /x"), ("USER", "me")]


def test_what_changed_beside_is_seen() -> None:
    assert list(differences({"a": [1, 2], "b": 1}, {"a": [1, 3], "b": 1})) == [(2, 3)]
    assert len(list(differences(["a", "b", "c"], ["a", "x", "b", "c"]))) == 1
    assert len(list(differences({"a": 1}, {"a": True}))) == 1
    piece = [Splice(path="a", start=0, end=0, text="")]
    with pytest.raises(UnsafeEdit, match="more places"):
        check("a", json_.plain, "[1, 2]", "[3, 4]", piece)
    with pytest.raises(UnsafeEdit, match="could not be read"):
        check("a", json_.plain, "[1]", "[1", piece)


def test_editors_are_named_once_and_take_their_files() -> None:
    assert len(editors()) >= 25
    assert all(each.title and each.kinds for each in editors())
    with pytest.raises(BrokenPlugin, match="Two editors"):
        editor("cargo", title="x", files="x", read=json_.plain)(lambda work, path: [])


@pytest.mark.parametrize("to", ["", " ", "1\n2", '1"', "${x}", "<b>", "1`"])
def test_versions_that_are_none_are_refused(to: str) -> None:
    asked = Change(ecosystem="npm", name="a", from_version="1", to_version=to, manifests=("package.json",))
    with pytest.raises(UnsafeEdit):
        edit({"package.json": b'{"dependencies": {"a": "1"}}'}, asked)


def test_every_file_of_formats_is_an_editor() -> None:
    declared = {each.edits.__module__ for each in editors()}
    assert declared == {each.__name__ for each in FORMATS}


def test_files_without_an_editor_are_refused() -> None:
    refused({"a.txt": "x"}, "no editor", "npm", "a", "1 -> 2")
    refused({"a.txt": "x"}, "not among", "npm", "a", "1 -> 2", manifests=("package.json",))
    refused({"package.json": "{}"}, "no editor", "npm", "a", "1 -> 2", kind=ChangeKind.IMAGE)
