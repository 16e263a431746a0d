"""seamark apart."""

from __future__ import annotations

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.references import issue_named, issue_number


@click.command("apart")
@click.argument("reference", metavar="SM-NUMBER")
@click.argument("other", metavar="SM-NUMBER")
@click.option("--reason", default="", metavar="TEXT", help="Why they are two problems, for whoever looks later.")
@click.option("--undo", is_flag=True, help="Let them become one again.")
def command(reference: str, other: str, reason: str, *, undo: bool) -> None:
    """Say that two issues never are one, whatever scans find later.

    \b
    Examples:
      seamark apart SM-12 SM-40 --reason "two queries on one line"
      seamark apart SM-12 SM-40 --undo
    """
    numbers = issue_number(reference), issue_number(other)
    boot()
    from seamark.pipeline.merging import keep_apart, take_back
    from seamark.pipeline.why import apart_decision
    from seamark.store.access import everything

    left, right = issue_named(numbers[0]), issue_named(numbers[1])
    if not undo:
        keep_apart(None, left, right, reason)
        output.say(f"{left.reference} and {right.reference} stay two")
        return
    decision = apart_decision(everything(), left, right)
    if decision is None:
        raise click.ClickException(f"Nobody has set {left.reference} and {right.reference} apart")
    take_back(None, decision)
    output.say(f"{left.reference} and {right.reference} are no longer kept apart")
