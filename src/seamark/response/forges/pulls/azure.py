"""Pull requests on Azure DevOps. It takes reviewers by their ids alone, and texts of 4,000 characters."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote

from seamark.intake.connectors.caller import Caller
from seamark.response.forges.pulls.contract import Draft, Home, Pull, Standing, State, basic, checks_of, dig, rows, word
from seamark.response.forges.pulls.repository import Repository

_VERSION: Final = {"api-version": "7.1"}
_STATES: Final[dict[str, State]] = {"active": "open", "completed": "merged"}
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TEXT: Final = 4_000
_MARK: Final = 200
"""Characters at the end of a text that are kept: the mark stands there."""
_GOOD: Final = frozenset({"succeeded", "notApplicable", "approved"})
_WAITING: Final = frozenset({"pending", "notSet", "queued", "running"})


class Azure(Repository):
    """A repository's pull requests."""

    user = "seamark"

    def __init__(self, home: Home, **more: Any) -> None:
        caller = Caller(home.api, {"Authorization": basic("", home.token)}, name="Azure DevOps", **more)
        project, _, repository = home.name.partition("/")
        self._project = f"/{quote(project)}/_apis"
        super().__init__(caller, f"{self._project}/git/repositories/{quote(repository)}", home.token)

    def default_branch(self) -> str:
        """Return the name of the default branch."""
        return word(self._ask("GET", ""), "defaultBranch").removeprefix("refs/heads/")

    def of_branch(self, branch: str) -> list[Pull]:
        """Return the pull requests from a branch, newest first."""
        return self._search({"searchCriteria.sourceRefName": f"refs/heads/{branch}", "searchCriteria.status": "all"})

    def all_open(self) -> list[Pull]:
        """Return the open pull requests, at most a thousand."""
        return self._search({"searchCriteria.status": "active", "$top": 1000})

    def open(self, draft: Draft) -> Pull:
        """Open one."""
        body = {
            "sourceRefName": f"refs/heads/{draft.branch}", "targetRefName": f"refs/heads/{draft.base}", "title": draft.title[:400],
            "description": _cut(draft.body), "labels": [{"name": one} for one in draft.labels],
            "reviewers": [{"id": one} for one in draft.reviewers if _ID.fullmatch(one)],
        }  # fmt: skip
        return self._pull(self._ask("POST", "/pullrequests", body))

    def change(self, number: str, title: str, body: str) -> None:
        """Give one another title and text."""
        self._ask("PATCH", f"/pullrequests/{number}", {"title": title[:400], "description": _cut(body)})

    def comments(self, number: str) -> list[str]:
        """Return the texts of its threads."""
        threads = rows(self._ask("GET", f"/pullRequests/{number}/threads"), "value")
        return [word(one, "content") for thread in threads for one in rows(dig(thread, "comments"))]

    def comment(self, number: str, text: str) -> None:
        """Add a comment."""
        comment = {"parentCommentId": 0, "content": text, "commentType": 1}
        self._ask("POST", f"/pullRequests/{number}/threads", {"comments": [comment], "status": 4})

    def close(self, number: str) -> None:
        """Close one without merging it."""
        self._ask("PATCH", f"/pullrequests/{number}", {"status": "abandoned"})

    def standing(self, number: str) -> Standing:
        """Return how one stands."""
        found = self._ask("GET", f"/pullrequests/{number}")
        told = [word(one, "state") for one in rows(self._ask("GET", f"/pullRequests/{number}/statuses"), "value")]
        told += self._policies(found, number)
        merge = word(found, "mergeStatus")
        against = [one for one in rows(dig(found, "reviewers")) if isinstance(one.get("vote"), int) and one["vote"] < 0]
        return Standing(
            state=_STATES.get(word(found, "status"), "closed"), head=word(found, "lastMergeSourceCommit", "commitId"),
            checks=checks_of(told, _GOOD, _WAITING), mergeable=merge == "succeeded" if merge and merge != "queued" else None,
            objections=tuple(word(one, "displayName") or "a reviewer" for one in against),
        )  # fmt: skip

    def merge(self, number: str, head: str) -> None:
        """Merge one whose tip is still a commit."""
        options = {"deleteSourceBranch": True, "mergeStrategy": "squash"}
        body = {"status": "completed", "lastMergeSourceCommit": {"commitId": head}, "completionOptions": options}
        self._ask("PATCH", f"/pullrequests/{number}", body)

    def _policies(self, found: Any, number: str) -> list[str]:
        """Return how the branch's policies stand: builds are among them."""
        project = word(found, "repository", "project", "id")
        asked = {"artifactId": f"vstfs:///CodeReview/CodeReviewId/{project}/{number}", "api-version": "7.1-preview.1"}
        answer = self._caller.call("GET", f"{self._project}/policy/evaluations", params=asked, allow=(401, 403, 404))
        told = rows(answer.body, "value") if answer.ok else []
        return [word(one, "status") for one in told if dig(one, "configuration", "isBlocking") is True]

    def _search(self, asked: dict[str, str | int]) -> list[Pull]:
        answer = self._caller.call("GET", f"{self._home}/pullrequests", params={**asked, **_VERSION})
        return [self._pull(one) for one in rows(answer.body, "value")]

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        return self._caller.call(method, f"{self._home}{path}", body, params=_VERSION).body

    def _pull(self, one: Any) -> Pull:
        number, address = word(one, "pullRequestId"), word(one, "repository", "webUrl")
        return Pull(
            number=number, url=f"{address}/pullrequest/{number}" if address else word(one, "url"),
            branch=word(one, "sourceRefName").removeprefix("refs/heads/"), title=word(one, "title"), body=word(one, "description"),
            state=_STATES.get(word(one, "status"), "closed"), head=word(one, "lastMergeSourceCommit", "commitId"),
            elsewhere=bool(dig(one, "forkSource")),
        )  # fmt: skip


def _cut(text: str) -> str:
    """Return a text that fits, with its end."""
    return text if len(text) <= _TEXT else f"{text[: _TEXT - _MARK - 5]}\n…\n\n{text[-_MARK:]}"
