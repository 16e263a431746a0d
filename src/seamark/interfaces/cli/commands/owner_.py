"""seamark owner."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import click
import msgspec

from seamark.core.errors import SeamarkError
from seamark.intake.discovery.owners.answers import Owners
from seamark.intake.discovery.owners.oncall import Schedule, read_schedules
from seamark.intake.discovery.owners.resolve import Resolver
from seamark.intake.discovery.tracked import repository_key
from seamark.intake.discovery.tree import Tree
from seamark.intake.discovery.walk import read_file
from seamark.interfaces.cli import output

LARGEST = 50_000_000


@click.command("owner")
@click.argument("places", nargs=-1, required=True, metavar="PATH[:LINE]...")
@click.option("--source", default=".", metavar="DIR", help="The folder with the source code; by default this one.")
@click.option(
    "--on-call",
    "schedules",
    multiple=True,
    metavar="FILE",
    help="An on-call schedule as PagerDuty or Opsgenie export it (JSON).",
)
@click.option(
    "--admin", "admins", multiple=True, metavar="NAME", help="An administrator of the repository: @acme/platform, @ada."
)
@click.option("--repository", default="", metavar="NAME", help="What the repository is called: github.com/acme/shop.")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a path.")
def command(
    places: tuple[str, ...],
    source: str,
    schedules: tuple[str, ...],
    admins: tuple[str, ...],
    repository: str,
    *,
    as_lines: bool,
) -> None:
    """Say who owns files, folders or services, how sure that is, and why. Needs no server.

    Asked are, in this order: seamark.yaml, catalog-info.yaml, CODEOWNERS and OWNERS files, on-call schedules, the git history, the
    maintainers in manifests, and administrators.

    \b
    Examples:
      seamark owner src/payments.py
      seamark owner src/payments.py:42 --source ~/shop
      seamark owner orders --json
      seamark owner services/orders --on-call schedule.json

    \b
    Exit codes: 0 answered, also where nobody is found; 2 no such folder or path, or an unreadable schedule.
    """
    root = Path(source)
    if not root.is_dir():
        raise click.UsageError(f"There is no folder {source}")
    tree = Tree(root, repository_key(root, repository))
    resolver = Resolver(tree, schedules=_schedules(schedules), admins=admins)
    missing = False
    for place in places:
        path, line = _parted(place, root)
        found = _ask(tree, resolver, path, line)
        missing = missing or found is None
        if found is None:
            output.complain(f"{place}: there is no such file, folder or service in {source}")
        elif as_lines:
            output.json_line(_plain(path, line, found))
        else:
            _show(place, found)
    for trouble in tree.troubles:
        output.complain(f"note: {trouble.at} {trouble.text}".replace("  ", " "))
    if missing:
        raise click.exceptions.Exit(2)


def _schedules(paths: tuple[str, ...]) -> list[Schedule]:
    found = []
    for path in paths:
        data = read_file(Path(path), LARGEST)
        if data is None:
            raise click.UsageError(f"There is no file {path}, or it is larger than 50 MB")
        try:
            found += read_schedules(data)
        except SeamarkError as error:
            raise click.UsageError(f"{path}: {error}") from None
    return found


def _parted(place: str, root: Path) -> tuple[str, int]:
    """Return a path relative to the source, and its line, 0 for none."""
    told = re.fullmatch(r"(.+?):(\d{1,9})(?::\d+)?", place)
    path, line = (told[1], int(told[2])) if told and not (root / place).exists() else (place, 0)
    whole = Path(path)
    if whole.is_absolute() or (not (root / path).exists() and whole.exists()):
        relative = os.path.relpath(os.path.abspath(path), os.path.abspath(root))  # noqa: PTH100 - links stay as they are written
        path = path if relative.startswith("..") else relative
    return Path(path).as_posix(), line


def _ask(tree: Tree, resolver: Resolver, path: str, line: int) -> Owners | None:
    inside = "" if path == "." else path.strip("/")
    if not inside or tree.has(inside) or any(each.startswith(f"{inside}/") for each in tree.files):
        return resolver.of_path(inside, line)
    found = resolver.of_service(path)
    return found if found.ranked else None


def _plain(path: str, line: int, found: Owners) -> dict[str, Any]:
    owners = []
    for owner in found.ranked:
        plain = msgspec.to_builtins(owner)
        owners.append({**plain.pop("ref"), **plain})
    return {"path": path, **({"line": line} if line else {}), "owners": owners, "gap": found.gap}


def _show(place: str, found: Owners) -> None:
    output.say(place)
    for number, owner in enumerate(found.ranked, start=1):
        output.say(f"  {number}. {owner.ref.key} ({owner.ref.kind}), {owner.confidence:.0%} sure")
        output.say(f"     {owner.reason}")
    if found.gap:
        output.say(f"  {found.gap}")
