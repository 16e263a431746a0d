"""seamark show."""

from __future__ import annotations

from typing import Any

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.table import Column

MOST_TEXT = 1500
"""Characters of a description that are printed; --json has it whole."""
EVIDENCE = (
    Column("Tool", least=8, most=24),
    Column("Rule", least=10, most=60, fit="wrap"),
    Column("Place", least=12, most=80, fit="cut start"),
    Column("Since", least=10),
    Column("State", least=6),
)
RECEIPT = (Column("Points", right=True), Column("Factor", least=16, fit="wrap"), Column("", least=16, fit="wrap"))


@click.command("show")
@click.argument("reference", metavar="SM-NUMBER")
@click.option("--json", "as_lines", is_flag=True, help="As one JSON object.")
def command(reference: str, *, as_lines: bool) -> None:
    """Show one issue: what each tool says, why it scores what it scores, what happened to it.

    \b
    Examples:
      seamark show SM-12
      seamark show 12 --json
    """
    number = reference.upper().removeprefix("SM-")
    if not (number.isascii() and number.isdigit()) or len(number) > 18:
        raise click.BadParameter(f"{reference!r} is no reference; write SM-12", param_hint="SM-NUMBER")
    boot()
    from seamark.pipeline.account import account_of
    from seamark.store.access import everything

    issue = everything().issues().select_related("application").filter(pk=int(number)).first()
    if issue is None:
        raise click.ClickException(f"There is no issue SM-{int(number)}; `seamark issues` lists them")
    account = account_of(issue)
    if as_lines:
        output.json_line(account)
        return
    _head(account)
    _evidence(account["findings"])
    _receipt(account)
    output.paragraph("\nHistory", "bold")
    for event in account["history"]:
        output.paragraph(f"  {event['at'][:16].replace('T', ' ')}  {event['text']}")


def _head(account: dict[str, Any]) -> None:
    output.paragraph(f"{account['id']}  {account['title']}", "bold")
    output.paragraph(account["reason"])
    state = account["state"] + (f" ({account['resolution']})" if account["resolution"] else "")
    facts = [
        account["priority"], f"risk {account['risk']:.1f}", account["severity"], state, account["application"],
        account["component"] or account["place"],
    ]  # fmt: skip
    output.paragraph(" · ".join(str(fact) for fact in facts if fact), "dim")


def _evidence(findings: list[dict[str, Any]]) -> None:
    output.paragraph("\nEvidence", "bold")
    output.table(
        EVIDENCE, ([output.text(one[key]) for key in ("tool", "rule", "place", "since", "state")] for one in findings)
    )
    # The first tool need not be the one that has most to say.
    snippet = next((one["snippet"] for one in findings if one["snippet"]), "")
    description = next((one["description"] for one in findings if one["description"]), "")
    if snippet:
        click.echo()
        output.verbatim(snippet.rstrip(), "code")
    if description:
        short = description[:MOST_TEXT] + ("…" if len(description) > MOST_TEXT else "")
        output.paragraph(f"\n{short}")


def _receipt(account: dict[str, Any]) -> None:
    receipt = account["receipt"]
    output.paragraph(f"\nWhy {account['risk']:.1f} ({receipt['profile']})", "bold")
    output.table(
        RECEIPT,
        (
            (
                output.text(f"{part['points'] / 10:+.1f}"),
                output.text(part["label"]),
                output.text(" · ".join(words for words in (part["detail"], part["source"]) if words), "dim"),
            )
            for part in receipt["parts"]
        ),
    )
    if receipt["unknown"]:
        output.paragraph(f"Unknown: {'; '.join(receipt['unknown'])}", "dim")
    for sentence, tenths in receipt["counterfactuals"]:
        output.paragraph(f"{sentence}: {account['risk']:.1f} → {tenths / 10:.1f}", "dim")
