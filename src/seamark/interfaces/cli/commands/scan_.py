"""seamark scan."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from seamark.core.errors import SeamarkError, UnreadableReport
from seamark.intake.discovery.ci import detect
from seamark.intake.discovery.tree import Tree
from seamark.intake.scanners.declared import Scanner, scanners
from seamark.intake.scanners.run import Outcome, plan, run
from seamark.interfaces.cli import output
from seamark.interfaces.cli.importing import importer, placed, shown
from seamark.interfaces.cli.table import Column
from seamark.pipeline.target import Target

LIST = (
    Column("Scanner", least=10),
    Column("Kind", least=8),
    Column("Installed", least=9, fit="cut start"),
    Column("Needs", least=10, fit="wrap"),
)


@click.command("scan")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--application", default="", metavar="NAME", help="Import the reports into this application.")
@click.option("--repository", default="", metavar="URL", help="The repository that is scanned.")
@click.option("--ref", default="", help="Branch or tag.")
@click.option("--commit", default="", metavar="SHA", help="Commit that is scanned.")
@click.option("--pull-request", default="", metavar="NUMBER", help="The scan is of a pull request.")
@click.option("--only", multiple=True, metavar="SCANNER", help="Run this one; may be given several times.")
@click.option("--skip", multiple=True, metavar="SCANNER", help="Leave this one out; may be given several times.")
@click.option("--online", is_flag=True, help="Also run scanners that fetch rules or advisories from the network.")
@click.option(
    "--trust", is_flag=True, help="Also run scanners that execute code of the folder, such as eslint.config.js."
)
@click.option(
    "--timeout", type=click.IntRange(1, 86_400), default=900, show_default=True, help="Seconds that each may take."
)
@click.option("--jobs", type=click.IntRange(1, 32), default=2, show_default=True, help="How many run at a time.")
@click.option(
    "--output", "kept", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Keep the reports here."
)
@click.option("--list", "listed", is_flag=True, help="Only say which scanners there are.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a scanner, and then one an import.")
def command(
    folder: Path | None,
    application: str,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    timeout: int,
    jobs: int,
    kept: Path | None,
    *,
    online: bool,
    trust: bool,
    listed: bool,
    as_lines: bool,
    **where: str,
) -> None:
    """Run the scanners that are installed on a folder, and import what they report.

    Without --application nothing is imported: --output keeps the reports, for `seamark correlate` or `seamark gate`.
    `pip install seamark[scanners]` brings the scanners that are Python packages.

    \b
    Examples:
      seamark scan . --application shop
      seamark scan . --online --output reports
      seamark scan . --only bandit --only gitleaks --application shop
      seamark scan --list

    \b
    Exit codes: 0 done, 1 a scanner or an import failed, 2 wrong words.
    """
    known = scanners()
    for name in (*only, *skip):
        if name not in known:
            raise click.UsageError(f"There is no scanner {name!r}; there are {', '.join(known)}")
    if listed:
        _list(known, as_lines=as_lines)
        return
    if folder is None:
        raise click.UsageError("Say which FOLDER is scanned.")
    if not application and kept is None:
        raise click.UsageError("Say where the reports go: --application imports them, --output keeps them.")
    root = folder.resolve()
    files = Tree(root, "").files
    chosen = plan(known, files, only=only, skip=skip, online=online, trust=trust)
    failed = any(outcome.scanner in only for outcome in chosen.left_out)
    for outcome in chosen.left_out:
        _told(outcome, as_lines=as_lines)
    if not chosen.chosen:
        raise SeamarkError("No scanner was run")
    with _reports(kept) as reports:
        done: list[Outcome] = []
        running = [(known[name], program) for name, program in chosen.chosen]
        started = (lambda _: None) if as_lines else (lambda name: output.complain(f"{name}: running"))
        for outcome in run(running, root, files, reports, timeout=timeout, jobs=jobs, started=started):
            _told(outcome, as_lines=as_lines)
            failed |= outcome.state != "done"
            if outcome.report:
                done.append(outcome)
        if application:
            failed |= not _import(done, root, application, where, as_lines=as_lines)
    if failed:
        raise click.exceptions.Exit(1)


@contextlib.contextmanager
def _reports(kept: Path | None) -> Iterator[Path]:
    """Yield the folder that reports are written to: the one that was named, or one that is gone afterwards."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="seamark-scan-") as folder:
        yield Path(folder)


def _import(done: Sequence[Outcome], root: Path, application: str, where: dict[str, Any], *, as_lines: bool) -> bool:
    """Import the reports, each by the format that its scanner writes; tell whether all could be."""
    found = placed({"image": "", "configuration": "", "scanned_at": "", **where}, detect(os.environ))
    target = Target(application=application, root=str(root), **found)
    good = True
    with importer(target, root) as carry_out:
        for outcome in sorted(done, key=lambda each: each.scanner):
            try:
                answer = carry_out(Path(outcome.report), lambda _: None, outcome.format)
            except UnreadableReport as error:
                good = False
                output.complain(f"{outcome.scanner}: {error}")
                continue
            shown(outcome.scanner, answer, as_lines=as_lines)
    return good


def _told(outcome: Outcome, *, as_lines: bool) -> None:
    if as_lines:
        output.json_line(outcome)
        return
    if outcome.state == "done":
        output.say(
            f"{outcome.scanner}: done in {outcome.seconds:.1f} s" + ("" if outcome.report else ", nothing found")
        )
    else:
        output.say(f"{outcome.scanner}: {outcome.state}, {outcome.why}")


def _list(known: dict[str, Scanner], *, as_lines: bool) -> None:
    rows = []
    for scanner in known.values():
        needs = [f"the network, for {scanner.online}"] if scanner.online else []
        needs += [f"trust: it executes {scanner.runs_code}"] if scanner.runs_code else []
        program = scanner.find()
        if as_lines:
            output.json_line(
                {
                    "scanner": scanner.name, "title": scanner.title, "kind": scanner.kind, "format": scanner.format, "program": program,
                    "online": scanner.online, "runs_code": scanner.runs_code, "package": scanner.package,
                }
            )  # fmt: skip
        rows.append(
            [output.text(word) for word in (scanner.name, scanner.kind.value, program or "no", "; ".join(needs))]
        )
    if not as_lines:
        output.table(LIST, rows)
