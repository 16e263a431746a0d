"""`seamark risk refresh`."""

from __future__ import annotations

import click
import msgspec

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot


@click.command("refresh")
@click.option("--all", "everything", is_flag=True, help="Score every open issue anew, whatever changed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def refresh(*, everything: bool, as_json: bool) -> None:
    """Score anew what changed by itself: issues that grew older, expired controls, what runs and was not looked at for too long.

    A worker does this once a day.

    \b
    Examples:
      seamark risk refresh
      seamark risk refresh --all
    """
    boot()
    from seamark.pipeline import daily

    passed = daily.run()
    scored = daily.refresh_all() if everything else 0
    if as_json:
        output.json_line({**msgspec.to_builtins(passed), "all": scored})
        return
    output.say(
        f"{output.count(passed.aged, 'issue')} came to the next step of age, {output.count(passed.expired, 'issue')} lost a control, "
        f"{output.count(passed.stale, 'issue')} run otherwise than was known"
    )
    if everything:
        output.say(f"{output.count(scored, 'issue')} scored anew")
