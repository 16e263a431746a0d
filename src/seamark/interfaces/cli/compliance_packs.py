"""The part of `seamark compliance` that makes evidence packs, verifies them, publishes VEX and tells of a day's changes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import application_named, boot

if TYPE_CHECKING:
    from seamark.pipeline.compliance.scope import Scope

_json = click.option("--json", "as_lines", is_flag=True, help="One JSON object.")
_application = click.option(
    "--application", default="", metavar="NAME", help="Only this application; all of it otherwise."
)
_unit = click.option("--unit", default="", metavar="NAME", help="Only this business unit, with those below it.")
_framework = click.option("--framework", required=True, metavar="NAME", help="As `seamark compliance list` names it.")
_NEW_FILE: Final = click.Path(path_type=Path, dir_okay=False)


@click.command("export")
@_framework
@_application
@_unit
@click.option("--period", required=True, help="2026, 2026-Q3, 2026-08 or 2026-07-01..2026-09-15.")
@click.option("--output", "path", required=True, type=_NEW_FILE, help="The ZIP file, which must not be there yet.")
@click.option("--unsealed", is_flag=True, help="Without the ledger's key: a pack that nothing vouches for.")
@_json
def export(
    framework: str, application: str, unit: str, period: str, path: Path, *, unsealed: bool, as_lines: bool
) -> None:
    """Write an evidence pack for auditors: report (PDF, XLSX, JSON), OSCAL, evidence, SBOM, VEX, proofs and a verifier.

    The same rows give the same bytes. The ledger records the pack's list of files, and is signed for that.

    \b
    Example:
      seamark compliance export --framework pci-dss-4 --application payments --period 2026-Q3 --output pack.zip

    \b
    Exit codes: 0 written, 1 it cannot be made or the file cannot be written.
    """
    boot()
    from seamark.insight.exports.pack.period import read_period
    from seamark.pipeline.compliance.pack import make
    from seamark.store.access import everything

    asked = read_period(period)
    made = make(everything(), framework, _scope(application, unit), asked, sealed=not unsealed)
    _write(path, made.content)
    if as_lines:
        told = {"path": str(path), "manifest": made.digest, "entry": made.entry, "files": made.files, "as_of": made.pack.as_of, "controls": len(made.pack.controls), "gaps": len(made.pack.gaps)}  # fmt: skip
        output.json_line(told)
        return
    output.say(f"{path}: {output.count(made.files, 'file')}, as of {made.pack.as_of[:16].replace('T', ' ')} UTC")
    if made.entry is not None:
        output.say(f"Its manifest {made.digest} is entry {made.entry} of the ledger")
    else:
        output.complain("It is not sealed: nothing vouches for it")


@click.command("verify")
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--key", required=True, help="The ledger's key (name+id+key), or a file that holds it.")
@click.option("--database", is_flag=True, help="Compare the rows behind the pack, and this installation's ledger, too.")
@_json
@click.pass_context
def verify(context: click.Context, path: Path, key: str, *, database: bool, as_lines: bool) -> None:
    """Verify an evidence pack: offline, or with the rows that it was made from.

    The key has to come from elsewhere than the pack: who can forge one can put a key of their own beside it.

    \b
    Exit codes: 0 all is as sealed, 1 something is not, 2 this is no pack or no key.
    """
    from seamark.pipeline.compliance.pack_offline import UnusablePack, offline

    try:
        text = key if "+" in key and not Path(key).is_file() else Path(key).read_text("utf-8", "replace")
        if database:
            boot()
            from seamark.pipeline.compliance.pack_verify import beside
            from seamark.store.access import everything

            told = beside(everything(), path, text)
        else:
            told = offline(path, text)
    except (UnusablePack, OSError) as error:
        output.complain(str(error))
        context.exit(2)
    if as_lines:
        output.json_line(told)
    else:
        for fault in told.faults:
            output.say(fault)
        for one in told.since:
            output.say(f"note: {one}")
        rows = f", {told.rows:,} live rows compared" if told.rows is not None else ""
        verdict = "Good" if told.ok else "NOT as sealed"
        output.say(f"{verdict}: {told.files} files as listed, {told.entries} entries of the ledger proven{rows}")
    context.exit(0 if told.ok else 1)


@click.command("verifier")
@click.option("--output", "path", type=_NEW_FILE, help="Write it to this file, which must not be there yet.")
def verifier(path: Path | None) -> None:
    """Print the script that verifies packs with Python's standard library alone, to give it to an auditor."""
    from seamark.insight.exports.pack.script import verifier as script

    if path is None:
        click.echo(script(), nl=False)
        return
    _write(path, script())


@click.command("vex")
@click.option("--application", required=True, metavar="NAME", help="The product.")
@click.option("--format", "form", type=click.Choice(["openvex", "csaf", "cyclonedx"]), default="openvex", show_default=True, help="OpenVEX 0.2.0, CSAF 2.0 (profile VEX) or CycloneDX 1.6.")  # fmt: skip
@click.option("--output", "path", type=_NEW_FILE, help="Write it to this file, which must not be there yet, instead of printing it.")  # fmt: skip
def vex(application: str, form: str, path: Path | None) -> None:
    """Write what was decided about vulnerabilities in a product's components (VEX), for those who use it.

    \b
    Exit codes: 0 written, 1 no such application, nothing is said of it yet, or the file cannot be written.
    """
    boot()
    from seamark.pipeline.compliance.pack_software import vex as document
    from seamark.store.access import everything

    found = document(everything(), application_named(application), form)
    if found is None:
        raise click.ClickException(f"Nothing is said of {application}'s components yet, and {form} has no empty form")
    if path is None:
        click.echo(found, nl=False)
        return
    _write(path, found)


@click.command("delta")
@_framework
@_application
@_unit
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Which day (UTC); yesterday otherwise.")
@_json
def delta(framework: str, application: str, unit: str, day: datetime | None, *, as_lines: bool) -> None:
    """Tell what changed in a day: controls, checks, the plan of action, evidence, and what lapses soon.

    \b
    Example, every morning:
      seamark compliance delta --framework pci-dss-4 --application payments > delta.md
    """
    boot()
    from seamark.insight.exports.pack.delta import markdown
    from seamark.pipeline.compliance.pack_delta import delta_of, yesterday
    from seamark.store.access import everything

    found = delta_of(everything(), framework, _scope(application, unit), day.date() if day else yesterday())
    if as_lines:
        output.json_line(found)
        return
    click.echo(markdown(found), nl=False)


COMMANDS: Final = (export, verify, verifier, vex, delta)
"""What `seamark compliance` takes from here."""


def _scope(application: str, unit: str) -> Scope:
    from seamark.pipeline.compliance.scope import scope_of
    from seamark.store.access import everything

    if application and unit:
        raise click.UsageError("--application and --unit exclude each other")
    return scope_of(everything(), application=application, unit=unit)


def _write(path: Path, content: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise click.ClickException(f"{output.named(str(path))} is there already; nothing was written") from None
    except OSError as error:
        raise click.ClickException(f"{output.named(str(path))} cannot be written: {error}") from None
