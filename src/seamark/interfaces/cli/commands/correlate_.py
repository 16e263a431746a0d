"""seamark correlate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from seamark.analysis.correlation.fixes import KINDS
from seamark.core.errors import UnknownFormat, UnreadableReport
from seamark.intake.discovery.checkout import WorkingTree
from seamark.intake.parsers.kit.registry import Parser
from seamark.interfaces.cli import output
from seamark.interfaces.cli.files import settled
from seamark.interfaces.cli.reading import chosen_format, format_options
from seamark.interfaces.cli.table import Cell, Column
from seamark.pipeline.correlate import correlate
from seamark.pipeline.correlated import Correlation, Fix, Issue
from seamark.pipeline.gather import Gathered

SKIPPED = 4
FIXES = 10


@click.command("correlate")
@click.argument("reports", nargs=-1, required=True, metavar="REPORT...")
@click.option(
    "--source",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    metavar="DIR",
    help="The code that the reports speak of: gives functions, code and routes where they do not.",
)
@format_options
@click.option(
    "--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True, help="How many issues the table shows."
)
@click.option(
    "--skip-unreadable", is_flag=True, help="Go on without reports that cannot be read; ends with exit code 4."
)
@click.option("--json", "as_object", is_flag=True, help="As one JSON object, with everything.")
def command(
    reports: tuple[str, ...],
    source: Path | None,
    format_: str,
    mapping: Path | None,
    limit: int,
    *,
    skip_unreadable: bool,
    as_object: bool,
) -> None:
    """Say which findings of several reports are one issue, and what fixes them, without keeping anything.

    All reports are taken to be about one application. Findings that two tools report of one problem become one issue, with the
    reasons; what only may be one is suggested. No server and no database is needed.

    \b
    Examples:
      seamark correlate semgrep.sarif bandit.json trivy.json
      seamark correlate reports/* --source . --json > issues.json
      seamark correlate reports/*.json --skip-unreadable
      seamark correlate --mapping acme.yaml monday.json friday.json

    \b
    Exit codes: 0 done, 2 something unreadable, 3 unknown or ambiguous format, 4 done without what --skip-unreadable left out.
    """
    gathered, skipped = _read(reports, chosen_format(format_, mapping), skip=skip_unreadable)
    found = correlate(gathered, WorkingTree(source) if source is not None else None)
    if as_object:
        output.json_line(found)
    else:
        _show(found, limit)
    if skipped:
        raise click.exceptions.Exit(SKIPPED)


def _read(paths: Sequence[str], known: str | Parser, *, skip: bool) -> tuple[Gathered, bool]:
    """Read reports, each path once; return whether any was left out. Ends the command where nothing can be said."""
    gathered = Gathered()
    codes: list[int] = []
    for path in dict.fromkeys(paths):
        name = output.named(path)
        try:
            with settled(path) as file:
                gathered.read(file, name, known)
        except UnreadableReport as error:
            output.complain(f"{name}: {error}")
            codes.append(3 if isinstance(error, UnknownFormat) else 2)
    if codes and (not skip or not gathered.reports):
        raise click.exceptions.Exit(min(codes))
    return gathered, bool(codes)


ISSUES = (
    Column("Severity", least=8),
    Column("Tools", least=10, most=40),
    Column("Place", least=16, most=60, fit="cut start"),
    Column("Title", least=16, most=100),
)
CHANGES = (
    Column("Clears", right=True),
    Column("Worst", least=8),
    Column("Kind", least=7),
    Column("Change", least=20, most=100),
)


def _show(found: Correlation, limit: int) -> None:
    if found.issues:
        output.table(ISSUES, (_issue(issue) for issue in found.issues[:limit]))
        if len(found.issues) > limit:
            output.say(f"{limit:,} of {len(found.issues):,} issues; --limit shows more")
        output.say("")
    if found.fixes:
        output.table(CHANGES, (_fix(fix) for fix in found.fixes[:FIXES]))
        if len(found.fixes) > FIXES:
            output.say(f"{FIXES} of {len(found.fixes):,} fixes; --json has them all")
        output.say("")
    output.say(_sum(found))


def _issue(issue: Issue) -> list[Cell]:
    where = issue.place
    if issue.component is not None:
        where = f"{issue.component.name} {', '.join(issue.component.versions)}".strip()
    aside = " (set aside)" if issue.suppressed else ""
    return [
        output.severity(issue.severity),
        output.text(", ".join(issue.tools)),
        output.text(where),
        output.text(f"{issue.title}{aside}"),
    ]


def _fix(fix: Fix) -> list[Cell]:
    part = " (clears a part only)" if fix.partial else ""
    return [
        output.text(f"{len(fix.issues):,}"),
        output.severity(fix.severity),
        output.text(KINDS.get(fix.kind, fix.kind)),
        output.text(f"{fix.title}{part}"),
    ]


def _sum(found: Correlation) -> str:
    findings = sum(report.findings for report in found.reports)
    several = sum(len(issue.tools) > 1 for issue in found.issues)
    words = [
        f"{output.count(findings, 'finding')} in {output.count(len(found.reports), 'report')} are {output.count(len(found.issues), 'issue')}",
        f"{several:,} of them by several tools",
        output.count(len(found.suggestions), "suggestion"),
    ]
    if found.corroborations:
        words.append(output.count(len(found.corroborations), "corroboration"))
    return ", ".join(words)
