"""What patches stand on: which there are, what they are for, and places in YAML."""

from __future__ import annotations

import pytest

from seamark.core.errors import BrokenPlugin
from seamark.core.location import CodeLocation
from seamark.response.remediation.editors.notation.source import UnsafeEdit, source, spliced
from seamark.response.remediation.editors.notation.yaml_ import read_yaml
from seamark.response.remediation.patches.families import dockerfile, kubernetes, python, scripts, terraform, workflows
from seamark.response.remediation.patches.patch import parses, patch, patches_for
from seamark.response.remediation.patches.registry import codemod, codemods
from seamark.response.remediation.patches.yaml_tree import put

FAMILIES = (dockerfile, kubernetes, python, scripts, terraform, workflows)


def test_there_are_forty_and_each_says_what_it_does() -> None:
    assert len(codemods()) >= 40
    assert {each.fix.__module__ for each in codemods()} == {each.__name__ for each in FAMILIES}
    assert [each.name for each in codemods() if not (each.title and (each.about or each.rules))] == []
    assert [each.name for each in codemods() if each.note and not each.note.endswith(".")] == []
    with pytest.raises(BrokenPlugin, match="Two patches"):
        codemod("python-debug", title="x", files="x")(lambda job: [])


@pytest.mark.parametrize(
    ("tool", "rule", "path", "names"),
    [
        ("Checkov", "CKV_K8S_16", "k8s/a.yaml", ["kubernetes-privileged"]),
        ("trivy", "AVD-KSV-0017", "a.yml", ["kubernetes-privileged"]),
        ("hadolint", "DL3002", "api.Dockerfile", ["dockerfile-user"]),
        ("zizmor", "zizmor/artipacked", ".github/workflows/a.yml", ["workflow-credentials"]),
        ("zizmor", "zizmor/artipacked", "other/a.yml", []),
        ("bandit", "B404", "a.py", []),
        ("bandit", "B506", "a.rb", []),
        ("nobody", "CKV_K8S_16", "a.yaml", []),
    ],
)
def test_rules_lead_to_their_patches(tool: str, rule: str, path: str, names: list[str]) -> None:
    assert [each.name for each in patches_for(tool, rule, path)] == names


def test_files_that_are_not_there_are_refused() -> None:
    with pytest.raises(UnsafeEdit, match="not among"):
        patch("bandit", "B506", {}, CodeLocation(path="../a.py", line=1))


@pytest.mark.parametrize(
    ("path", "good", "bad"),
    [
        ("a.py", "x = 1", "x ="),
        ("a.yaml", "a: 1", "a: ["),
        ("a.tf", "a = 1\n", "a = {"),
        ("Dockerfile", "FROM a", "RUN a"),
        ("a.js", "f()", "f("),
    ],
)
def test_what_is_well_formed_is_known(path: str, good: str, bad: str) -> None:
    assert parses(path, good)
    assert not parses(path, bad)


@pytest.mark.parametrize(
    ("text", "way", "expected"),
    [
        ("a: 1\n", ("b", "c"), "a: 1\nb:\n  c: v\n"),
        ("a: 1", ("b",), "a: 1\nb: v"),
        ("a: |\n  text\n\n# end\n", ("b",), "a: |\n  text\nb: v\n\n# end\n"),
        ("{a: 1}\n", ("b", "c"), "{a: 1, b: {c: v}}\n"),
        ("a: {}\n", ("a", "c"), "a: {c: v}\n"),
        ("a:\n  - x  # y\n# z\n", ("b",), "a:\n  - x  # y\nb: v\n# z\n"),
        ("a: 'w'  # why\n", ("a",), "a: v  # why\n"),
        ("a:\n", ("a",), "a: v\n"),
        ("a: v\n", ("a",), "a: v\n"),
    ],
)
def test_value_is_put_in_its_place(text: str, way: tuple[str, ...], expected: str) -> None:
    read = source("a.yaml", text.encode())
    roots = read_yaml(read)
    assert spliced(read.text, put(read, roots, roots[0], way, "v")) == expected


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("a: &x {b: 1}\nc: *x\n", ("a", "b")),
        ("a: [1]\n", ("a", "b")),
        ("a:\n", ("a", "b")),
        ("x: &x {b: 1}\na:\n  <<: *x\n", ("a", "b")),
        ("a: |\n  x\n", ("a",)),
    ],
)
def test_value_is_not_put_where_others_are_touched(text: str, way: tuple[str, ...]) -> None:
    read = source("a.yaml", text.encode())
    roots = read_yaml(read)
    with pytest.raises(UnsafeEdit):
        list(put(read, roots, roots[0], way, "v"))
