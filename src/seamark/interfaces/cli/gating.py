"""What `seamark gate` reads and writes: reports, baselines, policies, context; and the outcome in the form that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from seamark.core.errors import SeamarkError, UnknownFormat, UnreadableReport
from seamark.insight.exports.gate import documents
from seamark.insight.exports.gate.markdown import markdown
from seamark.insight.exports.gate.outcome import UNDECIDED, Outcome
from seamark.insight.exports.gate.text import lines
from seamark.interfaces.cli import output
from seamark.interfaces.cli.files import settled
from seamark.pipeline.gate import baseline
from seamark.pipeline.gate.baseline import Baseline
from seamark.pipeline.gather import Gathered

if TYPE_CHECKING:
    from seamark.governance.policy.bundle import Bundle
    from seamark.intake.discovery.context import ApplicationContext
    from seamark.intake.parsers.kit.registry import Parser

FORMATS: Final[dict[str, Callable[[Outcome], str]]] = {
    "text": lambda outcome: "".join(f"{line}\n" for line, _ in lines(outcome)),
    "markdown": markdown,
    "sarif": documents.sarif,
    "junit": documents.junit,
    "json": documents.as_json,
    "codequality": documents.code_quality,
    "gitlab-sast": documents.gitlab_sast,
}
_LARGEST: Final = 1_000_000


def undecided(words: str) -> click.exceptions.Exit:
    """Say why nothing could be decided, and return what ends the command."""
    output.complain(f"seamark gate: {words}")
    return click.exceptions.Exit(UNDECIDED)


def read_reports(paths: Sequence[str], known: str | Parser) -> Gathered:
    """Read reports, each path once. Ends the command where one cannot be read: a gate that looked at a part has decided nothing."""
    reports = Gathered(listing=True)
    broken = False
    for path in dict.fromkeys(paths):
        name = output.named(path)
        try:
            with settled(path) as file:
                reports.read(file, name, known)
        except UnreadableReport as error:
            broken = True
            hint = " (`--report-format` names it)" if isinstance(error, UnknownFormat) else ""
            output.complain(f"{name}: {error}{hint}")
    if broken:
        raise click.exceptions.Exit(UNDECIDED)
    return reports


def read_baseline(paths: Sequence[str], known: str | Parser) -> Baseline | None:
    """Return the state that a baseline file or earlier reports tell; None where none is named. Ends the command where one is unreadable."""
    if not paths:
        return None
    files = [path for path in paths if baseline.is_baseline(Path(path))]
    if files and len(paths) > 1:
        raise click.UsageError("--baseline takes one baseline file, or reports.")
    if files:
        try:
            return baseline.read(Path(files[0]))
        except SeamarkError as error:
            raise undecided(str(error)) from None
    from seamark.pipeline.gate.judge import remember

    return remember(read_reports(paths, known), None)


def read_policies(folder: Path | None) -> Bundle:
    """Return the policies of a folder or file, else the starter bundle. Ends the command where something is wrong with them."""
    from seamark.governance.policy.bundle import Bundle, read_folder, starter
    from seamark.governance.policy.model import InvalidPolicies

    try:
        sources = read_folder(folder) if folder is not None else starter()
        return Bundle.compile(sources, commit=_commit(folder), name=folder.name if folder is not None else "starter")
    except InvalidPolicies as error:
        for mistake in error.mistakes:
            output.complain(str(mistake))
        raise undecided("the policies cannot be used") from None
    except SeamarkError as error:
        raise undecided(str(error)) from None


def _commit(folder: Path | None) -> str:
    """Return the commit that policies come from, where git knows them as they stand."""
    if folder is None:
        return ""
    from seamark.intake.discovery.changed import commit_of, is_clean

    inside = folder if folder.is_dir() else folder.parent
    return (commit_of(inside, "HEAD") or "") if is_clean(inside) else ""


def read_context(named: Path | None, source: Path | None) -> tuple[ApplicationContext | None, str]:
    """Return the application's context and the folder that it speaks of: the named file, else the `seamark.yaml` of the source."""
    path = named
    if path is None and source is not None:
        path = next((one for name in ("seamark.yaml", "seamark.yml") if (one := source / name).is_file()), None)
    if path is None:
        return None, ""
    from seamark.intake.discovery.context import read_context as parsed

    try:
        if path.stat().st_size > _LARGEST:
            raise undecided(f"{path} is larger than 1 MB")
        context = parsed(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise undecided(f"{path} cannot be read: {error}") from None
    except SeamarkError as error:
        raise undecided(f"{path}: {error}") from None
    folder = ""
    if source is not None:
        try:
            folder = path.resolve().parent.relative_to(source.resolve()).as_posix()
        except ValueError:
            folder = ""
    return context, "" if folder == "." else folder


def show(outcome: Outcome, form: str, target: Path | None, also: Iterable[tuple[str, Path]]) -> None:
    """Print or write the outcome, and write it in further forms."""
    for name, path in also:
        _write(path, FORMATS[name](outcome))
    if target is not None:
        _write(target, FORMATS[form](outcome))
        output.complain(next(line for line, style in reversed(list(lines(outcome))) if style == "bold"))
    elif form == "text":
        for line, style in lines(outcome):
            output.verbatim(line, style if style in output.STYLES else "")
    else:
        click.echo(FORMATS[form](outcome), nl=False)


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, "utf-8")
    except OSError as error:
        raise undecided(f"{path} cannot be written: {error.strerror or error}") from None


class Also(click.ParamType):  # type: ignore[type-arg] # generic in the stubs only
    """`FORMAT=FILE`."""

    name = "format=file"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Path]:
        """Return the form and the file."""
        form, sign, path = str(value).partition("=")
        if not sign or form not in FORMATS or not path:
            self.fail(f"{value!r} is no FORMAT=FILE, with one of {', '.join(FORMATS)}.", param, ctx)
        return form, Path(path)
