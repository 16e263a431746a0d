"""Contrast Protect: attacks on running applications, as the lines (CEF) of its agents' log and as its interface's events.

How bad an event is goes by its outcome: what exploited is graver than what was blocked, and a probe did nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    HostLocation,
    Item,
    Kind,
    Location,
    Probe,
    Rule,
    Run,
    Severity,
    Suppression,
    Text,
    Verification,
    WebLocation,
    json_object,
    moment,
    parser,
    variant,
)
from seamark.intake.parsers.kit.texts import described

TOOL: Final = "Contrast Protect"
_OUTCOMES: Final = {
    "EXPLOITED": Severity.HIGH,
    "SUSPICIOUS": Severity.MEDIUM,
    "BLOCKED": Severity.LOW,
    "BLOCKED_AT_PERIMETER": Severity.LOW,
    "PROBED": Severity.INFO,
    "INEFFECTIVE": Severity.INFO,
}
_MARK: Final = "CEF:0|Contrast Security|"
_EVENT: Final = re.compile(
    r"CEF:0\|Contrast Security\|(?P<product>[^|]{0,100})\|(?P<version>[^|]{0,100})\|SECURITY\|(?P<message>.*)\|(?P<level>\w{1,20})\|'?(?P<fields>pri=.*)"
)
_FIELD: Final = re.compile(
    r"(?:^|[\s'])(pri|src|spt|request|requestMethod|app|contrastAgentServer|dvchost|outcome)=", re.ASCII
)
_TIME: Final = re.compile(r"[A-Z][a-z]{2} {1,2}\d{1,2} \d{4} \d\d:\d\d:\d\d(?:\.\d{1,6})?(?: ?[+-]\d{4})?")
_INPUT: Final = re.compile(
    r"The (?:parameter|header|cookie|multipart name|JSON value) (\S{1,200}) had a value", re.IGNORECASE
)
_METHOD: Final = re.compile(r"[A-Za-z]{3,16}")
_GLANCE: Final = 16 * 1024


def _is_log(probe: Probe) -> bool:
    # A priority in front (`<134>`) makes a line look like XML.
    lines = probe.source.head(_GLANCE).decode("utf-8", "replace").splitlines()
    first = next((line for line in lines if line.strip()), "")
    return 0 <= first.find(_MARK) < 200 and first.lstrip()[:1] not in {"{", "["}


@parser(
    "contrast-protect",
    title=TOOL,
    kind=Kind.RUNTIME,
    looks=_is_log,
    made_with="the security log of an agent (contrast/security.log), or its output to syslog",
    url="https://docs.contrastsecurity.com/en/output-to-syslog.html",
)
def read(lines: Text) -> Iterator[Item]:
    # Events are no inventory: that one is not repeated does not mean that anything was put right.
    yield Run(tool=TOOL, complete=False)
    for line in lines:
        match = _EVENT.search(line)
        if match is not None:
            yield _of_line(match, _fields(match["fields"]), line[: match.start()])


def _fields(text: str) -> dict[str, str]:
    """Return the pairs behind the header. Values hold blanks as they are: only a known name begins the next."""
    found = list(_FIELD.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    return {match[1]: text[match.end() : end].strip(" '") for match, end in zip(found, ends, strict=True)}


def _of_line(match: re.Match[str], fields: dict[str, str], prefix: str) -> Finding:
    rule, outcome = fields.get("pri", "") or "attack", fields.get("outcome", "").upper()
    method, message = fields.get("requestMethod", ""), match["message"].strip()
    named = _INPUT.match(message)
    host = _given(fields, "dvchost")
    return _finding(
        rule=rule,
        outcome=outcome,
        location=_place(
            _given(fields, "request"),
            method if _METHOD.fullmatch(method) else "",
            named[1] if named else "",
            host or _given(fields, "contrastAgentServer"),
        ),
        description=described(
            ("", message),
            ("Attacker", _given(fields, "src")),
            ("Application", _given(fields, "app")),
            ("Server", _given(fields, "contrastAgentServer")),
            ("Host", host),
        ),
        tags=(match["product"].strip(),),
        seen=_time(prefix),
    )


def _given(fields: dict[str, str], name: str) -> str:
    value = fields.get(name, "")
    return "" if value == "-" else value


def _time(prefix: str) -> str:
    """Return the time in front of an event; empty where it names no year, as syslog's own does not."""
    found = _TIME.search(prefix)
    if found is None:
        return ""
    text = " ".join(found[0].split()).replace(" +", "+").replace(" -", "-")
    for pattern in ("%b %d %Y %H:%M:%S.%f%z", "%b %d %Y %H:%M:%S%z", "%b %d %Y %H:%M:%S.%f", "%b %d %Y %H:%M:%S"):
        try:
            return moment(datetime.strptime(text, pattern).isoformat())  # noqa: DTZ007 - `moment` sets a missing zone
        except ValueError:
            continue
    return ""


class Application(Struct):
    name: str | None = ""
    language: str | None = ""


class Server(Struct):
    name: str | None = ""
    hostname: str | None = ""
    environment: str | None = ""


class Input(Struct):
    name: str | None = ""
    type: str | None = ""
    value: str | None = ""


class Event(Struct, rename={"display_name": "displayName", "detection_type": "detectionType"}):
    event_uuid: str
    rule: str | None = ""
    rule_uuid: str | None = ""
    display_name: str | None = ""
    result: str | None = ""
    received: int | float | None = None
    details: Any = None
    detection_type: str | None = ""
    source: str | None = ""
    url: str | None = ""
    user_input: Input | None = None
    application: Application | None = None
    server: Server | None = None
    suppressed: bool | None = None
    tags: list[str] | None = None


class Events(Struct):
    events: list[Event]


def _is_event(row: object) -> bool:
    return isinstance(row, dict) and {"event_uuid", "attack_uuid", "result"} <= row.keys()


@variant("contrast-protect", looks=json_object("events", where=lambda probe: _is_event(probe.get("events.0"))))
def read_events(answer: Events) -> Iterator[Item]:
    yield Run(tool=TOOL, complete=False)
    for event in answer.events:
        yield _of_event(event)


def _of_event(event: Event) -> Finding:
    application, server, given = (
        event.application or Application(),
        event.server or Server(),
        event.user_input or Input(),
    )
    details = event.details if isinstance(event.details, str) else ""
    return _finding(
        rule=event.rule_uuid or event.rule or "attack",
        title=event.display_name or event.rule or "",
        outcome=(event.result or "").upper().replace(" ", "_"),
        location=_place(event.url or "", "", given.name or "", server.hostname or server.name or ""),
        description=described(
            ("", details),
            ("Input", " ".join(text for text in (given.type, given.name, given.value) if text)),
            ("Attacker", event.source),
            ("Application", application.name),
            ("Server", server.name),
            ("Environment", server.environment),
        ),
        tags=tuple(text for text in (application.language, event.detection_type, *(event.tags or ())) if text),
        seen=moment(event.received or None),
        fingerprint=event.event_uuid,
        suppressed=bool(event.suppressed),
    )


def _finding(
    *,
    rule: str,
    outcome: str,
    location: Location | None,
    description: str,
    tags: tuple[str, ...],
    seen: str,
    title: str = "",
    fingerprint: str = "",
    suppressed: bool = False,
) -> Finding:
    name = title or rule.replace("-", " ")
    return Finding(
        rule=rule,
        title=f"{name}: {outcome.lower().replace('_', ' ')}" if outcome else name,
        severity=_OUTCOMES.get(outcome, Severity.MEDIUM),
        severity_given=outcome,
        location=location,
        about=_rule(rule, name),
        description=description,
        verification=Verification.VERIFIED if outcome == "EXPLOITED" else None,
        suppression=Suppression(origin="tool", justification="suppressed") if suppressed else None,
        fingerprints=(("contrast-protect", fingerprint),) if fingerprint else (),
        tags=tags,
        seen_at=seen,
    )


@lru_cache(maxsize=512)
def _rule(rule: str, title: str) -> Rule:
    return Rule(id=rule, title=title)


def _place(url: str, method: str, parameter: str, host: str) -> Location | None:
    if url:
        return WebLocation(url=url, method=method.upper(), parameter=parameter)
    return HostLocation(host=host) if host else None
