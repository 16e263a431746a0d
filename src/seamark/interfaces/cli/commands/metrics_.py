"""seamark metrics."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.table import printable

_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
_unit = click.option("--unit", default="", help="Only this business unit and those below it.")
_application = click.option("--application", default="", help="Only this application, by its short name.")
_period = click.option(
    "--period", default="90", show_default=True, help="The last 30, 90 or 365 days, or a quarter such as 2026-Q3."
)


@click.group("metrics")
def command() -> None:
    """Measures of how the work goes: record, show, export, ask.

    \b
    Examples:
      seamark metrics record
      seamark metrics show --unit Retail --period 2026-Q3
      seamark metrics export /var/lib/seamark/facts
      seamark metrics query "SELECT day, sum(open_change) FROM issue_facts GROUP BY day" --export /var/lib/seamark/facts
    """


@command.command("record")
def record() -> None:
    """Write the facts of what changed since the last pass; a worker does it once a day."""
    boot()
    from seamark.pipeline.metrics.recording import record as make

    told = make()
    click.echo(f"{told.facts:,} facts of {told.issues:,} issues that were looked at")


@command.command("show")
@_unit
@_application
@_period
@_json
def show(unit: str, application: str, period: str, *, as_json: bool) -> None:
    """Say what happened in a period, and every measure with the number of the period before."""
    boot()
    from seamark.insight.metrics.board import board
    from seamark.insight.metrics.sentences import sentences, told

    one = board(_scope(unit, application, period))
    if as_json:
        measures = {tile.about.name: {"value": tile.value, "before": tile.before} for tile in one.tiles}
        click.echo(json.dumps({"sentences": sentences(one), "measures": measures}))
        return
    for sentence in sentences(one):
        click.echo(printable(sentence))
    click.echo()
    currency = one.inputs.currency
    for tile in one.tiles:
        before = "" if tile.before is None else f"   (before: {told(tile.before, tile.about, currency)})"
        click.echo(printable(f"{tile.about.title!s:<28} {told(tile.value, tile.about, currency):>16}{before}"))


@command.command("list")
@click.argument("name")
@_unit
@_application
@_period
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many lines.")
@_json
def listed(name: str, unit: str, application: str, period: str, limit: int, *, as_json: bool) -> None:
    """Print the list behind a number, such as `open`, `overdue`, `fixed`, `escaped`, `waivers`, `unscanned`."""
    boot()
    import msgspec

    from seamark.insight.metrics.lists import listed as behind

    found = behind(_scope(unit, application, period), name, most=limit)
    if as_json:
        click.echo(json.dumps({"total": found.total, "lines": msgspec.to_builtins(found.lines)}))
        return
    for one in found.lines:
        click.echo(printable(f"{one.reference:<12} {one.words:<16} {one.application}: {one.title}"))
    click.echo(f"{found.total:,} in all")


@command.command("compare")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@_unit
@_application
@click.option("--days", type=click.IntRange(1, 365), default=30, show_default=True, help="Before and after the day.")
@_json
def compare(day: datetime, unit: str, application: str, days: int, *, as_json: bool) -> None:
    """Compare the days before a day with those from it on: the report of a proof of value."""
    boot()
    from seamark.insight.metrics.compared import compared
    from seamark.insight.metrics.sentences import told

    found = compared(_scope(unit, application, "90").columns(), day.date(), days=days)
    if as_json:
        rows = {
            one.about.name: {"before": one.before, "after": one.after, "turned": one.turned} for one in found.changes
        }
        click.echo(json.dumps({"day": f"{day:%Y-%m-%d}", "days": days, "measures": rows}))
        return
    click.echo(f"{found.before.start:%Y-%m-%d} to {found.before.end:%Y-%m-%d}, and {days} days from then on")
    for one in found.changes:
        before, after = told(one.before, one.about), told(one.after, one.about)
        click.echo(printable(f"{one.about.title!s:<28} {before:>14} {after:>14}  {one.turned}"))


@command.command("definitions")
@_json
def definitions(*, as_json: bool) -> None:
    """Say what each measure is and how it is worked out."""
    boot()
    from seamark.insight.metrics.definitions import DEFINITIONS

    for one in DEFINITIONS:
        if as_json:
            told: dict[str, Any] = {name: str(getattr(one, name)) for name in one.__struct_fields__}
            click.echo(json.dumps(told))
        else:
            click.echo(printable(f"{one.title} ({one.unit}): {one.words}\n  {one.formula}", keep="\n"))


@command.command("pack")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_unit
@_application
@_period
@click.option("--baseline", is_flag=True, help="As the baseline of whoever begins.")
def pack(file: Path, unit: str, application: str, period: str, *, baseline: bool) -> None:
    """Write the pack for the board to FILE: a PDF or a PPTX, by its ending."""
    form = file.suffix.lower().removeprefix(".")
    if form not in {"pdf", "pptx"}:
        raise click.UsageError("The file ends in .pdf or .pptx")
    boot()
    from seamark.pipeline.metrics.packs import make_pack

    file.write_bytes(make_pack(_scope(unit, application, period), form, baseline=baseline))
    click.echo(f"{file} is written")


@command.command("weekly")
@_unit
@_application
def weekly(unit: str, application: str) -> None:
    """Print the weekly mail: subject, then text. A scheduler can hand it to any mail program."""
    boot()
    from seamark.pipeline.metrics.packs import weekly as mail

    subject, text = mail(_scope(unit, application, "30"))
    click.echo(printable(f"Subject: {subject}\n\n{text}", keep="\n"))


@command.command("export")
@click.argument("place")
def export(place: str) -> None:
    """Write new facts as Parquet into PLACE: a folder, or an address of object storage such as s3://bucket/path."""
    boot()
    from seamark.pipeline.metrics.export import export as hand_out

    told = hand_out(place)
    output.say(
        f"{told.issue_facts:,} new facts, {told.tool_facts:,} of tools and {told.applications:,} applications are in {output.named(place)}"
    )


@command.command("query")
@click.argument("sql")
@click.option(
    "--export",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder.",
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=1_000, show_default=True, help="How many rows.")
@_json
def query(sql: str, folder: Path, limit: int, *, as_json: bool) -> None:
    """Ask an exported folder a question in SQL. DuckDB reads the folder's tables and nothing else."""
    from seamark.insight.exports.questions import query as ask

    found = ask(folder, sql, most=limit)
    if as_json:
        rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
        click.echo(json.dumps({"rows": rows, "more": found.more}, default=str))
        return
    click.echo(printable("\t".join(found.columns), keep="\t"))
    for row in found.rows:
        click.echo(printable("\t".join("" if one is None else str(one) for one in row), keep="\t"))
    if found.more:
        click.echo(f"There are more than {limit:,} rows", err=True)


def _scope(unit: str, application: str, period: str) -> Any:
    """Return what is asked about, of everything: the command line holds the database."""
    from django.utils import timezone

    from seamark.insight.metrics.scope import scope
    from seamark.store.access import everything

    return scope(everything(), timezone.now(), unit=unit, application=application, span=period)
