"""seamark import."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from seamark.core.errors import (
    ImportRefused,
    RemoteFailure,
    SeamarkError,
    StoreUnavailable,
    UnknownFormat,
    UnreadableReport,
)
from seamark.intake.discovery.ci import detect
from seamark.interfaces.cli import output
from seamark.interfaces.cli.files import settled
from seamark.interfaces.cli.importing import importer, placed, shown
from seamark.interfaces.cli.remote import server_options
from seamark.pipeline.target import Target


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
@server_options
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a report.")
def command(
    reports: tuple[str, ...], *, as_lines: bool, format_: str, mapping: Path | None, source: Path | None, url: str, token: str, **where: Any
) -> None:  # fmt: skip
    """Import scanner reports into an application.

    In CI (GitHub Actions, GitLab CI, Jenkins, Azure Pipelines, Bitbucket) repository, ref, commit and pull request come from the
    environment, unless other ones are named. With --url or SEAMARK_URL, and a token, the reports are sent to that server.

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
    target = Target(format=format_, root=root, mapping=_mapping(mapping, format_), **placed(where, pipeline))
    codes = set()
    with importer(target, source, url=url, token=token) as carry_out:
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
                shown(name, outcome, as_lines=as_lines)
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
