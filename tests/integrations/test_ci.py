"""The files for pipelines: their syntax, that what they pin and call is there, and that their scripts run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from seamark.intake.discovery.discover import discover
from seamark.interfaces.cli.commands.gate_ import command
from seamark.interfaces.cli.gating import FORMATS
from seamark.interfaces.cli.main import main
from tests.support.scanner import write_report

ROOT = Path(__file__).resolve().parents[2]
CI = ROOT / "integrations" / "ci"
GITHUB = CI / "github"
YAML = sorted(path for path in CI.rglob("*.yml"))
ALL = [*YAML, CI / "jenkins" / "Jenkinsfile"]


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def steps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [*load(GITHUB / "action.yml")["runs"]["steps"]]
    for job in load(GITHUB / "workflow.yml")["jobs"].values():
        found += job["steps"]
    return found


def scripts() -> list[tuple[str, str]]:
    """Return every shell script with the file it stands in."""
    found = [("github", step["run"]) for step in steps() if "run" in step]
    job = load(CI / "gitlab" / "seamark-gate.gitlab-ci.yml")["seamark-gate"]
    found += [("gitlab", line) for line in (*job["before_script"], *job["script"])]
    found += [
        ("azure", step["script"]) for step in load(CI / "azure" / "azure-pipelines.yml")["steps"] if "script" in step
    ]
    pipeline = load(CI / "bitbucket" / "bitbucket-pipelines.yml")["pipelines"]["pull-requests"]["**"]
    found += [("bitbucket", line) for one in pipeline for line in one["step"]["script"]]
    text = (CI / "jenkins" / "Jenkinsfile").read_text("utf-8")
    found += [("jenkins", one.replace("\\\\", "\\")) for one in re.findall(r"'''(.*?)'''", text, re.DOTALL)]
    return found


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_it_is_yaml_without_tabs_or_double_keys(path: Path) -> None:
    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
        keys = [loader.construct_object(key) for key, _ in node.value]  # type: ignore[no-untyped-call]
        assert len(keys) == len(set(keys)), keys
        return dict(yaml.SafeLoader.construct_mapping(loader, node, deep=True))

    Strict.add_constructor("tag:yaml.org,2002:map", mapping)
    text = path.read_text("utf-8")
    assert "\t" not in text
    assert isinstance(yaml.load(text, Strict), dict)


def test_every_action_is_pinned_to_a_commit_with_its_version_beside_it() -> None:
    for path in GITHUB.iterdir():
        for line in path.read_text("utf-8").splitlines():
            if (found := re.search(r"uses:\s*(\S+)(.*)", line)) and not found[1].startswith("./"):
                assert re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40}", found[1]), line
                assert re.match(r"\s+# v\d+\.\d+\.\d+$", found[2]), line


def test_our_own_reader_of_pipelines_finds_nothing_to_object_to(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    shutil.copy(GITHUB / "workflow.yml", folder / "seamark.yml")
    pipeline = next(one for one in discover(tmp_path, only=["pipelines"]).assets if one.ref.kind.value == "pipeline")
    assert not pipeline.facts.get("actions_unpinned")
    assert pipeline.facts.get("permissions") != "write-all"


def test_nothing_from_outside_becomes_a_part_of_a_script() -> None:
    for step in steps():
        assert "${{" not in step.get("run", "")


def test_the_workflow_gives_each_job_what_it_needs_and_no_more() -> None:
    workflow = load(GITHUB / "workflow.yml")
    # YAML 1.1 reads the key `on` as a truth value.
    assert workflow[True] == "pull_request"
    assert workflow["permissions"] == {}
    job = workflow["jobs"]["gate"]
    assert job["permissions"] == {
        "contents": "read",
        "pull-requests": "write",
        "checks": "write",
        "security-events": "write",
    }
    assert job["timeout-minutes"] <= 60
    checkout = job["steps"][0]["with"]
    assert checkout == {"fetch-depth": 0, "persist-credentials": False}


def test_the_workflow_hands_the_action_what_that_takes() -> None:
    action = load(GITHUB / "action.yml")
    used = next(
        step
        for step in load(GITHUB / "workflow.yml")["jobs"]["gate"]["steps"]
        if str(step.get("uses", "")).startswith("./")
    )
    assert set(used["with"]) <= set(action["inputs"])
    assert {name for name, one in action["inputs"].items() if one.get("required")} <= set(used["with"])
    for name in re.findall(r"inputs\.([\w-]+)", (GITHUB / "action.yml").read_text("utf-8")):
        assert name in action["inputs"]
    assert all({"shell", "run"} <= step.keys() or "uses" in step for step in action["runs"]["steps"])


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_only_options_and_forms_that_there_are_are_used(path: Path) -> None:
    known = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    text = path.read_text("utf-8")
    foreign = {"--quiet", "--no-install-recommends", "--write-baseline"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) <= known | foreign
    for form in re.findall(r"--also \"?([a-z-]+)=", text):
        assert form in FORMATS


@pytest.mark.parametrize(("name", "script"), scripts())
def test_scripts_are_shell(name: str, script: str) -> None:
    # In YAML of GitLab and Bitbucket one line is one command.
    checked = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, f"{name}: {checked.stderr}"


def test_the_jenkinsfile_is_balanced_and_fails_on_both_codes() -> None:
    text = (CI / "jenkins" / "Jenkinsfile").read_text("utf-8")
    bare = re.sub(r"'''.*?'''|'[^'\n]*'|//[^\n]*", "", text, flags=re.DOTALL)
    for left, right in ("{}", "()"):
        assert bare.count(left) == bare.count(right)
    assert text.count("error(") == 2
    assert "returnStatus: true" in text


def test_gitlab_gets_its_reports_even_when_the_gate_fails() -> None:
    artifacts = load(CI / "gitlab" / "seamark-gate.gitlab-ci.yml")["seamark-gate"]["artifacts"]
    assert artifacts["when"] == "always"
    assert set(artifacts["reports"]) == {"codequality", "sast", "junit"}
    script = " ".join(line for name, line in scripts() if name == "gitlab")
    assert all(f"={file}" in script for file in artifacts["reports"].values())


def test_hooks_of_pre_commit_call_commands_that_there_are() -> None:
    for hook in load(ROOT / ".pre-commit-hooks.yaml"):
        assert {"id", "name", "entry", "language"} <= hook.keys()
        words = hook["entry"].split()
        assert words[0] == "seamark"
        found = main.get_command(click.Context(main), words[1])
        assert found is not None
        if len(words) > 2:
            assert isinstance(found, click.Group)
            assert words[2] in found.list_commands(click.Context(found))


@pytest.mark.parametrize("tool", ["actionlint", "zizmor --offline --min-severity medium"])
def test_linters_of_workflows_agree_where_they_are_installed(tool: str, tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    target = shutil.copy(GITHUB / "workflow.yml", folder / "seamark.yml")
    shutil.copytree(GITHUB, tmp_path / ".github" / "actions" / "seamark-gate")
    program, *options = tool.split()
    if shutil.which(program) is None:
        # What they look for first stands in the tests above, which need no tool.
        assert all(
            re.search(r"@[0-9a-f]{40}$", step["uses"])
            for step in steps()
            if "uses" in step and not step["uses"].startswith("./")
        )
        return
    told = subprocess.run([program, *options, str(target)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize(("added", "code"), [("", 0), ("\n\ndef more(text):\n    return eval(text)\n", 1)])
def test_the_actions_script_does_what_it_says(tmp_path: Path, added: str, code: int) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@acme.example"]
    (tree / "shop.py").write_text("def run(text):\n    return eval(text)\n")
    for words in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["commit", "-q", "-m", "first"],
        ["checkout", "-q", "-b", "change"],
    ):
        subprocess.run([*git, *words], cwd=tree, check=True)
    (tree / "shop.py").write_text(f"# Moved\n\ndef run(text):\n    return eval(text)\n{added}")
    subprocess.run([*git, "commit", "-q", "-am", "change"], cwd=tree, check=True)
    (tmp_path / "reports").mkdir()
    write_report(tree, tmp_path / "reports" / "lookout report.sarif")
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "seamark").write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "from seamark.interfaces.cli.main import run; run()" "$@"\n'
    )
    (bin_ / "seamark").chmod(0o755)
    script = next(step["run"] for step in steps() if step.get("id") == "gate")
    environment = {
        "PATH": f"{bin_}:{os.environ['PATH']}", "HOME": str(tmp_path), "REPORTS": f"{tmp_path}/reports/*.sarif", "STAGE": "pull_request", "BASE": "main",
        "BASELINE": "", "POLICIES": "", "APPLICATION": "", "COMMENT": "false", "RUNNER_TEMP": str(tmp_path), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_OUTPUT": str(tmp_path / "output"), "PYTHONPATH": os.pathsep.join(sys.path),
    }  # fmt: skip
    told = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert f"code={code}\n" in (tmp_path / "output").read_text()
    assert ("Blocked" if code else "Passed") in (tmp_path / "summary.md").read_text()
    assert (tmp_path / "seamark-gate.sarif").exists()
