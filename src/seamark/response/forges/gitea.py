"""Pull requests on Gitea and Forgejo: a comment, a review with remarks at changed lines, a commit status."""

from __future__ import annotations

from typing import Any, Final

from seamark.intake.connectors.caller import Caller
from seamark.response.forges.comment import keep_comment
from seamark.response.forges.feedback import NAME, Feedback, Published, attempt, note_marker
from seamark.response.forges.place import Place

_PAGE: Final = {"limit": 50}


class Gitea:
    """A pull request."""

    def __init__(self, place: Place, **more: Any) -> None:
        self._place = place
        self._caller = Caller(place.api, {"Authorization": f"token {place.token}"}, name="Gitea", **more)
        self._repository = f"/repos/{place.repository}"
        self._request = f"{self._repository}/pulls/{place.number}"

    def patch(self) -> str:
        """Return the change as a patch."""
        return self._caller.call("GET", f"{self._request}.diff").text

    def publish(self, feedback: Feedback) -> Published:
        """Tell the pull request."""
        comment = keep_comment(feedback, self._comments(), self._change, self._make)
        failures: list[str] = []
        notes = attempt(failures, lambda: self._review(feedback))
        attempt(failures, lambda: self._status(feedback))
        return Published(comment, notes or 0, tuple(failures))

    def _comments(self) -> list[tuple[Any, str]]:
        rows = self._caller.call("GET", f"{self._repository}/issues/{self._place.number}/comments").body or []
        return [(one["id"], one.get("body") or "") for one in rows]

    def _change(self, name: Any, text: str) -> Any:
        return self._caller.call(
            "PATCH", f"{self._repository}/issues/comments/{name}", {"body": text}, allow=(403, 404)
        )

    def _make(self, text: str) -> Any:
        return self._caller.call("POST", f"{self._repository}/issues/{self._place.number}/comments", {"body": text})

    def _review(self, feedback: Feedback) -> int:
        """Put a review in the place of the earlier one; none where there is nothing to remark."""
        told = f"{NAME}-review:{feedback.key}"
        mine = [one for one in self._caller.pages(f"{self._request}/reviews", _PAGE) if told in (one.get("body") or "")]
        if any(feedback.digest in one["body"] for one in mine):
            return 0
        for old in mine:
            self._caller.call("DELETE", f"{self._request}/reviews/{old['id']}", allow=(403, 404))
        if not feedback.notes:
            return 0
        comments = [
            {"path": note.path, "new_position": note.line, "old_position": 0, "body": f"{note_marker(note.mark)}\n\n{note.body}"}
            for note in feedback.notes
        ]  # fmt: skip
        body = f"[//]: # ({told}:{feedback.digest})\n\n{len(comments)} remarks at changed lines"
        review = {"event": "COMMENT", "commit_id": self._place.commit, "body": body, "comments": comments}
        self._caller.call("POST", f"{self._request}/reviews", review)
        return len(comments)

    def _status(self, feedback: Feedback) -> None:
        body = {"state": feedback.state, "context": "Seamark gate", "description": feedback.summary[:250]}
        self._caller.call("POST", f"{self._repository}/statuses/{self._place.commit}", body, again=True)
