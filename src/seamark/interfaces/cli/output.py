"""Printing: JSON lines, tables that fit the terminal, progress. Rich is imported only for people."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import click
import msgspec

STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "blue", "info": "dim"}


def json_line(value: object) -> None:
    """Print a value as one line of JSON."""
    click.echo(msgspec.json.encode(value))


def complain(text: str) -> None:
    """Print one line to standard error."""
    click.echo(text, err=True)


def console(*, stderr: bool = False) -> Any:
    """Return a rich console; without colour where output is piped or NO_COLOR is set."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or os.environ.get("COLUMNS") else 160
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=False)


def table(columns: Sequence[tuple[str, dict[str, Any]]], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table. A column is its title with rich's settings for it."""
    from rich import box
    from rich.table import Table

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title, settings in columns:
        drawn.add_column(title, **settings)
    for row in rows:
        drawn.add_row(*row)
    console().print(drawn)


def text(words: object, style: str = "") -> Any:
    """Return words that are printed as they are: reports' texts are never taken for markup."""
    from rich.text import Text

    return Text(str(words), style=style)


def severity(word: str) -> Any:
    """Return a severity in its colour."""
    return text(word, STYLES.get(word, ""))


@contextlib.contextmanager
def progress(label: str, *, shown: bool = True) -> Iterator[Callable[[int], None]]:
    """Show a running count of findings on standard error, where a person watches; yields the function to report to."""
    if not shown or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed:,} findings"), TimeElapsedColumn(),
        console=console(stderr=True), transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task(label, total=None)
        yield lambda count: bar.update(task, completed=count)
