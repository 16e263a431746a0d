"""Merge requests on GitLab: a note, discussions at changed lines that are resolved once they no longer hold, a commit status."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from seamark.intake.connectors.caller import Caller
from seamark.response.forges.comment import keep_comment
from seamark.response.forges.feedback import Feedback, Note, Published, attempt, marks_in, note_marker
from seamark.response.forges.place import Place

_PAGE: Final = {"per_page": 100}


class GitLab:
    """A merge request."""

    def __init__(self, place: Place, **more: Any) -> None:
        self._place = place
        self._caller = Caller(place.api, {"PRIVATE-TOKEN": place.token}, name="GitLab", **more)
        self._project = f"/projects/{quote(place.repository, safe='')}"
        self._request = f"{self._project}/merge_requests/{place.number}"

    def patch(self) -> str:
        """Return the change as a patch; empty on servers that give none."""
        answer = self._caller.call("GET", f"{self._request}/raw_diffs", allow=(404,))
        return answer.text if answer.ok else ""

    def publish(self, feedback: Feedback) -> Published:
        """Tell the merge request."""
        comment = keep_comment(feedback, self._notes(), self._change, self._make)
        failures: list[str] = []
        notes = attempt(failures, lambda: self._discuss(feedback))
        attempt(failures, lambda: self._status(feedback))
        return Published(comment, notes or 0, tuple(failures))

    def _notes(self) -> list[tuple[Any, str]]:
        rows = self._caller.pages(f"{self._request}/notes", _PAGE)
        return [(one["id"], one.get("body") or "") for one in rows if not one.get("system")]

    def _change(self, name: Any, text: str) -> Any:
        return self._caller.call("PUT", f"{self._request}/notes/{name}", {"body": text}, allow=(403, 404))

    def _make(self, text: str) -> Any:
        return self._caller.call("POST", f"{self._request}/notes", {"body": text})

    def _discuss(self, feedback: Feedback) -> int:
        """Begin a discussion at each new note, and resolve those whose note is gone."""
        wanted = {note.mark: note for note in feedback.notes}
        for discussion in self._caller.pages(f"{self._request}/discussions", _PAGE):
            for first in discussion.get("notes", [])[:1]:
                for mark in marks_in([first.get("body")]):
                    gone = wanted.pop(mark, None) is None
                    if gone and first.get("resolvable") and not first.get("resolved"):
                        path = f"{self._request}/discussions/{discussion['id']}"
                        self._caller.call("PUT", path, {"resolved": True}, allow=(403, 404))
        if not wanted:
            return 0
        refs = self._caller.call("GET", self._request).body.get("diff_refs") or {}
        for note in wanted.values():
            self._caller.call("POST", f"{self._request}/discussions", _discussion(note, refs), allow=(400,))
        return len(wanted)

    def _status(self, feedback: Feedback) -> None:
        body = {
            "state": "success" if feedback.state == "success" else "failed", "name": "Seamark gate", "description": feedback.summary[:255],
        }  # fmt: skip
        # GitLab answers 400 where the commit has this very state already.
        self._caller.call("POST", f"{self._project}/statuses/{self._place.commit}", body, allow=(400,), again=True)


def _discussion(note: Note, refs: dict[str, Any]) -> dict[str, Any]:
    position = {name: refs.get(name) for name in ("base_sha", "start_sha", "head_sha")}
    return {
        "body": f"{note_marker(note.mark)}\n\n{note.body}",
        "position": {**position, "position_type": "text", "new_path": note.path, "old_path": note.before, "new_line": note.line},
    }  # fmt: skip
