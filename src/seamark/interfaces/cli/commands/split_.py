"""seamark split."""

from __future__ import annotations

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.references import counted, issue_named, issue_number


@click.command("split")
@click.argument("reference", metavar="SM-NUMBER")
@click.argument("findings", nargs=-1, required=True, metavar="FINDING...")
@click.option("--reason", default="", metavar="TEXT", help="Why they are another problem, for whoever looks later.")
def command(reference: str, findings: tuple[str, ...], reason: str) -> None:
    """Take findings out of an issue, for good. FINDING is a number of the evidence that `seamark show` prints.

    Findings that came from another issue go back to it, with its history; others get an issue of their own.

    \b
    Examples:
      seamark split SM-12 507
      seamark split SM-12 507 511 --reason "another query of the same function"
    """
    number, wanted = issue_number(reference), counted(findings, "FINDING...")
    boot()
    from seamark.pipeline.merging import split_issue
    from seamark.store.access import everything

    issue = issue_named(number)
    own = set(everything().findings().filter(issue=issue, pk__in=wanted).values_list("pk", flat=True))
    if foreign := [one for one in wanted if one not in own]:
        raise click.ClickException(
            f"{issue.reference} has no finding {foreign[0]}; `seamark show {issue.reference}` prints their numbers"
        )
    other = split_issue(None, issue, wanted, reason)
    output.say(f"{output.count(len(own), 'finding')} of {issue.reference} now in {other.reference}: {other.title}")
