"""Pull requests on GitHub and GitHub Enterprise Server, with a token or as an app's installation."""

from __future__ import annotations

import re
import time
from typing import Any, Final

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.caller import Caller
from seamark.response.actions.installation import app_token
from seamark.response.forges.pulls.contract import Checks, Draft, Home, Pull, Standing, checks_of, dig, rows, word
from seamark.response.forges.pulls.repository import Hub

_VERSION: Final = {"X-GitHub-Api-Version": "2022-11-28", "Accept": "application/vnd.github+json"}
_PAGE: Final = {"per_page": 100}
_GOOD: Final = frozenset({"success", "neutral", "skipped"})
_WAITING: Final = frozenset({"queued", "in_progress", "pending", "waiting", "requested"})
_NUMBER: Final = re.compile(r"[0-9]{1,15}")


class GitHub(Hub):
    """A repository's pull requests."""

    user = "x-access-token"

    def __init__(self, home: Home, **more: Any) -> None:
        token = _installed(home, more) if home.app else home.token
        caller = Caller(home.api, {"Authorization": f"Bearer {token}", **_VERSION}, name="GitHub", **more)
        super().__init__(caller, f"/repos/{home.name}", token)
        self._owner = home.name.partition("/")[0]

    def of_branch(self, branch: str) -> list[Pull]:
        """Return the pull requests from a branch, newest first."""
        asked: dict[str, str | int] = {"head": f"{self._owner}:{branch}", "state": "all", **_PAGE}
        found = [self._pull(one) for one in rows(self._caller.call("GET", f"{self._home}/pulls", params=asked).body)]
        return [one for one in found if one.branch == branch]

    def all_open(self) -> list[Pull]:
        """Return the open pull requests."""
        return [self._pull(one) for one in self._caller.pages(f"{self._home}/pulls", {"state": "open", **_PAGE})]

    def open(self, draft: Draft) -> Pull:
        """Open one."""
        body = {"title": draft.title, "body": draft.body, "head": draft.branch, "base": draft.base}
        made = self._pull(self._caller.call("POST", f"{self._home}/pulls", body).body)
        self._dress(made.number, draft)
        return made

    def comments(self, number: str) -> list[str]:
        """Return the texts of its comments."""
        return [word(one, "body") for one in self._caller.pages(f"{self._home}/issues/{number}/comments", _PAGE)]

    def standing(self, number: str) -> Standing:
        """Return how one stands."""
        found = self._caller.call("GET", f"{self._home}/pulls/{number}").body
        head, told = word(found, "head", "sha"), dig(found, "mergeable")
        return Standing(
            state=self._pull(found).state, head=head, checks=self._checks(head), mergeable=told if isinstance(told, bool) else None,
            objections=self._objections(number),
        )  # fmt: skip

    def merge(self, number: str, head: str) -> None:
        """Merge one whose tip is still a commit."""
        self._caller.call("PUT", f"{self._home}/pulls/{number}/merge", {"sha": head, "merge_method": "squash"})

    def _dress(self, number: str, draft: Draft) -> None:
        if draft.labels:
            self._caller.call("POST", f"{self._home}/issues/{number}/labels", {"labels": list(draft.labels)}, allow=(403, 404, 422))  # fmt: skip
        self._ask_reviewers(number, draft.reviewers)

    def _checks(self, head: str) -> Checks:
        runs = self._caller.call("GET", f"{self._home}/commits/{head}/check-runs", params=_PAGE, allow=(403,))
        states = self._caller.call("GET", f"{self._home}/commits/{head}/status", params=_PAGE, allow=(403,))
        if not runs.ok and not states.ok:
            return "unknown"
        told = [word(one, "conclusion") or word(one, "status") for one in rows(runs.body, "check_runs")]
        told += [word(one, "state") for one in rows(states.body, "statuses")]
        return checks_of(told, _GOOD, _WAITING)

    def _objections(self, number: str) -> tuple[str, ...]:
        latest: dict[str, str] = {}
        for one in self._caller.pages(f"{self._home}/pulls/{number}/reviews", _PAGE):
            if word(one, "state") in {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}:
                latest[word(one, "user", "login")] = word(one, "state")
        return tuple(name for name, state in latest.items() if state == "CHANGES_REQUESTED")

    def _pull(self, one: Any) -> Pull:
        merged = bool(dig(one, "merged_at"))
        there = word(one, "head", "repo", "full_name")
        return Pull(
            number=word(one, "number"), url=word(one, "html_url"), branch=word(one, "head", "ref"), title=word(one, "title"), body=word(one, "body"),
            state="merged" if merged else "open" if word(one, "state") == "open" else "closed", head=word(one, "head", "sha"),
            elsewhere=bool(there) and f"/repos/{there}".lower() != self._home.lower(),
        )  # fmt: skip


def _installed(home: Home, more: dict[str, Any]) -> str:
    """Return a token of an app's installation, valid for an hour."""
    if not _NUMBER.fullmatch(home.installation):
        raise RemoteFailure("The installation of the GitHub App is told by its number", permanent=True)
    told = {"Authorization": f"Bearer {app_token(home.app, home.key, time.time())}", **_VERSION}
    with Caller(home.api, told, name="GitHub", **more) as caller:
        token = word(caller.call("POST", f"/app/installations/{home.installation}/access_tokens").body, "token")
    if not token:
        raise RemoteFailure("GitHub gave no token for the app's installation", permanent=True)
    return token
