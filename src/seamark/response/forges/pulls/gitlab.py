"""Merge requests on GitLab."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from seamark.intake.connectors.caller import Caller
from seamark.response.forges.pulls.contract import Checks, Draft, Home, Pull, Standing, State, dig, rows, word
from seamark.response.forges.pulls.repository import Repository

_PAGE: Final = {"per_page": 100}
_STATES: Final[dict[str, State]] = {"opened": "open", "locked": "open", "merged": "merged", "closed": "closed"}
_CHECKS: Final[dict[str, Checks]] = {
    "success": "green",
    "skipped": "green",
    "failed": "red",
    "canceled": "red",
    "": "none",
}


class GitLab(Repository):
    """A project's merge requests."""

    user = "oauth2"

    def __init__(self, home: Home, **more: Any) -> None:
        caller = Caller(home.api, {"PRIVATE-TOKEN": home.token}, name="GitLab", **more)
        super().__init__(caller, f"/projects/{quote(home.name, safe='')}", home.token)

    def of_branch(self, branch: str) -> list[Pull]:
        """Return the merge requests from a branch, newest first."""
        asked: dict[str, str | int] = {"source_branch": branch, "state": "all", **_PAGE}
        return [_pull(one) for one in rows(self._caller.call("GET", f"{self._home}/merge_requests", params=asked).body)]

    def all_open(self) -> list[Pull]:
        """Return the open merge requests."""
        return [_pull(one) for one in self._caller.pages(f"{self._home}/merge_requests", {"state": "opened", **_PAGE})]

    def open(self, draft: Draft) -> Pull:
        """Open one."""
        body: dict[str, Any] = {
            "source_branch": draft.branch, "target_branch": draft.base, "title": draft.title, "description": draft.body,
            "labels": ",".join(draft.labels), "remove_source_branch": True,
        }  # fmt: skip
        if people := [number for one in draft.reviewers if (number := self._person(one)) is not None]:
            body["reviewer_ids"] = people
        return _pull(self._caller.call("POST", f"{self._home}/merge_requests", body).body)

    def change(self, number: str, title: str, body: str) -> None:
        """Give one another title and text."""
        self._caller.call("PUT", f"{self._home}/merge_requests/{number}", {"title": title, "description": body})

    def comments(self, number: str) -> list[str]:
        """Return the texts of its notes."""
        return [word(one, "body") for one in self._caller.pages(f"{self._home}/merge_requests/{number}/notes", _PAGE)]

    def comment(self, number: str, text: str) -> None:
        """Add a note."""
        self._caller.call("POST", f"{self._home}/merge_requests/{number}/notes", {"body": text})

    def close(self, number: str) -> None:
        """Close one without merging it."""
        self._caller.call("PUT", f"{self._home}/merge_requests/{number}", {"state_event": "close"})

    def standing(self, number: str) -> Standing:
        """Return how one stands."""
        found = self._caller.call("GET", f"{self._home}/merge_requests/{number}").body
        told, pipeline = word(found, "detailed_merge_status"), word(found, "head_pipeline", "status")
        stale = bool(pipeline) and word(found, "head_pipeline", "sha") != word(found, "sha")
        objections = ["a reviewer asked for changes"] if told == "requested_changes" else []
        objections += ["a discussion is not resolved"] if dig(found, "blocking_discussions_resolved") is False else []
        return Standing(
            state=_STATES.get(word(found, "state"), "closed"), head=word(found, "sha"), mergeable=told == "mergeable" if told else None,
            checks="running" if stale else _CHECKS.get(pipeline, "running"), objections=tuple(objections),
        )  # fmt: skip

    def merge(self, number: str, head: str) -> None:
        """Merge one whose tip is still a commit."""
        body = {"sha": head, "should_remove_source_branch": True}
        self._caller.call("PUT", f"{self._home}/merge_requests/{number}/merge", body)

    def _person(self, name: str) -> int | None:
        """Return the number of a person; groups cannot review."""
        if "/" in name:
            return None
        found = rows(self._caller.call("GET", "/users", params={"username": name}, allow=(403, 404)).body)
        number = dig(found[0], "id") if found else None
        return number if isinstance(number, int) else None


def _pull(one: Any) -> Pull:
    source, target = dig(one, "source_project_id"), dig(one, "target_project_id")
    return Pull(
        number=word(one, "iid"), url=word(one, "web_url"), branch=word(one, "source_branch"), title=word(one, "title"), body=word(one, "description"),
        state=_STATES.get(word(one, "state"), "closed"), head=word(one, "sha"), elsewhere=source != target,
    )  # fmt: skip
