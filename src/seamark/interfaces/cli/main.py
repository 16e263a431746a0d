"""The command line. Exit codes: 0 done, 1 it could not be done, 2 wrong words or an unreadable report, 3 unknown or ambiguous format."""

from __future__ import annotations

import importlib
import io
import os
import sys
from pathlib import Path

import click

from seamark import __version__
from seamark.interfaces.cli import failures
from seamark.interfaces.cli.table import printable

COMMANDS = {
    "read": "Print what scanner reports say, without keeping anything.",
    "formats": "List the report formats that can be read.",
    "mapping": "Read reports of any other tool by a mapping file: propose one, try it.",
    "discover": "Say what a folder with source code holds: services, APIs, images, packages, data.",
    "runtime": "Take over what runs in clusters and clouds, and say how it drifted.",
    "reach": "Say whether vulnerable packages are imported by code that runs, and affected symbols used.",
    "owner": "Say who owns a file, a folder or a service, how sure that is, and why.",
    "diff": "Compare the reports of two states: new, fixed, moved.",
    "sbom": "Judge, compare, search and merge inventories of software (SBOM).",
    "provenance": "Say which build made an artefact from which commit, and whether that is signed.",
    "correlate": "Say which findings of several reports are one issue, without keeping anything.",
    "gate": "Decide whether a change may go on: reports against policies.",
    "import": "Import scanner reports into an application.",
    "scan": "Run the scanners that are installed, and import what they report.",
    "issues": "List issues, riskiest first.",
    "show": "Show one issue: evidence by tool, why it is one, receipt, history.",
    "join": "Make several issues one, for good.",
    "split": "Take findings out of an issue, for good.",
    "apart": "Say that two issues never are one.",
    "unmerge": "Give an issue that became part of another one its findings and history back.",
    "suggestions": "List pairs of findings that may be one problem; accept or reject them.",
    "aliases": "Show which names mean one flaw, and who says so; revoke what is wrong.",
    "graph": "Ask how assets hang together: blast radius, exposure, coverage.",
    "policy": "Write, test and simulate policies; say what is in force.",
    "crown": "Mark what the business must not lose, and say what touches it.",
    "cve": "Say whether a vulnerability affects you: where it runs, where and how to fix it.",
    "receipt": "Take the account of a score with you, and check it anywhere.",
    "fix": "Plan and make the changes that clear vulnerable packages of a folder.",
    "fixes": "List the changes that remove most risk.",
    "tickets": "List tickets at other services, and open those of fixes and issues.",
    "deliveries": "Say what went out to other services; send again what was given up.",
    "serve": "Start the web UI and the API.",
    "worker": "Work off what waits, and what is due once a day.",
    "migrate": "Create or update the database.",
    "intel": "Fetch or load what is known of exploitation, and say how old it is.",
    "risk": "Judge the weights behind the score: back-test them; rate CVSS vectors.",
    "engagement": "Penetration tests: agree, report, test again with proof.",
    "waiver": "Ask for exceptions from policies, and decide about them.",
    "automation": "Triage rules: list, try, adopt and approve them; confirm dismissals.",
    "sla": "Say how service levels are kept, and when an issue is due.",
    "compliance": "Say where frameworks and controls stand; keep evidence.",
    "metrics": "Measures: record facts, show and compare them, export and ask them.",
    "ledger": "Read, sign, export and verify the record of all decisions.",
    "user": "Add people and service accounts, switch them off, and make tokens.",
    "group": "Make groups of people that are granted together.",
    "role": "Say what each role may do, and make roles of your own.",
    "grant": "Give roles to people, groups and service accounts, and take them away.",
    "token": "Make, list and revoke API tokens; let pipelines get theirs by themselves.",
    "sso": "Let people log in at a provider: OpenID Connect or SAML.",
    "demo": "Import the example application and show it.",
    "check": "Check settings, database and installation.",
    "completion": "Print the shell completion script.",
}

ALIASES = {"intelligence": "intel"}
"""Names that commands had before."""


class Commands(click.Group):
    """Finds commands by name and imports only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return all names in the order in which they are explained."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Return a command, or None where there is none of that name."""
        cmd_name = ALIASES.get(cmd_name, cmd_name)
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"seamark.interfaces.cli.commands.{cmd_name}_")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command where one is misspelt."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            if near:
                raise click.UsageError(f"{error.message} Did you mean {near[0]!r}?", ctx) from None
            raise

    def invoke(self, ctx: click.Context) -> None:
        """Call the command. A reader that leaves early, as `head` does, ends it quietly: nobody misses the rest."""
        try:
            super().invoke(ctx)
        except BrokenPipeError:
            failures.leave_closed_pipe()
            ctx.exit(0)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="seamark")
def main() -> None:
    """From a heap of scanner reports to one prioritised list.

    \b
    Examples:
      seamark read trivy.json semgrep.sarif         what do these reports say?
      seamark import *.json --application shop      keep them, and find out what is the same
      seamark issues --limit 10                     what to fix first
      seamark serve                                 the web UI on http://127.0.0.1:8000
    """
    if folder := os.environ.get("SEAMARK_MAPPINGS", "").strip():
        from seamark.intake.parsers.kit.folder import use

        use(Path(folder).expanduser())


def run() -> None:
    """Run the command line, and turn every failure into one line and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal without Unicode gets question marks rather than a failure.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        failures.refuse_broken_text(sys.argv[1:])
        # Where a command ends with an exit code, click returns that; the commands themselves return nothing.
        sys.exit(main.main(standalone_mode=False, prog_name="seamark"))
    except click.ClickException as error:
        told = io.StringIO()
        error.show(told)
        click.echo(printable(told.getvalue(), keep="\n\t"), err=True, nl=False)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo(failures.STOPPED_SENTENCE, err=True)
        sys.exit(failures.STOPPED)
    except Exception as error:  # the last door: a sentence instead of a traceback
        if os.environ.get("SEAMARK_DEBUG", "").lower() in {"1", "true", "yes", "on"}:
            raise
        sentence, code = failures.explain(error)
        click.echo(printable(f"seamark: {sentence}"), err=True)
        sys.exit(code)
