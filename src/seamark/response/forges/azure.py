"""Pull requests on Azure DevOps: a thread for the outcome, threads at changed lines that are closed once fixed, a status."""

from __future__ import annotations

import base64
from typing import Any, Final
from urllib.parse import quote

from seamark.intake.connectors.caller import Caller
from seamark.response.forges.comment import keep_comment
from seamark.response.forges.feedback import Feedback, Note, Published, attempt, is_ours, marks_in, note_marker
from seamark.response.forges.place import Place

_VERSION: Final = {"api-version": "7.1"}
_ACTIVE: Final = 1
_FIXED: Final = 2
_TEXT: Final = 1
_STATES: Final = {"success": "succeeded", "failure": "failed", "error": "error"}


class Azure:
    """A pull request. The place's repository is `project/repository`."""

    def __init__(self, place: Place, **more: Any) -> None:
        self._place = place
        token = base64.b64encode(f":{place.token}".encode()).decode()
        self._caller = Caller(place.api, {"Authorization": f"Basic {token}"}, name="Azure DevOps", **more)
        project, _, repository = place.repository.partition("/")
        self._request = f"/{quote(project)}/_apis/git/repositories/{quote(repository)}/pullRequests/{place.number}"

    def patch(self) -> str:
        """Return nothing: Azure DevOps gives no patch; the working tree tells the lines."""
        return ""

    def publish(self, feedback: Feedback) -> Published:
        """Tell the pull request."""
        threads = self._threads()
        comment = keep_comment(feedback, self._comments(threads), self._change, lambda text: self._make(text, feedback))
        failures: list[str] = []
        attempt(failures, lambda: self._settle(threads, feedback))
        notes = attempt(failures, lambda: self._note(threads, feedback))
        attempt(failures, lambda: self._status(feedback))
        return Published(comment, notes or 0, tuple(failures))

    def _threads(self) -> list[dict[str, Any]]:
        body = self._caller.call("GET", f"{self._request}/threads", params=_VERSION).body or {}
        return [one for one in body.get("value", []) if not one.get("isDeleted")]

    @staticmethod
    def _comments(threads: list[dict[str, Any]]) -> list[tuple[Any, str]]:
        return [
            ((thread["id"], first["id"]), first.get("content") or "") for thread in threads for first in (thread.get("comments") or [])[:1]
        ]  # fmt: skip

    def _change(self, name: Any, text: str) -> Any:
        path = f"{self._request}/threads/{name[0]}/comments/{name[1]}"
        return self._caller.call("PATCH", path, {"content": text}, params=_VERSION, allow=(403, 404))

    def _make(self, text: str, feedback: Feedback) -> Any:
        return self._begin({"comments": [_comment(text)], "status": _ACTIVE if feedback.state != "success" else _FIXED})

    def _begin(self, body: dict[str, Any]) -> Any:
        return self._caller.call("POST", f"{self._request}/threads", body, params=_VERSION)

    def _settle(self, threads: list[dict[str, Any]], feedback: Feedback) -> None:
        """Open or close the thread of the outcome, and close those of notes that are gone."""
        wanted = {note.mark for note in feedback.notes}
        for thread in threads:
            first = next((str(one.get("content") or "") for one in thread.get("comments") or []), "")
            marks = marks_in([first])
            if is_ours(first, feedback.key):
                self._move(thread, _FIXED if feedback.state == "success" else _ACTIVE)
            elif marks:
                self._move(thread, _ACTIVE if marks & wanted else _FIXED)

    def _move(self, thread: dict[str, Any], status: int) -> None:
        known = {"active": _ACTIVE, "fixed": _FIXED}.get(str(thread.get("status")), thread.get("status"))
        # What people closed otherwise, as "won't fix", stays as they left it.
        if known != status and known in {_ACTIVE, _FIXED}:
            path = f"{self._request}/threads/{thread['id']}"
            self._caller.call("PATCH", path, {"status": status}, params=_VERSION, allow=(403, 404))

    def _note(self, threads: list[dict[str, Any]], feedback: Feedback) -> int:
        known = marks_in(text for _, text in self._comments(threads))
        fresh = [note for note in feedback.notes if note.mark not in known]
        for note in fresh:
            self._begin(
                {
                    "comments": [_comment(f"{note_marker(note.mark)}\n\n{note.body}")],
                    "status": _ACTIVE,
                    "threadContext": _context(note),
                }
            )
        return len(fresh)

    def _status(self, feedback: Feedback) -> None:
        body = {
            "state": _STATES[feedback.state], "description": feedback.summary[:250], "context": {"name": "gate", "genre": "seamark"},
            **({"targetUrl": feedback.url} if feedback.url else {}),
        }  # fmt: skip
        self._caller.call("POST", f"{self._request}/statuses", body, params=_VERSION, again=True)


def _comment(text: str) -> dict[str, Any]:
    return {"parentCommentId": 0, "content": text, "commentType": _TEXT}


def _context(note: Note) -> dict[str, Any]:
    return {
        "filePath": f"/{note.path}", "rightFileStart": {"line": note.line, "offset": 1}, "rightFileEnd": {"line": note.line, "offset": 1},
    }  # fmt: skip
