"""Waivers that stand beside the policies of a bundle."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.governance.policy.kept.sync import declare
from seamark.governance.policy.kept.sync import sync as sync_policies
from seamark.governance.waivers import service
from seamark.governance.waivers.effective import waived
from seamark.governance.waivers.limits import most_days
from seamark.pipeline.waiver_code import sync
from seamark.store.models import Bundle, Issue, User, Waiver
from seamark.store.models.people import Role
from seamark.store.models.policies import BundleKind
from tests.factories import make_person

Write = Callable[..., None]

POLICY = """apiVersion: seamark.dev/v1
kind: Policy
metadata: {name: nothing-critical}
spec: {match: issue.severity >= CRITICAL, stages: {build: block}}
"""


def text(issue: Issue, name: str = "legacy", days: int = 7, **more: str) -> str:
    end = (timezone.now() + timedelta(days=days)).date().isoformat()
    said = {"issues": f"[{issue.reference}]", "reason": "no_fix", "text": "The vendor has promised one", "expires": end, "requestedBy": "dev", "approvedBy": "tom", **more}  # fmt: skip
    lines = "".join(f"  {key}: {value}\n" for key, value in said.items() if value)
    return f"apiVersion: seamark.dev/v1\nkind: Waiver\nmetadata: {{name: {name}}}\nspec:\n{lines}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "policies"
    made.mkdir()
    (made / "policy.yaml").write_text(POLICY)
    return made


@pytest.fixture
def bundle(world: object, folder: Path) -> Bundle:
    return declare("security", BundleKind.FOLDER, str(folder))


@pytest.fixture
def sue(world: object) -> User:
    """Somebody who approves, and synchronises."""
    return make_person("sue", Role.APPROVER)


@pytest.fixture(autouse=True)
def home(settings: pytest.FixtureRequest, tmp_path: Path) -> None:
    settings.SEAMARK_HOME = tmp_path / "home"  # type: ignore[attr-defined]


def test_taken_over_changed_and_removed(
    bundle: Bundle, folder: Path, issue: Issue, dev: User, tom: User, sue: User
) -> None:
    file = folder / "waivers.yaml"
    file.write_text(text(issue))
    told = sync(bundle, sue)
    assert (len(told.approved), told.mistakes) == (1, ())
    first = Waiver.objects.get()
    assert (first.requester, first.decider, first.code.partition("#")[0]) == (dev, tom, "security/legacy")
    assert set(waived([issue.pk])) == {issue.pk}
    assert sync(bundle, sue).unchanged == 1
    file.write_text(text(issue, days=5))
    told = sync(bundle, sue)
    assert (len(told.approved), told.revoked) == (1, (first.reference,))
    file.unlink()
    assert len(sync(bundle, sue).revoked) == 1
    assert waived([issue.pk]) == {}


def test_policies_beside_it_are_taken_over(bundle: Bundle, folder: Path, issue: Issue) -> None:
    (folder / "policy.yaml").write_text(f"{POLICY}---\n{text(issue)}")
    told = sync_policies(bundle, now=timezone.now(), cache=folder)
    assert (told.added, told.mistakes) == (("nothing-critical",), ())


def test_what_a_person_revoked_stays_revoked(
    bundle: Bundle, folder: Path, issue: Issue, dev: User, tom: User, sue: User
) -> None:
    (folder / "waivers.yaml").write_text(text(issue))
    sync(bundle, sue)
    service.revoke(tom, Waiver.objects.get(), "no longer")
    assert sync(bundle, sue).unchanged == 1
    assert waived([issue.pk]) == {}


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"approvedBy": "dev"}, "needs"),
        ({"approvedBy": "nobody"}, "There is no user"),
        ({"requestedBy": "tom"}, "second person"),
        ({"requestedBy": "sue"}, "does not synchronise"),
        ({"requestedBy": ""}, "requestedBy is needed"),
        ({"reason": "boring"}, "The reason is one of"),
        ({"expires": "2999-01-01"}, "days at most"),
        ({"expires": "soon"}, "this is no waiver"),
        ({"query": "kind:code"}, "by one of"),
        ({"application": "nowhere"}, "no application"),
        ({"more": "x"}, "this is no waiver"),
    ],
)
def test_the_same_rules(
    bundle: Bundle, folder: Path, issue: Issue, dev: User, tom: User, sue: User, more: dict[str, str], sentence: str
) -> None:
    (folder / "waivers.yaml").write_text(text(issue, **more))
    told = sync(bundle, sue)
    assert (told.approved, len(told.mistakes)) == ((), 1)
    assert sentence in str(told.mistakes[0])
    assert not Waiver.objects.exists()


def test_who_synchronises_needs_the_right(bundle: Bundle, folder: Path, issue: Issue, dev: User, tom: User) -> None:
    (folder / "waivers.yaml").write_text(text(issue))
    with pytest.raises(NotAllowed, match="right to approve"):
        sync(bundle, dev)


def test_a_broken_file_takes_nothing_away(
    bundle: Bundle, folder: Path, issue: Issue, dev: User, tom: User, sue: User
) -> None:
    (folder / "waivers.yaml").write_text(text(issue))
    sync(bundle, sue)
    (folder / "waivers.yaml").write_text("kind: [")
    assert (sync(bundle, sue).revoked, set(waived([issue.pk]))) == ((), {issue.pk})


def test_limits(bundle: Bundle, folder: Path, sue: User) -> None:
    (folder / "limits.yaml").write_text("apiVersion: seamark.dev/v1\nkind: WaiverLimits\nspec: {p0: 3, p4: 3000}\n")
    sync(bundle, sue)
    assert most_days() == (3, 30, 90, 180, 180)
    (folder / "limits.yaml").unlink()
    sync(bundle, sue)
    assert most_days() == (14, 30, 90, 180, 180)


def test_the_author_of_the_commit_asks(tmp_path: Path, issue: Issue, dev: User, tom: User, sue: User) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()

    def git(*arguments: str, email: str = "dev@example.com") -> None:
        subprocess.run(
            ["git", "-c", f"user.email={email}", "-c", "user.name=x", *arguments], cwd=repository, check=True, capture_output=True
        )  # fmt: skip

    git("init", "--quiet", "--initial-branch=main")
    (repository / "waivers.yaml").write_text(text(issue, requestedBy=""))
    git("add", ".")
    git("commit", "--quiet", "-m", "A waiver")
    bundle = declare("security", BundleKind.GIT, str(repository), branch="main")
    assert "not one account's address" in str(sync(bundle, sue).mistakes[0])
    User.objects.filter(pk=dev.pk).update(email="Dev@example.com")
    assert len(sync(bundle, sue).approved) == 1
    assert Waiver.objects.get().requester == dev
    (repository / "waivers.yaml").write_text(text(issue, name="forged", requestedBy="dev"))
    User.objects.filter(pk=tom.pk).update(email="tom@example.com")
    git("commit", "--quiet", "-a", "-m", "Another", email="tom@example.com")
    assert "the author of the commit is tom" in str(sync(bundle, sue).mistakes[0])
