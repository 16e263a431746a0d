"""seamark fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from seamark.analysis.correlation.fixes import KINDS
from seamark.interfaces.cli import output
from seamark.interfaces.cli.commands.issues_ import print_issues
from seamark.interfaces.cli.database import application_named, boot
from seamark.interfaces.cli.table import Column

if TYPE_CHECKING:
    from seamark.store.access import Everything

COLUMNS = (
    Column("Fix", right=True),
    Column("Risk removed", right=True),
    Column("Clears", right=True),
    Column("Change", least=16, most=90, fit="wrap"),
    Column("Application", least=8, most=24),
    Column("Worst", right=True),
)
MOST_ISSUES = 100


@click.command("fixes")
@click.argument("number", type=click.IntRange(1, 2**63 - 1), required=False)
@click.option("--application", default="", metavar="NAME", help="Of this application only.")
@click.option("--kind", type=click.Choice(list(KINDS)), default=None, help="Of this kind only.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=25, show_default=True, help="How many.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def command(number: int | None, application: str, kind: str | None, limit: int, *, as_lines: bool) -> None:
    """List the changes that remove most risk; with a NUMBER, show one with the issues that it clears.

    \b
    Examples:
      seamark fixes
      seamark fixes --kind rotate
      seamark fixes --application shop --json
      seamark fixes 12
    """
    if number is not None and (application or kind):
        raise click.UsageError("A NUMBER names one fix; --application and --kind are for lists")
    boot()
    from seamark.store.access import everything

    if number is not None:
        _show(everything(), number, as_lines=as_lines)
        return
    ranked = _ranked(everything(), application, kind or "", limit)
    if as_lines:
        for one in ranked:
            output.json_line(one)
        return
    if not ranked:
        narrowed = "No fix fits." if application or kind else "There is no fix that a tool names."
        click.echo(f"{narrowed} `seamark issues fixable:true` lists single ones.")
        return
    output.table(
        COLUMNS,
        (
            (
                output.text(one["id"], "dim"),
                output.text(f"{one['risk_removed']:.0f}", "bold"),
                output.text(one["issues"]),
                output.text(one["title"] + (" (clears a part only)" if one["partial"] else "")),
                output.text(one["application"]),
                output.text(f"{one['worst']:.0f}"),
            )
            for one in ranked
        ),
    )


def _ranked(seen: Everything, application: str, kind: str, limit: int) -> list[dict[str, Any]]:
    from seamark.insight.analytics.fixes import ranked_fixes, ranking

    issues = seen.issues()
    if application:
        issues = issues.filter(application=application_named(application))
    return ranked_fixes(seen.fixes(), limit, ranking(issues, kind).page(limit))


def _show(seen: Everything, number: int, *, as_lines: bool) -> None:
    from seamark.insight.analytics.fixes import as_json, cleared_by, findings_of, worth_of
    from seamark.insight.exports.issues import as_json as issue_as_json

    fix = seen.fixes().select_related("application", "asset").filter(pk=number).first()
    if fix is None:
        raise click.ClickException(f"There is no fix {number}; `seamark fixes` lists them")
    told = {**as_json(worth_of(fix, seen.issues())), "findings": findings_of(fix, seen.issues(), seen.findings())}
    cleared = cleared_by(fix, seen.issues()).select_related("application").order_by("-risk", "-id")
    issues = [issue_as_json(issue) for issue in cleared[:MOST_ISSUES]]
    if as_lines:
        output.json_line({**told, "clears": issues})
        return
    output.paragraph(told["title"], "bold")
    output.paragraph(_facts(told), "dim")
    if not issues:
        click.echo("Nothing is left that it clears.")
        return
    click.echo()
    print_issues(issues)
    if told["issues"] > len(issues):
        click.echo(f"\n{len(issues)} of {told['issues']:,} issues; `seamark issues fix:{number}` lists all")


def _facts(told: dict[str, Any]) -> str:
    facts = [
        KINDS.get(told["kind"], told["kind"]), told["application"], told["asset"], output.count(told["issues"], "issue"),
        output.count(told["findings"], "finding"), f"removes {told['risk_removed']:.1f}", f"worst {told['severity']}" if told["severity"] else "",
        f"{told['kev']} known to be exploited" if told["kev"] else "", "clears a part only" if told["partial"] else "",
    ]  # fmt: skip
    return " · ".join(fact for fact in facts if fact)
