"""seamark fix."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from seamark.core.errors import UnreadableReport
from seamark.interfaces.cli import output
from seamark.interfaces.cli.files import Place
from seamark.interfaces.cli.references import ROW
from seamark.interfaces.cli.remote import client, server_options
from seamark.interfaces.cli.table import Column
from seamark.pipeline.fixing.apply import Applied, apply, diff, write
from seamark.pipeline.fixing.shown import plain, plain_applied, plain_option
from seamark.pipeline.fixing.tree import Plans, Sources, loader, plan_tree
from seamark.response.remediation.options import Option
from seamark.response.remediation.plan.make import Offered, Plan, Step

F = TypeVar("F", bound=Callable[..., Any])
UNREADABLE: Final = 2
_STEPS: Final = (
    Column("#", least=1, right=True), Column("Change", least=24, fit="wrap"), Column("Kind", least=8), Column("Clears", least=6, right=True),
    Column("Risk", least=6, right=True), Column("Brings", least=6, right=True), Column("Distance", least=8), Column("Effort", least=6, right=True),
    Column("Where", least=12, fit="wrap"),
)  # fmt: skip
_OPTIONS: Final = (
    Column("To", least=8), Column("Option", least=12, fit="wrap"), Column("Kind", least=8), Column("Clears", least=6, right=True),
    Column("Leaves", least=6, right=True), Column("Brings", least=6, right=True), Column("Gain", least=5, right=True), Column("Distance", least=8),
    Column("Effort", least=6, right=True), Column("Remarks", least=12, fit="wrap"),
)  # fmt: skip


def _asked(command: F) -> F:
    """Give a command the options that all of them have."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="One JSON object."),
        click.option("--most", type=click.IntRange(1, 10_000), metavar="N", help="At most so many changes in each project."),
        click.option("--only", multiple=True, metavar="FILE", help="Only what this manifest or lock installs, named from PATH; repeat it for more."),
        click.option("--online", is_flag=True, help="Ask the package registries that are configured here; `apply` runs the package managers as well."),
        click.option("--report", "reports", multiple=True, type=Place(exists=True, dir_okay=False, path_type=Path), metavar="FILE", help="A scanner's report that names vulnerable packages; repeat it for more."),
        click.option("--advisories", type=Place(exists=True, path_type=Path), metavar="PATH", help="OSV records: a file, a zip as OSV exports them, or a folder of both."),
        click.argument("path", type=Place(path_type=Path), metavar="PATH", default=Path()),
    ):  # fmt: skip
        command = option(command)
    return command


@click.group("fix")
def command() -> None:
    """Plan, show and make the changes that clear vulnerable packages of a working tree. Needs no server.

    A plan is the smallest set of changes that removes most risk: bumps, refreshes of a lock, overrides. It is re-resolved by what the
    registries say (--online), and what is claimed is proven by reading and matching the changed files anew. Where there is no fix, that
    is said, with why.

    \b
    Examples:
      seamark fix plan . --advisories osv/ --online
      seamark fix plan . --report trivy.json --most 3
      seamark fix show . --advisories osv/ --package lodash
      seamark fix apply . --advisories osv/ --online --output fixes.patch
    """


@contextlib.contextmanager
def _planned(
    path: Path, advisories: Path | None, reports: tuple[Path, ...], only: tuple[str, ...], most: int | None, *, online: bool
) -> Iterator[tuple[Plans, Any]]:  # fmt: skip
    """Yield the plans, and the registries where these may be asked."""
    if not path.is_dir():
        raise click.UsageError(f"There is no folder {output.named(str(path))!r}.")
    if advisories is None and not reports:
        raise click.UsageError(
            "Say what is known of flaws: --advisories with OSV records, or --report with a scanner's report."
        )
    sources = Sources(advisories=advisories, reports=reports)
    with contextlib.ExitStack() as stack:
        catalogue = None
        if online:
            from seamark.intake.connectors.registries.registries import Registries

            catalogue = stack.enter_context(Registries())
        try:
            plans = plan_tree(path, sources, catalogue, only=only, most_changes=most)
        except UnreadableReport as error:
            output.complain(str(error))
            raise click.exceptions.Exit(UNREADABLE) from None
        yield plans, catalogue
        for sentence in (*plans.troubles, *(catalogue.troubles if catalogue is not None else ())):
            output.complain(sentence)


@command.command("plan")
@_asked
def plan(
    path: Path, advisories: Path | None, reports: tuple[Path, ...], only: tuple[str, ...], most: int | None, *, online: bool, as_json: bool
) -> None:  # fmt: skip
    """Print the smallest set of changes that removes most risk, the most worthwhile first, and what has no fix.

    \b
    Exit codes: 0 planned, 1 PATH lists no such manifest, 2 wrong words or something unreadable.
    """
    with _planned(path, advisories, reports, only, most, online=online) as (plans, _):
        if as_json:
            output.json_line(plain(plans))
        else:
            _show_plans(plans, online=online)


def _show_plans(plans: Plans, *, online: bool) -> None:
    if not plans.plans:
        output.say(
            f"Nothing that {output.count(len(plans.projects), 'manifest')} {'lists' if len(plans.projects) == 1 else 'list'} is known to be vulnerable."
        )
        return
    for one in plans.plans:
        _show_plan(one)
    removed = sum(one.risk_before - one.risk_after for one in plans.plans)
    whole = sum(one.risk_before for one in plans.plans)
    output.say(
        f"{output.count(len(plans.curve), 'change')} {'removes' if len(plans.curve) == 1 else 'remove'} {removed:.1f} of {whole:.1f} risk"
        + (f" ({removed / whole:.0%})" if whole else "")
    )
    if len(plans.plans) > 1:
        for point in plans.curve:
            output.say(
                f"  {point.changes:>3}. {point.share:>4.0%}  {point.step.change.name} {point.step.change.to_version} in {_short(point.project)}"
            )
    if not online:
        output.say(
            "Registries were not asked: only versions that advisories name are known, and what they need is not. --online asks them."
        )


def _show_plan(one: Plan) -> None:
    output.say(
        f"{_short(one.project)}: {output.count(one.flaws, 'vulnerability').replace('vulnerabilitys', 'vulnerabilities')}, risk {one.risk_before:.1f} → {one.risk_after:.1f}{'' if one.proven else ', the best that was found'}"
    )
    if one.steps:
        output.table(
            _STEPS,
            ([output.text(cell) for cell in _row(number, step)] for number, step in enumerate(one.steps, start=1)),
        )
    for number, step in enumerate(one.steps, start=1):
        for sentence in step.hints:
            output.say(f"  {number}: {sentence}")
        if step.moves_too:
            told = ", ".join(
                f"{one.names.get(package, package)} {before or 'new'} → {after or 'gone'}"
                for package, before, after in step.moves_too[:6]
            )
            output.say(f"  {number}: moves too: {told}{' …' if len(step.moves_too) > 6 else ''}")
        if step.assumed:
            output.say(f"  {number}: what the new version needs is not known; taken for unchanged")
    for left in one.unfixed:
        name = one.names.get(left.flaw.package, left.flaw.package)
        output.say(
            f"{'No fix' if left.no_fix else 'Left'}: {left.flaw.name} in {name} {', '.join(left.versions)}: {left.why}"
        )


def _row(number: int, step: Step) -> tuple[str, ...]:
    change = step.change
    together = f" (with the others of group {step.together})" if step.together else ""
    return (
        str(number), f"{change.name} {change.from_version} → {change.to_version}{together}", change.kind.value, str(len(step.clears)),
        f"-{step.removed:.1f}", str(len(step.introduces)) if step.introduces else "", step.distance.value, f"{step.effort:g}", ", ".join(change.manifests),
    )  # fmt: skip


def _short(project: str) -> str:
    return output.named(project.partition("//")[2] or project)


@command.command("show")
@_asked
@click.option("--package", "package", default="", metavar="NAME", help="Only this package.")
def show(
    path: Path, advisories: Path | None, reports: tuple[Path, ...], only: tuple[str, ...], most: int | None, package: str, *, online: bool, as_json: bool
) -> None:  # fmt: skip
    """Print for each vulnerable package the versions to choose from: the least, the least that clears all, the latest.

    \b
    Exit codes: 0 shown, 1 no such vulnerable package, 2 wrong words or something unreadable.
    """
    with _planned(path, advisories, reports, only, most, online=online) as (plans, _):
        found = [(one, each) for one in plans.plans for each in one.offered if not package or package.lower() in {each.name.lower(), each.package}]  # fmt: skip
        if package and not found:
            output.complain(f"{package!r} is no vulnerable package here")
            raise click.exceptions.Exit(1)
        if as_json:
            output.json_line([_plain_offer(one, each) for one, each in found])
            return
        for one, each in found:
            _show_offer(one, each)


def _plain_offer(one: Plan, each: Offered) -> dict[str, Any]:
    return {
        "project": one.project, "package": each.name, "version": each.version, "direct": each.direct,
        "options": [plain_option(option, one.names) for option in each.options],
    }  # fmt: skip


def _show_offer(one: Plan, each: Offered) -> None:
    output.say(f"{each.name} {each.version} in {_short(one.project)} ({'direct' if each.direct else 'transitive'})")
    if not each.options:
        output.say("  no version clears anything")
        return
    output.table(_OPTIONS, ([output.text(cell) for cell in _option(option)] for option in each.options))


def _option(option: Option) -> tuple[str, ...]:
    remarks = (
        [option.conflict]
        if option.conflict
        else [*option.hints, *(["what it needs is not known"] if option.assumed else [])]
    )
    return (
        option.move.version, ", ".join(one.value.replace("_", " ") for one in option.choices), option.move.kind.value, str(len(option.clears)),
        str(len(option.leaves)), str(len(option.introduces)), f"{option.gain:.1f}", option.distance.value, f"{option.effort:g}", "; ".join(remarks),
    )  # fmt: skip


@command.command("apply")
@_asked
@click.option(
    "--output",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the diff there; without it, it is printed.",
)
@click.option("--in-place", is_flag=True, help="Change the files of PATH themselves.")
@click.option(
    "--trust", is_flag=True, help="With --online: run package managers that may execute code of what they read as well."
)
def apply_(
    path: Path, advisories: Path | None, reports: tuple[Path, ...], only: tuple[str, ...], most: int | None, target: Path | None, *, online: bool,
    as_json: bool, in_place: bool, trust: bool,
) -> None:  # fmt: skip
    """Make the plan's changes in a copy, prove what they clear by matching the copy anew, and write the diff.

    Formatting and comments stay. With --online locks are written by their own package managers, without scripts; else by edits, where
    these are exact. PATH itself stays as it is unless --in-place is given.

    \b
    Exit codes: 0 all that was planned is made and proven, 1 some of it is not, 2 wrong words or something unreadable.
    """
    if in_place and target is not None:
        raise click.UsageError("--output and --in-place exclude each other.")
    if trust and not online:
        raise click.UsageError("--trust belongs to --online.")
    with _planned(path, advisories, reports, only, most, online=online) as (plans, catalogue):
        load = loader(Sources(advisories=advisories, reports=reports))
        made = apply(path, plans, load, hashes=catalogue, tools=online, trust=trust)
        if in_place:
            write(path, made)
        elif target is not None:
            _written(target, made)
        if as_json:
            output.json_line({**plain_applied(made), "diff": output.named(diff(made))})
        else:
            _show_applied(made, printed=not in_place and target is None)
    if not made.proven or made.introduced:
        raise click.exceptions.Exit(1)


def _written(target: Path, made: Applied) -> None:
    try:
        target.write_bytes(diff(made).encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise click.UsageError(f"{output.named(str(target))} cannot be written: {error.strerror or error}.") from None


def _show_applied(made: Applied, *, printed: bool) -> None:
    if printed and sys.stdout is not None:
        click.echo(diff(made).encode("utf-8", "surrogateescape"), nl=False)
    for one in made.steps:
        change = one.step.change
        state = "not made" if not one.made else "not proven" if one.still else "proven" if one.clears else "made"
        told = [f"{change.name} {change.from_version} → {change.to_version} in {_short(one.project)}: {state}"]
        told += [f"clears {', '.join(flaw.name for flaw in one.clears)}"] if one.clears else []
        told += [f"still matches: {', '.join(flaw.name for flaw in one.still)}"] if one.still and one.made else []
        told += [one.words] if one.words else []
        output.complain("; ".join(told))
    for flaw in made.introduced:
        output.complain(f"{flaw.name} in {flaw.package.partition('/')[2]} is new")


@command.command("pr")
@click.argument("number", type=ROW, metavar="FIX")
@click.option("--now", is_flag=True, help="Make it in this process rather than by a worker; not with --url.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@server_options
def pr(number: int, url: str, token: str, *, now: bool, as_json: bool) -> None:
    """Open the pull request of a fix that the platform knows, by the fix's number; one that it has is only named.

    \b
    Exit codes: 0 open or on its way, 1 it cannot be made, 2 wrong words.
    """
    remote = client(url, token)
    if remote is not None:
        if now:
            raise click.UsageError("--now works on this installation only.")
        with remote as server:
            told = server.write("POST", "/pull-requests", {"fix": number})
    else:
        told = _pulled(number, now=now)
    if as_json:
        output.json_line(told)
    else:
        words = filter(None, (told["branch"], told["url"], told["told"]))
        output.say(f"{told['state']}: {output.named(', '.join(map(str, words)))}")
    if told["state"] in {"failed", "left"}:
        raise click.exceptions.Exit(1)


def _pulled(number: int, *, now: bool) -> dict[str, Any]:
    from seamark.interfaces.cli.database import boot

    boot()
    from seamark.pipeline.pulls import asking
    from seamark.pipeline.pulls.work import make_now
    from seamark.store.access import everything

    fix = everything().fixes().select_related("application", "asset").filter(pk=number).first()
    if fix is None:
        output.complain(f"There is no fix {number}")
        raise click.exceptions.Exit(1)
    row = asking.ask(None, fix)
    row = make_now(row) if now else row
    return {"id": row.pk, "branch": row.branch, "state": str(row.state), "number": row.number or None, "url": row.url or None, "told": row.told or None}  # fmt: skip


@command.command("shield")
@click.argument("reference", metavar="ISSUE")
@click.option(
    "--keep",
    "kind",
    default="",
    metavar="KIND",
    help="Keep that the suggestion of this kind is in force, as a compensating control.",
)
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]), help="With --keep: the last day on which it counts; 90 days at most."
)
@click.option("--proof", default="", metavar="TEXT", help="With --keep: what shows that it is in force.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def shield(reference: str, kind: str, until: datetime | None, proof: str, *, as_json: bool) -> None:
    """Print virtual patches of an issue (SM-1042) for the time until its fix: rules of a web firewall, network and admission policies.

    They are suggestions: nothing is put in place from here.

    \b
    Exit codes: 0 printed or kept, 1 none fits, 2 wrong words.
    """
    if bool(kind) != bool(until and proof):
        raise click.UsageError("--keep, --until and --proof belong together.")
    from seamark.interfaces.cli.database import boot

    boot()
    from seamark.pipeline import shielding
    from seamark.store.access import everything

    digits = reference.upper().removeprefix("SM-")
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else 0
    issue = everything().issues().select_related("application", "asset").filter(pk=number).first()
    if issue is None:
        output.complain(f"There is no issue {output.named(reference)!r}")
        raise click.exceptions.Exit(1)
    if kind and until is not None:
        kept = shielding.put_in_place(None, issue, kind, proof, until.date())
        output.say(f"Kept: {output.named(kept.name)} until {until.date().isoformat()}")
        return
    found = shielding.suggested(issue)
    if as_json:
        output.json_line([{"kind": one.kind, "title": one.title, "text": one.text, "note": one.note} for one in found])
    for one in () if as_json else found:
        output.say(f"{one.kind}: {output.named(one.title)}\n\n{one.text}\n{one.note}\n")
    if not found:
        output.complain(f"No virtual patch is known for {issue.reference}")
        raise click.exceptions.Exit(1)
