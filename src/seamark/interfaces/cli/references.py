"""Issues by the names that people write: `SM-12`, `sm-12`, `12`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from seamark.store.models import Issue

ROW: Final = click.IntRange(1, 10**18 - 1)
"""A row's number as an option: no more digits than a database takes."""


def issue_number(reference: str) -> int:
    """Return the number of a reference. Raises `BadParameter` for what is none."""
    number = reference.upper().removeprefix("SM-")
    if not (number.isascii() and number.isdigit()) or len(number) > 18:
        raise click.BadParameter(f"{reference!r} is no reference; write SM-12", param_hint="SM-NUMBER")
    return int(number)


def issue_named(number: int) -> Issue:
    """Return an issue with its application. Raises `ClickException` where there is none. Call it after `boot`."""
    from seamark.store.access import everything

    issue = everything().issues().select_related("application").filter(pk=number).first()
    if issue is None:
        raise click.ClickException(f"There is no issue SM-{number}; `seamark issues` lists them")
    return issue


def counted(texts: tuple[str, ...], hint: str) -> list[int]:
    """Return row numbers as the command line prints them. Raises `BadParameter` for what is none."""
    for text in texts:
        if not (text.isascii() and text.isdigit()) or len(text) > 18:
            raise click.BadParameter(f"{text!r} is no number", param_hint=hint)
    return [int(text) for text in texts]
