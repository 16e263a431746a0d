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
from seamark.intake.parsers.kit.read import open_report
from seamark.interfaces.cli import output
from seamark.insight.exports.findings import as_json
from seamark.intake.parsers.kit.registry import parsers


@click.command("read")
@click.argument("reports", nargs=-1, required=True, metavar="REPORT...")
@click.option("--format", "format_", default="auto", show_default=True, metavar="NAME", help="Take the reports for this format; `seamark formats` lists them.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def command(reports: tuple[str, ...], format_: str, *, as_lines: bool) -> None:
    """Print what scanner reports say, without keeping anything.

    \b
    Examples:
      seamark read trivy.json semgrep.sarif
      seamark read --format gitleaks empty.json
      seamark read *.sarif --json | jq .title

    \b
    Exit codes: 0 all read, 2 something unreadable, 3 unknown or ambiguous format.
    """
    if format_ != "auto" and format_ not in parsers():
        raise UnknownFormatOption(format_)
    unreadable = unknown = False
    for path in reports:
        try:
            with tempfile.SpooledTemporaryFile(max_size=64 * 1024**2) as lines:
                count, tools, name = _read(path, format_, lines, as_lines=as_lines)
                lines.seek(0)
                for line in lines:
                    if as_lines:
                        click.echo(line, nl=False)
                if not as_lines:
                    _show(path, count, tools, name, lines)
        except UnknownFormat as error:
            unknown = True
            output.complain(f"{path}: {error}")
        except UnreadableReport as error:
            unreadable = True
            output.complain(f"{path}: {error}")
    if unreadable or unknown:
        raise click.exceptions.Exit(2 if unreadable else 3)


class UnknownFormatOption(click.UsageError):
    """`--format` names no format."""

    exit_code = 3

    def __init__(self, name: str) -> None:
        import difflib

        near = difflib.get_close_matches(name, parsers(), n=1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        super().__init__(f"There is no format called {name!r}.{meant} `seamark formats` lists them.")


def _read(path: str, format_: str, lines: IO[bytes], *, as_lines: bool) -> tuple[int, list[str], str]:
    """Write a report's findings as JSON lines; nothing is printed before the whole report was read."""
    opened = open_report(Path(path), format_)
    tool, tools, index = opened.parser.title, [], 0
    encode = msgspec.json.Encoder().encode
    for item in opened.items():
        if isinstance(item, Run):
            tool = item.tool
            tools.append(tool)
            for problem in item.problems if as_lines else ():
                output.complain(f"{path}: note: {problem}")
        elif isinstance(item, Finding):
            lines.write(encode(as_json(item, report=path, index=index, tool=tool, format=opened.parser.name)) + b"\n")
            index += 1
    return index, tools, opened.parser.title


def _show(path: str, count: int, tools: list[str], name: str, lines: IO[bytes]) -> None:
    named = ", ".join(dict.fromkeys(tools)) or name
    click.echo(f"{path}: {count} finding{'' if count == 1 else 's'} by {named} ({name})")
    if not count:
        return
    lines.seek(0)
    rows = (msgspec.json.decode(line) for line in lines)
    output.table(
        [("Severity", {"no_wrap": True, "min_width": 8}), ("Rule", {"max_width": 30, "min_width": 8, "overflow": "ellipsis", "no_wrap": True}), ("Title", {"ratio": 3, "overflow": "ellipsis", "no_wrap": True}), ("Place", {"ratio": 2, "overflow": "ellipsis", "no_wrap": True})],
        ([output.severity(row["severity"]), output.text(row["rule"]), output.text(row["title"]), output.text(_place(row))] for row in rows),
    )


def _place(row: dict[str, object]) -> str:
    location = row["location"]
    assert isinstance(location, dict)  # noqa: S101 - made above
    if location.get("path"):
        return f"{location['path']}:{location['line']}" if location.get("line") else str(location["path"])
    for key in ("url", "resource", "image"):
        if location.get(key):
            return str(location[key])
    if location.get("host"):
        return f"{location['host']}:{location['port']}" if location.get("port") else str(location["host"])
    component = row["component"]
    return f"{component['name']} {component['version'] or ''}" if isinstance(component, dict) else ""
