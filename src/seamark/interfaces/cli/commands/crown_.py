"""seamark crown."""

from __future__ import annotations

import click

from seamark.core.errors import NotFound
from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.table import Column, Words


@click.group("crown")
def command() -> None:
    """Name what the business would feel most, and list what follows from facts: crown jewels.

    What handles PHI or PCI, takes part in a payment flow, or is of tier 1 and reached by the internet, is one without being named.

    \b
    Examples:
      seamark crown list
      seamark crown add service:github.com/acme/shop//services/orders --reason "takes the orders"
      seamark crown add pkg:npm/@acme/payments
      seamark crown remove pkg:npm/@acme/payments
    """


@command.command("add")
@click.argument("what")
@click.option("--reason", default="", metavar="TEXT", help="Why, for those who ask.")
def add(what: str, reason: str) -> None:
    """Make an asset or a package a crown jewel: its key, kind:key, number, name, or a package URL."""
    boot()
    from seamark.pipeline.crowns import name_jewel

    try:
        row = name_jewel(what, reason)
    except NotFound as error:
        output.complain(str(error))
        raise click.exceptions.Exit(1) from None
    output.say(f"{row.package or row.asset} is a crown jewel")


@command.command("remove")
@click.argument("what")
def remove(what: str) -> None:
    """Take back that somebody named it. What files or facts say stays."""
    boot()
    from seamark.pipeline.crowns import withdraw_jewel

    try:
        row = withdraw_jewel(what)
    except NotFound as error:
        output.complain(str(error))
        raise click.exceptions.Exit(1) from None
    output.say(f"{row.package or row.asset} is named a crown jewel no more")


@command.command("list")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def show(*, as_lines: bool) -> None:
    """List the crown jewels, and why each is one."""
    boot()
    from seamark.analysis.graph.crown import catalogue
    from seamark.analysis.graph.nodes import described

    jewels = catalogue()
    nodes = {node.id: node for node in described([one.asset for one in jewels if one.asset is not None])}
    rows = []
    for one in jewels:
        node = nodes.get(one.asset) if one.asset is not None else None
        kind, key, name = (node.kind, node.key, node.name) if node else ("package", one.package, one.package)
        rows.append({"kind": str(kind), "key": key, "name": name, "reason": one.reason, "origin": one.origin})
    if as_lines:
        for row in rows:
            output.json_line(row)
        return
    if not rows:
        click.echo("Nothing is a crown jewel; `seamark crown add` names one.")
        return
    columns = [
        Column("kind", least=8),
        Column("name", least=16, most=60),
        Column("why", least=20, fit="wrap"),
        Column("from", least=8),
    ]
    output.table(
        columns, [[Words(row["kind"]), Words(row["name"]), Words(row["reason"]), Words(row["origin"])] for row in rows]
    )
