"""seamark import."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import msgspec

from seamark.core.errors import ImportRefused, RemoteFailure, StoreUnavailable, UnknownFormat, UnreadableReport
from seamark.intake.discovery.ci import detect
from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.pipeline.target import Target


@click.command("import")
@click.argument("reports", nargs=-1, required=True, metavar="REPORT...")
@click.option("--application", required=True, metavar="NAME", help="The application that the reports speak of; made where there is none.")
@click.option("--repository", default="", metavar="URL", help="The repository that was scanned.")
@click.option("--ref", default="", help="Branch or tag.")
@click.option("--commit", default="", metavar="SHA")
@click.option("--pull-request", default="", metavar="NUMBER", help="The scan is of a pull request; it changes nothing on the branch.")
@click.option("--image", default="", metavar="REF@DIGEST", help="The container image that was scanned.")
@click.option("--configuration", default="", metavar="TEXT", help="Tells several scans of one tool over one asset apart.")
@click.option("--format", "format_", default="auto", show_default=True, metavar="NAME")
@click.option("--complete", is_flag=True, help="You vouch that each scan ran to its end, so that it may close findings.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a report.")
def command(reports: tuple[str, ...], *, as_lines: bool, format_: str, **where: Any) -> None:
    """Import scanner reports into an application.

    In CI (GitHub Actions, GitLab CI, Jenkins, Azure Pipelines, Bitbucket) repository, ref, commit and pull request come from the
    environment. With SEAMARK_URL and SEAMARK_TOKEN set the reports are sent to that server.

    \b
    Examples:
      seamark import semgrep.sarif bandit.json --application shop
      seamark import trivy.json --application shop --image registry.example/shop:1.4@sha256:…

    \b
    Exit codes: 0 all imported, 1 an import failed, 2 something unreadable, 3 unknown or ambiguous format.
    """
    target = _target(format_, where)
    remote = os.environ.get("SEAMARK_URL", "").strip()
    if remote:
        from seamark.intake.connectors.server import Server

        server = Server(remote, _token())
    else:
        boot()
    codes = set()
    for path in reports:
        try:
            with output.progress(f"Importing {Path(path).name}", shown=not as_lines) as tell:
                outcome = server.send(Path(path), msgspec.to_builtins(target), tell) if remote else _here(path, target, tell)
            _show(path, outcome, as_lines=as_lines)
        except UnknownFormat as error:
            codes.add(3)
            output.complain(f"{path}: {error}")
        except UnreadableReport as error:
            codes.add(2)
            output.complain(f"{path}: {error}")
        except (ImportRefused, RemoteFailure, StoreUnavailable) as error:
            codes.add(1)
            output.complain(f"{path}: {error}")
            break
    if codes:
        raise click.exceptions.Exit(min(codes))


def _target(format_: str, where: dict[str, str]) -> Target:
    """Return where the reports belong: what was said, and for the rest what the CI system says."""
    pipeline = detect(os.environ)
    said = any(where[name] for name in ("repository", "ref", "commit", "pull_request", "image"))
    if not said:
        where |= {name: getattr(pipeline, name) for name in ("repository", "ref", "commit", "pull_request")}
    elif where["repository"] or where["ref"]:
        where["commit"] = where["commit"] or (pipeline.commit if where["repository"] in {"", pipeline.repository} else "")
    return Target(format=format_, **where)


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


def _here(path: str, target: Target, tell: Any) -> dict[str, Any]:
    from seamark.pipeline.imports import import_file

    outcome: dict[str, Any] = msgspec.to_builtins(import_file(Path(path), target, progress=tell))
    return outcome


def _show(path: str, outcome: dict[str, Any], *, as_lines: bool) -> None:
    if as_lines:
        output.json_line({"report": path, **outcome})
        return
    if outcome.get("repeated"):
        click.echo(f"{path}: the same report as before, {outcome['findings']:,} findings unchanged")
    else:
        moved = f" ({outcome['moved']:,} moved)" if outcome["moved"] else ""
        click.echo(
            f"{path}: {outcome['findings']:,} findings by {', '.join(outcome['tools'])}: {outcome['new']:,} new, "
            f"{outcome['unchanged']:,} unchanged{moved}, {outcome['fixed']:,} fixed, {outcome['reopened']:,} reopened; "
            f"{outcome['issues']:,} new issues"
        )
    for note in outcome.get("notes", ()):
        click.echo(f"  closes nothing: {note}")
