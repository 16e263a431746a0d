"""A working tree from plan to diff: by the command, without a server."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from seamark.core.errors import SeamarkError
from seamark.interfaces.cli.main import main
from seamark.pipeline.fixing.apply import apply, diff, write
from seamark.pipeline.fixing.sandbox import relock
from seamark.pipeline.fixing.shown import plain_applied
from seamark.pipeline.fixing.tree import Sources, loader, plan_tree
from seamark.response.remediation.change import Change
from seamark.response.remediation.project import Project

from .served import registry_at_home

REQUIREMENTS = "# pinned by hand\r\njinja2==2.10  # templates\r\nPyYAML == 5.3\r\nrequests==2.31.0\r\n"
LOCK = {
    "name": "web", "version": "1.0.0", "lockfileVersion": 3, "requires": True,
    "packages": {
        "": {"name": "web", "version": "1.0.0", "dependencies": {"mkdirp": "0.5.1"}},
        "node_modules/minimist": {"version": "0.0.8", "integrity": "sha512-aaaa", "license": "MIT"},
        "node_modules/mkdirp": {"version": "0.5.1", "integrity": "sha512-bbbb", "dependencies": {"minimist": "0.0.8"}},
    },
}  # fmt: skip


def record(folder: Path, number: int, ecosystem: str, name: str, *events: tuple[str, str]) -> None:
    told = {
        "id": f"GHSA-{number}", "modified": "2026-01-01T00:00:00Z", "aliases": [f"CVE-2026-{number:04}"], "summary": f"flaw of {name}",
        "database_specific": {"severity": "HIGH"},
        "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": [{kind: version} for kind, version in events]}]}],
    }  # fmt: skip
    (folder / f"GHSA-{number}.json").write_text(json.dumps(told))


@pytest.fixture
def osv(tmp_path: Path) -> Path:
    folder = tmp_path / "osv"
    folder.mkdir()
    record(folder, 1, "PyPI", "jinja2", ("introduced", "0"), ("fixed", "2.10.1"))
    record(folder, 2, "PyPI", "jinja2", ("introduced", "0"), ("fixed", "2.11.3"))
    record(folder, 3, "PyPI", "pyyaml", ("introduced", "0"), ("fixed", "5.4"))
    record(
        folder,
        4,
        "npm",
        "minimist",
        ("introduced", "0"),
        ("fixed", "0.2.4"),
        ("introduced", "1.0.0"),
        ("fixed", "1.2.6"),
    )
    record(folder, 5, "PyPI", "requests", ("introduced", "0"))
    return folder


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    (root / "web").mkdir(parents=True)
    (root / "requirements.txt").write_bytes(REQUIREMENTS.encode())
    (root / "web/package.json").write_text(
        '{\n  "name": "web",\n  "version": "1.0.0",\n  "dependencies": {"mkdirp": "0.5.1"}\n}\n'
    )
    (root / "web/package-lock.json").write_text(json.dumps(LOCK, indent=2) + "\n")
    return root


@pytest.fixture
def seamark() -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(main, [str(one) for one in words])


def test_plan_says_what_to_change_and_what_has_no_fix(tree: Path, osv: Path, seamark: Callable[..., Result]) -> None:
    told = seamark("fix", "plan", tree, "--advisories", osv, "--json")
    assert told.exit_code == 0
    found = json.loads(told.output)
    steps = {
        (one["package"], one["from_version"], one["to_version"], one["kind"])
        for project in found["projects"]
        for one in project["steps"]
    }
    assert steps == {
        ("jinja2", "2.10", "2.11.3", "bump"),
        ("PyYAML", "5.3", "5.4", "bump"),
        ("minimist", "0.0.8", "0.2.4", "override"),
    }
    left = [(one["vulnerability"], one["no_fix"]) for project in found["projects"] for one in project["unfixed"]]
    assert left == [("CVE-2026-0005", True)]
    assert next(one["package"] for one in found["curve"]) == "jinja2"
    assert (found["changes"], found["risk_before"], found["risk_after"]) == (3, 375.0, 75.0)
    words = seamark("fix", "plan", tree, "--advisories", osv).output
    assert "No fix: CVE-2026-0005 in requests 2.31.0: its advisories name no version in which it is fixed" in words
    assert "3 changes remove 300.0 of 375.0 risk (80%)" in words


def test_show_lists_the_options_of_a_package(tree: Path, osv: Path, seamark: Callable[..., Result]) -> None:
    found = json.loads(seamark("fix", "show", tree, "--advisories", osv, "--package", "jinja2", "--json").output)
    assert [(one["to_version"], one["choices"], len(one["clears"])) for one in found[0]["options"]] == [
        ("2.10.1", ["least"], 1),
        ("2.11.3", ["least_clearing_all"], 2),
    ]
    assert "2.11.3" in seamark("fix", "show", tree, "--advisories", osv).output
    assert seamark("fix", "show", tree, "--advisories", osv, "--package", "nope").exit_code == 1


def test_apply_writes_a_diff_that_git_takes_and_proves_it(
    tree: Path, osv: Path, tmp_path: Path, seamark: Callable[..., Result]
) -> None:
    patch = tmp_path / "fixes.patch"
    told = seamark("fix", "apply", tree, "--advisories", osv, "--only", "requirements.txt", "--output", patch)
    assert told.exit_code == 0, told.output
    assert "jinja2 2.10 → 2.11.3 in requirements.txt: proven; clears CVE-2026-0001, CVE-2026-0002" in told.output
    assert (tree / "requirements.txt").read_bytes() == REQUIREMENTS.encode()
    subprocess.run(["git", "apply", str(patch)], cwd=tree, check=True)
    assert (tree / "requirements.txt").read_bytes() == REQUIREMENTS.replace("2.10", "2.11.3").replace(
        "5.3", "5.4"
    ).encode()
    assert "Nothing" not in seamark("fix", "plan", tree, "--advisories", osv).output
    again = json.loads(seamark("fix", "plan", tree, "--advisories", osv, "--only", "requirements.txt", "--json").output)
    assert again["changes"] == 0


def test_a_lock_that_cannot_be_written_exactly_is_not_guessed_at(
    tree: Path, osv: Path, seamark: Callable[..., Result]
) -> None:
    told = seamark("fix", "apply", tree, "--advisories", osv, "--only", "web/package-lock.json", "--json")
    assert told.exit_code == 1
    (step,) = json.loads(told.output)["steps"]
    assert (step["made"], step["clears"], step["still"]) == (False, [], ["CVE-2026-0004"])
    assert "integrity" in step["words"]


def test_in_place(tree: Path, osv: Path, seamark: Callable[..., Result]) -> None:
    (tree / "requirements.txt").chmod(0o640)
    assert seamark("fix", "apply", tree, "--advisories", osv, "--only", "requirements.txt", "--in-place").exit_code == 0
    assert b"jinja2==2.11.3  # templates\r\n" in (tree / "requirements.txt").read_bytes()
    assert (tree / "requirements.txt").stat().st_mode & 0o777 == 0o640


def test_files_that_change_meanwhile_are_not_overwritten(tree: Path, osv: Path) -> None:
    sources = Sources(advisories=osv)
    made = apply(tree, plan_tree(tree, sources), loader(sources))
    (tree / "requirements.txt").write_text("jinja2==2.10\n")
    with pytest.raises(SeamarkError, match="changed while the plan was made"):
        write(tree, made)
    assert (tree / "requirements.txt").read_text() == "jinja2==2.10\n"


def test_a_claim_that_does_not_hold_is_taken_back(tree: Path, osv: Path) -> None:
    """The advisories change between plan and proof: what still matches is not said to be cleared."""
    sources = Sources(advisories=osv)
    plans = plan_tree(tree, sources, only=["requirements.txt"])
    record(osv, 1, "PyPI", "jinja2", ("introduced", "0"), ("fixed", "3.0"))
    record(osv, 6, "PyPI", "pyyaml", ("introduced", "5.4"))
    made = apply(tree, plans, loader(sources))
    told = {one["package"]: (one["clears"], one["still"]) for one in plain_applied(made)["steps"]}
    assert told == {"jinja2": (["CVE-2026-0002"], ["CVE-2026-0001"]), "PyYAML": (["CVE-2026-0003"], [])}
    assert [one.name for one in made.introduced] == ["CVE-2026-0006"]
    assert not made.proven


def test_reports_stand_in_for_a_database(tree: Path, tmp_path: Path, seamark: Callable[..., Result]) -> None:
    report = tmp_path / "trivy.json"
    report.write_text(json.dumps({
        "SchemaVersion": 2, "ArtifactName": ".", "ArtifactType": "filesystem", "Results": [{
            "Target": "requirements.txt", "Class": "lang-pkgs", "Type": "pip", "Vulnerabilities": [{
                "VulnerabilityID": "CVE-2020-1747", "PkgName": "PyYAML", "InstalledVersion": "5.3", "FixedVersion": "5.3.1", "Severity": "CRITICAL",
                "PkgIdentifier": {"PURL": "pkg:pypi/pyyaml@5.3"}}]}],
    }))  # fmt: skip
    found = json.loads(seamark("fix", "plan", tree, "--report", report, "--json").output)
    assert [(one["package"], one["to_version"]) for one in found["projects"][0]["steps"]] == [("PyYAML", "5.3.1")]


@pytest.mark.parametrize(("words", "code", "sentence"), [
    (["plan", "{tree}"], 2, "--advisories"), (["plan", "/none", "--advisories", "{osv}"], 2, "no folder"),
    (["plan", "{tree}", "--advisories", "{tree}/requirements.txt"], 2, "requirements.txt"), (["plan", "{tree}", "--advisories", "/none"], 2, "/none"),
    (["plan", "{tree}", "--advisories", "{osv}", "--only", "setup.py"], 1, "There is no setup.py"),
    (["plan", "{tree}", "--advisories", "{osv}", "--most", "0"], 2, "--most"), (["apply", "{tree}", "--advisories", "{osv}", "--trust"], 2, "--online"),
    (["apply", "{tree}", "--advisories", "{osv}", "--in-place", "--output", "x"], 2, "exclude"),
    (["apply", "{tree}", "--advisories", "{osv}", "--output", "/none/x"], 2, "cannot be written"), (["plan", "{tree}", "--report", "{tree}/requirements.txt"], 2, ""),
])  # fmt: skip
def test_wrong_words(words: list[str], code: int, sentence: str, tree: Path, osv: Path) -> None:
    import sys

    asked = [one.format(tree=tree, osv=osv) for one in words]
    done = subprocess.run(
        [sys.executable, "-c", "from seamark.interfaces.cli.main import run; run()", "fix", *asked],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert sentence in done.stderr


def test_nothing_known_is_said(tmp_path: Path, osv: Path, seamark: Callable[..., Result]) -> None:
    (tmp_path / "empty").mkdir()
    assert (
        seamark("fix", "plan", tmp_path / "empty", "--advisories", osv).output
        == "Nothing that 0 manifests list is known to be vulnerable.\n"
    )


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_npm_writes_the_lock_from_a_registry_at_home(
    tree: Path, osv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seamark.intake.connectors.registries.door import Cache
    from seamark.intake.connectors.registries.registries import Registries

    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    (tree / "web/.npmrc").write_text("registry=http://127.0.0.1:9/\n")
    with registry_at_home() as served:
        (home / ".npmrc").write_text(f"registry={served.base}/\n")

        def release(name: str, version: str, **needs: str) -> dict[str, object]:
            return {
                "name": name,
                "version": version,
                "dependencies": needs,
                "dist": {"integrity": "sha512-cccc", "tarball": f"{served.base}/{name}-{version}.tgz"},
            }

        served.answers = {
            "/mkdirp": json.dumps({"name": "mkdirp", "dist-tags": {"latest": "0.5.2"}, "versions": {"0.5.1": release("mkdirp", "0.5.1", minimist="0.0.8"), "0.5.2": release("mkdirp", "0.5.2", minimist="^1.2.5")}}),
            "/minimist": json.dumps({"name": "minimist", "dist-tags": {"latest": "1.2.8"}, "versions": {"0.0.8": release("minimist", "0.0.8"), "1.2.8": release("minimist", "1.2.8")}}),
        }  # fmt: skip
        sources = Sources(advisories=osv)
        with Registries({"npm": served.base}, cache=Cache(None), attempts=1) as known:
            plans = plan_tree(tree, sources, known, only=["web/package.json"])
            made = apply(tree, plans, loader(sources), hashes=known, tools=True)
    assert made.proven, plain_applied(made)
    assert [(one.step.change.name, [flaw.name for flaw in one.clears]) for one in made.steps] == [
        ("mkdirp", ["CVE-2026-0004"])
    ]
    assert sorted(made.after) == ["web/package-lock.json", "web/package.json"]
    assert '"minimist": "^1.2.5"' in diff(made)


def test_sandboxes_say_why_nothing_was_run(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Project(
        place="x//Gemfile.lock",
        ecosystem="gem",
        manager="bundler",
        lock="Gemfile.lock",
        manifests=("Gemfile", "Gemfile.lock"),
    )
    assert "--trust" in relock({}, here, ()).words
    maven = Project(place="x//pom.xml", ecosystem="maven", manager="maven", manifests=("pom.xml",))
    assert "keeps no lock" in relock({}, maven, ()).words
    npm = Project(
        place="x//package-lock.json",
        ecosystem="npm",
        manager="npm",
        lock="package-lock.json",
        manifests=("package-lock.json",),
    )
    nasty = Change(
        ecosystem="npm",
        manager="npm",
        name="--before=x",
        from_version="1",
        to_version="2",
        manifests=("package-lock.json",),
    )
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert "no name and version" in relock({}, npm, (nasty,)).words
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert relock({}, npm, ()).words == "npm is not installed"
