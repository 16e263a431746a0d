"""Pull requests on Bitbucket Cloud: a comment, and a Code Insights report with annotations."""

from __future__ import annotations

from typing import Any, Final

from seamark.intake.connectors.caller import Caller
from seamark.response.forges.comment import keep_comment
from seamark.response.forges.feedback import NAME, Feedback, Note, Published, attempt
from seamark.response.forges.place import Place

_MOST: Final = 100
"""Annotations that one request takes."""
_SEVERITIES: Final = {"critical": "CRITICAL", "high": "HIGH", "medium": "MEDIUM"}


class Bitbucket:
    """A pull request."""

    def __init__(self, place: Place, **more: Any) -> None:
        self._place = place
        self._caller = Caller(place.api, {"Authorization": f"Bearer {place.token}"}, name="Bitbucket", **more)
        self._repository = f"/repositories/{place.repository}"
        self._request = f"{self._repository}/pullrequests/{place.number}"

    def patch(self) -> str:
        """Return nothing: Bitbucket redirects to the patch, and redirects are not followed; the working tree tells the lines."""
        return ""

    def publish(self, feedback: Feedback) -> Published:
        """Tell the pull request."""
        comment = keep_comment(feedback, self._comments(), self._change, self._make)
        failures: list[str] = []
        notes = attempt(failures, lambda: self._report(feedback))
        return Published(comment, notes or 0, tuple(failures))

    def _comments(self) -> list[tuple[Any, str]]:
        rows = self._caller.pages(f"{self._request}/comments", {"pagelen": 100}, under="values")
        return [(one["id"], (one.get("content") or {}).get("raw") or "") for one in rows if not one.get("deleted")]

    def _change(self, name: Any, text: str) -> Any:
        return self._caller.call(
            "PUT", f"{self._request}/comments/{name}", {"content": {"raw": text}}, allow=(403, 404)
        )

    def _make(self, text: str) -> Any:
        return self._caller.call("POST", f"{self._request}/comments", {"content": {"raw": text}})

    def _report(self, feedback: Feedback) -> int:
        """Put the report in the place of the earlier one; what that said and this does not is gone with it."""
        path = f"{self._repository}/commit/{self._place.commit}/reports/{NAME}-{feedback.key}"
        known = self._caller.call("GET", path, allow=(404,)).body or {}
        if feedback.digest in str(known.get("details", "")):
            return 0
        self._caller.call("DELETE", path, allow=(404,))
        body = {
            "title": "Seamark gate", "details": f"{feedback.summary[:1500]} [{feedback.digest}]", "report_type": "SECURITY", "reporter": "Seamark",
            "result": "PASSED" if feedback.state == "success" else "FAILED",
            "data": [
                {"title": "Blocks", "type": "NUMBER", "value": sum(note.blocks for note in feedback.notes)},
                {"title": "At changed lines", "type": "NUMBER", "value": len(feedback.notes) + feedback.left_out},
            ],
            **({"link": feedback.url} if feedback.url else {}),
        }  # fmt: skip
        self._caller.call("PUT", path, body)
        annotations = [_annotation(note) for note in feedback.notes]
        for at in range(0, len(annotations), _MOST):
            self._caller.call("POST", f"{path}/annotations", annotations[at : at + _MOST], again=True)
        return len(annotations)


def _annotation(note: Note) -> dict[str, Any]:
    return {
        "external_id": f"{NAME}-{note.mark}", "annotation_type": "VULNERABILITY", "path": note.path, "line": note.line,
        "summary": note.title[:450], "details": note.text, "severity": _SEVERITIES.get(note.severity, "LOW"),
        "result": "FAILED" if note.blocks else "IGNORED",
    }  # fmt: skip
