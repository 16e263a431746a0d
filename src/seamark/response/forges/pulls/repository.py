"""What forges are asked alike about a repository and its pull requests."""

from __future__ import annotations

from typing import ClassVar

from seamark.intake.connectors.caller import Caller
from seamark.response.forges.pulls.contract import word


class Repository:
    """A repository at any forge."""

    user: ClassVar[str]
    """Whom git logs in as, with a token for the password."""

    def __init__(self, caller: Caller, home: str, token: str) -> None:
        self._caller, self._home, self._token = caller, home, token

    def close_connections(self) -> None:
        """Close the connections to the forge."""
        self._caller.close()

    def login(self) -> tuple[str, str]:
        """Return user and password for git."""
        return self.user, self._token

    def default_branch(self) -> str:
        """Return the name of the default branch."""
        return word(self._caller.call("GET", self._home).body, "default_branch")


class Hub(Repository):
    """A repository behind GitHub's API, which Gitea has taken over."""

    def change(self, number: str, title: str, body: str) -> None:
        """Give one another title and text."""
        self._caller.call("PATCH", f"{self._home}/pulls/{number}", {"title": title, "body": body}, again=True)

    def comment(self, number: str, text: str) -> None:
        """Add a comment."""
        self._caller.call("POST", f"{self._home}/issues/{number}/comments", {"body": text})

    def close(self, number: str) -> None:
        """Close one without merging it."""
        self._caller.call("PATCH", f"{self._home}/pulls/{number}", {"state": "closed"}, again=True)

    def _ask_reviewers(self, number: str, reviewers: tuple[str, ...]) -> None:
        """Ask people, then teams; one at a time, as a name that the forge does not know would have all refused."""
        for one in sorted(reviewers, key=lambda name: "/" in name):
            asked = {"team_reviewers": [one.rpartition("/")[2]]} if "/" in one else {"reviewers": [one]}
            self._caller.call("POST", f"{self._home}/pulls/{number}/requested_reviewers", asked, allow=(403, 404, 422))
