"""WebInspect of OpenText, Micro Focus and HP before that: issues by session, as XML."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.formats._web import links, listed, plain
from seamark.intake.parsers.kit import (
    Exchange,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    WebLocation,
    Xml,
    cwe_ids,
    parser,
    severity,
    variant,
    xml_root,
)

LEVELS = {"0": Severity.INFO, "1": Severity.LOW, "2": Severity.MEDIUM, "3": Severity.HIGH, "4": Severity.CRITICAL}


class Message(Struct):
    text: str = field(name="#text", default="")


class Section(Struct, rename="pascal"):
    name: str = ""
    section_text: str = ""


class Class(Struct):
    text: str = field(name="#text", default="")
    kind: str = field(name="@kind", default="")
    identifier: str = field(name="@identifier", default="")


class Classes(Struct):
    classification: list[Class] | Class | str | None = field(name="Classification", default=None)


class Issue(Struct, rename="pascal"):
    name: str
    severity: str
    vulnerability_id: str = field(name="VulnerabilityID", default="")
    check_type_id: str = field(name="CheckTypeID", default="")
    classifications: Classes | str | None = None
    report_section: list[Section] | Section | str | None = None


class Issues(Struct):
    issue: list[Issue] | Issue | str | None = field(name="Issue", default=None)


class Request(Struct, rename="pascal"):
    method: str = ""


class Session(Struct, rename="pascal"):
    url: str = field(name="URL")
    attack_param_descriptor: str = ""
    issues: Issues | str | None = None
    raw_request: Message | str | None = None
    raw_response: Message | str | None = None
    request: Request | str | None = None


@parser(
    "webinspect",
    title="WebInspect",
    kind=Kind.WEB,
    looks=xml_root("Sessions", where=lambda probe: b"<Session requestId=" in probe.source.head(65536)),
    made_with="WebInspect: File > Export > Scan Details > Full, as XML",
    url="https://www.microfocus.com/documentation/fortify-webinspect/",
    versions="10 to 23",
)
def read(document: Xml) -> Iterator[Item]:
    yield Run(tool="WebInspect")
    for session in document.each("Session", row=Session):
        for issue in listed(session.issues.issue if isinstance(session.issues, Issues) else None):
            if isinstance(issue, Issue):
                yield _finding(issue, session)


class ListedIssue(Issue, rename="pascal"):
    """An issue of a report that lists issues instead of sessions."""

    url: str = field(name="URL", default="")
    vulnerable_session: str = ""
    raw_response: str = ""
    attack_param_descriptor: str = ""


def _is_listed(probe: Probe) -> bool:
    head = probe.source.head(65536)
    return b"<Issues" in head and b"<PolicyName>" in head


@variant("webinspect", looks=xml_root("Scan", where=_is_listed))
def read_listed(document: Xml) -> Iterator[Item]:
    yield Run(tool="WebInspect")
    for issue in document.each("Issue", row=ListedIssue):
        yield _finding(
            issue,
            Session(
                url=issue.url,
                attack_param_descriptor=issue.attack_param_descriptor,
                raw_request=issue.vulnerable_session,
                raw_response=issue.raw_response,
            ),
        )


def _finding(issue: Issue, session: Session) -> Finding:
    sections = {each.name: each.section_text for each in listed(issue.report_section) if isinstance(each, Section)}
    given = issue.classifications.classification if isinstance(issue.classifications, Classes) else None
    classes = tuple((each.kind, each.identifier, each.text) for each in listed(given) if isinstance(each, Class))
    about = _about(
        issue.vulnerability_id or issue.name, issue.name, sections.get("Summary", ""), sections.get("Implication", ""),
        sections.get("Fix", ""), sections.get("Reference Info", ""), classes, issue.check_type_id,
    )  # fmt: skip
    request, response = _text(session.raw_request), _text(session.raw_response)
    method = session.request.method if isinstance(session.request, Request) else ""
    line = request.partition(" ")[0]
    return Finding(
        rule=about.id,
        title=issue.name,
        severity=LEVELS.get(issue.severity) or severity(issue.severity),
        severity_given=issue.severity,
        location=WebLocation(
            url=session.url,
            method=(method or (line if line.isalpha() else "")).upper(),
            parameter=session.attack_param_descriptor,
        ),
        about=about,
        description=plain(sections.get("Execution", "")),
        cwes=about.cwes,
        exchange=Exchange(request=request, response=response) if request or response else None,
    )


def _text(message: Message | str | None) -> str:
    text = message.text if isinstance(message, Message) else message or ""
    return text[:20_000].strip()


@lru_cache(maxsize=2048)
def _about(
    rule: str, name: str, summary: str, implication: str, fix: str, sources: str,
    classes: tuple[tuple[str, str, str], ...], sort: str,
) -> Rule:  # fmt: skip
    texts = [plain(summary), plain(implication)]
    return Rule(
        id=rule,
        name=name,
        title=name,
        description="\n\n".join(text for text in texts if text),
        remedy=plain(fix),
        cwes=cwe_ids(*(f"{identifier} {text}" for kind, identifier, text in classes if kind == "CWE")),
        tags=tuple(word for word in (sort, *(identifier for kind, identifier, _ in classes if kind != "CWE")) if word),
        references=links(sources),
    )
