"""seamark gate."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from seamark.intake.parsers.kit.read import collector_at_rest
from seamark.interfaces.cli import failures, output
from seamark.interfaces.cli.files import Place
from seamark.interfaces.cli.gating import (
    FORMATS,
    Also,
    read_baseline,
    read_context,
    read_policies,
    read_reports,
    show,
    undecided,
)

_FORGES = ("github", "gitlab", "bitbucket", "azure", "gitea")


@click.command("gate")
@click.argument("reports", nargs=-1, metavar="[REPORT...]")
@click.option(
    "--stage", type=click.Choice(["pull_request", "build", "deploy"]), default="pull_request", show_default=True,
    help="What is asked for: policies say what they do at each stage.",
)  # fmt: skip
@click.option(
    "--policies", type=Place(exists=True, path_type=Path), metavar="DIR", help="Folder or file with policies (default: the starter bundle)."
)  # fmt: skip
@click.option(
    "--baseline", multiple=True, metavar="FILE",
    help="What was known before: a file of --write-baseline, or the reports of the target branch (repeat it).",
)  # fmt: skip
@click.option(
    "--write-baseline",
    type=Place(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write what these reports say as a baseline, and decide nothing.",
)
@click.option(
    "--source",
    type=Place(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="The checkout that was scanned.",
)
@click.option(
    "--base",
    default="",
    metavar="REV",
    help="The target branch in --source (default there: this folder): only what the change brings is new.",
)
@click.option("--all-new", is_flag=True, help="Take every issue as new: a first look, with nothing to compare with.")
@click.option(
    "--application-context",
    "context",
    type=Place(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The application's seamark.yaml (default: that of --source).",
)
@click.option(
    "--application",
    default="",
    metavar="NAME",
    help="The application; with a server, the one whose verdict is asked for.",
)
@click.option(
    "--url",
    envvar="SEAMARK_URL",
    default="",
    help="Ask this server, with its waivers, triage and context [SEAMARK_URL].",
)
@click.option(
    "--token", envvar="SEAMARK_TOKEN", default="", help="Token for it; better in SEAMARK_TOKEN or SEAMARK_TOKEN_FILE."
)
@click.option(
    "--scan",
    "scans",
    multiple=True,
    type=int,
    metavar="NUMBER",
    help="Ask the server about scans that it has, instead of sending reports.",
)
@click.option(
    "--repository",
    default="",
    metavar="URL",
    help="Where the reports belong on the server (default: what the CI says).",
)
@click.option("--ref", default="", help="Branch or tag that was scanned.")
@click.option("--commit", default="", metavar="SHA", help="Commit that was scanned.")
@click.option("--pull-request", default="", metavar="NUMBER", help="The pull request that is judged.")
@click.option("--image", default="", metavar="REF@DIGEST", help="The container image that was scanned.")
@click.option(
    "--timeout",
    type=click.FloatRange(1, 3600),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long each answer of the server may take.",
)
@click.option(
    "--report-format",
    "format_",
    default="auto",
    show_default=True,
    metavar="NAME",
    help="Take the reports for this format; `seamark formats` lists them.",
)
@click.option(
    "--mapping", type=click.Path(path_type=Path), metavar="FILE", help="Read the reports by this mapping file."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    help="How the outcome is told.",
)
@click.option(
    "--output", "target", type=Place(dir_okay=False, path_type=Path), metavar="FILE", help="Write it to a file."
)
@click.option(
    "--also", multiple=True, type=Also(), metavar="FORMAT=FILE", help="Write it in a further form as well (repeat it)."
)
@click.option(
    "--comment", type=click.Choice(_FORGES), help="Tell the pull request: one comment, and notes at the changed lines."
)
def command(reports: tuple[str, ...], **given: Any) -> None:
    """Decide whether a change may go on: what the reports say, against the policies.

    Only what the change brings can block where a policy says `newOnly`. An issue is known by its identity, so that moved, renamed
    or indented code is no news. Without a server nothing is kept; with one its waivers, triage and context count.

    \b
    Examples:
      seamark gate reports/*.sarif --baseline main.baseline
      seamark gate semgrep.sarif trivy.json --source . --base origin/main
      seamark gate reports/* --application shop --url https://seamark.example
      seamark gate reports/* --write-baseline main.baseline

    \b
    Exit codes: 0 passed, 1 violated, 2 could not be decided.
    """
    if given["source"] is None and given["base"]:
        given["source"] = Path()
    if not reports and not given["scans"]:
        raise click.UsageError("Name at least one report.")
    if given["all_new"] and (given["baseline"] or given["base"]):
        raise click.UsageError("--all-new compares with nothing: leave out --baseline and --base.")
    from seamark.interfaces.cli.reading import UnknownFormatOption, chosen_format

    try:
        known = chosen_format(given["format_"], given["mapping"])
        if given["write_baseline"] is not None:
            _remember(reports, known, given)
            return
        # None of what is made here forms circles, and the process ends soon: looking for some takes a tenth of the time.
        with collector_at_rest():
            outcome = _outcome(reports, known, given)
    except UnknownFormatOption as error:
        # Wrong words here as well: this command has one exit code for what it could not decide.
        raise click.UsageError(error.message) from None
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception as error:
        # Whatever fails, a mistake of ours included, is no violation.
        if os.environ.get("SEAMARK_DEBUG"):
            raise
        raise undecided(failures.explain(error)[0]) from None
    show(outcome, given["form"], given["target"], given["also"])
    if given["comment"]:
        from seamark.interfaces.cli.commenting import tell

        tell(outcome, given["comment"], source=given["source"], base=given["base"])
    if outcome.exit_code:
        raise click.exceptions.Exit(outcome.exit_code)


def _remember(reports: tuple[str, ...], known: Any, given: dict[str, Any]) -> None:
    from seamark.pipeline.gate import baseline
    from seamark.pipeline.gate.judge import remember

    earlier = read_baseline(given["baseline"], known)
    made = remember(read_reports(reports, known), given["source"], given["commit"], earlier)
    baseline.write(made, given["write_baseline"])
    count = sum(len(stream.findings) for stream in made.streams.values())
    output.say(f"{output.count(count, 'finding')} in {given['write_baseline']}")


def _outcome(reports: tuple[str, ...], known: Any, given: dict[str, Any]) -> Any:
    if given["scans"] and not given["url"]:
        raise click.UsageError("--scan names a scan of a server: name the server with --url.")
    if given["url"] and given["application"]:
        from seamark.interfaces.cli.asking import ask

        return ask(reports, known, given, lambda note: _here(reports, known, given, away=note))
    if given["scans"]:
        raise click.UsageError("--scan needs --application.")
    return _here(reports, known, given)


def _here(reports: tuple[str, ...], known: Any, given: dict[str, Any], *, away: str = "") -> Any:
    """Decide without a server; `away` says why the one that was asked for did not answer."""
    from seamark.governance.policy.model import Stage
    from seamark.pipeline.gate.judge import Question, judge

    bundle = read_policies(given["policies"])
    context, folder = read_context(given["context"], given["source"])
    before = read_baseline(given["baseline"], known)
    question = Question(
        bundle=bundle, stage=Stage(given["stage"]), now=_now(), source=given["source"], base=given["base"], known=before,
        all_new=given["all_new"], context=context, folder=folder, application=given["application"], waived=None if away else False,
        notes=(away,) if away else (),
    )  # fmt: skip
    return judge(read_reports(reports, known), question)


def _now() -> datetime:
    """Return the time that counts; a build that has to give the same bytes again names its own."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isascii() and epoch.isdecimal() and len(epoch) < 12:
        return datetime.fromtimestamp(int(epoch), UTC)
    return datetime.now(UTC).replace(microsecond=0)
