"""seamark cve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seamark.core.errors import InvalidQuery
from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.table import Column

if TYPE_CHECKING:
    from seamark.insight.analytics.intelligence import Intelligence
    from seamark.insight.analytics.vendors import Vendors
    from seamark.insight.analytics.vulnerability import Account

APPLICATIONS = (
    Column("Application", least=12), Column("Open", right=True), Column("Riskiest", right=True), Column("Exposure", least=8),
    Column("Data", least=8), Column("Accepted", right=True), Column("Dismissed", right=True), Column("Fixed", right=True),
)  # fmt: skip
HOLDINGS = (Column("Asset", least=12, most=60, fit="cut start"), Column("Package", least=12), Column("Version", least=8), Column("Why", least=16, fit="wrap"))  # fmt: skip
PACKAGES = (Column("Package", least=12), Column("Reported", least=12, fit="wrap"), Column("Fixed in", least=12, fit="wrap"))  # fmt: skip
FIXES = (Column("Fix", right=True), Column("Change", least=16, fit="wrap"), Column("Application", least=10), Column("Clears", right=True))  # fmt: skip
SAID = (Column("Package", least=12), Column("Version", least=8, fit="wrap"), Column("Status", least=8), Column("Why", least=12, fit="wrap"), Column("Says", least=8))  # fmt: skip
_RUNNING = {
    "running": "It runs.",
    "not_seen": "Workloads are known, and none of them is known to run it.",
    "unknown": "Whether it runs is not known: no cluster or cloud has been looked at.",
}


@click.command("cve")
@click.argument("name")
@click.option("--package", default="", metavar="QUERY", help="The package that it is in, where no report names it: 'log4j-core < 2.17'.")  # fmt: skip
@click.option("--json", "as_lines", is_flag=True, help="As one JSON object.")
def command(name: str, package: str, *, as_lines: bool) -> None:
    """Tell whether a vulnerability concerns us: what it is, where it runs, where and how to fix it.

    NAME is any of its names: CVE, GHSA, or what a vendor calls it.

    \b
    Examples:
      seamark cve CVE-2021-44228
      seamark cve CVE-2026-1234 --package 'openssl < 3.0.7'
      seamark cve GHSA-jfh8-c2jp-5v3q --json

    \b
    Exit codes: 0 answered, 2 no name of a vulnerability, or a package that is not understood.
    """
    boot()
    from django.utils import timezone

    from seamark.insight.analytics.vulnerability import account_of, plain
    from seamark.pipeline.feeds import standing
    from seamark.store.access import everything

    now = timezone.now()
    try:
        account = account_of(everything(), name, standing=standing(now), today=now.date(), package=package)
    except InvalidQuery as error:
        raise click.UsageError(str(error)) from None
    if as_lines:
        output.json_line(plain(account))
        return
    _head(account)
    _threat(account)
    _vendors(account.vendors)
    _runs(account)
    _repair(account)


def _head(account: Account) -> None:
    others = [name for name in account.names if name != account.name]
    output.paragraph(f"{account.name} {account.title}".strip(), "bold")
    if others:
        output.paragraph(f"also {', '.join(others)}", "dim")
    output.paragraph(account.verdict.words)
    for reason in account.verdict.reasons:
        output.paragraph(f"  {reason}")


def _threat(account: Account) -> None:
    threat = account.threat
    output.paragraph("\nWhat is the threat?", "bold")
    for line in _intelligence(threat.intelligence):
        output.paragraph(line)
    for one in threat.ratings:
        score = "" if one.score is None else f" {one.score:.1f}"
        output.paragraph(f"CVSS {one.version}{score}  {one.vector}  ({one.by})")
    if threat.weaknesses:
        output.paragraph(", ".join(f"CWE-{number}" for number in threat.weaknesses))
    for tool, text in threat.descriptions[:1]:
        short = text if len(text) <= 600 else f"{text[:600]}…"
        output.paragraph(f"{tool}: {short}")


def _intelligence(known: Intelligence) -> list[str]:
    lines = []
    if known.listed:
        by = f" ({', '.join(known.listed.catalogues)})" if known.listed.catalogues else ""
        ransomware = ", by ransomware" if known.listed.ransomware else ""
        due = f", due {known.listed.due}" if known.listed.due else ""
        lines.append(f"Known exploited since {known.listed.added}{ransomware}{due}{by}")
    if known.epss:
        before = f", {known.epss.before.epss:.2%} on {known.epss.before.day}" if known.epss.before else ""
        lines.append(f"EPSS {known.epss.now:.2%} on {known.epss.day or 'an unknown day'}{before}")
    if known.exploits:
        lines.append(f"Exploits: {', '.join(known.exploits)}")
    if known.ssvc:
        lines.append(f"SSVC (CISA): exploitation {known.ssvc.exploitation}, automatable {known.ssvc.automatable}, impact {known.ssvc.impact}")  # fmt: skip
    if not lines:
        lines.append("No feed that is loaded says anything of it.")
    return [*lines, *known.warnings]


def _vendors(told: Vendors) -> None:
    if not told.views:
        return
    output.paragraph("\nWhat vendors say", "bold")
    for one in told.suggestions:
        why = f": {one.justification or one.detail}" if one.justification or one.detail else ""
        output.paragraph(
            f"Not affected by the word of {one.source.publisher or one.source.provider} ({one.source.document}): {one.purl}{why}"
        )
    for view in told.views:
        parts = [f"CVSS {view.cvss:.1f}" if view.cvss is not None else "", f"exploited since {view.exploited}" if view.exploited else "", view.exploitation]  # fmt: skip
        output.paragraph("; ".join(part for part in (f"{view.source.provider} {view.source.document} {view.source.version} of {view.source.released}", *parts) if part))  # fmt: skip
    if told.packages:
        rows = (
            (f"{one.package} in {one.within}" if one.within else one.package, one.version or one.range or "any", one.status.replace("_", " "), one.justification or "-", one.source.provider)
            for one in told.packages
        )  # fmt: skip
        output.table(SAID, ([output.text(cell) for cell in row] for row in rows))
    if told.more:
        output.paragraph("And more packages.", "dim")


def _runs(account: Account) -> None:
    where = account.runs
    output.paragraph("\nWhere does it run?", "bold")
    if where.applications:
        output.table(APPLICATIONS, ([output.text(cell) for cell in _standing(one)] for one in where.applications))
    else:
        output.paragraph("In no issue.")
    if where.running:
        output.paragraph(_RUNNING[where.running])
    for node in (*where.workloads, *where.images):
        output.paragraph(f"  {node.kind.replace('_', ' ')}  {node.name}", "dim")
    if where.holdings:
        output.paragraph("In inventories, though no tool reports it there:")
        output.table(
            HOLDINGS,
            (
                [output.text(cell) for cell in (one.asset.name, one.package, one.version, one.why)]
                for one in where.holdings
            ),
        )


def _standing(one: Any) -> tuple[object, ...]:
    riskiest = "-" if one.riskiest is None else f"{one.riskiest / 10:.1f}"
    data = ", ".join(one.data_classes) or "not known"
    return (
        one.name,
        one.open,
        riskiest,
        one.exposure or "not known",
        data,
        one.waived + one.accepted,
        one.dismissed,
        one.resolved,
    )


def _repair(account: Account) -> None:
    repair = account.repair
    output.paragraph("\nWhere to fix it?", "bold")
    if repair.fixes:
        rows = ((one["id"], one["title"], one["application"], one["issues"]) for one in repair.fixes)
        output.table(FIXES, ([output.text(cell) for cell in row] for row in rows))
    if repair.single:
        output.paragraph(f"{output.count(repair.single, 'issue')} with a change of its own: {', '.join(f'SM-{number}' for number in account.issues)}")  # fmt: skip
    if not repair.fixes and not repair.single:
        output.paragraph("Nowhere: no issue is open.")
    for owner, number in repair.owners:
        output.paragraph(f"  {owner or 'nobody'}: {output.count(number, 'issue')}", "dim")
    output.paragraph("\nHow to fix it?", "bold")
    if repair.packages:
        named = (
            (one.name, ", ".join(one.versions), ", ".join(one.fixed) or "no tool names one") for one in repair.packages
        )
        output.table(PACKAGES, ([output.text(cell) for cell in row] for row in named))
    for tool, text in repair.remedies:
        output.paragraph(f"{tool}: {text}")
    for one in repair.controls:
        until = f" until {one.expires}" if one.expires else ""
        output.paragraph(f"Control in {one.application}: {one.name}{until}")
    if not (repair.packages or repair.remedies or repair.controls):
        output.paragraph("No report says how.")
