"""Telling the pull request what the gate decided."""

from __future__ import annotations

import os
from pathlib import Path

from seamark.core.errors import SeamarkError
from seamark.insight.exports.gate.outcome import Outcome
from seamark.intake.discovery.changed import Changes, changes_since
from seamark.interfaces.cli import output
from seamark.response.forges.feedback import Forge, feedback_of
from seamark.response.forges.open import open_forge


def tell(outcome: Outcome, forge: str, *, source: Path | None, base: str) -> None:
    """Tell a pull request. What cannot be told is said, and changes no verdict."""
    try:
        request = open_forge(forge, os.environ)
        published = request.publish(feedback_of(outcome, _changes(request, source, base)))
    except SeamarkError as error:
        output.complain(f"seamark gate: the pull request was not told: {error}")
        return
    for failure in published.failures:
        output.complain(f"seamark gate: {failure}")
    output.complain(
        f"Told the pull request: comment {published.comment}, {output.count(published.notes, 'note')} added"
    )


def _changes(request: Forge, source: Path | None, base: str) -> Changes | None:
    """Return the lines that the change brings: by git where it is at hand, else by the forge."""
    if source is not None and base and (found := changes_since(source, base)) is not None:
        return found
    try:
        patch = request.patch()
    except SeamarkError as error:
        output.complain(f"seamark gate: the changed lines are not known: {error}")
        return None
    changes = Changes()
    return changes if patch and changes.read(patch) else None
