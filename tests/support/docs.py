"""Writes the pages of the documentation that are derived from the code: `python -m tests.support.docs`. A test compares them."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click

from seamark.analysis.risk.factors import FACTORS, Factor
from seamark.core.kind import Kind
from seamark.governance.policy import schema as policies
from seamark.intake.discovery.context import json_schema
from seamark.intake.parsers.kit import shapes
from seamark.intake.parsers.kit.registry import Parser, Variant, parsers
from seamark.intake.parsers.kit.source import Source
from seamark.interfaces.cli.main import main as seamark
from seamark.site.options import OPTIONS, Option

DOCS = Path(__file__).resolve().parents[2] / "docs"
WIDTH = 100
TYPES = {str: "text", int: "whole number", bool: "`true` or `false`", list: "list, separated by commas", Path: "path"}
OURS = "seamark.intake.parsers.formats"


def settings() -> str:
    """Return the page on settings."""
    rows = [f"| `{one.name}` | {TYPES[one.type]} | {_default(one)} | {_cell(one.sentence)} |" for one in OPTIONS]
    return _page(
        "Settings",
        "Settings are environment variables. Each may instead be kept in a file: `SEAMARK_SECRET_KEY_FILE=/run/secrets/key` reads",
        "`SEAMARK_SECRET_KEY` from there. Without any, Seamark works on this machine with an embedded database. A value that is not",
        "allowed stops the start with a sentence; `seamark check` looks at all of them.",
        "",
        "| name | type | default | meaning |",
        "|---|---|---|---|",
        *rows,
        "",
        "For `seamark import` on a machine that only sends reports: `SEAMARK_URL` is the address of the server, `SEAMARK_TOKEN` (or",
        "`SEAMARK_TOKEN_FILE`) a token with the scope `import`.",
    )


def _default(option: Option) -> str:
    if option.default in {None, ""} if not isinstance(option.default, list) else False:
        return "–"
    if isinstance(option.default, bool):
        return f"`{str(option.default).lower()}`"
    return f"`{','.join(option.default) if isinstance(option.default, list) else option.default}`"


def command_line() -> str:
    """Return the page on the command line: the help of every command."""
    parts = [
        "Exit codes of all commands: 0 done, 1 it could not be done, 2 wrong words or an unreadable report, 3 a report of unknown or",
        "ambiguous format, 130 stopped by Ctrl-C. Results go to standard output, all else to standard error. `NO_COLOR` turns colour off;",
        "where output is piped there is none.",
        "",
    ]
    for path, command in _commands("seamark", seamark):
        parts += [f"## {path}", "", "```text", _help(path, command), "```", ""]
    return _page("Command line", *parts)


def _commands(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _commands(f"{path} {name}", inner)


def _help(path: str, command: click.Command) -> str:
    settings = {"max_content_width": WIDTH, "terminal_width": WIDTH, "help_option_names": ["-h", "--help"]}
    # A command keeps the option of its first call, and a test may have called it by itself.
    command._help_option = None
    return command.get_help(click.Context(command, info_name=path, **settings)).strip()


def formats() -> str:
    """Return the page on formats: what every parser declares of itself, by kind. Parsers of other packages stay out."""
    known = [one for one in parsers().values() if one.variants[0].read.__module__.startswith(OURS)]
    groups = {title: [one for one in known if one.kind is kind] for kind, title in KINDS.items()}
    groups = {title: group for title, group in groups.items() if group}
    return _page(
        "Formats",
        f"Seamark reads {len(known)} formats. It recognises them by their structure, not by the file's name; `--format NAME` is for reports that do",
        "not say whose they are, such as an empty list. Files may be packed with gzip or zip, and be UTF-8 or UTF-16. A table below holds the",
        "formats of one kind of finding; a tool that finds several kinds stands where most of its findings belong.",
        "",
        *(f"- [{title}](#{_anchor(title)}): {len(group)}" for title, group in groups.items()),
        "",
        *(line for title, group in groups.items() for line in _group(title, group)),
        "## Another tool",
        "",
        "A [mapping file](mappings.md) reads JSON, JSON lines, CSV or XML without code; [generic findings](generic-findings.md) are JSON or CSV that a",
        "short script writes; [a parser of your own](parsers.md) is one file.",
        *_not_read(),
    )


KINDS = {
    Kind.CODE: "Code",
    Kind.DEPENDENCY: "Dependencies",
    Kind.SECRET: "Secrets",
    Kind.MISCONFIGURATION: "Misconfiguration",
    Kind.CONTAINER: "Containers",
    Kind.CLOUD: "Cloud",
    Kind.WEB: "Web",
    Kind.HOST: "Hosts and networks",
    Kind.RUNTIME: "Runtime",
    Kind.LICENCE: "Licences",
    Kind.PENTEST: "Penetration tests and people",
}


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _group(title: str, group: list[Parser]) -> list[str]:
    rows = [
        f"| `{one.name}` | {_tool(one)} | {_shapes(one)} | {_code(one.made_with)} | {_cell(one.versions) or '–'} |"
        for one in group
    ]
    head = ["| name | tool | the file is | made with | versions seen |", "|---|---|---|---|---|"]
    return [f"## {title}", "", *head, *rows, ""]


def _not_read() -> list[str]:
    """Return the section on formats that are known and not read, from `formats-unread.toml`; nothing where it names none."""
    told = tomllib.loads((DOCS / "formats-unread.toml").read_text("utf-8"))
    rows = [f"| {_cell(name)} | {_cell(entry['reason'])} |" for name, entry in sorted(told.items())]
    return ["", "## Not read", "", "| format | why |", "|---|---|", *rows] if rows else []


def _tool(parser: Parser) -> str:
    return f"[{_cell(parser.title)}]({parser.url})" if parser.url else _cell(parser.title)


def _shapes(parser: Parser) -> str:
    return ", ".join(dict.fromkeys(_shape(one) for one in parser.variants))


def _shape(variant: Variant) -> str:
    origin = getattr(variant.shape, "__origin__", variant.shape)
    words = {
        shapes.JsonLines: "JSON lines",
        shapes.Csv: "CSV",
        shapes.Xml: "XML",
        shapes.Text: "text",
        Source: "an archive",
    }
    return words.get(origin, "JSON")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _code(text: str) -> str:
    return f"`{_cell(text)}`" if text else "–"


def _page(title: str, *lines: str) -> str:
    marked = "<!-- Written by `python -m tests.support.docs`; change the code instead. -->"
    return "\n".join([f"# {title}", "", marked, "", *lines]).rstrip() + "\n"


def risk() -> str:
    """Return the page on risk, which is written by hand but for the table of factors between two marks."""
    page = (DOCS / "risk.md").read_text("utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (before.strip() and begin and end):
        raise ValueError("docs/risk.md lacks its text or a mark of its table; was it cut?")
    head = ["| factor | what it says | neutral | raises | lowers | weight | from |", "|---|---|---|---|---|---|---|"]
    return "\n".join([before + BEGIN, "", *head, *map(_factor, FACTORS), "", END + after])


BEGIN = "<!-- The factors: written by `python -m tests.support.docs`; change the code instead. -->"
END = "<!-- End of the factors. -->"


def _factor(one: Factor) -> str:
    cells = (
        one.title, f"{one.definition} {one.unit[0].upper()}{one.unit[1:]}: {one.range}.", one.neutral, one.raises, one.lowers, f"{one.weight:g}",
        one.source,
    )  # fmt: skip
    return f"| {' | '.join(_cell(cell) or '–' for cell in cells)} |"


def context_schema() -> str:
    """Return the JSON Schema of `seamark.yaml`."""
    return json.dumps(json_schema(), indent=2) + "\n"


def policy_schema() -> str:
    """Return the JSON Schema of policies."""
    return json.dumps(policies.json_schema(), indent=2) + "\n"


def policy_facts() -> str:
    """Return the page on the facts that policies speak of."""
    return _page(
        "Facts of policies",
        "What a [policy](policy.md) may ask about. Every fact may be unknown: a condition that depends on one cannot be decided, and the policy's",
        "`onError` says what then happens. `has(issue.epss)` asks whether a fact is known. Severities are the constants `INFO`, `LOW`, `MEDIUM`,",
        "`HIGH` and `CRITICAL`; `now` is the time of asking.",
        "",
        *policies.facts_table(),
    )


PAGES = {
    "settings.md": settings,
    "cli.md": command_line,
    "formats.md": formats,
    "context.schema.json": context_schema,
    "policy.schema.json": policy_schema,
    "policy-facts.md": policy_facts,
    "risk.md": risk,
}


def main() -> int:
    """Write all pages."""
    for name, page in PAGES.items():
        # In one step: whoever reads a page meanwhile, as this program does itself, reads the whole of one.
        fresh = DOCS / f".{name}.{os.getpid()}"
        fresh.write_text(page(), encoding="utf-8")
        fresh.replace(DOCS / name)
        sys.stdout.write(f"docs/{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
