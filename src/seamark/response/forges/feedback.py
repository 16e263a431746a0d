"""What a pull request is told, whichever forge it is on. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, NamedTuple, Protocol

from msgspec import Struct

from seamark.core.errors import RemoteFailure
from seamark.insight.exports.gate.documents import fingerprint
from seamark.insight.exports.gate.markdown import markdown, plain
from seamark.insight.exports.gate.outcome import Breach, Outcome, how_to_waive, sentence, words
from seamark.intake.discovery.changed import Changes

MOST_NOTES: Final = 50
"""Notes at lines; the comment has the rest."""
NAME: Final = "seamark-gate"

State = Literal["success", "failure", "error"]


class Note(Struct, frozen=True, kw_only=True):
    """A remark at a line that the change brings."""

    path: str
    before: str
    """What the file was called before the change."""
    line: int
    end_line: int
    blocks: bool
    severity: str
    title: str
    """Plain text, one line."""
    text: str
    """Plain text."""
    body: str
    """Markdown."""
    mark: str
    """What tells it apart from run to run."""


class Feedback(Struct, frozen=True, kw_only=True):
    """What is to be told."""

    key: str
    """What tells the comment of this gate from those of others: application and stage."""
    state: State
    summary: str
    """Plain text, one line."""
    body: str
    """Markdown."""
    notes: tuple[Note, ...] = ()
    left_out: int = 0
    """Notes beyond `MOST_NOTES`."""
    url: str = ""

    @property
    def digest(self) -> str:
        """Return what changes with anything that is told."""
        told = "\0".join(
            [self.state, self.summary, self.body, *(f"{one.mark}{one.path}{one.line}" for one in self.notes)]
        )
        return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32]


class Published(NamedTuple):
    """What was done."""

    comment: Literal["made", "changed", "kept"]
    notes: int
    """Notes that were added."""
    failures: tuple[str, ...] = ()
    """What could not be done besides the comment, each in a sentence."""


class Forge(Protocol):
    """A pull request on one forge."""

    def patch(self) -> str:
        """Return the change as a patch; empty where the forge gives none. Raises `RemoteFailure`."""

    def publish(self, feedback: Feedback) -> Published:
        """Tell it. A second time with the same changes nothing. Raises `RemoteFailure` where not even the comment can be written."""


def feedback_of(outcome: Outcome, changes: Changes | None) -> Feedback:
    """Return what is told of an outcome. Notes stand at lines that the change brings only; none where that is not known."""
    here = [one for one in outcome.breaches if one.effect in {"block", "warn"} and one.path and one.line]
    seen: dict[str, Note] = {}
    for one in here:
        if changes is not None and changes.brings(one.path, one.line, one.end_line or None):
            note = _note(outcome, one, changes)
            seen.setdefault(note.mark, note)
    notes = sorted(seen.values(), key=lambda one: (not one.blocks, one.path, one.line, one.mark))
    state: State = {"block": "failure", "indeterminate": "error"}.get(outcome.outcome, "success")  # type: ignore[assignment]
    return Feedback(
        key=hashlib.sha256(f"{outcome.application}\0{outcome.stage}".encode()).hexdigest()[:12], state=state, summary=sentence(outcome),
        body=markdown(outcome), notes=tuple(notes[:MOST_NOTES]), left_out=max(len(notes) - MOST_NOTES, 0), url=outcome.url,
    )  # fmt: skip


def _note(outcome: Outcome, one: Breach, changes: Changes) -> Note:
    asked = outcome.policy(one.policy)
    said = words(one)
    remedy = one.fix or (asked.remediation if asked is not None else "")
    waive = f" Otherwise {how_to_waive(outcome, one)}." if one.effect == "block" else ""
    effect = "blocks" if one.effect == "block" else "warns"
    line = _first_brought(changes, one)
    text = f"{said}{f' What to do: {remedy}' if remedy else ''}{waive} Issue {one.ref}."
    body = f"**{plain(one.policy)}** {effect}: {plain(said)}"
    if remedy:
        body += f"\n\nWhat to do: {plain(remedy, 1000)}"
    body += f"\n\n<sub>{plain(one.ref)}{plain(waive)}</sub>"
    return Note(
        path=one.path, before=changes.before.get(one.path, one.path), line=line, end_line=max(line, one.end_line), blocks=one.effect == "block",
        severity=one.issue_severity or one.severity, title=f"{one.policy} {effect}"[:200], text=text[:2000], body=body, mark=fingerprint(one)[:24],
    )  # fmt: skip


def _first_brought(changes: Changes, one: Breach) -> int:
    """Return the first of the breach's lines that the change brings: forges take remarks at those only."""
    last = max(one.end_line, one.line)
    return next(
        (line for line in range(one.line, min(last, one.line + 1000) + 1) if changes.brings(one.path, line)), one.line
    )


def marker(key: str) -> str:
    """Return what a comment is found by: a line that no reader sees."""
    return f"[//]: # ({NAME}:{key})"


def is_ours(body: object, key: str) -> bool:
    """Tell whether a comment is the one of a gate."""
    return isinstance(body, str) and body.lstrip().startswith(marker(key))


def with_marker(feedback: Feedback) -> str:
    """Return the comment's text."""
    return f"{marker(feedback.key)}\n\n{feedback.body}"


def note_marker(mark: str) -> str:
    """Return what a note is found by."""
    return f"[//]: # ({NAME}-note:{mark})"


def attempt(failures: list[str], act: Callable[[], Any]) -> Any:
    """Do what the comment does not depend on; return None and keep the sentence where it cannot be done."""
    try:
        return act()
    except RemoteFailure as error:
        failures.append(str(error))
        return None


def marks_in(bodies: Iterable[object]) -> set[str]:
    """Return the marks of notes among texts."""
    found = set()
    for body in bodies:
        if isinstance(body, str):
            head, sign, rest = body.partition(f"[//]: # ({NAME}-note:")
            if sign and not head.strip():
                found.add(rest.partition(")")[0])
    return found
