"""seamark show."""

from __future__ import annotations

from typing import Any

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot


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
    if not number.isdigit() or len(number) > 18:
        raise click.BadParameter(f"{reference!r} is no reference; write SM-12", param_hint="SM-NUMBER")
    boot()
    from seamark.pipeline.account import account_of
    from seamark.store.models import Issue

    issue = Issue.objects.select_related("application").filter(pk=int(number)).first()
    if issue is None:
        raise click.ClickException(f"There is no issue SM-{number}")
    account = account_of(issue)
    if as_lines:
        output.json_line(account)
        return
    _print(account)


def _print(account: dict[str, Any]) -> None:
    console = output.console()
    console.print(output.text(f"{account['id']}  {account['title']}", "bold"))
    console.print(output.text(f"{account['reason']}"))
    console.print(
        output.text(
            f"{account['priority']} · risk {account['risk']:.1f} · {account['severity']} · {account['state']} · {account['application']} · {account['place']}", "dim"
        )
    )
    console.print(output.text("\nEvidence", "bold"))
    output.table(
        [("Tool", {}), ("Rule", {"overflow": "fold"}), ("Place", {"overflow": "fold"}), ("Since", {}), ("State", {})],
        ([output.text(f[key]) for key in ("tool", "rule", "place", "since", "state")] for f in account["findings"]),
    )
    first = account["findings"][0] if account["findings"] else {}
    if snippet := first.get("snippet"):
        console.print(output.text(f"\n{snippet.rstrip()}", "cyan"))
    if description := first.get("description"):
        console.print(output.text(f"\n{description[:1500]}"))
    console.print(output.text(f"\nWhy {account['risk']:.1f} ({account['receipt']['profile']})", "bold"))
    output.table(
        [("Points", {"justify": "right"}), ("Factor", {}), ("", {})],
        ([output.text(f"{part['points'] / 10:+.1f}"), output.text(part["label"]), output.text(" · ".join(p for p in (part["detail"], part["source"]) if p), "dim")] for part in account["receipt"]["parts"]),
    )
    if account["receipt"]["unknown"]:
        console.print(output.text(f"Unknown: {'; '.join(account['receipt']['unknown'])}", "dim"))
    for sentence, tenths in account["receipt"]["counterfactuals"]:
        console.print(output.text(f"{sentence}: {account['risk']:.0f} → {tenths / 10:.0f}", "dim"))
    console.print(output.text("\nHistory", "bold"))
    for event in account["history"]:
        console.print(output.text(f"  {event['at'][:16].replace('T', ' ')}  {event['text']}"))
