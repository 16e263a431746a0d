"""Patches clear findings for the tools themselves: the example is scanned, patched and scanned again, with each tool that is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from seamark.core.location import CodeLocation
from seamark.response.remediation.editors.notation.source import UnsafeEdit
from seamark.response.remediation.patches.patch import patch
from tests.house.tree import ROOT

EXAMPLE = ROOT / "examples" / "harbour"
GIVEN = {"cidr": "10.0.0.0/8", "user": "10001", "memory": "256Mi", "cpu": "250m", "tag": "20-slim", "command": "true"}
GIVEN |= {
    f"commit:{action}": "1" * 40
    for action in (
        "actions/checkout@v3",
        "actions/setup-python@v4",
        "actions/setup-node@v3",
        "docker/login-action@v2",
        "harbour-shop/notify-action@main",
    )
}
LEAST = {"bandit": 8, "hadolint": 8, "zizmor": 10, "checkov": 40}
"""Findings that are gone afterwards, at least."""
Found = tuple[str, str, int, int, str]
"""Rule, path, first and last line, resource."""


def _said(tree: Path, *command: str) -> str:
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False, timeout=300).stdout


def bandit(tree: Path) -> Iterator[Found]:
    for each in json.loads(
        _said(tree, "bandit", "-q", "-r", "services/orders", "-x", "services/orders/tests", "-f", "json")
    )["results"]:
        yield each["test_id"], each["filename"], each["line_number"], max(each["line_range"]), ""


def hadolint(tree: Path) -> Iterator[Found]:
    for each in json.loads(
        _said(
            tree, "hadolint", "-f", "json", *(str(path.relative_to(tree)) for path in sorted(tree.rglob("Dockerfile")))
        )
    ):
        yield each["code"], each["file"], each["line"], each["line"], ""


def zizmor(tree: Path) -> Iterator[Found]:
    for each in json.loads(_said(tree, "zizmor", "--offline", "--quiet", "--format", "sarif", "."))["runs"][0][
        "results"
    ]:
        place = each["locations"][0]["physicalLocation"]
        region = place["region"]
        yield (
            each["ruleId"],
            place["artifactLocation"]["uri"].removeprefix("./"),
            region["startLine"],
            region.get("endLine", region["startLine"]),
            "",
        )


def checkov(tree: Path) -> Iterator[Found]:
    for run in json.loads(
        _said(
            tree,
            "checkov",
            "-d",
            ".",
            "--skip-download",
            "--quiet",
            "-o",
            "json",
            "--framework",
            "terraform",
            "kubernetes",
            "dockerfile",
            "github_actions",
        )
    ):
        for each in run["results"]["failed_checks"]:
            first, last = each["file_line_range"]
            resource = each["resource"] if run["check_type"] == "terraform" else ""
            yield each["check_id"], each["file_path"].lstrip("/"), max(first, 1), max(last, 1), resource


TOOLS = {"bandit": bandit, "hadolint": hadolint, "zizmor": zizmor, "checkov": checkov}


@pytest.mark.parametrize("tool", TOOLS)
def test_findings_are_gone(tool: str, tmp_path: Path, record_property: pytest.RecordProperty) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    tree = tmp_path / "harbour"
    shutil.copytree(EXAMPLE, tree, ignore=shutil.ignore_patterns("reports", "history"))
    before = sorted(TOOLS[tool](tree), key=lambda each: (each[1], -each[2], each[0]))
    told: list[str] = []
    patched: Counter[str] = Counter()
    for rule, path, line, last, resource in before:  # from below, so that lines above stay where they are
        data = (tree / path).read_bytes()
        try:
            after = patch(
                tool, rule, {path: data}, CodeLocation(path=path, line=line, end_line=last, scope=resource), GIVEN
            )
        except UnsafeEdit as error:
            told.append(f"{rule} {path}:{line} {error}")
            continue
        patched[rule] += 1
        (tree / path).write_bytes(after.files[path])
    now = Counter(each[0] for each in TOOLS[tool](tree))
    then = Counter(each[0] for each in before)
    record_property("gone", dict(then - now))
    record_property("refused", told)
    assert not now - then, "nothing new"
    stubborn = {rule: count for rule, count in patched.items() if now[rule] > then[rule] - count}
    assert not stubborn, (stubborn, told)
    assert sum((then - now).values()) >= LEAST[tool], told
