"""Opens pull requests that change policies of a bundle that is kept in git."""

from __future__ import annotations

import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.governance.policy.kept.texts import Proposal
from seamark.pipeline.pulls.repositories import author_of, forge_of, terms_of
from seamark.response.forges.pulls.contract import Draft, Pull
from seamark.response.remediation.pulls.git import Repository
from seamark.store.access import visible_to
from seamark.store.models import Bundle, PullRepository, User
from seamark.store.models.policies import BundleKind
from seamark.store.permissions import Permission, needed

_RIGHT: Final = Permission.POLICY_EDIT


def repository_for(bundle: Bundle) -> PullRepository | None:
    """Return the repository that a bundle is read from, where pull requests may be opened in it."""
    if bundle.kind != BundleKind.GIT:
        return None
    here = _plain(bundle.location)
    rows = PullRepository.objects.filter(active=True).select_related("asset", "asset__application")
    return next((row for row in rows.order_by("pk") if _plain(row.remote) == here), None)


def propose(actor: User, bundle: Bundle, proposal: Proposal, name: str) -> Pull:
    """Open a pull request with a change to a policy and return it; the one that is open where the same was proposed before.

    The branch's name follows from the change, so that asking twice makes one. Raises `NotAllowed`, `RemoteFailure`.
    """
    if not visible_to(actor).may(_RIGHT):
        raise NotAllowed(needed(_RIGHT))
    repository = repository_for(bundle)
    if repository is None:
        raise NotAllowed(f"No access to the forge of {bundle.name} is kept: add its repository under Pull requests")
    if not proposal.patch:
        raise NotAllowed("Nothing is changed")
    branch = f"seamark/policy-{name}-{sha256(proposal.text.encode()).hexdigest()[:10]}"
    with forge_of(repository) as forge, tempfile.TemporaryDirectory(prefix="seamark-policy-") as folder:
        opened = next((one for one in forge.of_branch(branch) if one.state == "open" and not one.elsewhere), None)
        if opened is not None:
            return opened
        git = Repository(Path(folder), repository.remote, forge.login(), settings.SEAMARK_INTERNAL_HOSTS)
        base = bundle.branch or repository.base or forge.default_branch()
        # What was pushed by an attempt that did not get as far as the forge is taken as it is.
        if not git.tips(branch):
            files = {proposal.file: proposal.text.encode()}
            commit = git.commit(
                git.fetch(base), files, _title(name), author_of(repository), timezone.now(), adding=True
            )
            git.push(branch, commit, "")
        body = f"Proposed by {actor.get_username()} in Seamark. The policies in force change once this is merged and synchronised."
        return forge.open(
            Draft(title=_title(name), body=body, branch=branch, base=base, labels=terms_of(repository).labels)
        )


def _title(name: str) -> str:
    return f"Policy {name}"


def _plain(address: str) -> str:
    return address.strip().rstrip("/").removesuffix(".git").lower()
