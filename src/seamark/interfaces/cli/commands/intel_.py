"""seamark intel."""

from __future__ import annotations

import click

from seamark.core.errors import UnreadableReport
from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.files import settled


@click.group("intel")
def command() -> None:
    """Fetch or load what is known of exploitation: EPSS, KEV, exploits, scores.

    \b
    Examples:
      seamark intel update
      seamark intel import epss_scores-current.csv.gz
      seamark intel import known_exploited_vulnerabilities.json
      seamark intel status
    """


@command.command("update")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
def update(feeds: tuple[str, ...]) -> None:
    """Fetch feeds that changed, and score anew what they concern: epss, kev, euvd, exploit-db, metasploit, nuclei and nvd, or those named.

    Only this command opens the network, and only when called. vulnrichment, cve, osv and github are large and fetched
    when named. SEAMARK_FEED_MIRROR names a mirror. A feed that fails leaves what was loaded, and is shown by `status`.

    \b
    Examples:
      seamark intel update
      seamark intel update epss kev
      seamark intel update vulnrichment
    """
    boot()
    from django.conf import settings

    from seamark.pipeline.feeds import update as fetch

    failed = False
    for one in fetch(feeds, settings.SEAMARK_HOME / "feeds", settings.SEAMARK_FEED_MIRROR):
        if one.failure:
            failed = True
            output.complain(f"{one.name}: {one.failure}")
        elif one.loaded is None:
            output.say(f"{one.name}: unchanged")
        else:
            rescored = output.count(one.loaded.rescored, "issue")
            output.say(
                f"{one.name}: {one.loaded.snapshot}, {output.count(one.loaded.rows, 'row')}; {rescored} scored anew"
            )
    if failed:
        raise click.exceptions.Exit(1)


@command.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def load(files: tuple[str, ...]) -> None:
    """Load files of any feed, and score anew what they concern: for machines without the network.

    EPSS, KEV (CISA, ENISA, VulnCheck), CVE 5 and Vulnrichment, NVD 2.0, OSV, GitHub, Exploit-DB, Metasploit, nuclei, or a
    table of facts; gzip and zip are understood.
    """
    boot()
    from seamark.pipeline.feeds import import_feed

    unreadable = False
    for path in files:
        name = output.named(path)
        try:
            with settled(path) as file:
                loaded = import_feed(file, name)
        except UnreadableReport as error:
            unreadable = True
            output.complain(f"{name}: {error}")
            continue
        day = loaded.date or "an unknown day"
        rescored = output.count(loaded.rescored, "issue")
        output.say(f"{name}: {loaded.kind}, {output.count(loaded.rows, 'row')} as of {day}; {rescored} scored anew")
    if unreadable:
        raise click.exceptions.Exit(2)


@command.command("status")
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line.")
def status(*, as_lines: bool) -> None:
    """Say which snapshots are loaded, how old they are, and which feed failed."""
    boot()
    from django.utils import timezone

    from seamark.pipeline.feeds import standing

    found = standing(timezone.now())
    if as_lines:
        for one in found:
            output.json_line(one)
        return
    if not any(one["entries"] for one in found):
        click.echo("No intelligence is loaded; scores do not know what is exploited.")
    for one in found:
        words = [
            f"{one['snapshot']}: {one['entries']:,} entries" if one["snapshot"] else f"{one['feed']}: nothing loaded"
        ]
        if one["age"] is not None:
            words.append(f"{output.count(one['age'], 'day')} old")
        if one["old"]:
            words.append("OLD: `seamark intel update` or `import` a newer file")
        if one["failure"]:
            words.append(f"FAILED: {one['failure']}")
        output.say(", ".join(words))
