"""Fixes of code and settings: patches of ours, and what tools propose."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.core.errors import NotAllowed
from seamark.core.finding import Patch, Replacement
from seamark.pipeline.pulls import asking
from seamark.pipeline.pulls import work as worker
from seamark.pipeline.pulls.changes import prepare
from seamark.pipeline.pulls.telling import findings_of
from seamark.store.models import Fix, PullRepository
from seamark.store.models.pulls import PullState
from tests.factories import code, import_findings

from .served import Forge, commit

SOURCE = "import yaml\n\n\ndef load(text):\n    first = yaml.load(text)\n    second = yaml.load(text)\n    return first, second\n"


def findings(rule: str = "B506", *, patches: tuple[Patch, ...] = ()) -> Fix:
    """Have a tool report two flaws in one function, which one change clears."""
    found = [
        code(rule, f"Unsafe YAML {line}", "app.py", line, cwe=20, scope="load", snippet=SOURCE.splitlines()[line - 1].strip(), patches=patches if line == 5 else ())
        for line in (5, 6)
    ]  # fmt: skip
    import_findings("shop", "Bandit", found)
    return Fix.objects.get(kind="code")


def test_a_patch_of_ours_becomes_a_pull_request(forge: Forge, work: Path, repository: PullRepository) -> None:
    commit(forge, work, {"app.py": SOURCE})
    row = asking.ask(None, findings())
    assert worker.work_once()
    row.refresh_from_db()
    assert (row.state, row.told, row.facts["made_by"], row.facts["proven"]) == (PullState.OPEN, "", "patch", False)
    assert forge.show(row.branch, "app.py") == SOURCE.replace("yaml.load", "yaml.safe_load").rstrip()
    assert "proven by the next scan" in forge.pulls[0]["body"]


def test_what_the_tool_proposes(repository: PullRepository, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(SOURCE)
    change = Replacement(path="app.py", line=5, column=13, end_line=5, end_column=22, text="yaml.safe_load")
    fix = findings("no-such-rule", patches=(Patch(description="Load safely", replacements=(change,)),))
    found = prepare(fix, findings_of(fix), tmp_path, online=False)
    assert found.files["app.py"].decode() == SOURCE.replace("first = yaml.load", "first = yaml.safe_load")
    assert (found.facts.made_by, found.facts.titles) == ("proposed", ("Load safely",))
    assert any("Not changed" in one for one in found.facts.hints)


def test_paths_that_lead_elsewhere_change_nothing(repository: PullRepository, tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text(SOURCE)
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "app.py").symlink_to(tmp_path / "outside.py")
    fix = findings()
    with pytest.raises(NotAllowed, match="is not among the files"):
        prepare(fix, findings_of(fix), tree, online=False)
    assert (tmp_path / "outside.py").read_text() == SOURCE


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("base_image", "No file of the default branch names"),
        ("rotate", "made by people"),
        ("replace", "made by people"),
    ],
)
def test_what_people_have_to_make(fix: Fix, tmp_path: Path, kind: str, words: str) -> None:
    fix.kind = kind
    with pytest.raises(NotAllowed, match=words):
        prepare(fix, findings_of(fix), tmp_path, online=False)


def test_no_version_clears_it(repository: PullRepository, tmp_path: Path, fix: Fix) -> None:
    from .conftest import flaw, report

    report(flaw(fixed=""))
    (tmp_path / "requirements.txt").write_text("jinja2==2.10\n")
    with pytest.raises(NotAllowed, match="There is no change that clears it"):
        prepare(fix, findings_of(fix), tmp_path, online=False)
