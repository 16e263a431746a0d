"""A gate without a server, on real git histories: old code that moves is no news, new code is."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seamark.core.errors import SeamarkError
from seamark.governance.policy.bundle import Bundle, starter
from seamark.governance.policy.model import Source, Stage
from seamark.insight.exports.gate.documents import as_json
from seamark.insight.exports.gate.outcome import Outcome
from seamark.intake.discovery.changed import Changes, changes_since
from seamark.intake.discovery.context import read_context
from seamark.pipeline.gate import baseline
from seamark.pipeline.gate.judge import Question, judge, remember
from seamark.pipeline.gather import Gathered
from tests.support.scanner import write_report

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
POLICY = """
apiVersion: seamark.dev/v1
kind: Policy
metadata: {name: nothing-critical}
spec:
  match: issue.severity >= HIGH && !issue.waived
  stages: {pull_request: block}
  newOnly: true
"""
SEARCH = '''"""Search."""


def search(cursor, term, limit):
    sql = "SELECT 1"
    cursor.execute(f"SELECT * FROM orders WHERE name = '{term}'")
    return cursor.fetchall()[:limit]


def totals(cursor, year):
    cursor.execute(f"SELECT sum(total) FROM orders WHERE year = {year}")
    return cursor.fetchone()


def run(text):
    return eval(text)
'''
LATER = """

def remove(cursor, number):
    cursor.execute(f"DELETE FROM orders WHERE id = {number}")
"""


class Repository:
    """A repository with a main branch that has old problems."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        self.git("init", "-q", "-b", "main")
        self.write("shop/search.py", SEARCH)
        self.write("shop/plain.py", "def plain():\n    return 1\n")
        self.commit("first")
        self.before = write_report(root, root.parent / "before.sarif")
        self.git("checkout", "-q", "-b", "change")

    def git(self, *words: str) -> str:
        environment = {
            **os.environ, "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@acme.example", "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@acme.example", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
        }  # fmt: skip
        return subprocess.run(
            ["git", "-C", str(self.root), *words], env=environment, check=True, capture_output=True, text=True
        ).stdout

    def read(self, path: str) -> str:
        return (self.root / path).read_text("utf-8")

    def write(self, path: str, content: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")

    def commit(self, words: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", words)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "shop")


def shifted(repository: Repository) -> None:
    repository.write("shop/search.py", "# Licence\n# of this file\n\n\n" + SEARCH)


def indented(repository: Repository) -> None:
    body = "".join(f"    {line}" if line.strip() else line for line in SEARCH.splitlines(keepends=True)[2:])
    repository.write("shop/search.py", f'"""Search."""\n\n\nclass Search:\n{body}')


def renamed(repository: Repository) -> None:
    repository.git("mv", "shop/search.py", "shop/find.py")


def moved_to_another_folder_and_indented(repository: Repository) -> None:
    indented(repository)
    (repository.root / "core").mkdir()
    repository.git("mv", "shop/search.py", "core/queries.py")


def functions_swapped(repository: Repository) -> None:
    head, one, two, three = SEARCH.split("\n\n\n")
    repository.write("shop/search.py", "\n\n\n".join([head, two, three.rstrip("\n"), one]) + "\n")


def function_moved_to_a_file_of_its_own(repository: Repository) -> None:
    head, one, two, three = SEARCH.split("\n\n\n")
    repository.write("shop/search.py", f"{head}\n\n\n{one}\n\n\n{three}")
    repository.write("shop/totals.py", f'"""Totals."""\n\n\n{two}\n')


def other_lines_changed(repository: Repository) -> None:
    repository.write(
        "shop/search.py",
        SEARCH.replace("return cursor.fetchall()[:limit]", "rows = cursor.fetchall()\n    return rows"),
    )


def something_fixed(repository: Repository) -> None:
    repository.write("shop/search.py", SEARCH.replace("return eval(text)", "return int(text)"))


HARMLESS = [
    shifted, indented, renamed, moved_to_another_folder_and_indented, functions_swapped, function_moved_to_a_file_of_its_own, other_lines_changed,
    something_fixed,
]  # fmt: skip


def gate(
    repository: Repository, way: str, *, policies: str = POLICY, snippets: bool = True, known: Path | None = None, **more: object
) -> Outcome:  # fmt: skip
    """Ask about the working tree: with the reports of main, with a baseline file made of them, or with git alone."""
    reports = Gathered(listing=True)
    reports.read(
        write_report(repository.root, repository.root.parent / "after.sarif", snippets=snippets), "after.sarif"
    )
    before = None
    if way in {"reports", "file"}:
        earlier = Gathered(listing=True)
        earlier.read(repository.before, "before.sarif")
        before = remember(earlier, None, now=NOW)
    if way == "file":
        file = repository.root.parent / "main.baseline"
        assert before is not None
        baseline.write(before, file)
        before = baseline.read(file)
    if known is not None:
        before = baseline.read(known)
    question = Question(
        bundle=Bundle.compile([Source("policies.yaml", policies)]), stage=Stage.PULL_REQUEST, now=NOW, known=before,
        source=repository.root if way == "git" else None, base="main" if way == "git" else "", **more,
    )  # type: ignore[arg-type] # fmt: skip
    return judge(reports, question)


WAYS = ("reports", "file", "git")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("change", HARMLESS)
def test_old_code_that_moves_never_blocks(
    repository: Repository, change: Callable[[Repository], None], way: str
) -> None:
    change(repository)
    repository.commit("change")
    outcome = gate(repository, way)
    assert outcome.outcome == "pass", [
        (one.path, one.line, one.decided) for one in outcome.breaches if one.effect == "block"
    ]
    assert outcome.issues >= 2
    assert outcome.new == 0


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("change", HARMLESS)
def test_what_is_added_beside_it_blocks(repository: Repository, change: Callable[[Repository], None], way: str) -> None:
    change(repository)
    place = next(
        path for path in ("shop/search.py", "shop/find.py", "core/queries.py") if (repository.root / path).exists()
    )
    repository.write(place, repository.read(place) + LATER)
    repository.commit("change")
    outcome = gate(repository, way)
    assert outcome.outcome == "block"
    line = next(number for number, text in enumerate(repository.read(place).splitlines(), 1) if "DELETE" in text)
    assert [(one.path, one.line) for one in outcome.blocking] == [(place, line)]
    assert outcome.new == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_old_code_is_new(repository: Repository, way: str) -> None:
    repository.write("shop/copy.py", "def again(text):\n    return eval(text)\n")
    repository.commit("copied")
    assert [one.path for one in gate(repository, way).blocking] == ["shop/copy.py"]


@pytest.mark.parametrize("way", WAYS)
def test_a_line_that_becomes_vulnerable_is_new(repository: Repository, way: str) -> None:
    repository.write("shop/plain.py", "def plain(text):\n    return eval(text) + 1\n")
    repository.commit("worse")
    assert [(one.path, one.line) for one in gate(repository, way).blocking] == [("shop/plain.py", 2)]


def test_what_main_got_meanwhile_is_not_the_changes(repository: Repository) -> None:
    repository.git("checkout", "-q", "main")
    repository.write("shop/other.py", "def other(text):\n    return eval(text)\n")
    repository.commit("on main")
    repository.git("checkout", "-q", "change")
    shifted(repository)
    repository.commit("change")
    assert gate(repository, "git").outcome == "pass"


def test_files_that_git_does_not_know_yet_are_new(repository: Repository) -> None:
    repository.write("shop/fresh.py", "def fresh(text):\n    return eval(text)\n")
    assert [one.path for one in gate(repository, "git").blocking] == ["shop/fresh.py"]


def test_without_anything_to_compare_with_nothing_is_decided(repository: Repository) -> None:
    outcome = gate(repository, "none")
    assert (outcome.outcome, outcome.exit_code, outcome.compared) == ("indeterminate", 2, False)
    assert {name for one in outcome.undecided for name in one.unknown} == {"issue.new"}
    assert gate(repository, "none", all_new=True).exit_code == 1


def test_policies_that_fail_open_let_it_pass_undecided(repository: Repository) -> None:
    outcome = gate(repository, "none", policies=POLICY + "  onError: open\n")
    assert (outcome.outcome, outcome.exit_code) == ("pass", 0)
    assert outcome.passed_over() == {"unknown": 3}


def test_a_missing_base_is_told_and_not_taken_for_nothing_new(repository: Repository) -> None:
    reports = Gathered(listing=True)
    reports.read(write_report(repository.root, repository.root.parent / "after.sarif"), "after.sarif")
    question = Question(
        bundle=Bundle.compile([Source("p", POLICY)]),
        stage=Stage.PULL_REQUEST,
        now=NOW,
        source=repository.root,
        base="origin/none",
    )
    outcome = judge(reports, question)
    assert outcome.exit_code == 2
    assert any("origin/none" in note for note in outcome.notes)


def test_a_tool_that_the_baseline_lacks_is_judged_by_the_lines_of_the_change(repository: Repository) -> None:
    shifted(repository)
    repository.write("shop/plain.py", "def plain(text):\n    return eval(text)\n")
    repository.commit("change")
    empty = repository.root.parent / "empty.baseline"
    baseline.write(baseline.Baseline("", {}, frozenset(), None, enriched=False), empty)
    assert [one.path for one in gate(repository, "git", known=empty).blocking] == ["shop/plain.py"]
    assert gate(repository, "none", known=empty).exit_code == 2


def test_what_a_failed_scan_of_main_did_not_report_is_not_known_to_be_new(repository: Repository) -> None:
    earlier = Gathered(listing=True)
    earlier.read(repository.before, "before.sarif")
    known = remember(earlier, None, now=NOW)
    key = ("Lookout", "")
    stream = known.streams[key]._replace(whole=False, findings=known.streams[key].findings[:1])
    file = repository.root.parent / "partial.baseline"
    baseline.write(known._replace(streams={key: stream}), file)
    outcome = gate(repository, "none", known=file)
    assert outcome.exit_code == 2
    assert len(outcome.undecided) == 2


def test_grace_counts_from_when_a_baseline_first_saw_it(repository: Repository) -> None:
    policies = POLICY.replace("newOnly: true", "grace: 7d")
    early = datetime(2026, 11, 18, tzinfo=UTC)
    reports = Gathered(listing=True)
    reports.read(repository.before, "before.sarif")
    first = remember(reports, None, now=early)
    again = remember(reports, None, earlier=first, now=NOW)
    assert {one.since for stream in again.streams.values() for one in stream.findings} == {"2026-11-18T00:00:00Z"}
    file = repository.root.parent / "dated.baseline"
    baseline.write(again, file)
    outcome = gate(repository, "none", known=file, policies=policies)
    assert outcome.outcome == "warn"
    assert {one.grace_until for one in outcome.warnings} == {"2026-11-25T00:00:00Z"}


def test_the_same_input_gives_the_same_bytes(repository: Repository) -> None:
    indented(repository)
    repository.commit("change")
    assert as_json(gate(repository, "git")) == as_json(gate(repository, "git"))


def test_a_baseline_holds_no_code(repository: Repository) -> None:
    reports = Gathered(listing=True)
    reports.read(repository.before, "before.sarif")
    file = repository.root.parent / "main.baseline.gz"
    baseline.write(remember(reports, repository.root, now=NOW), file)
    import gzip

    content = gzip.decompress(file.read_bytes()).decode()
    assert "SELECT" not in content
    assert "eval(" not in content
    assert baseline.is_baseline(file)
    assert baseline.read(file).commit == repository.git("rev-parse", "HEAD").strip()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b'{"format":"seamark-baseline/9"}',
        b'{"format":"seamark-baseline/1","streams":[{"tool":"a","findings":[["r","p",1,1,"!!","x"]]}]}',
        b"\x1f\x8bnothing",
    ],
)
def test_a_spoiled_baseline_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "spoiled"
    file.write_bytes(content)
    with pytest.raises(SeamarkError):
        baseline.read(file)


def test_what_seamark_yaml_says_decides_who_can_reach_it(repository: Repository) -> None:
    context = read_context(
        "apiVersion: seamark.dev/v1\nkind: Application\nmetadata: {name: shop}\nspec:\n  exposure: internal\n"
        "  services:\n    - {name: web, path: shop, exposure: internet}\n"
    )
    policies = POLICY.replace("issue.severity >= HIGH", 'issue.severity >= HIGH && asset.exposure == "internet"')
    assert gate(repository, "none", policies=policies, all_new=True).exit_code == 2
    assert gate(repository, "none", policies=policies, all_new=True, context=context).exit_code == 1
    inside = read_context(
        "apiVersion: seamark.dev/v1\nkind: Application\nmetadata: {name: shop}\nspec: {exposure: internal}\n"
    )
    assert gate(repository, "none", policies=policies, all_new=True, context=inside).exit_code == 0


def test_the_source_is_judged_as_well(repository: Repository) -> None:
    repository.write(
        ".github/workflows/ci.yml", "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{uses: actions/checkout@v4}]\n"
    )
    repository.commit("pipeline")
    policies = "\n---\n".join(source.text for source in starter())
    outcome = gate(repository, "git", policies=policies)
    assert "actions-pinned" in {one.policy for one in outcome.warnings}


def test_components_of_an_inventory_are_new_or_not(tmp_path: Path) -> None:
    def sbom(name: str, *packages: tuple[str, str]) -> Gathered:
        import json

        rows = [
            {
                "type": "library",
                "name": one,
                "version": "1",
                "purl": f"pkg:npm/{one}@1",
                "scope": "required",
                "licenses": [{"license": {"id": licence}}],
            }
            for one, licence in packages
        ]
        path = tmp_path / name
        path.write_text(
            json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": rows}), "utf-8"
        )
        reports = Gathered(listing=True)
        reports.read(path, name)
        return reports

    before = remember(sbom("a.json", ("old", "AGPL-3.0-only")), None, now=NOW)
    question = Question(bundle=Bundle.compile(starter()), stage=Stage.PULL_REQUEST, now=NOW, known=before)
    outcome = judge(sbom("b.json", ("old", "AGPL-3.0-only"), ("new", "AGPL-3.0-only"), ("fine", "MIT")), question)
    assert [(one.policy, one.ref) for one in outcome.blocking] == [("no-copyleft-shipped", "pkg:npm/new@1")]


def patches() -> Iterator[tuple[str, str, list[int]]]:
    yield "--- a/x.py\n+++ b/x.py\n@@ -1,0 +2,2 @@\n+a\n+b\n", "x.py", [2, 3]
    yield "--- /dev/null\n+++ b/new file.py\n@@ -0,0 +1 @@\n+a\n\\ No newline at end of file\n", "new file.py", [1]
    yield '--- "a/\\303\\244.py"\n+++ "b/\\303\\244.py"\n@@ -1 +1 @@\n-a\n+b\n', "ä.py", [1]
    yield "--- a/x.py\n+++ b/x.py\n@@ -1,3 +1,3 @@\n a\n-b\n+++ c\n d\n", "x.py", [2]


@pytest.mark.parametrize(("patch", "path", "lines"), list(patches()))
def test_patches_are_read(patch: str, path: str, lines: list[int]) -> None:
    changes = Changes()
    assert changes.read(patch)
    assert [line for span in changes.lines(path) for line in span] == lines


def test_no_repository_tells_nothing(tmp_path: Path) -> None:
    assert changes_since(tmp_path, "main") is None
    assert changes_since(tmp_path / "none", "--upload-pack=x") is None
