"""The deploy gate on stored facts: what is known of a digest, what is not, and when an answer stands."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from seamark.core.component import Component
from seamark.core.errors import NotFound, RemoteFailure
from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.location import ImageLocation
from seamark.core.severity import Severity
from seamark.governance.ledger.attested import Expected
from seamark.governance.ledger.entry import read_entry
from seamark.governance.ledger.replaying import replay
from seamark.governance.policy.kept.sync import declare, sync
from seamark.governance.triage.service import change_state
from seamark.pipeline.deployment import decide as gate
from seamark.pipeline.deployment import keeping
from seamark.pipeline.deployment.decide import decide, forget
from seamark.pipeline.deployment.images import resolve
from seamark.pipeline.deployment.runtask import check_callback, read_task, result, verified
from seamark.pipeline.deployment.subject import Place, Subject
from seamark.pipeline.deployment.version import data_version
from seamark.pipeline.gate import kept
from seamark.store.access import everything, visible_to
from seamark.store.models import (
    Application,
    Asset,
    Issue,
    LedgerEntry,
    Relation,
    Sbom,
    Verdict,
    Waiver,
    WaiverIssue,
)
from seamark.store.models.issues import State
from seamark.store.models.people import Limit, Role
from seamark.store.models.policies import BundleKind
from seamark.store.permissions import Permission
from tests.factories import code, import_findings, make_person

pytestmark = pytest.mark.django_db
IMAGE = "images.shop.example/shop/orders"
OLD, NEW, OTHER = ("sha256:" + letter * 64 for letter in "abc")
HEAD = "apiVersion: seamark.dev/v1\nkind: Policy\nmetadata: {name: NAME}\nspec:\n"
NO_CRITICAL = "match: issue.severity >= CRITICAL && !issue.waived"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    forget()
    yield
    forget()


def in_force(folder: Path, **conditions: str) -> None:
    """Put policies in force: by name the lines of their specs; each blocks deployments."""
    folder.mkdir(exist_ok=True)
    for name, lines in conditions.items():
        named = HEAD.replace("NAME", name.replace("_", "-"))
        body = lines if "stages:" in lines else f"{lines}\nstages: {{deploy: block}}"
        (folder / f"{name}.yaml").write_text(named + "".join(f"  {line}\n" for line in body.splitlines()))
    synced = sync(declare("tests", BundleKind.FOLDER, str(folder)), now=timezone.now(), cache=folder)
    assert synced.mistakes == ()


def flaw(cve: str = "CVE-2024-1", severity: Severity = Severity.CRITICAL, name: str = "openssl") -> Finding:
    component = Component(name=name, version="3.0.1", purl=f"pkg:deb/debian/{name}@3.0.1")
    return Finding(
        rule=cve, title=f"{cve} in {name}", severity=severity, kind=Kind.CONTAINER, vulnerabilities=(cve,), component=component,
        location=ImageLocation(image=IMAGE),
    )  # fmt: skip


def scan(digest: str, *findings: Finding, image: str = IMAGE, tool: str = "Trivy", **run: Any) -> None:
    import_findings(
        "Shop", tool, findings, repository="", ref="", image=f"{image}@{digest}", run={"successful": True, **run}
    )


def ask(image: str = f"{IMAGE}@{OLD}", **more: Any) -> gate.Decided:
    dry = more.pop("dry", False)
    return decide(everything(), Subject(image=image, **more), dry=dry)


def test_a_digest_is_judged_by_its_own_scans(tmp_path: Path) -> None:
    in_force(tmp_path / "p", no_critical=NO_CRITICAL)
    scan(OLD, flaw())
    scan(NEW)
    stopped, passed = ask(), ask(f"{IMAGE}@{NEW}")
    assert (stopped.verdict.outcome, stopped.allowed, stopped.application) == ("block", False, "shop")
    assert [(one.policy, one.ref) for one in stopped.verdict.violations] == [
        ("no-critical", Issue.objects.get().reference)
    ]
    assert (passed.verdict.outcome, passed.allowed, passed.notes) == ("pass", True, ())
    # What a later build has fixed is resolved, and still in the old one.
    assert Issue.objects.get().state == State.RESOLVED


def test_a_mirror_is_known_by_its_digest(tmp_path: Path) -> None:
    in_force(tmp_path / "p", no_critical=NO_CRITICAL)
    scan(OLD, flaw())
    assert ask(f"mirror.example/copies/orders@{OLD}").verdict.outcome == "block"


def test_what_was_never_scanned_is_not_taken_for_clean(tmp_path: Path) -> None:
    in_force(
        tmp_path / "p",
        closed=NO_CRITICAL,
        opened=f"{NO_CRITICAL}\nonError: open",
        warned=f"{NO_CRITICAL}\nonError: warn",
        inside='match: issue.severity >= CRITICAL && asset.exposure == "internet"',
    )
    scan(OLD, flaw())
    found = ask(f"{IMAGE}@{NEW}", place=Place(exposure="internal"))
    assert (found.verdict.outcome, found.allowed) == ("indeterminate", False)
    assert {one.policy: (one.effect.value, one.decided) for one in found.verdict.violations} == {
        "closed": ("block", False), "opened": ("log", False), "warned": ("warn", False),
    }  # fmt: skip
    assert found.notes == (f"{IMAGE}@{NEW} was never scanned: its issues cannot be told",)


def test_a_tag_is_resolved_by_what_registries_told_only(tmp_path: Path) -> None:
    in_force(tmp_path / "p", no_critical=NO_CRITICAL, by_digest="match: '!has(deployment.digest)'")
    scan(OLD, flaw())
    unknown = ask(f"{IMAGE}:1.4")
    assert {one.policy for one in unknown.verdict.violations} == {"by-digest", "no-critical"}
    assert "deploy by digest" in unknown.notes[0]
    row = Asset.objects.get(key=IMAGE)
    row.attributes = {
        "builds": [
            {"digest": OLD, "at": "2026-05-01T00:00:00Z", "tags": ["1.4"]},
            {"digest": NEW, "tags": ["1.5", "twice"]},
            {"digest": OTHER, "tags": ["twice"]},
        ]
    }
    row.save()
    forget()
    known = ask(f"{IMAGE}:1.4")
    assert (known.ref, [one.policy for one in known.verdict.violations]) == (f"{IMAGE}@{OLD}", ["no-critical"])
    assert resolve(everything(), f"{IMAGE}:twice").digest == ""
    assert resolve(everything(), "${IMAGE}").name == ""


def test_the_place_says_who_reaches_it_and_where_it_runs(tmp_path: Path) -> None:
    in_force(
        tmp_path / "p", exposed=f'{NO_CRITICAL} && asset.exposure == "internet"', productive='match: deployment.environment == "production" && deployment.issues.exists(i, i.severity >= CRITICAL)',
    )  # fmt: skip
    scan(OLD, flaw())
    shop = Application.objects.get()
    Asset.objects.create(
        kind="workload",
        key="prod/shop/Deployment/orders",
        name="orders",
        application=shop,
        exposure="internet",
        environment="production",
    )
    here = Place(
        cluster="prod", namespace="shop", kind="Deployment", name="orders", environment="test", exposure="internal"
    )
    # The inventory's word counts, not that of whoever deploys.
    assert {one.policy for one in ask(place=here).verdict.violations} == {"exposed", "productive"}
    beside = Place(cluster="prod", namespace="shop", kind="Deployment", name="fresh")
    assert {(one.policy, one.decided) for one in ask(place=beside).verdict.violations} == {
        ("exposed", False),
        ("productive", True),
    }
    without = Place(namespace="shop", kind="Deployment", name="orders")
    assert {one.policy for one in ask(place=without).verdict.violations} == {"exposed", "productive"}


def test_only_what_the_change_brings_is_new(tmp_path: Path) -> None:
    in_force(tmp_path / "p", new_only=f"{NO_CRITICAL}\nnewOnly: true")
    scan(OLD, flaw("CVE-2024-1"))
    scan(NEW, flaw("CVE-2024-1"), flaw("CVE-2024-2", name="zlib"))
    unknown = ask(f"{IMAGE}@{NEW}")
    assert (unknown.verdict.outcome, unknown.verdict.violations[0].unknown) == ("indeterminate", ("issue.new",))
    told = ask(f"{IMAGE}@{NEW}", replaces=(f"{IMAGE}@{OLD}",)).verdict
    assert [(one.effect.value, one.because) for one in told.violations] == [("block", ""), ("log", "existing")]
    shop = Application.objects.get()
    Asset.objects.create(
        kind="workload",
        key="prod/shop/Deployment/orders",
        application=shop,
        attributes={"images": [{"name": IMAGE, "digest": NEW}]},
    )
    place = Place(cluster="prod", namespace="shop", kind="Deployment", name="orders")
    assert ask(f"{IMAGE}@{NEW}", place=place).allowed, "what runs there already is not new"


def test_builds_are_judged_by_inventory_and_attestation(tmp_path: Path) -> None:
    in_force(
        tmp_path / "p",
        listed="match: '!build.sbom'",
        attested='match: build.own && build.attestation in ["missing", "invalid"]',
        drifted='match: drift.state == "never-scanned"',
    )
    scan(OLD, commit="c" * 40)
    image = Asset.objects.get(key=IMAGE)
    repository = Asset.objects.create(kind="repository", key="git.example/shop", application=image.application)
    Relation.objects.create(kind="built_from", source=image, target=repository, origin="tests", since=timezone.now())
    assert {one.policy for one in ask().verdict.violations} == {"listed", "attested"}
    assert {one.policy for one in ask(f"{IMAGE}@{NEW}").verdict.violations} == {"listed", "attested", "drifted"}


def test_issues_of_the_source_count_as_well(tmp_path: Path) -> None:
    in_force(tmp_path / "p", no_critical=NO_CRITICAL)
    scan(OLD)
    import_findings(
        "Shop",
        "Semgrep",
        [code("sqli", "SQL injection", "a.py", 3, Severity.CRITICAL, 89)],
        repository="git.example/shop",
    )
    assert ask().allowed
    source, image = Asset.objects.get(kind="repository"), Asset.objects.get(key=IMAGE)
    Relation.objects.create(kind="built_from", source=image, target=source, origin="tests", since=timezone.now())
    forget()
    assert [one.ref for one in ask().verdict.violations] == [Issue.objects.get().reference]


def test_what_was_dismissed_with_the_right_is_left_out(tmp_path: Path) -> None:
    in_force(tmp_path / "p", no_critical=NO_CRITICAL)
    scan(OLD, flaw())
    ada = make_person("ada", Role.ADMIN)
    assert not ask().allowed
    change_state(ada, Issue.objects.all(), State.DISMISSED, "false_positive", "it is none")
    assert ask().allowed, "the decision in the ledger makes the answer be looked up anew"


def test_who_may_not_see_an_image_knows_nothing_of_it(tmp_path: Path) -> None:
    in_force(tmp_path / "p", no_critical=NO_CRITICAL)
    scan(OLD)
    other = Application.objects.create(name="Other", slug="other")
    eve = make_person("eve", Role.DEVELOPER, application=other)
    found = decide(visible_to(eve), Subject(image=f"{IMAGE}@{OLD}"), person=eve)
    assert (found.verdict.outcome, found.application) == ("indeterminate", "")
    with pytest.raises(NotFound):
        decide(visible_to(eve), Subject(application="shop"), person=eve)


@pytest.mark.django_db(transaction=True)
def test_a_limited_token_gets_no_answer_of_a_broader_one(tmp_path: Path) -> None:
    in_force(tmp_path / "p", no_critical=NO_CRITICAL)
    scan(OLD, flaw())
    other = Application.objects.create(name="Other", slug="other")
    ada = make_person("ada", Role.ADMIN)
    whole = decide(visible_to(ada), Subject(image=f"{IMAGE}@{OLD}"), person=ada)
    ada.limit = Limit(frozenset(Permission), frozenset({other.pk}))
    limited = decide(visible_to(ada), Subject(image=f"{IMAGE}@{OLD}"), person=ada)
    assert (whole.verdict.outcome, limited.verdict.outcome) == ("block", "indeterminate")


def test_a_verdict_is_kept_and_replays_bit_for_bit(tmp_path: Path) -> None:
    in_force(tmp_path / "p", no_critical=NO_CRITICAL)
    scan(OLD, flaw())
    found = ask()
    row = Verdict.objects.get(pk=found.kept.verdict)
    assert (row.stage, row.ref, row.outcome, row.entry, row.violations.count()) == (
        "deploy",
        f"{IMAGE}@{OLD}",
        "block",
        found.kept.entry,
        1,
    )
    assert found.kept.entry is not None
    assert kept.verdicts(everything()).count() == 1
    replayed = replay(found.kept.entry)
    assert replayed.same, (replayed.recorded, replayed.recomputed)


def test_the_ledger_tells_when_a_kept_verdict_was_changed(tmp_path: Path) -> None:
    in_force(tmp_path / "p", no_critical=NO_CRITICAL)
    scan(OLD, flaw())
    number = ask().kept.verdict
    expected = Expected()
    for row in LedgerEntry.objects.order_by("number"):
        expected.learn(read_entry(row.content))
    about = {"store_verdict", "store_violation"}
    assert not [one for one in expected.compare() if about & set(one.words.split())]
    Verdict.objects.filter(pk=number).update(outcome="pass")
    (fault,) = [one for one in expected.compare() if about & set(one.words.split())]
    assert fault.words.startswith(f"outcome of store_verdict {number} is")


def test_what_belongs_to_no_application_stands_in_the_ledger(tmp_path: Path) -> None:
    in_force(tmp_path / "p", no_critical=NO_CRITICAL)
    found = ask(f"elsewhere.example/x@{OLD}")
    assert (found.kept.verdict, Verdict.objects.count()) == (None, 0)
    entry = LedgerEntry.objects.get(pk=found.kept.entry)
    assert (entry.kind, entry.subject) == ("verdict", f"- deploy elsewhere.example/x@{OLD}")


def test_a_dry_run_leaves_nothing_behind() -> None:
    scan(OLD, flaw())
    before = LedgerEntry.objects.count()
    found = ask(dry=True)
    assert found.verdict.policies, "the policies that come with the product are asked"
    assert (found.kept.verdict, found.kept.entry, Verdict.objects.count(), LedgerEntry.objects.count()) == (
        None,
        None,
        0,
        before,
    )
    from seamark.store.models import Bundle

    assert not Bundle.objects.exists()
    assert ask().kept.verdict is not None


def test_without_policies_that_is_said(tmp_path: Path) -> None:
    in_force(tmp_path / "p", later=f"{NO_CRITICAL}\nstages: {{monitor: ticket}}")
    scan(OLD, flaw())
    found = ask()
    assert (found.verdict.outcome, found.notes) == (
        "pass",
        ("No policy is in force at the stage deploy: nothing was asked",),
    )


def test_an_application_and_its_versions(tmp_path: Path) -> None:
    in_force(tmp_path / "p", no_critical=NO_CRITICAL)
    scan(OLD, flaw())
    scan(NEW)
    worst = [code("sqli", "SQL injection", "a.py", 3, Severity.CRITICAL, 89)]
    import_findings("Shop", "Semgrep", worst, repository="git.example/shop", run={"commit": "d" * 40})
    row = Asset.objects.get(key=IMAGE)
    row.attributes = {"builds": [{"digest": OLD, "tags": ["1.4"]}, {"digest": NEW, "tags": ["1.5"]}]}
    row.save()

    def outcome(version: str) -> str:
        return decide(everything(), Subject(application="Shop", version=version)).verdict.outcome

    assert (outcome(""), outcome("1.4"), outcome("1.5"), outcome("ddddddd"), outcome("main")) == (
        "block",
        "block",
        "pass",
        "block",
        "block",
    )
    assert outcome("9.9") == "indeterminate"


@pytest.mark.django_db(transaction=True)
def test_a_warm_answer_reads_next_to_nothing_and_writes_nothing(tmp_path: Path) -> None:
    in_force(tmp_path / "p", no_critical=NO_CRITICAL)
    scan(OLD, flaw())
    first = ask()
    with CaptureQueriesContext(connection) as asked:
        again = ask()
    assert again is first
    assert len(asked) <= 4, [one["sql"] for one in asked]
    scan(NEW, flaw())
    assert ask() is not first
    assert ask().kept == first.kept, "the same verdict is kept once"
    assert Verdict.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_answer_ends_by_itself(tmp_path: Path) -> None:
    in_force(tmp_path / "p", no_critical=f"{NO_CRITICAL}\ngrace: 2d")
    scan(OLD, flaw())
    now = timezone.now()
    subject = Subject(image=f"{IMAGE}@{OLD}")
    first = decide(everything(), subject, now=now)
    assert decide(everything(), subject, now=now + gate.STANDS - timedelta(seconds=1)) is first
    later = decide(everything(), subject, now=now + timedelta(days=3))
    assert (first.allowed, later.allowed) == (True, False)
    assert later.kept.verdict != first.kept.verdict


def test_the_version_moves_with_what_is_written(tmp_path: Path) -> None:
    def moved(before: tuple[object, ...]) -> bool:
        return data_version() != before

    version = data_version()
    assert not moved(version)
    in_force(tmp_path / "p", no_critical=NO_CRITICAL)
    assert moved(version)
    version = data_version()
    scan(OLD, flaw())
    assert moved(version)
    version = data_version()
    ask()
    assert not moved(version), "a verdict is no reason to look anew"
    change_state(make_person("ada", Role.ADMIN), Issue.objects.all(), State.CONFIRMED)
    assert moved(version)


TASK = {
    "payload_version": 1, "access_token": "secret", "stage": "post_plan", "is_speculative": False, "task_result_id": "taskrs-2nH5dncYoXaMVQmJ",
    "task_result_enforcement_level": "mandatory", "task_result_callback_url": "https://app.terraform.io/api/v2/task-results/5ea8d46c-2ceb-42cd-83f2-82e54697bddd/callback",
    "run_app_url": "https://app.terraform.io/app/acme/shop/runs/run-1", "run_id": "run-i3Df5to9ELvibKpQ", "run_message": "Triggered via UI", "organization_name": "acme",
    "workspace_id": "ws-ck4G5bb1Yei5szRh", "workspace_name": "shop", "vcs_repo_url": "https://github.com/acme/shop", "vcs_branch": "main",
}  # fmt: skip


@pytest.mark.parametrize(
    "url",
    [
        "http://app.terraform.io/api/v2/task-results/1/callback",
        "https://app.terraform.io.evil.example/api/v2/task-results/1/callback",
        "https://evil.example/api/v2/task-results/1/callback",
        "https://app.terraform.io@evil.example/api/v2/task-results/1/callback",
        "https://user@app.terraform.io/api/v2/task-results/1/callback",
        "https://app.terraform.io:8443/api/v2/task-results/1/callback",
        "https://app.terraform.io/api/v2/organizations",
        "https://app.terraform.io/api/v2/task-results/../organizations/callback",
        "https://app.terraform.io/api/v2/task-results/1/callback?x=1",
        "https://[::1",
    ],
)
def test_a_result_goes_to_the_configured_host_only(url: str) -> None:
    task = read_task(json.dumps({**TASK, "task_result_callback_url": url}).encode())
    with pytest.raises(RemoteFailure):
        check_callback(task, "app.terraform.io")


def test_a_result_in_terraforms_form(tmp_path: Path) -> None:
    assert check_callback(read_task(json.dumps(TASK).encode()), "app.terraform.io").endswith("/callback")
    in_force(tmp_path / "p", no_critical=NO_CRITICAL)
    scan(OLD, flaw())
    told = result([ask()], "https://seamark.example")["data"]
    assert (told["type"], told["attributes"]) == (
        "task-results",
        {"status": "failed", "message": "1 violations block, 0 warn", "url": "https://seamark.example"},
    )
    (one,) = told["relationships"]["outcomes"]["data"]
    assert (one["type"], one["attributes"]["tags"]["Status"]) == (
        "task-result-outcomes",
        [{"label": "block", "level": "error"}],
    )


def test_signatures() -> None:
    import hashlib
    import hmac

    good = hmac.new(b"key", b"{}", hashlib.sha512).hexdigest()
    assert verified(b"{}", good, "key")
    assert not verified(b"{} ", good, "key")
    assert not verified(b"{}", good, "other")
    assert not verified(b"{}", "é", "key")
    assert Sbom.objects.count() == 0


def _waiver(expires: timedelta, policy: str = "") -> None:
    """Approve an exception for all issues of the shop."""
    now = timezone.now()
    ada, ben = make_person(f"ada{policy}{expires.days}"), make_person(f"ben{policy}{expires.days}")
    row = Waiver.objects.create(
        scope="issue", reason="other", text="until the release", expires_at=now + expires, state="approved", requester=ada, requested_at=now, decider=ben,
        decided_at=now, severity=Severity.CRITICAL, policy=policy,
    )  # fmt: skip
    for issue in Issue.objects.all():
        WaiverIssue.objects.create(waiver=row, issue=issue)
    forget()


def test_a_waiver_unblocks_until_it_ends(tmp_path: Path) -> None:
    in_force(tmp_path / "p", no_critical="match: issue.severity >= CRITICAL")
    scan(OLD, flaw())
    _waiver(timedelta(days=9), policy="another")
    assert not ask().allowed
    _waiver(timedelta(days=3))
    found = ask()
    assert (found.allowed, found.verdict.violations[0].because) == (True, "waived")
    later = decide(everything(), Subject(image=f"{IMAGE}@{OLD}"), now=timezone.now() + timedelta(days=3, seconds=1))
    assert not later.allowed


@pytest.mark.django_db(transaction=True)
def test_an_answer_does_not_wait_for_an_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite lets one write at a time")
    in_force(tmp_path / "p", no_critical=NO_CRITICAL)
    scan(OLD, flaw())
    written, tries = keeping._kept, []

    def busy(*given: Any) -> Any:
        tries.append(given)
        if len(tries) == 1:
            raise OperationalError("database is locked")
        return written(*given)

    monkeypatch.setattr(keeping, "_kept", busy)
    found = ask()
    assert (found.allowed, found.kept.entry) == (False, None)
    for thread in threading.enumerate():
        if thread.name == "seamark-verdict":
            thread.join(30)
    assert Verdict.objects.get().outcome == "block"
