"""seamark import."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
import msgspec

from seamark.core.errors import (
    ImportRefused,
    RemoteFailure,
    SeamarkError,
    StoreUnavailable,
    UnknownFormat,
    UnreadableReport,
)
from seamark.intake.discovery.ci import Pipeline, detect
from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.files import settled
from seamark.pipeline.target import Target, format_of, repository_key, short_ref

if TYPE_CHECKING:
    from seamark.core.checkout import Checkout
    from seamark.intake.connectors.server import Server
    from seamark.intake.discovery.excerpt import Excerpt
    from seamark.intake.parsers.kit.registry import Parser


@click.command("import")
@click.argument("reports", nargs=-1, required=True, metavar="REPORT...")
@click.option(
    "--application",
    required=True,
    metavar="NAME",
    help="The application that the reports speak of; made where there is none.",
)
@click.option("--repository", default="", metavar="URL", help="The repository that was scanned.")
@click.option("--ref", default="", help="Branch or tag.")
@click.option("--commit", default="", metavar="SHA", help="Commit that was scanned.")
@click.option(
    "--pull-request",
    default="",
    metavar="NUMBER",
    help="The scan is of a pull request; it changes nothing on the branch.",
)
@click.option("--image", default="", metavar="REF@DIGEST", help="The container image that was scanned.")
@click.option(
    "--configuration", default="", metavar="TEXT", help="Tells several scans of one tool over one asset apart."
)
@click.option(
    "--scanned-at",
    default="",
    metavar="TIME",
    help="When the scan ran (2026-05-04T10:00:00Z), if the report does not say.",
)
@click.option(
    "--format", "format_", default="auto", show_default=True, metavar="NAME", help="Take the reports for this format."
)
@click.option(
    "--mapping",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read the reports by this mapping file; `seamark mapping new` proposes one.",
)
@click.option(
    "--complete", is_flag=True, help="You vouch that each scan ran to its end, so that it may close findings."
)
@click.option(
    "--root",
    default="",
    metavar="DIR",
    help="Folder of the repository on the machine that scanned, left out of absolute paths (default: --source, the CI's, this folder).",
)
@click.option(
    "--source",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="The checkout that was scanned: functions, code and routes that the reports leave out are taken from it, and its history where no server is named.",
)
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a report.")
def command(
    reports: tuple[str, ...], *, as_lines: bool, format_: str, mapping: Path | None, source: Path | None, **where: Any
) -> None:
    """Import scanner reports into an application.

    In CI (GitHub Actions, GitLab CI, Jenkins, Azure Pipelines, Bitbucket) repository, ref, commit and pull request come from the
    environment, unless other ones are named. With SEAMARK_URL and SEAMARK_TOKEN set the reports are sent to that server.

    \b
    Examples:
      seamark import semgrep.sarif bandit.json --application shop
      seamark import trivy.json --application shop --image registry.example/shop:1.4@sha256:…

    \b
    Exit codes: 0 all imported, 1 an import failed, 2 something unreadable, 3 unknown or ambiguous format.
    """
    pipeline = detect(os.environ)
    root = (
        where.pop("root") or (str(source.resolve()) if source is not None else "") or pipeline.root or str(Path.cwd())
    )
    target = Target(format=format_, root=root, mapping=_mapping(mapping, format_), **_where(where, pipeline))
    codes = set()
    with _importer(target, source) as carry_out:
        for number, path in enumerate(reports):
            name = output.named(path)
            try:
                with output.progress(f"Importing {name}", shown=not as_lines) as tell, settled(path) as file:
                    outcome = carry_out(file, tell)
            except UnknownFormat as error:
                codes.add(3)
                output.complain(f"{name}: {error}")
                continue
            except UnreadableReport as error:
                codes.add(2)
                output.complain(f"{name}: {error}")
                continue
            except (ImportRefused, RemoteFailure, StoreUnavailable) as error:
                codes.add(1)
                output.complain(f"{name}: {error}{_untried(len(reports) - number - 1)}")
                break
            try:
                _show(name, outcome, as_lines=as_lines)
            except BrokenPipeError:
                if left := _untried(len(reports) - number - 1):
                    raise SeamarkError(f"Nobody reads the output any more{left}") from None
                raise
    if codes:
        raise click.exceptions.Exit(min(codes))


def _mapping(path: Path | None, format_: str) -> str:
    """Return the text of a mapping file that can be used, empty where none is named. Raises `UnreadableReport`."""
    if path is None:
        return ""
    if format_ != "auto":
        raise click.UsageError("--mapping and --format exclude each other.")
    from seamark.intake.parsers.kit.folder import load_file

    load_file(path)
    return path.read_text("utf-8-sig")


def _untried(number: int) -> str:
    return f"; {number} further report{'s were' if number > 1 else ' was'} not imported" if number else ""


def _where(said: dict[str, Any], pipeline: Pipeline) -> dict[str, Any]:
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


Importer = Callable[[Path, Callable[[int], None]], dict[str, Any]]


@contextlib.contextmanager
def _importer(target: Target, source: Path | None) -> Iterator[Importer]:
    """Yield what imports a file: into the database of this installation, or on the server that SEAMARK_URL names."""
    remote = os.environ.get("SEAMARK_URL", "").strip()
    if remote:
        from seamark.intake.connectors.server import Server

        with Server(remote, _token()) as server:
            yield _sender(server, target, source)
        return
    boot()
    from seamark.pipeline.imports import import_file
    from seamark.pipeline.ingest.source import Source

    code = Source.of(source) if source is not None else None
    yield lambda path, tell: cast(
        "dict[str, Any]", msgspec.to_builtins(import_file(path, target, progress=tell, source=code))
    )


def _sender(server: Server, target: Target, source: Path | None) -> Importer:
    """Return what sends a report, with what the checkout tells about its places."""
    fields, tree = msgspec.to_builtins(target), None
    if source is not None:
        from seamark.intake.discovery.checkout import WorkingTree

        tree = WorkingTree(source)

    def send(path: Path, tell: Callable[[int], None]) -> dict[str, Any]:
        told, reason = None, ""
        if tree is not None:
            try:
                told = _told(tree, path, format_of(target))
            except UnreadableReport as error:
                # The server is asked all the same: it may be newer, and read the report.
                reason = str(error)
        outcome = server.send(path, fields, tell, source=told)
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


def _token() -> str:
    token = os.environ.get("SEAMARK_TOKEN", "").strip()
    if not token and (named := os.environ.get("SEAMARK_TOKEN_FILE")):
        try:
            token = Path(named).read_text("utf-8").strip()
        except OSError as error:
            raise click.UsageError(f"SEAMARK_TOKEN_FILE cannot be read: {error}") from None
    if not token:
        raise click.UsageError("SEAMARK_URL is set but SEAMARK_TOKEN is not; make a token on your account page")
    return token


def _show(path: str, outcome: dict[str, Any], *, as_lines: bool) -> None:
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
