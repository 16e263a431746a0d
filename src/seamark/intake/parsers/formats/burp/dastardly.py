"""Dastardly: Burp's free scanner for pipelines, which writes JUnit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._web import joined, listed
from seamark.intake.parsers.formats.burp.common import confidence_of, entry_point, graded, method_of, rule, web
from seamark.intake.parsers.kit import (
    Exchange,
    Finding,
    Item,
    Run,
    UnreadableReport,
    Xml,
    cwe_ids,
    references,
    variant,
    xml_root,
)
from seamark.intake.parsers.kit.texts import described

_FIELD = re.compile(r"^(Severity|Confidence|Host|Path):[ \t]*(.*)$", re.MULTILINE)
_SECTION = re.compile(
    r"^(Issue Detail|Issue Background|Remediation Detail|Remediation Background|References|"
    r"Vulnerability Classifications|Evidence|Request|Response):?[ \t]*$",
    re.MULTILINE,
)


class Failure(Struct):
    text: str = field(name="#text", default="")
    message: str = field(name="@message", default="")
    type: str = field(name="@type", default="")


class Case(Struct):
    name: str = field(name="@name")
    failure: list[Failure] | Failure | None = None


class Suite(Struct):
    name: str = field(name="@name", default="")
    failures: int = field(name="@failures", default=0)
    testcase: list[Case] | Case | None = None


@variant("burp", looks=xml_root("testsuites", where=lambda probe: b"Dastardly" in probe.source.head(4096)))
def read(document: Xml) -> Iterator[Item]:
    yield Run(tool="Dastardly")
    for suite in document.each("testsuite", row=Suite):
        failed = [(case, failure) for case in listed(suite.testcase) for failure in listed(case.failure)]
        if suite.failures and not failed:
            raise UnreadableReport(f"The suite {suite.name} counts {suite.failures} failures but lists none")
        for case, failure in failed:
            yield _finding(suite, case, failure)


def _finding(suite: Suite, case: Case, failure: Failure) -> Finding:
    said = {name: value.strip() for name, value in reversed(_FIELD.findall(failure.text))}
    parts = _sections(failure.text)
    path, parameter = entry_point(said.get("Path", ""))
    request, response = parts.get("Request", ""), parts.get("Response", "")
    given = failure.type or said.get("Severity", "")
    severity, suppression, verification = graded(given)
    about = rule(
        "", case.name, parts.get("Issue Background", ""), parts.get("Remediation Background", ""), "",
        parts.get("Vulnerability Classifications", ""),
    )  # fmt: skip
    return Finding(
        rule=about.id,
        title=case.name,
        severity=severity,
        severity_given=given,
        location=web(joined(said.get("Host"), path) or suite.name, method_of(request), parameter),
        about=about,
        description=described(("", parts.get("Issue Detail")), ("Found at", suite.name if said.get("Host") else None)),
        remedy=parts.get("Remediation Detail", ""),
        confidence=confidence_of(said.get("Confidence")),
        cwes=cwe_ids(parts.get("Vulnerability Classifications", "")),
        suppression=suppression,
        verification=verification,
        exchange=Exchange(request=request, response=response) if request or response else None,
        references=references(parts.get("References", "")),
    )


def _sections(text: str) -> dict[str, str]:
    """Return the parts of a failure's text by their headings; of requests and answers the first."""
    parts: dict[str, str] = {}
    pieces = _SECTION.split(text)
    for name, body in zip(pieces[1::2], pieces[2::2], strict=False):
        if body.strip():
            parts.setdefault(name, body.strip())
    return parts
