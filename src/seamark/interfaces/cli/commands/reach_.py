"""seamark reach."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from seamark.core.errors import SeamarkError
from seamark.intake.reach.advisories import read_advisories
from seamark.intake.reach.model import Answer, Reach, Site, Target
from seamark.intake.reach.reach import Project
from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.files import Place
from seamark.interfaces.cli.table import Column, Words

_STYLES: Final = {Reach.REACHABLE: "critical", Reach.IMPORTED: "medium", Reach.UNKNOWN: "low", Reach.UNREACHABLE: "dim"}


@click.command("reach")
@click.argument("path", type=Place(path_type=Path), metavar="PATH")
@click.option("--advisories", multiple=True, type=Place(path_type=Path), metavar="DIR|FILE", help="Advisories in the OSV format; may be given several times.")  # fmt: skip
@click.option("--package", "packages", multiple=True, metavar="NAME|PURL", help="Ask for this package; may be given several times.")  # fmt: skip
@click.option("--symbol", "symbols", multiple=True, metavar="NAME", help="With --package: an affected symbol, as `yaml.load`; may be given several times.")  # fmt: skip
@click.option("--application", default="", metavar="NAME", help="Ask for what the open issues of this application name, and keep the verdicts: they count in its scores.")  # fmt: skip
@click.option("--repository", default="", metavar="URL", help="With --application: the repository that the folder holds, where git does not say it.")  # fmt: skip
@click.option("--json", "as_lines", is_flag=True, help="One JSON object a line: every verdict with its evidence.")
def command(
    path: Path, advisories: tuple[Path, ...], packages: tuple[str, ...], symbols: tuple[str, ...], application: str, repository: str, *,
    as_lines: bool,
) -> None:  # fmt: skip
    """Say whether code that runs reaches vulnerable packages: imported, and affected symbols used, or not at all.

    Python, JavaScript, TypeScript, Java, Kotlin and Go. Reads files only: nothing is run or fetched. What is in doubt is `unknown`.
    With --application the verdicts are kept until the next run, whatever is imported; what is unknown says nothing.

    \b
    Examples:
      seamark reach . --advisories osv/
      seamark reach . --package PyYAML --symbol yaml.load
      seamark reach . --package pkg:npm/lodash --json
      seamark reach . --application shop --advisories osv/

    \b
    Exit codes: 0 done, 1 the verdicts could not be kept, 2 no such folder or no readable advisory.
    """
    if not path.is_dir():
        raise click.UsageError(f"There is no folder {output.named(str(path))!r}.")
    if not advisories and not packages and not application:
        raise click.UsageError("Name advisories with --advisories, a package with --package, or an --application.")
    if repository and not application:
        raise click.UsageError("--repository belongs to --application.")
    if symbols and not packages:
        raise click.UsageError("--symbol belongs to --package.")
    told: list[Target] = []
    for each in advisories:
        if not each.exists():
            raise click.UsageError(f"There is no file or folder {output.named(str(each))!r}.")
        try:
            told += read_advisories(each)
        except SeamarkError as error:
            raise click.UsageError(str(error)) from None
    keeping = _Keeping(path, application, repository) if application else None
    if keeping is not None and not packages:
        told = keeping.targets(told)
    project = Project(path)
    answers = [answer for each in told if (answer := project.answer(each)).chain or project.listed(each)]
    answers += [project.answer(each) for each in _asked(project, packages, symbols)]
    kept = keeping.keep(answers, whole=not packages) if keeping is not None else ""
    if as_lines:
        for answer in answers:
            output.json_line(_plain(answer))
    else:
        _show(answers)
        if kept:
            output.say(kept)


class _Keeping:
    """Where verdicts are kept. Boots the database."""

    def __init__(self, path: Path, application: str, repository: str) -> None:
        boot()
        from seamark.pipeline import reaching

        self._reaching = reaching
        self._application, self._asset = reaching.repository_of(application, path, repository)

    def targets(self, told: list[Target]) -> list[Target]:
        return self._reaching.targets_of(self._application, self._asset, told)

    def keep(self, answers: list[Answer], *, whole: bool) -> str:
        """Keep verdicts and return a sentence for people."""
        kept = self._reaching.keep(self._application, self._asset, answers, whole=whole)
        return (
            f"{kept.application}: {output.count(kept.verdicts, 'verdict')} kept for {output.named(kept.repository)}, "
            f"{output.count(kept.issues, 'issue')} scored anew"
        )


def _asked(project: Project, packages: tuple[str, ...], symbols: tuple[str, ...]) -> list[Target]:
    found: list[Target] = []
    for words in packages:
        named = project.named(words)
        if not named:
            raise click.UsageError(f"{words!r} is no package of an ecosystem that is read: pypi, npm, maven, golang.")
        found += [Target(ecosystem=each.ecosystem, name=each.name, symbols=symbols) for each in named]
    return found


def _plain(answer: Answer) -> dict[str, Any]:
    target = answer.target
    return {
        "advisory": target.advisory, "ecosystem": target.ecosystem, "package": target.name, "symbols": target.symbols,
        "verdict": answer.reach.value, "confidence": answer.confidence, "why": answer.why,
        "chain": [_place(each) for each in answer.chain], "calls": [_place(each) for each in answer.calls],
    }  # fmt: skip


def _place(site: Site) -> dict[str, Any]:
    return {"path": output.named(site.path), "line": site.line, "text": output.named(site.text)}


def _show(answers: list[Answer]) -> None:
    if not answers:
        output.say("None of the packages is listed or imported here.")
        return
    order = list(Reach)
    answers = sorted(answers, key=lambda each: (order.index(each.reach), each.target.name, each.target.advisory))
    rows = [
        [
            Words(each.reach.value, _STYLES[each.reach]), Words(f"{each.confidence:.0%}"), Words(each.target.name), Words(each.target.advisory),
            Words(output.named(" ".join([each.why, *(f"{site.path}:{site.line}" for site in each.calls[:3] or each.chain[-3:])]))),
        ]
        for each in answers
    ]  # fmt: skip
    columns = [Column("verdict", least=11), Column("sure", right=True), Column("package", least=8, fit="wrap"), Column("advisory", least=8), Column("why", least=20, fit="wrap")]  # fmt: skip
    output.table(columns, rows)
