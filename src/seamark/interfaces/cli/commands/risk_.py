"""seamark risk."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from seamark.core.errors import InvalidQuery, UnreadableReport
from seamark.interfaces.cli import output
from seamark.interfaces.cli.files import settled
from seamark.interfaces.cli.profiles import profile as profile_commands
from seamark.interfaces.cli.profiles import profiles, read_profile
from seamark.interfaces.cli.table import Column
from seamark.interfaces.cli.upkeep import refresh

if TYPE_CHECKING:
    from seamark.analysis.risk import Profile
    from seamark.analysis.risk.backtest import BackTest
    from seamark.analysis.risk.known_then import Then
    from seamark.intake.connectors.feeds.statements import Feed

COLUMNS = (
    Column("Effort", right=True),
    Column("Ranked by", least=9),
    Column("Mended", right=True),
    Column("Covered", right=True),
    Column("Coverage", right=True),
    Column("95 % interval", right=True),
    Column("Efficiency", right=True),
    Column("Tied", right=True),
)


@click.group("risk")
def command() -> None:
    """Show, change and judge the weights behind the score; rate CVSS vectors.

    \b
    Examples:
      seamark risk backtest --epss epss-2025-08-28.csv.gz --kev kev.json --as-of 2025-08-28
      seamark risk cvss CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H --exposure internal
      seamark risk profile preview ours.yaml
    """


command.add_command(profiles)
command.add_command(profile_commands)
command.add_command(refresh)


@command.command("cvss")
@click.argument("vector")
@click.option(
    "--exploit",
    type=click.Choice(["none", "poc", "template", "weaponised"]),
    default=None,
    help="What is public to exploit it.",
)
@click.option("--exploited", is_flag=True, help="It is exploited in the wild.")
@click.option(
    "--exposure",
    type=click.Choice(["internet", "partner", "internal", "none"]),
    default=None,
    help="Who can reach the asset.",
)
@click.option(
    "--criticality", type=click.IntRange(1, 4), default=None, help="Tier of the application, 1 is most critical."
)
@click.option(
    "--data",
    "classes",
    multiple=True,
    metavar="CLASS",
    help="Class of data that it handles, such as PII; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def cvss(
    vector: str, exploit: str | None, exposure: str | None, criticality: int | None, classes: tuple[str, ...], *, exploited: bool, as_json: bool
) -> None:  # fmt: skip
    """Print the base score of a CVSS vector (2, 3.0, 3.1, 4.0), and what it is with threat and where the asset stands.

    \b
    Examples:
      seamark risk cvss CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H --exposure internal --criticality 1
    """
    from seamark.analysis.risk.cvss import rate

    try:
        found = rate(
            vector, exploit=exploit or "", exploited=exploited, exposure=exposure or "", criticality=criticality or 0, data_classes=classes
        )  # fmt: skip
    except InvalidQuery as error:
        raise click.BadParameter(str(error), param_hint="VECTOR") from None
    if as_json:
        output.json_line(found)
        return
    output.say(
        f"base {found.base:.1f}, with threat {found.threat:.1f}, where it stands {found.environmental:.1f} (CVSS {found.version})"
    )
    output.say(f"added: {' '.join(found.added) or 'nothing'}")


@command.command("backtest")
@click.option("--epss", required=True, metavar="FILE", help="EPSS table of the day.")
@click.option(
    "--kev", required=True, metavar="FILE", help="KEV catalogue; what it lists after the day is to be foreseen."
)
@click.option("--as-of", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day.")
@click.option("--kev-later", metavar="FILE", help="A newer KEV catalogue, where --kev is the state of the day.")
@click.option("--nvd", metavar="FILE", help="CVSS scores known on the day: NVD 2.0 JSON, or a table.")
@click.option("--vulnrichment", metavar="FILE", help="CVSS and SSVC known on the day: CVE 5 records, or a table.")
@click.option("--profile", metavar="FILE", help="Risk profile (YAML); by default the product's own.")
@click.option("--rated-only", is_flag=True, help="Only flaws whose CVSS score was known on the day.")
@click.option("--plot", metavar="FILE.svg", help="Draw the curves into this file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def backtest(
    epss: str, kev: str, as_of: datetime, kev_later: str | None, nvd: str | None, vulnrichment: str | None, profile: str | None,
    plot: str | None, *, rated_only: bool, as_json: bool,
) -> None:  # fmt: skip
    """Rank all flaws by what was known on a day, and count which of those exploited later came first.

    Nothing that was said after the day is looked at; catalogue entries added later are the answer. Flaws that were
    listed on the day, and those without an EPSS score, are counted apart. Flaws that a ranking does not tell apart
    count in proportion where the effort ends among them.

    \b
    Examples:
      seamark risk backtest --epss epss-2025-08-28.csv.gz --kev kev.json --as-of 2025-08-28
      seamark risk backtest --epss epss.csv.gz --kev then.json --kev-later now.json --as-of 2025-08-28 --plot curves.svg
    """
    if plot is not None and not plot.lower().endswith(".svg"):
        raise click.UsageError("--plot draws SVG: name a file that ends with .svg")
    from seamark.analysis.risk import backtest as engine
    from seamark.analysis.risk.curves import draw
    from seamark.analysis.risk.known_then import known_then

    weights = _profile(profile)
    then = known_then(
        as_of.date(), _feed(epss), _feed(kev), _feed(kev_later) if kev_later else None,
        [_feed(path) for path in (vulnrichment, nvd) if path],
    )  # fmt: skip
    facts = {name: one for name, one in then.facts.items() if one.cvss is not None} if rated_only else then.facts
    found = engine.backtest(facts, set(then.later), weights, as_of=as_of.date().isoformat())
    if plot is not None:
        _write(Path(plot), draw(found))
    if as_json:
        output.json_line(_as_json(found, then))
    else:
        _print(found, then)


def _feed(path: str) -> Feed:
    from seamark.intake.connectors.feeds.catalogue import read_feed

    try:
        with settled(path) as file:
            return read_feed(file)
    except UnreadableReport as error:
        raise UnreadableReport(f"{output.named(path)}: {error}") from None


def _profile(path: str | None) -> Profile:
    from seamark.analysis.risk import default_profile

    return default_profile() if path is None else read_profile(path)[0]


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{output.named(str(path))} cannot be written: {error}") from None


def _as_json(found: BackTest, then: Then) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(then)
    apart = {key: value for key, value in told.items() if key not in {"facts", "later"}}
    return {**msgspec.to_builtins(found), **apart}


def _print(found: BackTest, then: Then) -> None:
    output.paragraph(
        f"{found.flaws:,} flaws known on {found.as_of}, {found.positives:,} of them exploited later (until {then.until})",
        "bold",
    )  # fmt: skip
    told = [
        f"profile {found.profile}",
        f"CVSS known of {then.rated:,}",
        f"apart: {then.listed:,} listed already, {then.unscored:,} exploited later without an EPSS score on the day",
        f"{then.late:,} later statements left out" if then.late else "",
    ]
    output.paragraph(" · ".join(word for word in told if word), "dim")
    for note in then.notes:
        output.paragraph(note)
    if not found.positives:
        click.echo("There is nothing to foresee: none of these flaws is listed after the day.")
        return
    ordered = sorted(found.measures, key=lambda one: one.effort)
    output.table(
        COLUMNS,
        [
            [
                output.text(word)
                for word in (
                    f"{one.effort * 100:g} %", one.strategy, f"{one.mended:,}", f"{one.covered:.1f}", f"{one.coverage * 100:.1f} %",
                    f"{one.low * 100:.0f}-{one.high * 100:.0f} %", f"{one.efficiency * 100:.3f} %", f"{one.tied:,}" if one.tied > 1 else "",
                )
            ]
            for one in ordered
        ],
    )  # fmt: skip
