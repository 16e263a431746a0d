"""Pull requests on Gitea and Forgejo."""

from __future__ import annotations

from typing import Any, Final

from seamark.intake.connectors.caller import Caller
from seamark.response.forges.pulls.contract import Checks, Draft, Home, Pull, Standing, dig, rows, word

_PAGE: Final = {"limit": 50}
_CHECKS: Final[dict[str, Checks]] = {
    "success": "green",
    "pending": "running",
    "warning": "red",
    "failure": "red",
    "error": "red",
}


class Gitea:
    """A repository's pull requests."""

    def __init__(self, home: Home, **more: Any) -> None:
        self._token = home.token
        self._caller = Caller(home.api, {"Authorization": f"token {home.token}"}, name="Gitea", **more)
        self._home = f"/repos/{home.name}"

    def close_connections(self) -> None:
        """Close the connections to the forge."""
        self._caller.close()

    def login(self) -> tuple[str, str]:
        """Return user and password for git."""
        return "seamark", self._token

    def default_branch(self) -> str:
        """Return the name of the default branch."""
        return word(self._caller.call("GET", self._home).body, "default_branch")

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
        for one in draft.reviewers:
            asked = {"team_reviewers": [one.rpartition("/")[2]]} if "/" in one else {"reviewers": [one]}
            path = f"{self._home}/pulls/{made.number}/requested_reviewers"
            self._caller.call("POST", path, asked, allow=(403, 404, 422))
        return made

    def change(self, number: str, title: str, body: str) -> None:
        """Give one another title and text."""
        self._caller.call("PATCH", f"{self._home}/pulls/{number}", {"title": title, "body": body}, again=True)

    def comments(self, number: str) -> list[str]:
        """Return the texts of its comments."""
        return [word(one, "body") for one in rows(self._caller.call("GET", f"{self._home}/issues/{number}/comments").body)]  # fmt: skip

    def comment(self, number: str, text: str) -> None:
        """Add a comment."""
        self._caller.call("POST", f"{self._home}/issues/{number}/comments", {"body": text})

    def close(self, number: str) -> None:
        """Close one without merging it."""
        self._caller.call("PATCH", f"{self._home}/pulls/{number}", {"state": "closed"}, again=True)

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
