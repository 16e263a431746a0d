"""seamark mapping."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
import msgspec

from seamark.core.finding import Finding
from seamark.core.report import Run
from seamark.insight.exports.findings import as_json
from seamark.intake.parsers.kit.folder import load_file
from seamark.intake.parsers.kit.guess import propose, unread
from seamark.intake.parsers.kit.mapped import as_parser
from seamark.intake.parsers.kit.read import open_report
from seamark.intake.parsers.kit.source import open_source
from seamark.interfaces.cli import output
from seamark.interfaces.cli.files import settled
from seamark.interfaces.cli.findings import IN_MEMORY, show_findings


@click.group("mapping")
def command() -> None:
    """Read reports of any other tool by a mapping file: propose one, try it.

    \b
    Examples:
      seamark mapping new report.json --output acme.yaml
      seamark mapping test acme.yaml report.json
      seamark import report.json --mapping acme.yaml --application shop
    """


@command.command("new")
@click.argument("report")
@click.option("--name", default="", metavar="TOOL", help="What the tool is called (default: the file's name).")
@click.option(
    "--output",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to this file, which must not be there yet, instead of standard output.",
)
def new(report: str, name: str, target: Path | None) -> None:
    """Propose a mapping file from a sample, and say what could not be guessed.

    JSON, JSON lines, CSV and XML are read. The fields are guessed by their names and their values: look at each line.

    \b
    Exit codes: 0 proposed, 1 the file cannot be written, 2 the report cannot be read.
    """
    called = name or output.named(Path(report).name).split(".", 1)[0]
    with settled(report) as file:
        proposal = propose(open_source(file), called)
    if target is None:
        click.echo(proposal.text, nl=False)
    else:
        try:
            with target.open("x", encoding="utf-8") as written:
                written.write(proposal.text)
        except FileExistsError:
            raise click.ClickException(f"{target} is there already; name another file") from None
    for note in proposal.notes:
        output.complain(f"not guessed: {note}")


@command.command("test")
@click.argument("mapping", type=click.Path(path_type=Path))
@click.argument("report")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line; unread fields go to standard error.")
def test(mapping: Path, report: str, *, as_lines: bool) -> None:
    """Show what a mapping file makes of a report, and which fields of its rows it leaves unread.

    \b
    Exit codes: 0 read, 2 the mapping file or the report cannot be read.
    """
    told = load_file(mapping)
    format_, name, number = as_parser(told), output.named(report), 0
    encode = msgspec.json.Encoder().encode
    with settled(report) as file, tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as lines:
        opened, tool = open_report(file, format_), format_.title
        for item in opened.items():
            if isinstance(item, Run):
                tool = item.tool
            elif isinstance(item, Finding):
                lines.write(encode(as_json(item, report=name, index=number, tool=tool, format=format_.name)) + b"\n")
                number += 1
        left = unread(told, opened.source)
        lines.seek(0)
        if as_lines:
            output.raw_lines(lines)
        else:
            output.say(f"{name}: {output.count(number, 'finding')} by {tool} ({mapping})")
            if number:
                show_findings(lines)
    if left:
        output.complain(f"unread: {', '.join(left[:100])}{' …' if len(left) > 100 else ''}")
