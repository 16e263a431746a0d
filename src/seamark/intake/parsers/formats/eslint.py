"""ESLint: problems in JavaScript and TypeScript, of the security plug-ins and of all others."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Patch,
    Replacement,
    Rule,
    Run,
    Severity,
    Suppression,
    first_line,
    json_object,
    json_rows,
    parser,
    references,
    variant,
)

SEVERITIES = {2: Severity.HIGH, 1: Severity.MEDIUM, 0: Severity.INFO}
WORDS = {2: "error", 1: "warning", 0: "off"}


class Fix(Struct):
    range: tuple[int, int]
    text: str = ""


class Suggestion(Struct):
    desc: str | None = ""
    fix: Fix | None = None


class SetAside(Struct):
    kind: str = ""
    justification: str | None = ""


class Message(Struct, rename="camel"):
    message: str
    rule_id: str | None = None
    severity: int = 2
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    fatal: bool | None = None
    fix: Fix | None = None
    suggestions: list[Suggestion] | None = None
    suppressions: list[SetAside] | None = None


class File(Struct, rename="camel"):
    file_path: str
    messages: list[Message]
    suppressed_messages: list[Message] = field(default_factory=list)
    source: str | None = None
    output: str | None = None


@parser(
    "eslint",
    title="ESLint",
    kind=Kind.CODE,
    looks=json_rows("filePath", "messages", "errorCount"),
    made_with="npx eslint --format json --output-file eslint.json .",
    url="https://eslint.org/docs/latest/use/formatters/#json",
    versions="4 to 9",
)
def read(files: list[File]) -> Iterator[Item]:
    yield from _items(files, {}, "")


class Docs(Struct):
    description: str | None = ""
    url: str | None = ""


class RuleMeta(Struct):
    docs: Docs | None = None


class Metadata(Struct, rename="camel"):
    cwd: str = ""
    rules_meta: dict[str, RuleMeta] = field(default_factory=dict)


class WithMetadata(Struct):
    results: list[File]
    metadata: Metadata


@variant("eslint", looks=json_object("results", "metadata.rulesMeta"))
def read_with_metadata(report: WithMetadata) -> Iterator[Item]:
    rules = {name: _described(name, meta.docs) for name, meta in report.metadata.rules_meta.items() if meta.docs}
    yield from _items(report.results, rules, report.metadata.cwd)


def _described(rule: str, docs: Docs) -> Rule:
    about = _about(rule)
    return Rule(
        id=rule, name=about.name, title=docs.description or "", tags=about.tags, references=references(docs.url)
    )


def _items(files: list[File], rules: dict[str, Rule], root: str) -> Iterator[Item]:
    for file in files if root else ():
        # The paths are absolute; with the directory of the run at hand they are made relative to it.
        for separator in ("/", "\\"):
            file.file_path = file.file_path.removeprefix(root.rstrip("/\\") + separator)
    # What belongs to no rule is about the run: files that could not be parsed, or were asked for but are ignored.
    about_run = [(file.file_path, message) for file in files for message in file.messages if _is_about_run(message)]
    left_out = {path for path, message in about_run if message.fatal or message.line is None or not message.line}
    yield Run(
        tool="ESLint",
        successful=True,
        complete=not any(message.fatal for _, message in about_run),
        problems=tuple(f"{path}:{message.line or 0}: {message.message}" for path, message in about_run[:50]),
        scope=tuple(file.file_path for file in files if file.file_path not in left_out),
    )
    for file in files:
        code = _Code(file.source) if file.source is not None else None
        for message in (*file.messages, *file.suppressed_messages):
            if not _is_about_run(message):
                yield _finding(file.file_path, code, message, rules)


def _is_about_run(message: Message) -> bool:
    return bool(message.fatal) or message.rule_id is None


class _Code:
    """The source of a file, to give snippets and to turn offsets into lines and columns."""

    def __init__(self, source: str) -> None:
        self.source = source
        # ESLint counts in UTF-16, where what is beyond the basic plane takes two places.
        self._wide = not source.isascii() and max(source) > "\uffff"
        self._lines: list[str] | None = None
        self._starts: list[int] = []

    @property
    def lines(self) -> list[str]:
        if self._lines is None:
            self._lines = self.source.split("\n")
            total = 0
            for line in self._lines:
                self._starts.append(total)
                total += len(line) + 1
        return self._lines

    def snippet(self, first: int, last: int) -> str:
        return "\n".join(line.rstrip("\r") for line in self.lines[first - 1 : min(last, first + 19)])

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column, counted from 1, of an offset."""
        if self._wide:
            offset = len(self.source.encode("utf-16-le", "surrogatepass")[: offset * 2].decode("utf-16-le", "ignore"))
        line = bisect_right(self._starts, offset) if self.lines else 1
        return line, offset - self._starts[line - 1] + 1


def _finding(path: str, code: _Code | None, message: Message, rules: dict[str, Rule]) -> Finding:
    rule, title = message.rule_id or "", first_line(message.message)
    first = message.line if message.line is not None and message.line > 0 else None
    last = max(message.end_line or 0, first or 0)
    return Finding(
        rule=rule,
        title=title,
        severity=SEVERITIES.get(message.severity, Severity.MEDIUM),
        severity_given=WORDS.get(message.severity, str(message.severity)),
        location=CodeLocation(
            path=path,
            line=first,
            column=message.column,
            end_line=message.end_line,
            end_column=message.end_column,
            snippet=code.snippet(first, last) if code is not None and first is not None else "",
        ),
        about=rules.get(rule) or _about(rule),
        description="" if message.message.strip() == title else message.message,
        patches=_patches(path, code, message),
        suppression=_suppression(message),
    )


@lru_cache(maxsize=4096)
def _about(rule: str) -> Rule:
    plugin, _, name = rule.rpartition("/")
    return Rule(id=rule, name=name, tags=(plugin,) if plugin else ())


def _suppression(message: Message) -> Suppression | None:
    if not message.suppressions:
        return None
    reasons = "; ".join(entry.justification for entry in message.suppressions if entry.justification)
    return Suppression(origin="source", justification=reasons)


def _patches(path: str, code: _Code | None, message: Message) -> tuple[Patch, ...]:
    if code is None:
        return ()
    proposals = [("", message.fix), *((each.desc or "", each.fix) for each in message.suggestions or ())]
    return tuple(_patch(path, code, text, fix) for text, fix in proposals if fix is not None)


def _patch(path: str, code: _Code, description: str, fix: Fix) -> Patch:
    (line, column), (end_line, end_column) = code.place(max(fix.range[0], 0)), code.place(max(fix.range[1], 0))
    edit = Replacement(path=path, line=line, column=column, end_line=end_line, end_column=end_column, text=fix.text)
    return Patch(description=description, replacements=(edit,))
