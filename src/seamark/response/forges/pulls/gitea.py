"""Pull requests on Gitea and Forgejo."""

from __future__ import annotations

from typing import Any, Final

from seamark.intake.connectors.caller import Caller
from seamark.response.forges.pulls.contract import Checks, Draft, Home, Pull, Standing, dig, rows, word
from seamark.response.forges.pulls.repository import Hub

_PAGE: Final = {"limit": 50}
_CHECKS: Final[dict[str, Checks]] = {
    "success": "green",
    "pending": "running",
    "warning": "red",
    "failure": "red",
    "error": "red",
}


class Gitea(Hub):
    """A repository's pull requests."""

    user = "seamark"

    def __init__(self, home: Home, **more: Any) -> None:
        caller = Caller(home.api, {"Authorization": f"token {home.token}"}, name="Gitea", **more)
        super().__init__(caller, f"/repos/{home.name}", home.token)

    def of_branch(self, branch: str) -> list[Pull]:
        """Return the pull requests from a branch, newest first. Gitea cannot be asked for a branch: all are looked through."""
        every = self._caller.pages(f"{self._home}/pulls", {"state": "all", "sort": "newest", **_PAGE})
        return [found for one in every if (found := _pull(one)).branch == branch and not found.elsewhere]

    def all_open(self) -> list[Pull]:
        """Return the open pull requests."""
        return [_pull(one) for one in self._caller.pages(f"{self._home}/pulls", {"state": "open", **_PAGE})]

    def open(self, draft: Draft) -> Pull:
        """Open one."""
        body = {
            "title": draft.title, "body": draft.body, "head": draft.branch, "base": draft.base, "labels": self._labels(draft.labels),
        }  # fmt: skip
        made = _pull(self._caller.call("POST", f"{self._home}/pulls", body).body)
        self._ask_reviewers(made.number, draft.reviewers)
        return made

    def comments(self, number: str) -> list[str]:
        """Return the texts of its comments."""
        return [word(one, "body") for one in rows(self._caller.call("GET", f"{self._home}/issues/{number}/comments").body)]  # fmt: skip

    def standing(self, number: str) -> Standing:
        """Return how one stands."""
        found = self._caller.call("GET", f"{self._home}/pulls/{number}").body
        head, told = word(found, "head", "sha"), dig(found, "mergeable")
        status = self._caller.call("GET", f"{self._home}/commits/{head}/status", allow=(403, 404))
        checks: Checks = "unknown" if not status.ok else "none"
        if status.ok and dig(status.body, "total_count"):
            checks = _CHECKS.get(word(status.body, "state"), "running")
        latest: dict[str, str] = {}
        for one in self._caller.pages(f"{self._home}/pulls/{number}/reviews", _PAGE):
            if word(one, "state") in {"APPROVED", "REQUEST_CHANGES"} and not one.get("dismissed"):
                latest[word(one, "user", "login")] = word(one, "state")
        return Standing(
            state=_pull(found).state, head=head, checks=checks, mergeable=told if isinstance(told, bool) else None,
            objections=tuple(name for name, state in latest.items() if state == "REQUEST_CHANGES"),
        )  # fmt: skip

    def merge(self, number: str, head: str) -> None:
        """Merge one whose tip is still a commit."""
        body = {"Do": "squash", "head_commit_id": head, "delete_branch_after_merge": True}
        self._caller.call("POST", f"{self._home}/pulls/{number}/merge", body)

    def _labels(self, names: tuple[str, ...]) -> list[int]:
        """Return the numbers of labels; those that the repository has not are left out."""
        found = self._caller.pages(f"{self._home}/labels", _PAGE) if names else ()
        return [one["id"] for one in found if word(one, "name") in names and isinstance(one.get("id"), int)]


def _pull(one: Any) -> Pull:
    return Pull(
        number=word(one, "number"), url=word(one, "html_url"), branch=word(one, "head", "ref"), title=word(one, "title"), body=word(one, "body"),
        state="merged" if dig(one, "merged") is True else "open" if word(one, "state") == "open" else "closed", head=word(one, "head", "sha"),
        elsewhere=dig(one, "head", "repo_id") != dig(one, "base", "repo_id"),
    )  # fmt: skip
