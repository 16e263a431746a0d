"""Pull requests on Bitbucket Cloud. It has no labels, and takes reviewers by their ids alone."""

from __future__ import annotations

import re
from typing import Any, Final

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.caller import Caller
from seamark.response.forges.pulls.contract import Draft, Home, Pull, Standing, State, checks_of, dig, rows, word
from seamark.response.forges.pulls.repository import Repository

_PAGE: Final = {"pagelen": 50}
_STATES: Final[dict[str, State]] = {"OPEN": "open", "MERGED": "merged"}
_ID: Final = re.compile(r"\{[0-9a-f-]{36}\}")
_EVERY: Final = '(state = "OPEN" OR state = "MERGED" OR state = "DECLINED" OR state = "SUPERSEDED")'


class Bitbucket(Repository):
    """A repository's pull requests."""

    user = "x-token-auth"

    def __init__(self, home: Home, **more: Any) -> None:
        caller = Caller(home.api, {"Authorization": f"Bearer {home.token}"}, name="Bitbucket", **more)
        super().__init__(caller, f"/repositories/{home.name}", home.token)
        self._name = home.name

    def default_branch(self) -> str:
        """Return the name of the default branch."""
        return word(self._caller.call("GET", self._home).body, "mainbranch", "name")

    def of_branch(self, branch: str) -> list[Pull]:
        """Return the pull requests from a branch, newest first."""
        asked: dict[str, str | int] = {
            "q": f'source.branch.name = "{branch}" AND {_EVERY}',
            "sort": "-created_on",
            **_PAGE,
        }
        found = self._caller.call("GET", f"{self._home}/pullrequests", params=asked).body
        return [self._pull(one) for one in rows(found, "values")]

    def all_open(self) -> list[Pull]:
        """Return the open pull requests."""
        found = self._caller.pages(f"{self._home}/pullrequests", {"state": "OPEN", **_PAGE}, under="values")
        return [self._pull(one) for one in found]

    def open(self, draft: Draft) -> Pull:
        """Open one."""
        body = {
            "title": draft.title, "description": draft.body, "source": {"branch": {"name": draft.branch}},
            "destination": {"branch": {"name": draft.base}}, "close_source_branch": True,
            "reviewers": [{"uuid": one} for one in draft.reviewers if _ID.fullmatch(one)],
        }  # fmt: skip
        return self._pull(self._caller.call("POST", f"{self._home}/pullrequests", body).body)

    def change(self, number: str, title: str, body: str) -> None:
        """Give one another title and text."""
        self._caller.call("PUT", f"{self._home}/pullrequests/{number}", {"title": title, "description": body})

    def comments(self, number: str) -> list[str]:
        """Return the texts of its comments."""
        found = self._caller.pages(f"{self._home}/pullrequests/{number}/comments", {"pagelen": 100}, under="values")
        return [word(one, "content", "raw") for one in found]

    def comment(self, number: str, text: str) -> None:
        """Add a comment."""
        self._caller.call("POST", f"{self._home}/pullrequests/{number}/comments", {"content": {"raw": text}})

    def close(self, number: str) -> None:
        """Close one without merging it."""
        self._caller.call("POST", f"{self._home}/pullrequests/{number}/decline")

    def standing(self, number: str) -> Standing:
        """Return how one stands. Bitbucket tells of no conflicts before it merges."""
        found = self._caller.call("GET", f"{self._home}/pullrequests/{number}").body
        told = self._caller.pages(f"{self._home}/pullrequests/{number}/statuses", {"pagelen": 100}, under="values")
        against = [one for one in rows(dig(found, "participants")) if word(one, "state") == "changes_requested"]
        return Standing(
            state=_STATES.get(word(found, "state"), "closed"), head=word(found, "source", "commit", "hash"),
            checks=checks_of([word(one, "state") for one in told], frozenset({"SUCCESSFUL"}), frozenset({"INPROGRESS"})),
            objections=tuple(word(one, "user", "display_name") or "a reviewer" for one in against),
        )  # fmt: skip

    def merge(self, number: str, head: str) -> None:
        """Merge one whose tip is still a commit: Bitbucket takes no condition, so that it is asked right before."""
        tip = word(self._caller.call("GET", f"{self._home}/pullrequests/{number}").body, "source", "commit", "hash")
        if not tip or not head.startswith(tip):
            raise RemoteFailure("The pull request was changed meanwhile", permanent=True)
        body = {"close_source_branch": True, "merge_strategy": "squash"}
        self._caller.call("POST", f"{self._home}/pullrequests/{number}/merge", body)

    def _pull(self, one: Any) -> Pull:
        there = word(one, "source", "repository", "full_name")
        return Pull(
            number=word(one, "id"), url=word(one, "links", "html", "href"), branch=word(one, "source", "branch", "name"), title=word(one, "title"),
            body=word(one, "description") or word(one, "summary", "raw"), state=_STATES.get(word(one, "state"), "closed"),
            head=word(one, "source", "commit", "hash"), elsewhere=bool(there) and there.lower() != self._name.lower(),
        )  # fmt: skip
