"""seamark engagement."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import application_named, boot, user_named
from seamark.interfaces.cli.people import told
from seamark.interfaces.cli.references import ROW, issue_named, issue_number
from seamark.interfaces.cli.table import Column, Words

if TYPE_CHECKING:
    from seamark.store.models import Engagement, PentestFinding

_DAY = click.DateTime(["%Y-%m-%d"])
_json = click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")


@click.group("engagement")
def command() -> None:
    """Penetration tests: agree on one, take in what testers report, test again with proof.

    \b
    Examples:
      seamark engagement add shop "Spring test" --from 2026-05-04 --to 2026-05-15
      seamark engagement tester PT-3 tess
      seamark engagement report PT-3 findings.json --proved
      seamark engagement ready PT-3 17
      seamark engagement retest PT-3 17 --passed --proof answer.txt
    """


@command.command("list")
@click.option("--application", default="", metavar="SLUG", help="Only of this one.")
@click.option(
    "--state",
    type=click.Choice(["planned", "running", "retests", "over", "closed"]),
    default=None,
    help="Only those that stand there.",
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many at most.")
@_json
def listed(application: str, state: str | None, limit: int, *, as_lines: bool) -> None:
    """List engagements, the newest first."""
    boot()
    from seamark.pipeline.engagements import reading
    from seamark.store.access import everything

    rows = list(reading.listed(everything(), application=application, state=state or "").order_by("-pk")[:limit])
    tallies = reading.counts(rows)
    found = [reading.row(one, tallies[one.pk]) for one in rows]
    if as_lines:
        for one in found:
            output.json_line(one)
        return
    names = ("engagement", "state", "application", "starts", "ends", "findings", "ready", "passed", "name")
    output.table([Column(name) for name in names], [[Words(str(one[name])) for name in names] for one in found])


@command.command("show")
@click.argument("reference", metavar="PT-NUMBER")
@_json
def show(reference: str, *, as_lines: bool) -> None:
    """Show an engagement and what testers found."""
    boot()
    from seamark.pipeline.engagements import reading
    from seamark.store.access import everything

    row = _named(reference)
    account, found = reading.account(row), reading.findings(everything(), row)
    if as_lines:
        output.json_line({**account, "items": found})
        return
    output.say(
        f"{row.reference} {row.name}: {account['application']}, {account['starts']} to {account['ends']}, {account['state']}"
    )
    output.say(f"Testers: {', '.join(account['testers']) or 'nobody yet'}")
    columns = ("id", "state", "severity", "issue", "title", "place")
    output.table([Column(name) for name in columns], [[Words(str(one[name])) for name in columns] for one in found])


@command.command("add")
@click.argument("application")
@click.argument("name")
@click.option("--from", "starts", type=_DAY, required=True, help="First day (UTC).")
@click.option("--to", "ends", type=_DAY, required=True, help="Last day on which testers report.")
@click.option("--retest-until", type=_DAY, default=None, help="Last day of retests; by default 90 days more.")
@click.option("--scope", default="", help="What may be tested, in words.")
@click.option("--rules", default="", help="Rules of engagement.")
def add(
    application: str, name: str, starts: datetime, ends: datetime, retest_until: datetime | None, scope: str, rules: str
) -> None:
    """Agree on an engagement with an application."""
    boot()
    from seamark.pipeline.engagements import agreeing

    until: date | None = retest_until.date() if retest_until is not None else None
    terms = agreeing.Terms(
        name=name, starts=starts.date(), ends=ends.date(), retest_until=until, scope=scope, rules=rules
    )
    with told():
        row = agreeing.create(None, application_named(application), terms)
    output.say(f"{row.reference}: {row.name}, retests until {row.retest_until}")


@command.command("tester")
@click.argument("reference", metavar="PT-NUMBER")
@click.argument("person")
@click.option("--remove", is_flag=True, help="Let them test no longer.")
def tester(reference: str, person: str, *, remove: bool) -> None:
    """Let somebody test, or no longer; it gives no right beside this engagement."""
    boot()
    from seamark.pipeline.engagements import agreeing

    row, who = _named(reference), user_named(person)
    with told():
        (agreeing.remove_tester if remove else agreeing.add_tester)(None, row, who)
    output.say(f"{who.get_username()} {'no longer tests' if remove else 'tests'} for {row.reference}")


@command.command("report")
@click.argument("reference", metavar="PT-NUMBER")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "form", default="auto", show_default=True, help="A name of `seamark formats`.")
@click.option("--asset", type=ROW, default=None, help="Number of the asset that was tested.")
@click.option("--proved", is_flag=True, help="Each was carried out by hand: the findings count as verified.")
def report(reference: str, file: Path, form: str, asset: int | None, *, proved: bool) -> None:
    """Import a tester's report. It closes nothing, and speaks of nothing outside of the scope."""
    boot()
    from seamark.pipeline.engagements.reporting import Sending, take

    row = _named(reference)
    with told():
        outcome = take(None, row, file, file.name, Sending(format=form, asset=asset, proved=proved))
    output.say(f"{row.reference}: {outcome.findings:,} findings, {outcome.issues:,} new issues")


@command.command("ready")
@click.argument("reference", metavar="PT-NUMBER")
@click.argument("finding", type=click.IntRange(1, 2**62))
@click.option("--comment", default="", help="What was mended.")
@click.option("--withdraw", is_flag=True, help="Take it back.")
def ready(reference: str, finding: int, comment: str, *, withdraw: bool) -> None:
    """Say that a finding is mended and waits for a retest."""
    boot()
    from seamark.pipeline.engagements import retesting

    with told():
        (retesting.withdraw if withdraw else retesting.ready)(None, _finding(reference, finding), comment)
    output.say(f"{reference.upper()} {finding}: {'open' if withdraw else 'ready for retest'}")


@command.command("retest")
@click.argument("reference", metavar="PT-NUMBER")
@click.argument("finding", type=click.IntRange(1, 2**62))
@click.option("--passed/--failed", required=True, default=None, help="What testing again showed.")
@click.option("--proof", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file that shows it.")
@click.option("--words", default="", help="Or what was sent and what came back.")
def retest(reference: str, finding: int, proof: Path | None, words: str, *, passed: bool) -> None:
    """Say what testing again showed, with the proof. A retest that passed closes the finding."""
    boot()
    from seamark.pipeline.engagements import retesting

    one = _finding(reference, finding)
    with told():
        if proof is None:
            retesting.judge(None, one, passed=passed, proof=words)
        else:
            with proof.open("rb") as file:
                retesting.judge(None, one, passed=passed, proof=words, file=file, name=proof.name)
    output.say(f"{reference.upper()} {finding}: retest {'passed' if passed else 'failed'}")


@command.command("proves")
@click.argument("reference", metavar="PT-NUMBER")
@click.argument("finding", type=click.IntRange(1, 2**62))
@click.argument("issue", metavar="SM-NUMBER")
@click.option("--remove", is_flag=True, help="Take it back.")
def proves(reference: str, finding: int, issue: str, *, remove: bool) -> None:
    """Say that a finding proves an issue in code or a package, whose likelihood that raises."""
    number = issue_number(issue)
    boot()
    from seamark.pipeline.engagements import proving

    one, proven = _finding(reference, finding), issue_named(number)
    with told():
        (proving.unlink if remove else proving.link)(None, one, proven)
    output.say(f"{reference.upper()} {finding} {'no longer proves' if remove else 'proves'} {proven.reference}")


@command.command("close")
@click.argument("reference", metavar="PT-NUMBER")
@click.option("--reopen", is_flag=True, help="Take it up again.")
def close(reference: str, *, reopen: bool) -> None:
    """End an engagement; nothing may wait for a retest then."""
    boot()
    from seamark.pipeline.engagements import agreeing

    row = _named(reference)
    with told():
        (agreeing.reopen if reopen else agreeing.close)(None, row)
    output.say(f"{row.reference} is {'open' if reopen else 'closed'}")


def _named(reference: str) -> Engagement:
    """Return an engagement. Raises `BadParameter` and `ClickException`. Call it after `boot`."""
    number = reference.upper().removeprefix("PT-")
    if not (number.isascii() and number.isdigit()) or len(number) > 18:
        raise click.BadParameter(f"{reference!r} is no reference; write PT-3", param_hint="PT-NUMBER")
    from seamark.pipeline.engagements import reading
    from seamark.store.access import everything

    with told():
        return reading.named(everything(), int(number))


def _finding(reference: str, number: int) -> PentestFinding:
    from seamark.pipeline.engagements import reading

    row = _named(reference)
    with told():
        return reading.finding_of(row, number)
