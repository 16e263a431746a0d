"""Pull requests on GitHub: a comment, and a check run with annotations; for tokens that may make none, a commit status."""

from __future__ import annotations

from typing import Any, Final

from seamark.intake.connectors.caller import Caller
from seamark.response.forges.comment import keep_comment
from seamark.response.forges.feedback import Feedback, Note, Published, attempt
from seamark.response.forges.place import Place

CHECK: Final = "Seamark gate"
_MOST: Final = 50
"""Annotations that one request takes."""
_VERSION: Final = {"X-GitHub-Api-Version": "2022-11-28", "Accept": "application/vnd.github+json"}
_CONCLUSIONS: Final = {"success": "success", "failure": "failure", "error": "action_required"}


class GitHub:
    """A pull request on GitHub or GitHub Enterprise Server."""

    def __init__(self, place: Place, **more: Any) -> None:
        self._place = place
        headers = {"Authorization": f"Bearer {place.token}", **_VERSION}
        self._caller = Caller(place.api, headers, name="GitHub", **more)
        self._repository = f"/repos/{place.repository}"

    def patch(self) -> str:
        """Return the change as a patch."""
        headers = {"Accept": "application/vnd.github.diff"}
        return self._caller.call("GET", f"{self._repository}/pulls/{self._place.number}", headers=headers).text

    def publish(self, feedback: Feedback) -> Published:
        """Tell the pull request."""
        comment = keep_comment(feedback, self._comments(), self._change, self._make)
        failures: list[str] = []
        notes = attempt(failures, lambda: self._check(feedback))
        return Published(comment, notes or 0, tuple(failures))

    def _comments(self) -> list[tuple[Any, str]]:
        rows = self._caller.pages(f"{self._repository}/issues/{self._place.number}/comments", {"per_page": 100})
        return [(one["id"], one.get("body") or "") for one in rows]

    def _change(self, name: Any, text: str) -> Any:
        return self._caller.call(
            "PATCH", f"{self._repository}/issues/comments/{name}", {"body": text}, allow=(403, 404)
        )

    def _make(self, text: str) -> Any:
        return self._caller.call("POST", f"{self._repository}/issues/{self._place.number}/comments", {"body": text})

    def _check(self, feedback: Feedback) -> int:
        """Make a check run, unless the commit has the very same one; return how many annotations it got."""
        commit = f"{self._repository}/commits/{self._place.commit}/check-runs"
        known = (
            self._caller.call(
                "GET", commit, params={"check_name": CHECK, "filter": "all", "per_page": 100}, allow=(403,)
            ).body
            or {}
        )
        runs = known.get("check_runs", []) if isinstance(known, dict) else []
        if any(run.get("external_id") == feedback.digest for run in runs):
            return 0
        output = {"title": feedback.summary[:250], "summary": feedback.body[:65_000]}
        annotations = [_annotation(note) for note in feedback.notes]
        made = self._caller.call(
            "POST", f"{self._repository}/check-runs",
            {
                "name": CHECK, "head_sha": self._place.commit, "status": "completed", "conclusion": _CONCLUSIONS[feedback.state],
                "external_id": feedback.digest, "output": {**output, "annotations": annotations[:_MOST]},
                **({"details_url": feedback.url} if feedback.url else {}),
            },
            allow=(403,),
        )  # fmt: skip
        if made.status == 403:
            return self._status(feedback)
        for at in range(_MOST, len(annotations), _MOST):
            body = {"output": {**output, "annotations": annotations[at : at + _MOST]}}
            self._caller.call("PATCH", f"{self._repository}/check-runs/{made.body['id']}", body)
        return len(annotations)

    def _status(self, feedback: Feedback) -> int:
        """Set a commit status: only apps may make check runs, a person's token may not."""
        body = {"state": feedback.state, "context": CHECK, "description": feedback.summary[:140]}
        self._caller.call("POST", f"{self._repository}/statuses/{self._place.commit}", body, again=True)
        return 0


def _annotation(note: Note) -> dict[str, Any]:
    return {
        "path": note.path, "start_line": note.line, "end_line": note.end_line, "annotation_level": "failure" if note.blocks else "warning",
        "title": note.title, "message": note.text,
    }  # fmt: skip
