"""seamark read."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO

import click
import msgspec

from seamark.core.errors import UnknownFormat, UnreadableReport
from seamark.core.finding import Finding
from seamark.core.report import Run
from seamark.insight.exports.findings import as_json
from seamark.intake.parsers.kit.read import open_report
from seamark.intake.parsers.kit.registry import Parser
from seamark.interfaces.cli import output
from seamark.interfaces.cli.files import settled
from seamark.interfaces.cli.findings import IN_MEMORY, show_findings
from seamark.interfaces.cli.reading import chosen_format, format_options


@click.command("read")
@click.argument("reports", nargs=-1, required=True, metavar="REPORT...")
@format_options
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def command(reports: tuple[str, ...], format_: str, mapping: Path | None, *, as_lines: bool) -> None:
    """Print what scanner reports say, without keeping anything.

    \b
    Examples:
      seamark read trivy.json semgrep.sarif
      seamark read --format gitleaks empty.json
      seamark read *.sarif --json | jq .title
      seamark read --mapping acme.yaml acme.json

    \b
    Exit codes: 0 all read, 2 something unreadable, 3 unknown or ambiguous format.
    """
    known = chosen_format(format_, mapping)
    unreadable = unknown = False
    for path in reports:
        name = output.named(path)
        try:
            with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as lines:
                heading, number = _read(path, name, known, lines)
                lines.seek(0)
                if as_lines:
                    output.raw_lines(lines)
                else:
                    output.say(heading)
                    if number:
                        show_findings(lines)
        except UnknownFormat as error:
            unknown = True
            output.complain(f"{name}: {error}")
        except UnreadableReport as error:
            unreadable = True
            output.complain(f"{name}: {error}")
    if unreadable or unknown:
        raise click.exceptions.Exit(2 if unreadable else 3)


def _read(path: str, name: str, format_: str | Parser, lines: IO[bytes]) -> tuple[str, int]:
    """Write a report's findings as JSON lines; return its heading, and how many there are. Nothing is printed before all is read."""
    encode = msgspec.json.Encoder().encode
    with settled(path) as file:
        opened = open_report(file, format_)
        tool, tools, index = opened.parser.title, [], 0
        for item in opened.items():
            if isinstance(item, Run):
                tool = item.tool
                tools.append(tool)
                for problem in item.problems:
                    output.complain(f"{name}: note: {problem}")
            elif isinstance(item, Finding):
                row = as_json(item, report=name, index=index, tool=tool, format=opened.parser.name)
                lines.write(encode(row) + b"\n")
                index += 1
    by = ", ".join(dict.fromkeys(tools)) or opened.parser.title
    return f"{name}: {output.count(index, 'finding')} by {by} ({opened.parser.title})", index
