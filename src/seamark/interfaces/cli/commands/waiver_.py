"""seamark waiver."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import application_named, boot, user_named
from seamark.interfaces.cli.references import issue_number
from seamark.interfaces.cli.table import Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from seamark.store.models import User, Waiver

COLUMNS = (
    Column("Waiver", least=5),
    Column("State", least=8),
    Column("For", least=20, fit="wrap"),
    Column("Last day", least=10),
    Column("Asked by", least=6, most=20),
    Column("Decided by", least=6, most=20),
)
STATES = ["requested", "in_force", "expiring", "approved", "refused", "expired", "revoked", "renewed"]
_json = click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
_as = click.option(
    "--as", "name", required=True, metavar="NAME", help="The person who does it; their rights are checked."
)
_day = click.option("--expires", required=True, metavar="YYYY-MM-DD", help="The last day on which it counts (UTC).")


@click.group("waiver")
def command() -> None:
    """Ask for exceptions from policies, and decide about them.

    \b
    Examples:
      seamark waiver request --issue SM-12 --policy kev-overdue --reason no_fix --text "The vendor has promised one"
          --expires 2027-01-31 --as mia
      seamark waiver approve W-3 --as tom
      seamark waiver list --state expiring
    """


@command.command("request")
@click.option("--issue", "issues", multiple=True, metavar="SM-NUMBER", help="For these issues.")
@click.option("--fix", type=click.IntRange(1, 2**62), help="For all that a fix clears.")
@click.option("--query", default="", help="For what a query finds.")
@click.option("--policy", default="", help="From this policy only; alone: for whatever violates it.")
@click.option("--application", default="", metavar="NAME", help="For a query or a policy: in this application only.")
@click.option("--reason", required=True, help="accepted, mitigated, no_fix, planned, not_production or business.")
@click.option("--text", required=True, help="Why, in a sentence.")
@click.option("--control", default="", help="What makes up for the risk.")
@click.option("--evidence", default="", help="What shows that it works.")
@_day
@_as
@_json
def request(
    issues: tuple[str, ...], fix: int | None, query: str, policy: str, application: str, reason: str, text: str, control: str, evidence: str,
    expires: str, name: str, *, as_lines: bool,
) -> None:  # fmt: skip
    """Ask for a waiver; somebody else has to approve it."""
    numbers = tuple(issue_number(one) for one in issues)
    if sum(map(bool, (numbers, fix, query))) > 1 or not (numbers or fix or query or policy):
        raise click.UsageError(
            "Say what for: --issue, --fix, --query or --policy; --policy can stand beside one of the others"
        )
    end = _date(expires)
    boot()
    from seamark.governance.waivers.limits import last_moment
    from seamark.governance.waivers.words import Asked
    from seamark.pipeline import waiving
    from seamark.store.models.waivers import Scope

    scope = Scope.ISSUE if numbers else Scope.FIX if fix else Scope.QUERY if query else Scope.POLICY
    where = application_named(application) if application else None
    found = where.controls.filter(name=control).first() if where is not None and control else None
    asked = Asked(
        scope, reason, text, last_moment(end), application=where, issues=numbers, fix=fix, policy=policy, query=query, control=found,
        control_text=control, evidence=evidence,
    )  # fmt: skip
    _tell(waiving.request(user_named(name), asked), "is asked for; somebody else has to approve it", as_lines=as_lines)


@command.command("approve")
@click.argument("reference", metavar="W-NUMBER")
@click.option("--comment", default="", help="What there is to say.")
@click.option("--expires", metavar="YYYY-MM-DD", help="An earlier last day than was asked for.")
@_as
@_json
def approve(reference: str, comment: str, expires: str | None, name: str, *, as_lines: bool) -> None:
    """Approve what somebody else has asked for: it counts from now on."""
    number, end = waiver_number(reference), _date(expires) if expires else None

    def decide(person: User, waiver: Waiver) -> Waiver:
        from seamark.governance.waivers.limits import last_moment
        from seamark.pipeline import waiving

        return waiving.approve(person, waiver, comment, expires_at=last_moment(end) if end else None)

    _decide(number, name, decide, "is approved: it counts until {}", as_lines=as_lines)


@command.command("refuse")
@click.argument("reference", metavar="W-NUMBER")
@click.option("--comment", required=True, help="Why.")
@_as
@_json
def refuse(reference: str, comment: str, name: str, *, as_lines: bool) -> None:
    """Refuse what somebody else has asked for."""

    def decide(person: User, waiver: Waiver) -> Waiver:
        from seamark.pipeline import waiving

        return waiving.refuse(person, waiver, comment)

    _decide(waiver_number(reference), name, decide, "is refused", as_lines=as_lines)


@command.command("revoke")
@click.argument("reference", metavar="W-NUMBER")
@click.option("--comment", required=True, help="Why.")
@_as
@_json
def revoke(reference: str, comment: str, name: str, *, as_lines: bool) -> None:
    """End a waiver before its day, or withdraw what was asked for."""

    def decide(person: User, waiver: Waiver) -> Waiver:
        from seamark.pipeline import waiving

        return waiving.revoke(person, waiver, comment)

    _decide(waiver_number(reference), name, decide, "is revoked: what it covered counts again", as_lines=as_lines)


@command.command("renew")
@click.argument("reference", metavar="W-NUMBER")
@click.option("--text", required=True, help="Why it is still needed.")
@_day
@_as
@_json
def renew(reference: str, text: str, expires: str, name: str, *, as_lines: bool) -> None:
    """Ask for the same once more; somebody else has to approve it."""
    end = _date(expires)

    def decide(person: User, waiver: Waiver) -> Waiver:
        from seamark.governance.waivers.limits import last_moment
        from seamark.pipeline import waiving

        return waiving.renew(person, waiver, text, last_moment(end))

    _decide(waiver_number(reference), name, decide, "is asked for; somebody else has to approve it", as_lines=as_lines)


@command.command("list")
@click.option("--state", type=click.Choice(STATES), help="Those that stand so only.")
@click.option("--application", default="", metavar="NAME", help="Those of this application only.")
@click.option("--policy", default="", help="Exceptions from this policy only.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="How many, the first to end first."
)
@_json
def listed(state: str | None, application: str, policy: str, limit: int, *, as_lines: bool) -> None:
    """List waivers, those that end first before the others."""
    boot()
    from seamark.governance.waivers.reading import Filter, row
    from seamark.governance.waivers.reading import listed as rows_of
    from seamark.store.access import everything

    slug = application_named(application).slug if application else ""
    rows = rows_of(everything(), Filter(state or "", slug, policy)).order_by("expires_at", "pk")[:limit]
    told = [row(one) for one in rows]
    if as_lines:
        for one in told:
            output.json_line(one)
        return
    if not told:
        click.echo("No waiver fits." if state or application or policy else "Nobody has asked for a waiver yet.")
        return
    output.table(
        COLUMNS, ([output.text(cell) for cell in _cells(one, waiver)] for one, waiver in zip(told, rows, strict=True))
    )


@command.command("show")
@click.argument("reference", metavar="W-NUMBER")
@_json
def show(reference: str, *, as_lines: bool) -> None:
    """Show a waiver: what it covers now, and all that was done with it."""
    number = waiver_number(reference)
    boot()
    from seamark.governance.waivers.limits import last_day
    from seamark.governance.waivers.reading import account
    from seamark.pipeline import waiving

    waiver = _named(number)
    told = account(waiver, waiving.reach(waiver))
    if as_lines:
        output.json_line(told)
        return
    output.paragraph(f"{told['waiver']}  {told['about']}", "bold")
    output.paragraph(f"{told['state']} · until {last_day(waiver.expires_at)} · {told['reason_words']}", "dim")
    output.paragraph(told["text"])
    if told["control"]:
        output.paragraph(f"Control: {told['control']}")
    if told["evidence"]:
        output.paragraph(f"Evidence: {told['evidence']}")
    more = ", …" if told["count"] > len(told["issues"]) else ""
    output.paragraph(
        f"Covers {told['count']:,} now: {', '.join(told['issues'])}{more}" if told["count"] else "Covers nothing now"
    )
    output.paragraph("\nHistory", "bold")
    for step in told["history"]:
        said = f": {step['comment']}" if step["comment"] else ""
        by = f" by {step['actor']}" if step["actor"] else ""
        output.paragraph(f"  {step['at'][:16].replace('T', ' ')}  {step['step']}{by}{said}")


@command.command("sync")
@click.argument("bundle")
@_as
@_json
@click.pass_context
def sync(context: click.Context, bundle: str, name: str, *, as_lines: bool) -> None:
    """Take over the waivers that stand beside the policies of BUNDLE. Exit code 1 where one is refused.

    The person vouches that whoever `approvedBy` names has approved where the bundle is reviewed, and needs that right too.
    """
    boot()
    from seamark.governance.policy.kept.sync import bundles
    from seamark.pipeline.waiver_code import sync

    row = next((one for one in bundles() if one.name == bundle), None)
    if row is None:
        raise click.ClickException(f"There is no bundle {bundle!r}; `seamark policy sync` makes one")
    told = sync(row, user_named(name))
    if as_lines:
        output.json_line(told)
    else:
        for mistake in told.mistakes:
            output.say(str(mistake))
        output.say(f"{bundle}: {len(told.approved)} approved, {len(told.revoked)} revoked, {told.unchanged} unchanged")
    context.exit(1 if told.mistakes else 0)


def waiver_number(reference: str) -> int:
    """Return the number of a reference. Raises `BadParameter` for what is none."""
    number = reference.upper().removeprefix("W-")
    if not (number.isascii() and number.isdigit()) or len(number) > 18:
        raise click.BadParameter(f"{reference!r} is no reference; write W-12", param_hint="W-NUMBER")
    return int(number)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no day; write 2027-01-31", param_hint="--expires") from None


def _named(number: int) -> Waiver:
    from seamark.governance.waivers.reading import RELATED
    from seamark.store.access import everything

    found = everything().waivers().select_related(*RELATED).filter(pk=number).first()
    if found is None:
        raise click.ClickException(f"There is no waiver W-{number}; `seamark waiver list` shows them")
    return found


def _decide(number: int, name: str, decide: Callable[[User, Waiver], Waiver], words: str, *, as_lines: bool) -> None:
    boot()
    _tell(decide(user_named(name), _named(number)), words, as_lines=as_lines)


def _tell(waiver: Waiver, words: str, *, as_lines: bool) -> None:
    if as_lines:
        from seamark.governance.waivers.reading import row

        output.json_line(row(waiver))
        return
    from seamark.governance.waivers.limits import last_day

    output.say(f"{waiver.reference} {words.format(last_day(waiver.expires_at))}")


def _cells(told: dict[str, Any], waiver: Waiver) -> tuple[str, ...]:
    from seamark.governance.waivers.limits import last_day

    return (
        told["waiver"],
        told["state"],
        told["about"],
        str(last_day(waiver.expires_at)),
        told["requester"],
        told["decider"],
    )
