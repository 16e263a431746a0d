"""Semgrep: static analysis, secrets and supply chain of the command line, Community Edition and Pro."""

from __future__ import annotations

from collections.abc import Iterator

from seamark.intake.parsers.formats.semgrep.findings import finding_of
from seamark.intake.parsers.formats.semgrep.metadata import Texts, texts_of
from seamark.intake.parsers.formats.semgrep.model import Match, Paths, Report, Trouble
from seamark.intake.parsers.kit import Item, Kind, Probe, Reading, Run, first_line, json_object, parser

LOST_BY_DESIGN = {
    "always_skipped", "semgrepignore_patterns_match", "cli_include_flags_do_not_match", "cli_exclude_flags_match",
    "excluded_by_config", "wrong_language", "minified", "binary", "irrelevant_rule", "gitignore_patterns_match",
    "dotfile", "nonexistent_file",
}  # fmt: skip


def _is_semgrep(probe: Probe) -> bool:
    if probe.get("results.0"):
        return bool(probe.get("results.0.check_id")) and bool(probe.get("results.0.extra"))
    marks = {"paths", "skipped_rules", "interfile_languages_used"} & probe.keys
    # Versions before 0.4 wrote nothing but these two, and before 1.0 no more than the version besides.
    return probe.get("results") == [] and (bool(marks) or probe.keys <= {"results", "errors", "version"})


@parser(
    "semgrep",
    title="Semgrep",
    kind=Kind.CODE,
    looks=json_object("results", "errors", where=_is_semgrep),
    made_with="semgrep scan --config auto --json --output semgrep.json",
    url="https://semgrep.dev/docs/semgrep-appsec-platform/json-and-sarif",
    versions="0.40 to 1.182",
    lift=("results",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    yield _run(report)
    texts: dict[tuple[str, bytes], Texts] = {}
    for match in reading.rows(report.results, Match, where="$.results"):
        metadata = bytes(match.extra.metadata)
        known = texts.get((match.check_id, metadata))
        if known is None:
            known = texts[match.check_id, metadata] = texts_of(match.check_id, metadata)
        yield finding_of(match, known)


def _run(report: Report) -> Run:
    paths = report.paths or Paths()
    empty = bytes(report.results) in {b"[]", b"null", b""}
    skipped = [entry for entry in paths.skipped or () if entry.reason.lower() not in LOST_BY_DESIGN]
    rules = report.skipped_rules or []
    problems = [_sentence(trouble) for trouble in report.errors]
    problems += [f"Rule {rule.rule_id} did not run: {rule.details}" for rule in rules]
    problems += [f"{entry.path} was skipped: {entry.reason}" for entry in skipped]
    engine = (report.engine_requested or "").upper()
    return Run(
        tool={"OSS": "Semgrep OSS", "PRO": "Semgrep PRO"}.get(engine, "Semgrep"),
        version=report.version or "",
        successful=not any(_fatal(trouble) for trouble in report.errors),
        complete=False if problems else None,
        problems=tuple(problems[:50]),
        scope=tuple(paths.scanned) if paths.scanned is not None and (paths.scanned or empty) else None,
    )


def _fatal(trouble: Trouble) -> bool:
    """Tell an error of the whole run (a broken rule file, a crash) from one about a file that was analysed in part."""
    return trouble.level.lower() == "error" and not trouble.path and _type(trouble) not in {"Timeout", "Out of memory"}


def _type(trouble: Trouble) -> str:
    kind = trouble.type
    return str(kind[0]) if isinstance(kind, list) and kind else str(kind or "")


def _sentence(trouble: Trouble) -> str:
    text = first_line(trouble.message or trouble.long_msg or trouble.short_msg or "", 300)
    place = f" in {trouble.path}" if trouble.path and trouble.path not in text else ""
    return f"{_type(trouble) or trouble.level}{place}: {text}" if text else f"{_type(trouble) or trouble.level}{place}"
