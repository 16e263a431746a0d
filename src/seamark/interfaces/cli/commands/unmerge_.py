"""seamark unmerge."""

from __future__ import annotations

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.references import issue_named, issue_number


@click.command("unmerge")
@click.argument("reference", metavar="SM-NUMBER")
def command(reference: str) -> None:
    """Give an issue that became part of another one its findings, state and history back; the two are kept apart from then on.

    \b
    Examples:
      seamark unmerge SM-40
    """
    number = issue_number(reference)
    boot()
    from seamark.pipeline.merging import take_back
    from seamark.pipeline.why import merge_of
    from seamark.store.access import everything

    issue = issue_named(number)
    decision = merge_of(everything(), issue)
    if decision is None:
        raise click.ClickException(f"{issue.reference} is not part of another issue")
    take_back(None, decision)
    issue.refresh_from_db()
    state = issue.get_state_display()
    output.say(f"{issue.reference} stands for itself again ({state}), as does {decision.left.reference}")
