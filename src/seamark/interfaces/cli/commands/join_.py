"""seamark join."""

from __future__ import annotations

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.references import issue_named, issue_number


@click.command("join")
@click.argument("references", nargs=-1, required=True, metavar="SM-NUMBER SM-NUMBER...")
@click.option("--reason", default="", metavar="TEXT", help="Why they are one, for whoever looks later.")
def command(references: tuple[str, ...], reason: str) -> None:
    """Make issues one: whatever scans find later, they stay so. The one that was triaged takes the others in, else the oldest.

    \b
    Examples:
      seamark join SM-12 SM-40 --reason "one query, two tools"
      seamark join SM-12 SM-40 SM-41
    """
    numbers = list(dict.fromkeys(issue_number(reference) for reference in references))
    if len(numbers) < 2:
        raise click.UsageError("It takes two issues to make one of them: seamark join SM-12 SM-40")
    boot()
    from seamark.pipeline.merging import join_issues

    issues = [issue_named(number) for number in numbers]
    kept = join_issues(None, issues, reason)
    others = [issue.reference for issue in issues if issue.pk != kept.pk]
    verb = "is" if len(others) == 1 else "are"
    output.say(
        f"{', '.join(others)} {verb} part of {kept.reference} now; `seamark unmerge {others[0]}` takes that back"
    )
