"""Printing: JSON lines, tables that fit the terminal, progress. Colour is for people at a terminal only."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Any

import click
import msgspec

from seamark.interfaces.cli.table import Cell, Column, Words, lay_out, one_line, printable, wrapped

STYLES: dict[str, dict[str, Any]] = {
    "critical": {"fg": "red", "bold": True},
    "high": {"fg": "red"},
    "medium": {"fg": "yellow"},
    "low": {"fg": "blue"},
    "info": {"dim": True},
    "bold": {"bold": True},
    "dim": {"dim": True},
    "code": {"fg": "cyan"},
}
NARROWEST = 44
PIPED_WIDTH = 160
"""Width of tables where nobody watches: more than most terminals have, so that `grep` finds what it looks for."""


def json_line(value: object) -> None:
    """Print a value as one line of JSON. What is not Unicode, as a file's name may not be, is printed as `?`."""
    click.echo(msgspec.json.encode(value))


def raw_lines(lines: IO[bytes]) -> None:
    """Print bytes as they are, by the block."""
    if sys.stdout is None:
        return
    sys.stdout.flush()
    shutil.copyfileobj(lines, sys.stdout.buffer, 256 * 1024)
    sys.stdout.buffer.flush()


def say(words: str) -> None:
    """Print one line; what came from outside cannot move the cursor."""
    click.echo(printable(words))


def complain(words: str) -> None:
    """Print one line to standard error."""
    click.echo(one_line(words), err=True)


def named(path: str) -> str:
    """Return a file's name as it can be printed and stored: what is not Unicode in it is shown as `?`."""
    return path.encode("utf-8", "replace").decode("utf-8")


def coloured() -> bool:
    """Tell whether a person watches who has not asked for plain text."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout is not None and sys.stdout.isatty()


def width() -> int:
    """Return how wide the output may be: the terminal, what COLUMNS says, or enough for a pipe."""
    return max(NARROWEST, shutil.get_terminal_size((PIPED_WIDTH, 24)).columns)


def table(columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> None:
    """Print a table."""
    colour = coloured()
    for line in lay_out(columns, rows, width()):
        _print(line, colour=colour)


def text(words: object, style: str = "") -> Words:
    """Return words for a table, in a style."""
    return Words(str(words), style)


def severity(word: str) -> Words:
    """Return a severity in its colour."""
    return Words(word, word)


def paragraph(words: str, style: str = "") -> None:
    """Print text that is wrapped at the terminal's edge; its own line breaks stay."""
    colour = coloured()
    for line in printable(words, keep="\n").split("\n"):
        for piece in wrapped(line.rstrip(), width()):
            _print([Words(piece, style)], colour=colour)


def verbatim(words: str, style: str = "") -> None:
    """Print text line by line as it stands, such as code."""
    colour = coloured()
    for line in printable(words, keep="\n\t").split("\n"):
        _print([Words(line, style)], colour=colour)


def _print(line: Sequence[Words], *, colour: bool) -> None:
    if colour:
        told = "".join(click.style(one.text, **STYLES[one.style]) if one.style else one.text for one in line)
    else:
        told = "".join(one.text for one in line).rstrip()
    click.echo(told, color=colour)


def count(number: int, word: str) -> str:
    """Return `1 issue`, `2 issues`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


@contextlib.contextmanager
def progress(label: str, *, shown: bool = True) -> Iterator[Callable[[int], None]]:
    """Show a running count of findings on standard error, where a person watches; yields the function to report to."""
    if not shown or sys.stderr is None or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed:,} findings"), TimeElapsedColumn(),
        console=Console(stderr=True, highlight=False), transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task(escape(one_line(label)), total=None)
        yield lambda count: bar.update(task, completed=count)
