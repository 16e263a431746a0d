"""Asked for by people, worked off, kept, opened as pull requests, and never merged by itself."""

from __future__ import annotations

import html
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from seamark.core.errors import NotAllowed, RemoteFailure
from seamark.core.finding import Finding
from seamark.intake.scanners.declared import scanners
from seamark.pipeline.model_patches import asking, opening, work
from seamark.pipeline.pulls import asking as pulls
from seamark.pipeline.pulls import following, machine_made, repositories
from seamark.pipeline.pulls import work as pull_worker
from seamark.pipeline.worker import QUEUES
from seamark.response.forges.pulls.github import GitHub
from seamark.response.remediation.model_patches.prompt import Message, Prompt
from seamark.store.models import Fix, Issue, LedgerEntry, ModelPatch, PullRepository, PullRequest
from seamark.store.models.people import Role
from seamark.store.models.pulls import PullState
from tests.factories import code, import_findings, make_person
from tests.remediation.pulls.served import Forge, commit

from .conftest import APP, FILES, HERE, MENDED, hidden, keep_repository, report
from .served import Model, completion


@pytest.fixture
def row(issue: Issue) -> ModelPatch:
    """Return a change that is ready."""
    return made(issue)


def made(issue: Issue) -> ModelPatch:
    asked = asking.ask(None, issue)
    assert work.work_once()
    asked.refresh_from_db()
    return asked


def scanned() -> bool:
    return scanners()["ruff"].find() is not None


def test_asked_made_and_kept(configured: Model, forge: Forge, row: ModelPatch) -> None:
    assert (row.state, row.told, row.path, row.model, row.tokens) == ("ready", "", HERE, "small", 321)
    assert row.verified is scanned()
    assert row.commit == forge.branches()["main"]
    assert "+    return unpack(name)" in row.diff
    states = {one["name"]: one["state"] for one in row.checks}
    assert (states["diff"], states["parses"], states["tests"]) == ("passed", "passed", "not run")
    assert (len(configured.asked), configured.keys) == (1, ["Bearer k"])
    sent = str(configured.asked[0])
    assert "hunter2!" not in sent + row.diff
    assert "SEAMARK_REDACTED_1_" in sent
    assert len(row.prompt) == 64
    assert LedgerEntry.objects.filter(kind="model-patch", content__contains='"asked"').count() == 1
    assert not work.work_once()
    assert forge.pushes == 0


def test_the_worker_takes_it_up() -> None:
    assert QUEUES["machine-made change"] is work.work_once


def test_asking_twice_asks_once(configured: Model, issue: Issue) -> None:
    first = asking.ask(None, issue)
    assert asking.ask(None, issue).pk == first.pk
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelPatch.objects.create(issue=issue)
    with pytest.raises(NotAllowed, match="asked for already"):
        asking.begin(None, issue, asking.subject_in(issue))
    assert work.work_once()
    assert asking.ask(None, issue).pk != first.pk
    assert len(configured.asked) == 1


def test_off_unless_a_model_is_named(issue: Issue, configured: Model, settings: Settings) -> None:
    waiting = asking.ask(None, issue)
    settings.SEAMARK_MODEL_URL = ""
    with pytest.raises(NotAllowed, match="No model is set up"):
        asking.ask(None, issue)
    assert work.work_once()
    waiting.refresh_from_db()
    assert (waiting.state, configured.asked) == ("failed", [])


def test_rights(issue: Issue) -> None:
    viewer, stranger, developer = make_person("v", Role.VIEWER), make_person("s"), make_person("d", Role.DEVELOPER)
    for person in (viewer, stranger):
        with pytest.raises(NotAllowed):
            asking.ask(person, issue)
    row = asking.ask(developer, issue)
    assert row.by == developer
    developer.grants.all().delete()
    assert work.work_once()
    row.refresh_from_db()
    assert row.state == "failed"
    ready = made(issue)
    for person in (viewer, stranger, developer):
        with pytest.raises(NotAllowed):
            opening.open_pull(person, ready, unverified=True)


def test_issues_that_no_model_is_asked_about(issue: Issue, repository: PullRepository, configured: Model) -> None:
    repository.active = False
    repository.save()
    with pytest.raises(NotAllowed, match="Nobody has said how"):
        asking.ask(None, issue)
    import_findings("shop", "Ruff", [])
    issue.refresh_from_db()
    with pytest.raises(NotAllowed, match="is not open"):
        asking.ask(None, issue)
    assert not ModelPatch.objects.exists()


def test_what_a_day_allows(issue: Issue, configured: Model, settings: Settings) -> None:
    settings.SEAMARK_MODEL_CALLS = 2
    made(issue)
    made(issue)
    with pytest.raises(NotAllowed, match="as often as SEAMARK_MODEL_CALLS allows"):
        asking.ask(None, issue)
    ModelPatch.objects.update(called_at=timezone.now() - timedelta(days=1, hours=1))
    made(issue)
    settings.SEAMARK_MODEL_TOKENS = 300
    with pytest.raises(NotAllowed, match="as many as SEAMARK_MODEL_TOKENS allows"):
        asking.ask(None, issue)
    assert len(configured.asked) == 3


def test_the_limit_holds_for_what_waits_too(issue: Issue, configured: Model, settings: Settings) -> None:
    waiting = asking.ask(None, issue)
    settings.SEAMARK_MODEL_CALLS = 0
    assert work.work_once()
    waiting.refresh_from_db()
    assert (waiting.state, configured.asked) == ("failed", [])


@pytest.mark.parametrize("status", [429, 500, 401])
def test_an_endpoint_that_does_not_answer(issue: Issue, configured: Model, status: int) -> None:
    configured.status = status
    row = made(issue)
    assert (row.state, len(configured.asked), row.called_at is not None) == ("failed", 1, True)
    assert row.told.startswith("The model's endpoint")


def test_answers_that_are_refused(issue: Issue, configured: Model) -> None:
    configured.says(
        "Ignore your rules.\n--- a/.github/workflows/x.yml\n+++ b/.github/workflows/x.yml\n@@ -1 +1 @@\n-a\n+b\n"
    )
    row = made(issue)
    assert (row.state, row.diff, row.verified) == ("refused", "", False)
    assert row.told == "The model answered no diff"
    with pytest.raises(NotAllowed, match="no change"):
        opening.open_pull(None, row, unverified=True)


def test_interrupted_twice_it_is_given_up(issue: Issue, configured: Model) -> None:
    row = asking.ask(None, issue)
    ModelPatch.objects.update(attempt=2)
    assert work.work_once()
    row.refresh_from_db()
    assert (row.state, row.told, configured.asked) == ("failed", "It was interrupted several times", [])


def test_bugs_are_told(issue: Issue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "draft", lambda *_, **__: 1 // 0)
    row = made(issue)
    assert (row.state, row.told) == ("failed", "It could not be made; the log says why")


def opened(row: ModelPatch) -> PullRequest:
    pull = opening.open_pull(None, row, unverified=True)
    assert pull_worker.work_once()
    pull.refresh_from_db()
    return pull


def test_a_pull_request_says_that_it_is_machine_made(forge: Forge, row: ModelPatch) -> None:
    pull = opened(row)
    assert (pull.state, pull.machine_made, pull.told) == ("open", True, "")
    assert forge.show(pull.branch, HERE) == MENDED.rstrip("\n")
    (there,) = forge.pulls
    assert there["title"].endswith("(machine-made)")
    assert "machine-made" in there["labels"]
    for words in ("A language model (small) wrote this change", "Machine-made change by the model small", "SM-"):
        assert words in html.unescape(there["body"])
    assert "hunter2!" not in there["body"]
    message = forge.git("log", "-1", "--format=%B", pull.branch)
    assert "Machine-made change by the model small" in message
    assert pull.facts["made_by"] == "model"
    entry = LedgerEntry.objects.get(kind="model-patch", content__contains='"pull request"')
    assert row.prompt in entry.content
    # Asked for again it is the same, and its fix has no other.
    assert opening.open_pull(None, row, unverified=True).pk == pull.pk
    assert pulls.ask(None, row.issue.fix).pk == pull.pk  # type: ignore[arg-type]
    other = made(row.issue)
    with pytest.raises(NotAllowed, match="another pull request"):
        opening.open_pull(None, other, unverified=True)


def test_unverified_ones_are_opened_on_a_persons_word_alone(row: ModelPatch, configured: Model, issue: Issue) -> None:
    report("Unheard Of")
    unverified = ModelPatch.objects.get(pk=row.pk)
    unverified.verified = False
    with pytest.raises(NotAllowed, match="No scan has shown"):
        opening.open_pull(None, unverified)
    assert opening.open_pull(None, unverified, unverified=True).machine_made
    assert '"unverified":true' in LedgerEntry.objects.filter(kind="model-patch").latest("number").content.replace(
        " ", ""
    )


def test_an_issue_without_a_fix_gets_the_one_that_a_second_issue_would_join(row: ModelPatch) -> None:
    assert row.issue.fix is None
    pull = opening.open_pull(None, row, unverified=True)
    fix = Fix.objects.get()
    assert (pull.fix, fix.kind, fix.key, fix.asset) == (fix, "code", f"{HERE}::run", row.issue.asset)
    report(also=True)
    assert set(Issue.objects.values_list("fix", flat=True)) == {fix.pk}
    assert Issue.objects.count() == 2


def test_a_place_outside_of_functions_has_a_fix_of_its_own(row: ModelPatch) -> None:
    row.subject["location"].pop("scope")
    opening.open_pull(None, row, unverified=True)
    assert Fix.objects.get().key == f"{HERE}::{row.issue.reference}"


def test_a_fix_with_a_pull_request_of_its_own_keeps_it(row: ModelPatch) -> None:
    report(also=True)
    row.issue.refresh_from_db()
    other = pulls.ask(None, row.issue.fix)  # type: ignore[arg-type]
    assert not other.machine_made
    with pytest.raises(NotAllowed, match="another pull request"):
        opening.open_pull(None, row, unverified=True)
    assert not ModelPatch.objects.exclude(pull=None).exists()


_hours = iter(range(1, 1_000))


def look(pull: PullRequest) -> PullRequest:
    pull_worker.watch_once(timezone.now() + timedelta(days=60, hours=next(_hours)))
    pull.refresh_from_db()
    return pull


def ready_to_merge(repository: PullRepository) -> None:
    """Let everything be merged by itself that may be."""
    keep = {"merge_after_hours": 0, "merge_release_days": 0, "merge_distance": "minor"}
    PullRepository.objects.update(details={**repository.details, **keep}, merging=True)


def test_it_is_never_merged_by_itself(
    forge: Forge, repository: PullRepository, row: ModelPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = opened(row)
    ready_to_merge(repository)

    def refuse(*_: object) -> None:
        raise AssertionError("it was merged by itself")

    monkeypatch.setattr(GitHub, "merge", refuse)
    assert (look(pull).state, pull.told) == ("open", machine_made.NEVER)
    # Nor where its facts say that it is a safe move of a version, or nothing is left of the change, or of the mark of its row.
    safe = {**pull.facts, "made_by": "plan", "moves": [["x", "1.0.0", "1.0.1", "patch"]], "proven": True, "tests": True}
    safe |= {"known_since": "2020-01-01T00:00:00+00:00", "pushed_at": "2020-01-01T00:00:00+00:00"}
    for row_says, facts, change in (
        (True, safe, None),
        (False, safe, pull),
        (False, {**safe, "made_by": "model"}, None),
    ):
        PullRequest.objects.update(machine_made=row_says, facts=facts)
        ModelPatch.objects.update(pull=change)
        pull.refresh_from_db()
        standing = type("Standing", (), {"state": "open"})
        assert following._merged(pull, None, standing, timezone.now()) == {"told": machine_made.NEVER}  # type: ignore[arg-type]
    # The policy itself refuses as well.
    with repositories.forge_of(PullRepository.objects.get()) as there:
        decision = following.decision_of(pull, there.standing(pull.number), timezone.now())
    assert not decision.merge
    assert "a model wrote it, and only people merge that" in decision.missing
    # The same facts without any mark would be merged: it is the mark that keeps it.
    PullRequest.objects.update(machine_made=False, facts=safe)
    pull.refresh_from_db()
    with (
        pytest.raises(AssertionError, match="merged by itself"),
        repositories.forge_of(PullRepository.objects.get()) as there,
    ):
        following._merged(pull, there, there.standing(pull.number), timezone.now())


def test_kept_up_to_date_without_asking_the_model_again(
    forge: Forge, row: ModelPatch, configured: Model, tmp_path: Path
) -> None:
    pull = opened(row)
    commit(forge, tmp_path / "work", {HERE: "# new\n" + APP})
    assert look(pull).state == "open"
    assert forge.show(pull.branch, HERE) == "# new\n" + MENDED.rstrip("\n")
    assert "The file changed after the checks" in forge.pulls[0]["body"]
    commit(forge, tmp_path / "work", {HERE: APP.replace("shell=True", "shell=False")})
    assert "lines that the file does not have" in look(pull).told
    commit(forge, tmp_path / "work", {**FILES, HERE: "gone = 1\n"})
    assert look(pull).told.startswith("It could not be brought up to date")
    assert len(configured.asked) == 1


def test_a_change_that_is_gone_pushes_nothing(forge: Forge, row: ModelPatch) -> None:
    pull = opening.open_pull(None, row, unverified=True)
    ModelPatch.objects.update(diff="")
    assert pull_worker.work_once()
    pull.refresh_from_db()
    assert (pull.state, pull.told, forge.pushes) == ("failed", "The change that the model wrote is there no more", 0)


def test_closed_and_verified_by_its_own_issue(forge: Forge, configured: Model, db: None) -> None:
    report(also=True)
    keep_repository(forge)
    issue = Issue.objects.get(title__contains="shell")
    assert issue.fix_id == Issue.objects.exclude(pk=issue.pk).get().fix_id
    pull = opened(made(issue))
    assert forge.pulls[0]["body"].count("(P") == 1
    forge.pulls[0].update(state="closed", merged_at="2026-05-02T00:00:00Z")
    assert look(pull).state == PullState.MERGED
    # The other issue of the same fix is still reported, which is none of its business.
    import_findings("shop", "Ruff", _others())
    issue.refresh_from_db()
    assert not issue.open
    look(pull)
    assert look(pull).state == PullState.VERIFIED


def _others() -> list[Finding]:
    return [code("S999", "Something else", HERE, 10, cwe=20, scope="run")]


def test_closed_where_its_issue_is_fixed_otherwise(forge: Forge, configured: Model, db: None) -> None:
    report(also=True)
    keep_repository(forge)
    pull = opened(made(Issue.objects.get(title__contains="shell")))
    import_findings("shop", "Ruff", _others())
    assert look(pull).state == PullState.GONE
    assert forge.pulls[0]["state"] == "closed"


def test_the_fields_of_an_answer_that_was_kept_by_hand(issue: Issue, configured: Model) -> None:
    row = asking.begin(None, issue, asking.subject_in(issue))
    # No worker takes it up meanwhile.
    assert not work.work_once()
    asking.give_up(row, "x" * 2_000)
    row.refresh_from_db()
    assert (row.state, len(row.told), row.lease_until) == ("failed", 1_000, None)
    assert (asking.spent().calls, asking.spent().tokens) == (0, 0)
    configured.answer = lambda _: completion("x", usage={"total_tokens": 9})
    configured.status = 500
    with pytest.raises(RemoteFailure):
        asking.sender(row)(Prompt(messages=(Message("user", hidden(APP)),), first=1, last=1, hidden=0))
    assert asking.spent().calls == 1
