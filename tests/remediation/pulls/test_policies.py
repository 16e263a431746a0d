"""Changes to policies of a bundle in git, proposed as a pull request."""

from __future__ import annotations

import pytest

from seamark.core.errors import NotAllowed
from seamark.governance.policy.kept.texts import Proposal
from seamark.pipeline.pulls import policies
from seamark.store.models import Bundle, PullRepository
from seamark.store.models.people import Role
from tests.factories import make_person

from .served import Forge


def proposed(text: str = "kind: Policy\n", file: str = "policies/new.yaml") -> Proposal:
    return Proposal(bundle="rules", file=file, text=text, patch="--- /dev/null\n", commands=())


@pytest.fixture
def bundle(repository: PullRepository) -> Bundle:
    return Bundle.objects.create(name="rules", kind="git", location=repository.remote.removesuffix(".git"))


def test_one_is_opened_and_found_again(bundle: Bundle, forge: Forge) -> None:
    boss = make_person("boss", Role.ADMIN)
    first = policies.propose(boss, bundle, proposed(), "no-criticals")
    assert first.branch.startswith("seamark/policy-no-criticals-")
    assert forge.git("show", f"{first.branch}:policies/new.yaml") == "kind: Policy"
    assert forge.git("diff", "--stat", "HEAD", first.branch).count("|") == 1
    assert policies.propose(boss, bundle, proposed(), "no-criticals").number == first.number
    assert (len(forge.pulls), forge.pushes) == (1, 1)
    other = policies.propose(boss, bundle, proposed("kind: Policy\n# two\n"), "no-criticals")
    assert other.branch != first.branch


def test_a_file_that_is_there_is_changed(bundle: Bundle, forge: Forge) -> None:
    made = policies.propose(make_person("boss", Role.ADMIN), bundle, proposed("# none\n", "requirements.txt"), "x")
    assert forge.git("show", f"{made.branch}:requirements.txt") == "# none"


def test_an_attempt_that_was_stopped_is_gone_on_with(bundle: Bundle, forge: Forge) -> None:
    boss = make_person("boss", Role.ADMIN)
    forge.lose = lambda asked: asked.method == "POST" and asked.path.endswith("/pulls")
    with pytest.raises(Exception, match="answer"):
        policies.propose(boss, bundle, proposed(), "x")
    forge.lose = lambda _: False
    policies.propose(boss, bundle, proposed(), "x")
    assert (len(forge.pulls), forge.pushes) == (1, 1)


def test_it_takes_the_right_and_the_access(bundle: Bundle, repository: PullRepository, forge: Forge) -> None:
    with pytest.raises(NotAllowed):
        policies.propose(make_person("ann", Role.ANALYST), bundle, proposed(), "x")
    PullRepository.objects.filter(pk=repository.pk).update(active=False)
    with pytest.raises(NotAllowed, match="No access"):
        policies.propose(make_person("boss", Role.ADMIN), bundle, proposed(), "x")
    assert not forge.pulls
