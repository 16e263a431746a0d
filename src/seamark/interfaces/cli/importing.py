"""Imports from the command line: into this installation's database, or on the server that SEAMARK_URL names."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import msgspec
from msgspec.structs import replace

from seamark.core.errors import ImportRefused, UnreadableReport
from seamark.intake.discovery.ci import Pipeline
from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.remote import client
from seamark.pipeline.target import Target, format_of, repository_key, short_ref

if TYPE_CHECKING:
    from seamark.client import Client
    from seamark.core.checkout import Checkout
    from seamark.intake.discovery.excerpt import Excerpt
    from seamark.intake.parsers.kit.registry import Parser


def placed(said: dict[str, Any], pipeline: Pipeline) -> dict[str, Any]:
    """Return where the reports belong: what was said, and for the rest what the CI system says of the same place."""
    if said["image"]:
        # What is scanned is the image, whatever repository it was built in; but not into the branch, in a pull request.
        found = {"commit": pipeline.commit, "pull_request": pipeline.pull_request} if not said["ref"] else {}
    elif said["repository"] and not _same_repository(said["repository"], pipeline.repository):
        found = {}
    else:
        found = {"repository": pipeline.repository}
        other_ref = said["ref"] and short_ref(said["ref"]) != short_ref(pipeline.ref)
        other_request = said["pull_request"] and said["pull_request"] != pipeline.pull_request
        if not other_ref and not other_request:
            found |= {"ref": pipeline.ref, "commit": pipeline.commit, "pull_request": pipeline.pull_request}
    return said | {name: value for name, value in found.items() if not said[name]}


def _same_repository(one: str, other: str) -> bool:
    try:
        return bool(other) and repository_key(one) == repository_key(other)
    except ImportRefused:
        # The import itself refuses it, with the reason.
        return False


class Importer(Protocol):
    """Imports one report, of the named format where it is not the target's; `tell` hears how many findings were read."""

    def __call__(self, path: Path, tell: Callable[[int], None], format_: str = "") -> dict[str, Any]:
        """Return what came of it."""


@contextlib.contextmanager
def importer(target: Target, source: Path | None, *, url: str = "", token: str = "") -> Iterator[Importer]:
    """Yield what imports a file: into the database of this installation, or on the server that is named."""
    remote = client(url, token)
    if remote is not None:
        with remote as server:
            yield _sender(server, target, source)
        return
    boot()
    from seamark.pipeline.imports import import_file
    from seamark.pipeline.ingest.source import Source

    code = Source.of(source) if source is not None else None

    def carry_out(path: Path, tell: Callable[[int], None], format_: str = "") -> dict[str, Any]:
        outcome = import_file(path, _as(target, format_), progress=tell, source=code)
        return cast("dict[str, Any]", msgspec.to_builtins(outcome))

    yield carry_out


def _as(target: Target, format_: str) -> Target:
    return replace(target, format=format_) if format_ else target


def _sender(server: Client, target: Target, source: Path | None) -> Importer:
    """Return what sends a report, with what the checkout tells about its places."""
    from seamark.intake.discovery.excerpt import encode

    tree = None
    if source is not None:
        from seamark.intake.discovery.checkout import WorkingTree

        tree = WorkingTree(source)

    def send(path: Path, tell: Callable[[int], None], format_: str = "") -> dict[str, Any]:
        this, told, reason = _as(target, format_), None, ""
        if tree is not None:
            try:
                told = _told(tree, path, format_of(this))
            except UnreadableReport as error:
                # The server is asked all the same: it may be newer, and read the report.
                reason = str(error)
        outcome = server.send(path, msgspec.to_builtins(this), tell, source=encode(told) if told is not None else None)
        if reason:
            output.complain(f"{output.named(str(path))}: nothing was taken from --source: {reason}")
        return outcome

    return send


def _told(tree: Checkout, path: Path, format_: str | Parser) -> Excerpt:
    """Return what a checkout tells about the places that a report names. Raises `UnreadableReport`."""
    from seamark.core.finding import Finding
    from seamark.intake.discovery.excerpt import gather
    from seamark.intake.parsers.kit.read import open_report

    items = open_report(path, format_).items()
    return gather(tree, (item for item in items if isinstance(item, Finding)))


def shown(path: str, outcome: dict[str, Any], *, as_lines: bool) -> None:
    """Print what came of a report: a sentence, or one line of JSON."""
    if as_lines:
        output.json_line({"report": path, **outcome})
        return
    if outcome.get("repeated"):
        output.say(f"{path}: the same report as before, {outcome['findings']:,} findings unchanged")
    else:
        moved = f" ({outcome['moved']:,} moved)" if outcome["moved"] else ""
        output.say(
            f"{path}: {outcome['findings']:,} findings by {', '.join(outcome['tools'])}: {outcome['new']:,} new, "
            f"{outcome['unchanged']:,} unchanged{moved}, {outcome['fixed']:,} fixed, {outcome['reopened']:,} reopened; "
            f"{outcome['issues']:,} new issues"
        )
    for note in outcome.get("notes", ()):
        output.say(f"  closes nothing: {note}")
