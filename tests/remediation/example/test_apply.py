"""The example end to end by `seamark fix apply`: planned, applied, and scanned again by the tools that are installed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from seamark.interfaces.cli.main import main
from tests.remediation.planner.served import Served

from .conftest import REPORTS
from .market import CHECKOUT, write_inventory, write_records
from .scanners import SCANNERS, program, scan, told

RULES = ("CKV_K8S_16", "CKV_AWS_17", "CKV_AWS_53", "B506")
"""Three of infrastructure, one of code."""
FIXED = {
    "bandit": {("B506", "services/orders/harbour_orders/admin.py", "")},
    "zizmor": {("zizmor/unpinned-uses", ".github/workflows/ci.yml", "actions/checkout")},
    "hadolint": {("DL3007", "services/storefront/Dockerfile", "")},
    "checkov": {("CKV_K8S_16", "deploy/k8s/orders.yaml", ""), ("CKV_AWS_17", "terraform/database.tf", ""), ("CKV_AWS_53", "terraform/storage.tf", ""), ("CKV_DOCKER_7", "services/storefront/Dockerfile", "")},
    "npm": {("GHSA-xvch-5gv4-984h", "", "minimist")}, "pip-audit": {("CVE-2020-28493", "", "jinja2")},
}  # fmt: skip
"""What is no longer reported afterwards."""


def words(tree: Path, tmp_path: Path) -> list[str]:
    """Return the words of the command for what is to be fixed."""
    records = write_records(tmp_path / "osv")
    found = [str(tree), "--online", "--advisories", str(records)]
    for name in ("bandit.json", "zizmor.sarif", "hadolint.json", "checkov.json"):
        found += ["--report", str(REPORTS / name)]
    for rule in RULES:
        found += ["--rule", rule]
    old, new = write_inventory(tmp_path / "old.json", "2.36-9"), write_inventory(tmp_path / "new.json", "2.36-9+deb12u9")  # fmt: skip
    return [*found, "--sbom", f"python:3.8-slim-buster={old}", "--sbom", f"python:3.13-slim-bookworm={new}"]


@pytest.fixture
def applied(tree: Path, tmp_path: Path, served: Served) -> dict[str, object]:
    """Apply all fixes in place, and return what the command says."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, and nothing else writes its lock")
    done = CliRunner().invoke(main, ["fix", "apply", *words(tree, tmp_path), "--in-place", "--json"])
    assert done.stdout, done.output
    told: dict[str, object] = json.loads(done.stdout)
    return told


def test_all_fixes_are_planned(tree: Path, tmp_path: Path, served: Served) -> None:
    done = CliRunner().invoke(main, ["fix", "plan", *words(tree, tmp_path), "--json"])
    assert done.exit_code == 0, done.output
    plan = json.loads(done.stdout)
    steps = {(one["kind"], one["package"], one["from_version"], one["to_version"]) for each in plan["projects"] for one in each["steps"]}  # fmt: skip
    assert steps == {
        ("image", "python", "3.8-slim-buster", "3.13-slim-bookworm"), ("image", "node", "latest", "22.12.0"), ("action_pin", "actions/checkout", "v3", "v3"),
        ("bump", "jinja2", "2.11.2", "2.11.3"), ("bump", "minimist", "1.2.0", "1.2.8"), ("bump", "handlebars", "4.5.3", "4.7.7"),
    }  # fmt: skip
    assert sorted(one["rule"] for one in plan["patches"]["made"]) == sorted(RULES)
    # The transitive copy of minimist goes with the package that brings it.
    (web,) = [each for each in plan["projects"] if each["project"].endswith("package-lock.json")]
    moved = {(one["package"], one["from_version"], one["to_version"]) for step in web["steps"] for one in step["moves_too"]}  # fmt: skip
    assert ("optimist", "0.6.1", "") in moved
    assert all(step["clears"] == [{"vulnerability": "CVE-2021-44906", "package": "minimist"}] for step in web["steps"][-1:])  # fmt: skip


def test_options_of_a_base_image(tree: Path, tmp_path: Path, served: Served) -> None:
    done = CliRunner().invoke(
        main, ["fix", "show", *words(tree, tmp_path), "--package", "python"], env={"COLUMNS": "160"}
    )
    assert done.exit_code == 0, done.output
    assert "python 3.8-slim-buster in services/orders/Dockerfile:1" in done.output
    assert "3.8-slim-bookworm" not in done.output
    assert "another release of debian" in " ".join(done.output.split())


def test_what_is_applied(tree: Path, applied: dict[str, object]) -> None:
    assert applied["proven"] is True, applied
    assert applied["files"] == sorted([
        ".github/workflows/ci.yml", ".github/workflows/pr-preview.yml", ".github/workflows/release.yml", "deploy/k8s/orders.yaml", "services/orders/Dockerfile", "services/orders/harbour_orders/admin.py",
        "services/orders/requirements.txt", "services/storefront/Dockerfile", "services/storefront/package-lock.json", "services/storefront/package.json",
        "terraform/database.tf", "terraform/storage.tf",
    ])  # fmt: skip
    assert (tree / "services/orders/Dockerfile").read_text().startswith("FROM python:3.13-slim-bookworm\n")
    assert (tree / "services/storefront/Dockerfile").read_text().startswith("FROM node:22.12.0\n")
    assert f"- uses: actions/checkout@{CHECKOUT['v3']} # v3\n" in (tree / ".github/workflows/ci.yml").read_text()
    lock = json.loads((tree / "services/storefront/package-lock.json").read_text())["packages"]
    assert {name: lock[name]["version"] for name in lock if name.endswith("/minimist")} == {"node_modules/minimist": "1.2.8"}  # fmt: skip
    assert lock["node_modules/handlebars"]["version"] == "4.7.7"
    assert "jinja2==2.11.3\n" in (tree / "services/orders/requirements.txt").read_text()


@pytest.mark.parametrize("tool", SCANNERS)
def test_the_same_scanner_reports_them_no_longer(tool: str, tree: Path, tmp_path: Path, served: Served) -> None:
    if program(tool) is None:
        pytest.skip(f"{tool} is not installed; SEAMARK_TEST_SCANNERS names folders to look in")
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    was = told(scan(tool, tree, served.base, before))
    # zizmor names the action in its message alone: its text tells whether that is gone.
    wanted = {(rule, path, "" if tool == "zizmor" else package) for rule, path, package in FIXED[tool]}
    assert wanted <= was, sorted(was)
    done = CliRunner().invoke(main, ["fix", "apply", *words(tree, tmp_path), "--in-place", "--json"])
    assert json.loads(done.stdout)["proven"] is True, done.output
    now = told(scan(tool, tree, served.base, after))
    if tool != "zizmor":
        assert not wanted & now
    else:
        text = (after / "zizmor.sarif").read_text()
        assert "actions/checkout@v3" not in text
        assert "actions/checkout@v3" in (before / "zizmor.sarif").read_text()
    assert {one for one in now - was if one[0] != "zizmor/ref-version-mismatch"} == set(), "nothing new"
