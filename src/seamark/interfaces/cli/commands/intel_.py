"""seamark intel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seamark.core.errors import InvalidSetting, UnreadableReport
from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.files import settled

if TYPE_CHECKING:
    from seamark.pipeline.feeds import Update


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
@click.option(
    "--provider", "given", multiple=True, metavar="NAME=URL", help="A vendor whose advisories `csaf` fetches: an https address or a folder. Takes the place of SEAMARK_CSAF_PROVIDERS."
)  # fmt: skip
def update(feeds: tuple[str, ...], given: tuple[str, ...]) -> None:
    """Fetch feeds that changed, and score anew what they concern: epss, kev, euvd, exploit-db, metasploit, nuclei and nvd, or those named.

    Only this command opens the network, and only when called. vulnrichment, cve, osv and github are large and fetched
    when named. SEAMARK_FEED_MIRROR names a mirror. A feed that fails leaves what was loaded, and is shown by `status`.
    csaf are the advisories and VEX documents of the vendors that you choose: it is fetched where any is named.

    \b
    Examples:
      seamark intel update
      seamark intel update epss kev
      seamark intel update vulnrichment
      seamark intel update csaf --provider acme=https://acme.example/.well-known/csaf/provider-metadata.json
      seamark intel update csaf --provider acme=/srv/advisories
    """
    boot()
    from django.conf import settings

    from seamark.intake.connectors.feeds.provider import providers
    from seamark.pipeline.feeds import update as fetch

    if given and feeds and "csaf" not in {name.lower() for name in feeds}:
        raise click.UsageError("--provider is for the feed csaf, which is not among those named")
    try:
        chosen = providers(given or settings.SEAMARK_CSAF_PROVIDERS)
    except InvalidSetting as error:
        raise click.UsageError(str(error)) from None
    failed = False
    for one in fetch(
        feeds or (("csaf",) if given else ()), settings.SEAMARK_HOME / "feeds", settings.SEAMARK_FEED_MIRROR, providers=chosen,
        internal=settings.SEAMARK_INTERNAL_HOSTS,
    ):  # fmt: skip
        failed = _told(one) or failed
    if failed:
        raise click.exceptions.Exit(1)


def _told(one: Update) -> bool:
    """Say what became of a feed, and return whether it failed."""
    if one.loaded is not None:
        rescored = output.count(one.loaded.rescored, "issue")
        output.say(f"{one.name}: {one.loaded.snapshot}, {output.count(one.loaded.rows, 'row')}; {rescored} scored anew")
    elif not one.failure:
        output.say(f"{one.name}: unchanged")
    if one.left:
        output.say(f"{one.name}: {output.count(one.left, 'document')} more; update again to fetch them")
    if one.failure:
        output.complain(f"{one.name}: {one.failure}")
    return bool(one.failure)


@command.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def load(files: tuple[str, ...]) -> None:
    """Load files of any feed, and score anew what they concern: for machines without the network.

    EPSS, KEV (CISA, ENISA, VulnCheck), CVE 5 and Vulnrichment, NVD 2.0, OSV, GitHub, Exploit-DB, Metasploit, nuclei, CSAF, or a
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
