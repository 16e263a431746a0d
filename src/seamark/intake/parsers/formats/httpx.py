"""httpx: services that answer HTTP, as JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Exchange,
    Finding,
    Item,
    JsonLines,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    WebLocation,
    json_lines,
    json_rows,
    moment,
    parser,
    variant,
)
from seamark.intake.parsers.kit.texts import described

ABOUT = Rule(id="http-service", name="http-service", title="Service that answers HTTP")


class Answer(Struct):
    url: str
    input: str | None = ""
    method: str | None = ""
    status_code: int | None = None
    title: str | None = ""
    webserver: str | None = ""
    content_type: str | None = ""
    content_length: int | None = None
    location: str | None = ""
    host: str | None = ""
    port: str | int | None = None
    tech: list[str] | None = None
    failed: bool | None = None
    request: str | None = ""
    response: str | None = ""
    raw_header: str | None = ""
    timestamp: str | None = ""
    error: Any = None


def _is_answer(probe: Probe) -> bool:
    keys = probe.first if probe.is_array else probe.keys
    return {"url", "input", "timestamp", "failed"} <= keys and bool({"status_code", "error", "words"} & keys)


@parser(
    "httpx",
    title="httpx",
    kind=Kind.WEB,
    looks=json_lines("url", "input", "timestamp", where=_is_answer),
    made_with="httpx -l hosts.txt -json -o httpx.json",
    url="https://docs.projectdiscovery.io/tools/httpx/overview",
    versions="1.2 to 1.7",
)
def read(answers: JsonLines[Answer]) -> Iterator[Item]:
    yield Run(tool="httpx")
    for answer in answers:
        if not answer.failed:
            yield _finding(answer)


@variant("httpx", looks=json_rows("url", "input", "timestamp", where=_is_answer), lift=("[]",))
def read_list(answers: list[Answer]) -> Iterator[Item]:
    yield Run(tool="httpx")
    for answer in answers:
        if not answer.failed:
            yield _finding(answer)


def _finding(answer: Answer) -> Finding:
    status = f" (HTTP {answer.status_code})" if answer.status_code else ""
    request, response = answer.request or "", answer.response or answer.raw_header or ""
    return Finding(
        rule=ABOUT.id,
        title=f"HTTP service{status}",
        severity=Severity.INFO,
        location=WebLocation(url=answer.url, method=(answer.method or "").upper()),
        about=ABOUT,
        description=described(
            ("Title", answer.title),
            ("Server", answer.webserver),
            ("Technologies", ", ".join(answer.tech or ())),
            ("Content type", answer.content_type),
            ("Redirects to", answer.location),
        ),
        exchange=Exchange(request=request, response=response) if request or response else None,
        seen_at=moment(answer.timestamp),
    )
