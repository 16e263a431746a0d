"""The options of commands that read reports: what the reports are to be taken for."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from seamark.intake.parsers.kit.folder import load_file
from seamark.intake.parsers.kit.mapped import as_parser
from seamark.intake.parsers.kit.registry import Parser, parsers

F = TypeVar("F", bound=Callable[..., Any])


def format_options(command: F) -> F:
    """Give a command `--format NAME` and `--mapping FILE`, as the parameters `format_` and `mapping` of `chosen_format`."""
    named = click.option(
        "--format",
        "format_",
        default="auto",
        show_default=True,
        metavar="NAME",
        help="Take the reports for this format; `seamark formats` lists them.",
    )
    mapped = click.option(
        "--mapping",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Read the reports by this mapping file; `seamark mapping new` proposes one.",
    )
    return named(mapped(command))


def chosen_format(format_: str, mapping: Path | None) -> str | Parser:
    """Return what reports are to be read as: the mapping, the named format, or `auto`.

    Raises `UnknownFormatOption` for a name that is none, `click.UsageError` where both options are given, and
    `UnreadableReport` for a mapping file that cannot be used.
    """
    if format_ != "auto" and format_ not in parsers():
        raise UnknownFormatOption(format_)
    if mapping is None:
        return format_
    if format_ != "auto":
        raise click.UsageError("--mapping and --format exclude each other.")
    return as_parser(load_file(mapping))


class UnknownFormatOption(click.UsageError):
    """A `--format` that is none: wrong words, with the exit code of unknown formats."""

    exit_code = 3

    def __init__(self, name: str) -> None:
        near = difflib.get_close_matches(name, parsers(), n=1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        super().__init__(f"There is no format called {name!r}.{meant} `seamark formats` lists them.")
