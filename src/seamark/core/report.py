"""What a report says besides its findings."""

from __future__ import annotations

from msgspec import Struct

from seamark.core.assets import Relation
from seamark.core.component import Component, DependsOn
from seamark.core.finding import Finding


class Run(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One run of one tool, as the report proves it. None means that the report does not say.

    A parser yields a run before that run's findings; where it yields none, the kit makes one from the
    declared title.
    """

    tool: str
    """Display name of the tool that looked (`Semgrep OSS`)."""
    version: str = ""
    configuration: str = ""
    """What tells runs of one tool over one asset apart (SARIF automation id, check type, image name)."""
    successful: bool | None = None
    """What the report says about its own run; False closes nothing."""
    complete: bool | None = None
    """False where parts were skipped, filtered or timed out; None where the report does not say."""
    problems: tuple[str, ...] = ()
    """Errors and skipped parts in the tool's words, at most 50."""
    ruleset: frozenset[str] | None = None
    """Rule ids that ran, only where the report lists them all."""
    scope: tuple[str, ...] | None = None
    """Paths, targets or images that were looked at, only where the report lists them all."""
    repository: str = ""
    commit: str = ""
    ref: str = ""
    image: str = ""
    image_digest: str = ""
    layers: tuple[str, ...] = ()
    """Diff ids or digests of the image's own layers, lowest first, where the report lists them; at most 500."""
    started: str = ""
    """RFC 3339."""
    finished: str = ""
    command: str = ""


class Repeated(Struct, frozen=True):
    """A row of the report that whoever reads it said to know already: its findings are as they were.

    Only given to readers that name the rows they know, so that an unchanged report costs a hash a row.
    """

    row: int


Item = Run | Finding | Component | DependsOn | Relation | Repeated
"""What a parser may yield, in the order of the report."""
