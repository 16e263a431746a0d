"""seamark automation."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from seamark.interfaces.cli.database import boot, user_named
from seamark.interfaces.cli.references import issue_number

_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
_as = click.option(
    "--as", "name", required=True, metavar="NAME", help="The person who does it; their rights are checked."
)


@click.group("automation")
def command() -> None:
    """Triage rules: what they do, who stands for them, and dismissals that wait for a second person.

    \b
    Examples:
      seamark automation list
      seamark automation try rule.yaml --as mia
      seamark automation adopt unreachable-flaws --as mia
      seamark automation confirm SM-12 SM-13 --as tom
    """


@command.command("list")
@click.option("--starters", is_flag=True, help="Those that come with the product and are not in force.")
@_json
def listed(*, starters: bool, as_json: bool) -> None:
    """List the triage rules in force."""
    boot()
    from seamark.pipeline.automation import reading
    from seamark.store.access import everything

    lines = reading.starter_lines() if starters else reading.rule_lines(everything())
    if as_json:
        click.echo(json.dumps(lines))
        return
    for one in lines:
        click.echo(f"{one['name']}: {one['does']}")
        if one.get("stopped"):
            click.echo(f"  stopped: {one['stopped']}")
        elif not starters:
            by = one["holder"] or "nobody"
            click.echo(
                f"  by {by}, holds for {one['matched'] if one['matched'] is not None else 'not yet known how many'} issues"
            )
    if not lines:
        click.echo("There are none.")


@command.command("try")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@_as
@_json
def attempt(file: Path, name: str, *, as_json: bool) -> None:
    """Say what a rule would do today; nothing is changed."""
    boot()
    import msgspec

    from seamark.pipeline.automation import reading
    from seamark.pipeline.automation.dryrun import dry_run
    from seamark.store.access import visible_to

    person = user_named(name)
    found = dry_run(reading.drafted(file.read_text("utf-8")), person, visible_to(person))
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(found)))
        return
    click.echo(
        f"{found.rule} holds for {found.matched:,} of {found.looked_at:,} issues and would change {found.acts:,}."
    )
    if found.lacking:
        click.echo(f"On {found.lacking} applications {name} may not do all that it says.")
    for one in found.would:
        click.echo(f"  {one.issue} {one.field}: {_short(one.before)} → {_short(one.after)}  {one.title}")


def _short(value: object) -> str:
    if isinstance(value, dict):
        from seamark.store.models.issues import State

        return f"{State(value['state']).label} {value['resolution']}".strip()
    return "nothing" if value in {None, ""} else str(value)


@command.command("adopt")
@click.argument("rule")
@_as
def adopt(rule: str, name: str) -> None:
    """Let a starter rule be in force, with that person's rights."""
    boot()
    from seamark.pipeline.automation import reading

    reading.adopt(user_named(name), rule)
    click.echo(f"{rule} is in force, with the rights of {name}.")


@command.command("take-over")
@click.argument("rule")
@_as
def take_over(rule: str, name: str) -> None:
    """Let a rule in force act with that person's rights from now on."""
    boot()
    from seamark.governance.automation import rules

    rules.take_over(user_named(name), rule)
    click.echo(f"{rule} acts with the rights of {name} from now on.")


@command.command("approve")
@click.argument("rule")
@_as
def approve(rule: str, name: str) -> None:
    """Approve a rule that somebody else stands for."""
    boot()
    from seamark.governance.automation import rules

    rules.approve(user_named(name), rule)
    click.echo(f"{rule} is approved by {name}.")


@command.command("run")
@_json
def run(*, as_json: bool) -> None:
    """Bring all issues in line with the rules and agreements in force, now."""
    boot()
    from seamark.pipeline.automation import watch

    passed = watch.run()
    told = {
        "issues": passed.issues,
        "changed": passed.changed,
        "clocks": passed.clocks,
        "matched": dict(passed.matched),
    }
    click.echo(
        json.dumps(told)
        if as_json
        else f"{passed.issues:,} issues, {passed.changed:,} changes, {passed.clocks:,} clocks set."
    )


@command.command("dismissals")
@_as
@_json
def dismissals(name: str, *, as_json: bool) -> None:
    """List the dismissals that this person can confirm: until somebody does, gates still count the issues."""
    boot()
    from seamark.pipeline.automation import reading
    from seamark.store.access import visible_to

    rows = list(reading.dismissals(visible_to(user_named(name))).order_by("-risk", "-id")[:500])
    for one in reading.dismissal_lines(rows):
        click.echo(
            json.dumps(one)
            if as_json
            else f"{one['id']} {one['resolution']} by {one['by'] or one['rule']}: {one['comment']}  {one['title']}"
        )
    if not rows and not as_json:
        click.echo("None waits.")


@command.command("confirm")
@click.argument("references", nargs=-1, required=True, metavar="SM-NUMBER...")
@click.option("--comment", default="", help="What there is to say.")
@_as
def confirm(references: tuple[str, ...], comment: str, name: str) -> None:
    """Agree to dismissals of other people, so that gates believe them."""
    numbers = [issue_number(one) for one in references]
    boot()
    from seamark.governance.triage import confirming
    from seamark.store.access import visible_to

    person = user_named(name)
    rows = visible_to(person).issues().filter(pk__in=numbers)
    if missing := set(numbers) - set(rows.values_list("pk", flat=True)):
        click.echo(f"There is no issue SM-{min(missing)} that {name} may see.", err=True)
        sys.exit(1)
    click.echo(f"{confirming.confirm(person, rows, comment)} confirmed.")


@command.command("learned")
@_json
def learned(*, as_json: bool) -> None:
    """Say what people's verdicts suggest about open issues, and how good such suggestions are."""
    boot()
    import msgspec

    from seamark.pipeline.automation.learned import learned as read
    from seamark.store.access import everything

    found = read(everything())
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(found)))
        return
    told = found.quality
    numbers = ", ".join(f"{word} {'unknown' if value is None else f'{value:.2f}'}" for word, value in (("precision", told.precision), ("recall", told.recall), ("MCC", told.mcc)))  # fmt: skip
    click.echo(f"{found.verdicts:,} verdicts; leaving each out: {numbers}")
    for one in found.suggestions:
        click.echo(f"{one.number:,} open: {one.sentence} (at least {one.bound:.0%})")
