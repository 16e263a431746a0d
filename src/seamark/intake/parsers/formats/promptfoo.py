"""Promptfoo: tests and attacks on language models that failed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Raw, Struct, field
from msgspec.json import encode

from seamark.intake.parsers.kit import (
    Exchange,
    Finding,
    Item,
    Kind,
    Reading,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    first_line,
    json_object,
    moment,
    parser,
    severity,
)

FAILED_TO_RUN = 2
"""The reason for a result that is an error of the run, not of the model."""
PROMPTING = frozenset(
    {"ascii-smuggling", "hijacking", "indirect-prompt-injection", "prompt-extraction", "system-prompt-override"}
)
EXPOSING = frozenset({"pii", "cross-session-leak", "rag-document-exfiltration", "data-exfil"})
_PROMPTING, _OUTPUT, _EXPOSURE = 1427, 1426, 200


class Assertion(Struct):
    type: str = ""
    metric: str | None = ""


class Component(Struct):
    passed: bool = field(name="pass", default=False)
    reason: str | None = ""
    assertion: Assertion | None = None


class Grading(Struct):
    reason: str | None = ""
    components: list[Component] | None = field(name="componentResults", default=None)


class Prompt(Struct):
    raw: str | None = ""


class Provider(Struct):
    id: str = ""
    label: str | None = ""


class Response(Struct):
    output: Any = None


class Metadata(Struct):
    plugin: str | None = field(name="pluginId", default="")
    strategy: str | None = field(name="strategyId", default="")
    severity: str | None = ""
    category: str | None = field(name="harmCategory", default="")
    goal: str | None = ""


class TestCase(Struct):
    description: str | None = ""
    metadata: Metadata | None = None


class Result(Struct):
    success: bool
    id: str = ""
    error: str | None = ""
    reason: int | None = field(name="failureReason", default=None)
    grading: Grading | None = field(name="gradingResult", default=None)
    prompt: Prompt | None = None
    provider: Provider | str | None = None
    response: Response | None = None
    metadata: Metadata | None = None
    test: TestCase | None = field(name="testCase", default=None)


class Stats(Struct):
    errors: int = 0


class Results(Struct):
    results: Raw = Raw()
    stats: Stats | None = None
    timestamp: str = ""


class About(Struct):
    version: str = field(name="promptfooVersion", default="")


class Report(Struct):
    results: Results
    id: str | None = field(name="evalId", default="")
    metadata: About | None = None


@parser(
    "promptfoo",
    title="Promptfoo",
    kind=Kind.PENTEST,
    looks=json_object("evalId", "results.results", "results.stats"),
    made_with="promptfoo redteam eval --output promptfoo.json",
    url="https://www.promptfoo.dev/docs/configuration/outputs/",
    versions="0.80 to 0.120",
    lift=("results.results",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    results, stats = report.results, report.results.stats or Stats()
    problems = [
        first_line(result.error or "error")
        for result in reading.rows(results.results, Result, where="$.results.results")
        if result.reason == FAILED_TO_RUN
    ]
    yield Run(
        tool="Promptfoo",
        version=report.metadata.version if report.metadata else "",
        successful=True,
        complete=not problems and not stats.errors,
        problems=tuple(problems[:50]),
        finished=moment(results.timestamp),
    )
    for result in reading.rows(results.results, Result, where="$.results.results"):
        if not result.success and result.reason != FAILED_TO_RUN:
            yield _finding(result)


def _finding(result: Result) -> Finding:
    meta = result.metadata or Metadata()
    if not meta.plugin and result.test and result.test.metadata:
        meta = result.test.metadata
    failed = [one for one in (result.grading.components if result.grading else None) or () if not one.passed]
    kinds = dict.fromkeys(one.assertion.type for one in failed if one.assertion and one.assertion.type)
    rule = meta.plugin or ", ".join(kinds) or "assertion"
    reason = (result.grading.reason if result.grading else "") or result.error or ""
    provider = result.provider
    model = provider if isinstance(provider, str) else (provider.label or provider.id) if provider else ""
    title = f"{meta.category} ({rule})" if meta.category else first_line(meta.goal or "") or first_line(reason) or rule
    cwes = _weakness(rule) if meta.plugin else ()
    return Finding(
        rule=rule,
        title=title,
        severity=severity(meta.severity or None, Severity.MEDIUM),
        severity_given=meta.severity or "",
        location=ResourceLocation(resource=model, type="language model") if model else None,
        about=Rule(id=rule, name=meta.category or "", cwes=cwes),
        description="\n".join(part for part in (meta.goal or "", reason) if part),
        cwes=cwes,
        exchange=Exchange((result.prompt.raw if result.prompt else "") or "", _output(result.response)),
        tags=tuple(tag for tag in (meta.strategy, *kinds) if tag),
    )


@lru_cache(maxsize=512)
def _weakness(plugin: str) -> tuple[int, ...]:
    if plugin in PROMPTING:
        return (_PROMPTING,)
    return (_EXPOSURE if plugin.partition(":")[0] in EXPOSING else _OUTPUT,)


def _output(response: Response | None) -> str:
    output = response.output if response else None
    if output is None or isinstance(output, str):
        return output or ""
    return encode(output).decode()
