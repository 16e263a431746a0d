"""seamark fix."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from seamark.core.errors import UnreadableReport
from seamark.interfaces.cli import output
from seamark.interfaces.cli.files import Place
from seamark.interfaces.cli.fixing import plain_offer, show_applied, show_offer, show_plans
from seamark.interfaces.cli.references import ROW
from seamark.interfaces.cli.remote import client, server_options
from seamark.interfaces.cli.suggesting import suggest
from seamark.pipeline.fixing.apply import Applied, apply, diff, write
from seamark.pipeline.fixing.shown import plain, plain_applied, plain_patches
from seamark.pipeline.fixing.tree import Load, Plans, Sources
from seamark.pipeline.fixing.whole import KINDS, plan_whole

Asked = dict[str, Any]
"""The options that all commands have, by name."""
F = TypeVar("F", bound=Callable[..., Any])
UNREADABLE: Final = 2


def _inventories(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> tuple[tuple[str, Path], ...]:  # fmt: skip
    """Return images with the files of their inventories."""
    found = []
    for one in given:
        image, equals, file = one.partition("=")
        if not equals or not image.strip() or not Path(file).is_file():
            raise click.UsageError(f"--sbom takes an image and a file, as in python:3.13-slim=slim.cdx.json, not {output.named(one)!r}.")  # fmt: skip
        found.append((image.strip(), Path(file)))
    return tuple(found)


def _asked(command: F) -> F:
    """Give a command the options that all of them have."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="One JSON object."),
        click.option("--most", type=click.IntRange(1, 10_000), metavar="N", help="At most so many changes in each project."),
        click.option("--only", multiple=True, metavar="FILE", help="Only what this file installs or pins, or what is found in it, named from PATH; repeat it for more."),
        click.option("--kind", "kinds", multiple=True, type=click.Choice(list(KINDS)), help="Only fixes of this kind; repeat it for more."),
        click.option("--rule", "rules", multiple=True, metavar="RULE", help="Of the findings in code and settings only those of this rule; repeat it for more."),
        click.option("--sbom", "inventories", multiple=True, metavar="IMAGE=FILE", callback=_inventories, help="What an image holds: python:3.13-slim=slim.cdx.json; repeat it for more."),
        click.option("--online", is_flag=True, help="Ask the package registries that are configured here; `apply` runs the package managers as well."),
        click.option("--report", "reports", multiple=True, type=Place(exists=True, dir_okay=False, path_type=Path), metavar="FILE", help="A scanner's report that names vulnerable packages; repeat it for more."),
        click.option("--advisories", type=Place(exists=True, path_type=Path), metavar="PATH", help="OSV records: a file, a zip as OSV exports them, or a folder of both."),
        click.argument("path", type=Place(path_type=Path), metavar="PATH", default=Path()),
    ):  # fmt: skip
        command = option(command)
    return command


@click.group("fix")
def command() -> None:
    """Plan, show and make the changes that clear what is found in a working tree. Needs no server.

    A plan is the smallest set of changes that removes most risk: bumps, refreshes of a lock, overrides; other versions of images, actions,
    modules and charts; patches of code and settings. It is re-resolved by what the registries say (--online), and what is claimed of
    versions is proven by reading and matching the changed files anew. Where there is no fix, that is said, with why.

    \b
    Examples:
      seamark fix plan . --advisories osv/ --online
      seamark fix plan . --report trivy.json --most 3
      seamark fix plan . --report zizmor.sarif --report checkov.json --online
      seamark fix plan . --advisories osv/ --sbom python:3.8-slim=now.json --sbom python:3.13-slim=then.json
      seamark fix show . --advisories osv/ --package lodash
      seamark fix apply . --advisories osv/ --online --output fixes.patch
    """


def _internal() -> frozenset[str]:
    return frozenset(filter(None, (one.strip() for one in os.environ.get("SEAMARK_INTERNAL_HOSTS", "").split(","))))


@contextlib.contextmanager
def _planned(asked: Asked) -> Iterator[tuple[Plans, Load, Any]]:
    """Yield the plans, who gives advisories, and the registries where these may be asked."""
    path: Path = asked["path"]
    if not path.is_dir():
        raise click.UsageError(f"There is no folder {output.named(str(path))!r}.")
    if asked["advisories"] is None and not asked["reports"]:
        raise click.UsageError(
            "Say what is known of flaws: --advisories with OSV records, or --report with a scanner's report."
        )
    sources = Sources(advisories=asked["advisories"], reports=asked["reports"], inventories=asked["inventories"])
    with contextlib.ExitStack() as stack:
        market = None
        if asked["online"]:
            from seamark.intake.connectors.registries.registries import Registries

            market = stack.enter_context(Registries(internal=_internal()))
        try:
            plans, load = plan_whole(
                path, sources, market, only=asked["only"], kinds=asked["kinds"], rules=asked["rules"], most_changes=asked["most"]
            )  # fmt: skip
        except UnreadableReport as error:
            output.complain(str(error))
            raise click.exceptions.Exit(UNREADABLE) from None
        yield plans, load, market
        for sentence in (*plans.troubles, *(market.troubles if market is not None else ())):
            output.complain(sentence)


@command.command("plan")
@_asked
def plan(**asked: Any) -> None:
    """Print the smallest set of changes that removes most risk, the most worthwhile first, and what has no fix.

    \b
    Exit codes: 0 planned, 1 PATH has no such file, 2 wrong words or something unreadable.
    """
    with _planned(asked) as (plans, _, _):
        if asked["as_json"]:
            output.json_line({**plain(plans), "patches": plain_patches(plans.patches)})
        else:
            show_plans(plans, online=asked["online"])


@command.command("show")
@_asked
@click.option(
    "--package", "package", default="", metavar="NAME", help="Only this package, image, action, module or chart."
)
def show(package: str, **asked: Any) -> None:
    """Print for each vulnerable package and pin the versions to choose from: the least, the least that clears all, the latest.

    \b
    Exit codes: 0 shown, 1 no such vulnerable package, 2 wrong words or something unreadable.
    """
    with _planned(asked) as (plans, _, _):
        found = [(one, each) for one in plans.plans for each in one.offered if not package or package.lower() in {each.name.lower(), each.package}]  # fmt: skip
        if package and not found:
            output.complain(f"{package!r} is no vulnerable package here")
            raise click.exceptions.Exit(1)
        if asked["as_json"]:
            output.json_line([plain_offer(one, each) for one, each in found])
            return
        for one, each in found:
            show_offer(one, each)


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
def apply_(target: Path | None, *, in_place: bool, trust: bool, **asked: Any) -> None:
    """Make the plan's changes in a copy, prove what they clear by matching the copy anew, and write the diff.

    Formatting and comments stay. Whether the findings of patches are gone is proven by the next scan. With --online locks are written by their own package managers, without scripts; else by edits, where
    these are exact. PATH itself stays as it is unless --in-place is given.

    \b
    Exit codes: 0 all that was planned is made and proven, 1 some of it is not, 2 wrong words or something unreadable.
    """
    if in_place and target is not None:
        raise click.UsageError("--output and --in-place exclude each other.")
    if trust and not asked["online"]:
        raise click.UsageError("--trust belongs to --online.")
    with _planned(asked) as (plans, load, market):
        made = apply(asked["path"], plans, load, hashes=market, tools=asked["online"], trust=trust)
        if in_place:
            write(asked["path"], made)
        elif target is not None:
            _written(target, made)
        if asked["as_json"]:
            output.json_line({**plain_applied(made), "diff": output.named(diff(made))})
        else:
            show_applied(made, printed=not in_place and target is None)
    if not made.proven or made.introduced:
        raise click.exceptions.Exit(1)


def _written(target: Path, made: Applied) -> None:
    try:
        target.write_bytes(diff(made).encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise click.UsageError(f"{output.named(str(target))} cannot be written: {error.strerror or error}.") from None


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


command.add_command(suggest)
