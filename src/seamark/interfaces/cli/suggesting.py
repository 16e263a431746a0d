"""seamark fix suggest: a change by a language model, for a finding of a report or for an issue of the platform."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from seamark.core.errors import UnreadableReport
from seamark.core.finding import Finding
from seamark.core.report import Run
from seamark.intake.parsers.kit.read import open_report
from seamark.interfaces.cli import output
from seamark.interfaces.cli.files import Place
from seamark.interfaces.cli.references import issue_named, issue_number
from seamark.response.remediation.model_patches.drafted import Drafted, header
from seamark.response.remediation.model_patches.make import subject_of
from seamark.response.remediation.model_patches.redaction import marks

if TYPE_CHECKING:
    from seamark.pipeline.model_patches.draft import Question, Send
    from seamark.response.remediation.model_patches.prompt import Prompt, Subject
    from seamark.store.models import ModelPatch

UNREADABLE: Final = 2


@click.command("suggest")
@click.argument("words", nargs=-1, metavar="[SM-12] PATH")
@click.option("--report", type=Place(exists=True, dir_okay=False, path_type=Path), metavar="FILE", help="A scanner's report, in place of an issue.")  # fmt: skip
@click.option("--finding", "number", type=click.IntRange(1, 1_000_000), metavar="N", help="With --report: the finding, counted from 1 as `seamark read` prints them.")  # fmt: skip
@click.option(
    "--test",
    "test",
    default="",
    metavar="CMD",
    help="Run this in a copy with the change, without a shell; it has to pass.",
)
@click.option("--show-prompt", is_flag=True, help="Print exactly what would be sent, and send nothing.")
@click.option("--in-place", is_flag=True, help="Write the change into PATH, where every check passed and a scan has shown that the finding is gone.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def suggest(
    words: tuple[str, ...], report: Path | None, number: int | None, test: str, *, show_prompt: bool, in_place: bool, as_json: bool
) -> None:  # fmt: skip
    """Ask a language model for a change that clears one finding of the working tree PATH, and check what it answers.

    Off unless SEAMARK_MODEL_URL and SEAMARK_MODEL_NAME name a model. Sent are the finding, the article about its weakness and some lines of
    its file, without the secrets that are recognised. The answer has to be a small diff of that file that applies, parses, silences no
    scanner and, where the scanner is installed, clears the finding. With an issue the result is kept, for its page and its pull request.

    \b
    Examples:
      seamark fix suggest --report bandit.json --finding 3 . --show-prompt
      seamark fix suggest --report bandit.json --finding 3 . --test "python -m pytest -q"
      seamark fix suggest SM-12 .

    \b
    Exit codes: 0 a change that a scan has verified, 1 none, or one that no scan has verified, 2 wrong words or something unreadable.
    """
    if (report is None) != (number is None):
        raise click.UsageError("--report and --finding belong together.")
    if len(words) != (1 if report is not None else 2):
        raise click.UsageError("Name an issue and PATH, or --report, --finding and PATH.")
    root = Path(words[-1])
    if not root.is_dir():
        raise click.UsageError(f"There is no folder {output.named(str(root))!r}.")
    from seamark.interfaces.cli.database import boot

    boot(migrate=report is None)
    try:
        if report is not None and number is not None:
            _from_report(root, report, number, test, show_prompt=show_prompt, in_place=in_place, as_json=as_json)
        else:
            _of_issue(root, words[0], test, show_prompt=show_prompt, in_place=in_place, as_json=as_json)
    except UnreadableReport as error:
        output.complain(str(error))
        raise click.exceptions.Exit(UNREADABLE) from None


def _from_report(root: Path, report: Path, number: int, test: str, *, show_prompt: bool, in_place: bool, as_json: bool) -> None:  # fmt: skip
    from django.conf import settings

    from seamark.intake.connectors.completions import Completion, complete
    from seamark.pipeline.model_patches import budget, configured

    given = _question(root, _found(report, number))
    if show_prompt:
        _show(given, as_json=as_json)
        return
    model, home = configured.endpoint(), Path(settings.SEAMARK_HOME)

    def send(prompt: Prompt) -> Completion:
        budget.take(home, configured.limits())
        answered = complete(model, [(one.role, one.content) for one in prompt.messages])
        budget.add(home, answered.tokens)
        return answered

    _finish(root, given, send, test, in_place=in_place, as_json=as_json)


def _of_issue(root: Path, reference: str, test: str, *, show_prompt: bool, in_place: bool, as_json: bool) -> None:
    from seamark.pipeline.model_patches import asking

    issue = issue_named(issue_number(reference))
    given = _question(root, asking.subject_in(issue))
    if show_prompt:
        _show(given, as_json=as_json)
        return
    row = asking.begin(None, issue, given.asked.subject)
    _finish(root, given, asking.sender(row), test, in_place=in_place, as_json=as_json, row=row)


def _found(report: Path, number: int) -> Subject:
    """Return a finding of a report as a subject."""
    opened = open_report(report)
    tool, at = opened.parser.title, 0
    for item in opened.items():
        if isinstance(item, Run):
            tool = item.tool or tool
        elif isinstance(item, Finding):
            at += 1
            if at == number:
                return subject_of(tool, item)
    output.complain(f"The report has {output.count(at, 'finding')}, and no number {number}")
    raise click.exceptions.Exit(UNREADABLE)


def _question(root: Path, subject: Subject) -> Question:
    from seamark.pipeline.model_patches import configured, draft

    return draft.question(root, subject, lines=configured.lines())


def _show(given: Question, *, as_json: bool) -> None:
    """Print what would be sent. The boundary is drawn anew each time."""
    prompt = given.asked.prompt
    if as_json:
        output.json_line(
            {
                "messages": [{"role": one.role, "content": one.content} for one in prompt.messages],
                "secrets_hidden": prompt.hidden,
            }
        )
        return
    for one in prompt.messages:
        for line in (f"[{one.role}]", *one.content.split("\n"), ""):
            output.say(output.named(line))


def _finish(
    root: Path, given: Question, send: Send, test: str, *, in_place: bool, as_json: bool, row: ModelPatch | None = None
) -> None:  # fmt: skip
    """Ask, check, print and write; keep what came of it where there is a row."""
    from seamark.core.errors import SeamarkError
    from seamark.pipeline.model_patches import asking, configured, draft, files, opening

    try:
        found, data = draft.draft(root, given, send, model=configured.endpoint().model, test=test)
    except SeamarkError as error:
        if row is not None:
            asking.give_up(row, str(error))
        raise
    if row is not None:
        asking.keep(row, found)
    written = in_place and found.verified
    if written:
        files.write(root, found.path, given.data, data)
        if row is not None:
            opening.applied(None, row)
    if as_json:
        output.json_line(_plain(found, row, written=written))
    else:
        _print(found, in_place=in_place)
    if not found.verified:
        raise click.exceptions.Exit(1)


def _plain(found: Drafted, row: ModelPatch | None, *, written: bool) -> dict[str, Any]:
    return {
        "machine_made": True, "model": found.model, "prompt": found.prompt, "tokens": found.tokens, "path": found.path, "usable": found.usable,
        "verified": found.verified, "checks": [{"name": one.name, "state": one.state, "why": one.why} for one in found.checks],
        "remarks": list(found.remarks), "diff": output.named(header(found) + found.diff) if found.diff else None, "written": written, "id": row.pk if row is not None else None,
    }  # fmt: skip


def _print(found: Drafted, *, in_place: bool) -> None:
    if found.usable and sys.stdout is not None:
        click.echo((header(found) + found.diff).encode("utf-8", "surrogateescape"), nl=False)
    for one in found.checks:
        output.complain(f"{one.name}: {one.state}: {output.named(one.why)}")
    for each in found.remarks:
        output.complain(output.named(each))
    if marks(found.diff):
        output.complain(
            "The diff has marks in the place of secrets: --in-place writes it, other programs cannot apply it"
        )
    if in_place and not found.verified:
        output.complain("Nothing was written")
