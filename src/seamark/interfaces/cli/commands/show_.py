"""seamark show."""

from __future__ import annotations

from typing import Any

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.references import issue_named, issue_number
from seamark.interfaces.cli.remote import client, server_options
from seamark.interfaces.cli.table import Column, Words

MOST_TEXT = 1500
"""Characters of a description that are printed; --json has it whole."""
EVIDENCE = (
    Column("No.", right=True),
    Column("Tool", least=8, most=24),
    Column("Rule", least=10, most=60, fit="wrap"),
    Column("Place", least=12, most=80, fit="cut start"),
    Column("Since", least=10),
    Column("State", least=6),
)
WHY = (
    Column("No.", right=True),
    Column("With", right=True),
    Column("Sure", right=True),
    Column("Because", least=20, fit="wrap"),
)
RECEIPT = (Column("Points", right=True), Column("Factor", least=16, fit="wrap"), Column("", least=16, fit="wrap"))


@click.command("show")
@click.argument("reference", metavar="SM-NUMBER")
@server_options
@click.option("--json", "as_lines", is_flag=True, help="As one JSON object.")
def command(reference: str, url: str, token: str, *, as_lines: bool) -> None:
    """Show one issue: what each tool says, why that is one, why it scores what it scores, what happened to it.

    \b
    Examples:
      seamark show SM-12
      seamark show 12 --json
    """
    account = _account(issue_number(reference), url, token)
    if as_lines:
        output.json_line(account)
        return
    _head(account)
    _evidence(account["findings"])
    _why(account)
    _receipt(account)
    output.paragraph("\nHistory", "bold")
    for event in account["history"]:
        output.paragraph(f"  {event['at'][:16].replace('T', ' ')}  {event['text']}")


def _account(number: int, url: str, token: str) -> dict[str, Any]:
    remote = client(url, token)
    if remote is not None:
        with remote as server:
            return server.issue(f"SM-{number}")
    boot()
    from seamark.pipeline.account import account_of

    return account_of(issue_named(number))


def _head(account: dict[str, Any]) -> None:
    output.paragraph(f"{account['id']}  {account['title']}", "bold")
    output.paragraph(account["reason"])
    state = account["state"] + (f" ({account['resolution']})" if account["resolution"] else "")
    if account["merged_into"]:
        output.paragraph(f"Part of {account['merged_into']}; `seamark unmerge {account['id']}` takes that back")
    facts = [
        account["priority"], f"risk {account['risk']:.1f}", account["severity"], state, account["application"],
        account["component"] or account["place"],
    ]  # fmt: skip
    output.paragraph(" · ".join(str(fact) for fact in facts if fact), "dim")


def _evidence(findings: list[dict[str, Any]]) -> None:
    if not findings:
        return
    output.paragraph("\nEvidence", "bold")
    output.table(
        EVIDENCE,
        ([output.text(one[key]) for key in ("finding", "tool", "rule", "place", "since", "state")] for one in findings),
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


def _why(account: dict[str, Any]) -> None:
    """Print why the findings are one issue, and what is kept apart from it; nothing where there is one finding and no decision."""
    why = account["why"]
    if len(account["findings"]) > 1 or any(link["decision"] for link in why["links"]):
        output.paragraph("\nWhy one issue", "bold")
        output.table(WHY, (_link(link) for link in why["links"]))
    for one in why["apart"]:
        by = f" by {one['by']}" if one["by"] else ""
        output.paragraph(f"Kept apart from {one['issue']}{by}{_because(one['text'])}", "dim")
    for one in why["suggestions"]:
        words = ", ".join(words for words, _ in one["reasons"])
        output.paragraph(
            f"May be one with {one['issue']} ({one['confidence']:.2f}: {words}): `seamark suggestions --accept {one['suggestion']}`",
            "dim",
        )


def _link(link: dict[str, Any]) -> tuple[Words, ...]:
    sure = "" if link["confidence"] is None else f"{link['confidence']:.2f}"
    return (
        output.text(link["finding"]),
        output.text(link["other"] or link["issue"] or ""),
        output.text(sure, "bold"),
        output.text(_account_of(link)),
    )


def _account_of(link: dict[str, Any]) -> str:
    """Return a link in words: reasons with their weights, or who decided it and why."""
    if link["how"] in {"joined", "merged"}:
        who = (link["by"] or "command line") if link["how"] == "joined" else "the matcher"
        return f"joined by {who} on {link['at'][:10]}{_because(link['text'])}"
    if not link["reasons"]:
        return str(link["text"])
    told = " + ".join(f"{words} {weight:.2f}" for words, weight in link["reasons"])
    return f"{told} (compared now)" if link["how"] == "compared" else told


def _because(text: str) -> str:
    return f": {text}" if text else ""


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
