"""seamark compliance."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.compliance_packs import COMMANDS as PACKS
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.table import Column

if TYPE_CHECKING:
    from seamark.pipeline.compliance.scope import Scope

_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
_application = click.option("--application", default="", help="Of this application only, by its short name.")
_unit = click.option("--unit", default="", help="Of this business unit only.")
_at = click.option(
    "--at", default="", metavar="TIME", help="As of this time, such as 2026-09-30T23:59:59Z; now where none is given."
)
_Command = TypeVar("_Command", bound=Callable[..., Any])


@click.group("compliance")
def command() -> None:
    """Compliance: frameworks, controls, checks, gaps and evidence.

    \b
    Examples:
      seamark compliance list
      seamark compliance status pci-dss-4 --application payments
      seamark compliance show pci-dss-4 6.3.3
      seamark compliance evidence take scan-coverage
    """


def _asked(command: _Command) -> _Command:
    return _application(_unit(_at(_json(command))))


@command.command("list")
@_asked
def listed(application: str, unit: str, at: str, *, as_json: bool) -> None:
    """List frameworks, with how many of their controls come to what."""
    boot()
    from seamark.pipeline.compliance.standing import framework_shares
    from seamark.store.access import everything

    shares = framework_shares(everything(), _scope(application, unit), _moment(at))
    if as_json:
        _print(shares)
        return
    rows = ([one.name, str(one.controls), *(str(number) for number in one.counts.values())] for one in shares)
    _table(["Framework", "Controls", *(_words(word) for word in shares[0].counts)], rows)


@command.command("status")
@click.argument("framework")
@_asked
def status(framework: str, application: str, unit: str, at: str, *, as_json: bool) -> None:
    """Say where each control of a framework stands."""
    boot()
    from seamark.pipeline.compliance.standing import framework_standing
    from seamark.store.access import everything

    found = framework_standing(everything(), framework, _scope(application, unit), _moment(at))
    if as_json:
        _print(found)
        return
    output.say(
        f"{found.title} {found.version}, {found.scope}: "
        + ", ".join(f"{number} {_words(word)}" for word, number in found.counts.items() if number)
    )
    _table(
        ["Control", "Outcome", "Gaps", "What it asks for"],
        ([one.id, _words(one.outcome), str(len(one.gaps) or ""), one.title] for one in found.controls),
    )


@command.command("show")
@click.argument("framework")
@click.argument("control")
@_asked
def show(framework: str, control: str, application: str, unit: str, at: str, *, as_json: bool) -> None:
    """Show a control: checks with their facts, evidence, gaps, and what asks for the same elsewhere."""
    boot()
    from seamark.pipeline.compliance.standing import control_standing
    from seamark.store.access import everything

    found = control_standing(everything(), framework, control, _scope(application, unit), _moment(at))
    if as_json:
        _print(found)
        return
    output.say(f"{found.framework} {found.id}: {found.title}")
    output.say(f"{_words(found.outcome)}{': ' + found.reason if found.reason else ''}")
    for check in found.checks:
        output.say(
            f"\n{check.title} {_words(check.outcome)}: {check.yes:,} yes, {check.no:,} no, {check.unknown:,} not known"
        )
        output.say(f"  {check.question}")
    if found.need:
        output.say(f"\nTo be shown by hand every {found.need_days} days: {found.need} ({_words(found.by_hand or '')})")
    for one in found.evidence:
        output.say(f"  {one.reference} {one.title}{'' if one.current else ' (has lapsed)'}")
    for gap in found.gaps:
        where = f" in {gap.application}" if gap.application else ""
        output.say(
            f"{gap.reference}{where}: {_words(gap.outcome)}, {gap.owner or 'nobody'} until {gap.due or 'no day'}"
        )
    if found.crosswalk:
        output.say(f"\nAsks for the same: {', '.join(found.crosswalk)}")


@command.command("run")
@_json
def run(*, as_json: bool) -> None:
    """Ask all checks now; a worker does it by itself as things change."""
    boot()
    from django.utils import timezone

    from seamark.pipeline.compliance import passing

    passed = passing.run(timezone.now())
    if as_json:
        _print(passed._asdict())
        return
    click.echo(f"{passed.asked:,} answers, {passed.changed:,} new or changed, {passed.drifted:,} with another outcome")


@command.group("evidence")
def evidence() -> None:
    """Evidence: list it, freeze snapshots, give files and links, read what was frozen."""


@evidence.command("list")
@_application
@_unit
@_json
def evidence_list(application: str, unit: str, *, as_json: bool) -> None:
    """List evidence, newest first."""
    boot()
    from django.utils import timezone

    from seamark.pipeline.compliance.evidence import listed
    from seamark.pipeline.compliance.standing import evidence_items
    from seamark.store.access import everything

    rows = listed(everything(), _scope(application, unit))[:500]
    found = evidence_items(everything(), listed(everything()).filter(pk__in=[row.pk for row in rows]), timezone.now())
    items = [found[row.pk] for row in rows]
    if as_json:
        _print(items)
        return
    if not items:
        click.echo("There is no evidence yet: seamark compliance evidence take scan-coverage")
        return
    _table(
        ["Evidence", "Frozen", "Renew by", "About", "Title", "SHA-256"],
        (
            [
                one.reference,
                f"{one.frozen_at:%Y-%m-%d}",
                str(one.renew_by or ""),
                one.scope,
                one.title,
                one.digest[:16],
            ]
            for one in items
        ),
    )


@evidence.command("take")
@click.argument("name")
@_application
@_unit
@_json
def take(name: str, application: str, unit: str, *, as_json: bool) -> None:
    """Ask the platform and freeze the answer: scan-coverage, policy-versions, verdicts, waivers, sboms, attestations, posture, access-review."""
    boot()
    from seamark.pipeline.compliance.snapshots import take as freeze

    _kept(freeze(None, name, _scope(application, unit)), as_json=as_json)


@evidence.command("add")
@click.argument("title")
@click.option("--file", "path", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="The file.")
@click.option("--link", default="", help="An address, instead of a file.")
@click.option(
    "--control", "controls", multiple=True, metavar="FRAMEWORK/CONTROL", help="What it is for; may be repeated."
)
@click.option(
    "--need", default="", help="For all controls that need the same, by the word of the need, such as training."
)
@click.option("--renew-by", type=click.DateTime(["%Y-%m-%d"]), help="From the day after it counts no more.")
@click.option(
    "--keep-until", type=click.DateTime(["%Y-%m-%d"]), help="Until when its content is kept; three years unless said."
)
@click.option("--owner", default="", help="Who renews it.")
@_application
@_unit
@_json
def add(
    title: str, path: Path | None, link: str, controls: tuple[str, ...], need: str, renew_by: datetime | None, keep_until: datetime | None, owner: str, application: str,
    unit: str, *, as_json: bool,
) -> None:  # fmt: skip
    """Give a file or a link as evidence for controls."""
    if (path is None) == (not link):
        raise click.UsageError("Give --file or --link, one of them.")
    boot()
    from seamark.pipeline.compliance import evidence as keeping
    from seamark.pipeline.compliance.gaps import person_named

    uses = keeping.uses_from(controls) + (keeping.uses_of_need(need) if need else [])
    day, kept = renew_by.date() if renew_by else None, keep_until.date() if keep_until else None
    person, scope = person_named(owner), _scope(application, unit)
    if path is None:
        row = keeping.add_link(None, title, link, uses, scope=scope, renew_by=day, owner=person, keep_until=kept)
    else:
        with path.open("rb") as stream:
            content = stream.read(keeping.LARGEST + 1)
        row = keeping.add_file(
            None, title, content, path.name, uses, scope=scope, renew_by=day, owner=person, keep_until=kept
        )
    _kept(row, as_json=as_json)


@evidence.command("read")
@click.argument("number", type=click.IntRange(1, 2**62))
@click.option("--output", "path", type=click.Path(path_type=Path), help="Write it to this file.")
def read(number: int, path: Path | None) -> None:
    """Read what was frozen; its hash is verified, and that it was read is written down."""
    boot()
    from seamark.pipeline.compliance.evidence import content_for
    from seamark.store.access import everything

    row, content = content_for(everything(), None, number)
    if path is None:
        click.echo(content, nl=False)
        return
    path.write_bytes(content)
    click.echo(f"{row.reference}: {len(content):,} bytes, SHA-256 {row.digest}")


def _scope(application: str, unit: str) -> Scope:
    from seamark.pipeline.compliance.scope import scope_of
    from seamark.store.access import everything

    return scope_of(everything(), application=application, unit=unit)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time such as 2026-09-30T23:59:59Z", param_hint="--at") from None
    if found.tzinfo is None:
        raise click.BadParameter("the time needs its zone, such as Z", param_hint="--at")
    return found


def _words(outcome: str) -> str:
    return str(outcome).replace("_", " ")


def _print(value: object) -> None:
    import msgspec

    click.echo(msgspec.json.encode(value, order="deterministic").decode())


def _kept(row: Any, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"reference": row.reference, "digest": row.digest, "size": row.size, "entry": row.entry}))
        return
    click.echo(f"{row.reference}: {row.size:,} bytes, SHA-256 {row.digest}, entry {row.entry} of the ledger")


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    output.table([Column(title) for title in titles], ([output.text(cell) for cell in row] for row in rows))


for _one in PACKS:
    command.add_command(_one)
