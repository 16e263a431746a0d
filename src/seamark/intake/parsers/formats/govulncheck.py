"""govulncheck: known vulnerabilities of Go modules, and whether the code can reach them.

It writes a message for every level at which it meets a vulnerability (module, package, each function that is called). All
messages about one vulnerability in one module version are one finding: the deepest level is its reach, what is called is its
flow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    FlowStep,
    Item,
    Kind,
    Probe,
    Reach,
    Rule,
    Run,
    Text,
    UnreadableReport,
    first_line,
    json_object,
    json_rows,
    parser,
    references,
    variant,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package, rating

_STREAM = re.compile(rb'\s*\{\s*"config"\s*:\s*\{')
_NAMED = re.compile(rb'"(?:protocol_version|scanner_name|scanner_version|go_version|scan_level)"\s*:')
_MOST_CALLS = 50


class Position(Struct):
    filename: str = ""
    line: int | None = None
    column: int | None = None


class Frame(Struct):
    module: str
    version: str = ""
    package: str = ""
    function: str = ""
    receiver: str = ""
    position: Position | None = None


class Found(Struct):
    osv: str
    trace: list[Frame]
    fixed_version: str = ""


class Rating(Struct):
    score: str = ""


class Reference(Struct):
    url: str = ""


class Specific(Struct):
    url: str = ""


class Osv(Struct):
    id: str
    aliases: list[str] | None = None
    summary: str = ""
    details: str = ""
    severity: list[Rating] | str | None = None
    references: list[Reference] | None = None
    database_specific: Specific | None = None


class Config(Struct):
    scanner_name: str = ""
    scanner_version: str = ""
    scan_level: str = ""
    scan_mode: str = ""


class Message(Struct):
    config: Config | None = None
    osv: Osv | None = None
    finding: Found | None = None


def _is_stream(probe: Probe) -> bool:
    head = probe.source.head(8192)
    return probe.form != "zip" and bool(_STREAM.match(head) and _NAMED.search(head))


def _is_list(probe: Probe) -> bool:
    config = probe.get("0.config")
    return isinstance(config, dict) and bool({"scanner_name", "protocol_version", "go_version"} & config.keys())


@parser(
    "govulncheck",
    title="govulncheck",
    kind=Kind.DEPENDENCY,
    looks=_is_stream,
    made_with="govulncheck -format json ./... > govulncheck.json",
    url="https://pkg.go.dev/golang.org/x/vuln/internal/govulncheck",
    versions="0.1 to 1.1",
)
def read(text: Text) -> Iterator[Item]:
    yield from _items(_messages(text))


@variant("govulncheck", looks=json_rows("config", where=_is_list))
def read_list(messages: list[Message]) -> Iterator[Item]:
    yield from _items(messages)


def _messages(text: Text) -> Iterator[Message]:
    """Yield the objects that follow one another: each on a line of its own, or printed over several lines."""
    decode = msgspec.json.Decoder(Message, strict=False).decode
    pending: list[str] = []
    for line in text:
        stripped = line.rstrip()
        if not stripped:
            continue
        pending.append(line)
        # Text in JSON holds no line ends, so that a lone brace can only close a message.
        ends = stripped == "}" if len(pending) > 1 else stripped.startswith("{") and stripped.endswith("}")
        if ends:
            yield decode("\n".join(pending))
            pending = []
    if pending:
        yield decode("\n".join(pending))


class _Problem:
    """All that the messages say about one vulnerability in one module version."""

    def __init__(self, first: Found) -> None:
        self.osv = first.osv
        self.fixed = first.fixed_version
        self.deepest = first.trace[0]
        self.packages: dict[str, None] = {}
        self.calls: list[list[Frame]] = []
        self.add(first)

    def add(self, found: Found) -> None:
        frame = found.trace[0]
        self.fixed = self.fixed or found.fixed_version
        if frame.package:
            self.packages[frame.package] = None
        if frame.function and len(self.calls) < _MOST_CALLS:
            self.calls.append(found.trace)


def _items(messages: Iterable[Message]) -> Iterator[Item]:
    config = Config()
    known: dict[str, Osv] = {}
    problems: dict[tuple[str, str, str], _Problem] = {}
    worked = any_message = False
    for message in messages:
        any_message = True
        if message.config is not None:
            config = message.config
        elif message.osv is not None:
            known[message.osv.id] = message.osv
        elif (found := message.finding) is not None:
            if not found.trace:
                raise UnreadableReport(f"The finding about {found.osv} names no module")
            key = (found.osv, found.trace[0].module, found.trace[0].version)
            if key in problems:
                problems[key].add(found)
            else:
                problems[key] = _Problem(found)
        worked = worked or message.config is None
    if not any_message:
        raise UnreadableReport("The report holds no message")
    yield Run(
        tool="govulncheck",
        version=config.scanner_version.removeprefix("v"),
        configuration=config.scan_mode if config.scan_mode not in {"", "source"} else "",
        successful=None if worked else False,
        problems=() if worked else ("govulncheck stopped before it looked at anything",),
    )
    for problem in problems.values():
        yield _finding(problem, known.get(problem.osv) or Osv(id=problem.osv), config)


def _finding(problem: _Problem, osv: Osv, config: Config) -> Finding:
    frame = problem.deepest
    given = osv.severity if isinstance(osv.severity, str) else ""
    ratings = tuple(
        found for one in (osv.severity if isinstance(osv.severity, list) else ()) if (found := rating(one.score))
    )
    binary = config.scan_mode in {"binary", "extract"}
    return Finding(
        rule=osv.id,
        title=_title(osv, frame.module),
        severity=graded(given, ratings),
        severity_given=given,
        location=None if binary else CodeLocation(path="go.mod"),
        component=package("golang", frame.module, frame.version),
        about=_about(osv),
        description=_description(problem, binary=binary),
        vulnerabilities=identifiers(osv.id, osv.aliases),
        cvss=ratings,
        fixed_versions=(problem.fixed,) if problem.fixed else (),
        flow=_flow(problem.calls[0]) if problem.calls else (),
        reach=_reach(problem, config),
        tags=tuple(problem.packages)[:20],
    )


def _title(osv: Osv, module: str) -> str:
    return osv.summary or first_line(osv.details) or f"{osv.id} in {module}"


def _about(osv: Osv) -> Rule:
    return Rule(
        id=osv.id,
        title=osv.summary,
        description=osv.details,
        references=references(
            osv.database_specific.url if osv.database_specific else None, (one.url for one in osv.references or ())
        ),
    )


def _reach(problem: _Problem, config: Config) -> Reach | None:
    """Return whether the flaw can run: a binary and a scan of less than symbols say less than a look at the calls."""
    if config.scan_mode not in {"", "source"} or config.scan_level not in {"", "symbol"}:
        return Reach.POTENTIAL if problem.packages else None
    return Reach.STATIC if problem.calls else Reach.UNREACHABLE


def _description(problem: _Problem, *, binary: bool) -> str:
    calls = [
        f"{_name(trace[-1])} reaches {_name(trace[0])}" if len(trace) > 1 else _name(trace[0])
        for trace in problem.calls
    ]
    if calls:
        return f"Vulnerable functions {'in the binary' if binary else 'that are used'}:\n" + "\n".join(
            dict.fromkeys(calls)
        )
    if problem.packages:
        return f"Imported, but no vulnerable function is called: {', '.join(problem.packages)}"
    return "" if binary else "The module is required, but no vulnerable package of it is imported"


def _name(frame: Frame) -> str:
    receiver = f"{frame.receiver.lstrip('*')}." if frame.receiver else ""
    return f"{frame.package}.{receiver}{frame.function}" if frame.function else frame.package or frame.module


def _flow(trace: list[Frame]) -> tuple[FlowStep, ...]:
    """Return the calls from the project's own code down to the vulnerable function, as far as their places are known."""
    return tuple(
        FlowStep(
            CodeLocation(path=frame.position.filename, line=frame.position.line, column=frame.position.column),
            _name(frame),
        )
        for frame in reversed(trace)
        if frame.position is not None and frame.position.filename
    )


class OldVulnerability(Struct, rename="pascal"):
    osv: Osv = field(name="OSV")
    symbol: str = ""
    pkg_path: str = ""
    mod_path: str = ""
    call_sink: int = 0
    import_sink: int = 0


class OldModule(Struct, rename="pascal"):
    path: str = ""
    version: str = ""


class Required(Struct, rename="pascal"):
    modules: dict[str, OldModule] | None = None


class OldReport(Struct, rename="pascal"):
    vulns: list[OldVulnerability] | None
    requires: Required | None = None
    modules: list[OldModule] | None = None


def _is_old(probe: Probe) -> bool:
    vulns: Any = probe.get("Vulns")
    return vulns is None or isinstance(vulns, list)


@variant("govulncheck", looks=json_object("Calls", "Imports", "Requires", "Vulns", where=_is_old))
def read_old(report: OldReport) -> Iterator[Item]:
    """Read what versions before 0.1 of the protocol write: every vulnerable symbol, called or not."""
    versions = {module.path: module.version for module in report.modules or ()}
    required = (report.requires.modules if report.requires else None) or {}
    versions |= {module.path: module.version for module in required.values()}
    config = Config(scan_level="symbol")
    problems: dict[tuple[str, str], _Problem] = {}
    known: dict[str, Osv] = {}
    yield Run(tool="govulncheck")
    for row in report.vulns or ():
        known[row.osv.id] = row.osv
        frame = Frame(
            module=row.mod_path,
            version=versions.get(row.mod_path, ""),
            package=row.pkg_path if row.import_sink else "",
            function=row.symbol if row.call_sink else "",
        )
        found = Found(osv=row.osv.id, trace=[frame])
        key = (row.osv.id, row.mod_path)
        if key in problems:
            problems[key].add(found)
        else:
            problems[key] = _Problem(found)
    for problem in problems.values():
        yield _finding(problem, known[problem.osv], config)
