"""Anchore's policy checks: gates and triggers that an image has run into."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    ImageLocation,
    Item,
    Kind,
    Probe,
    Run,
    Severity,
    Suppression,
    UnreadableReport,
    json_object,
    json_rows,
    moment,
    parser,
    references,
    severity,
    variant,
)
from seamark.intake.parsers.kit.packages import identifiers, package, stable_name

_ACTIONS = {"stop": Severity.HIGH, "warn": Severity.MEDIUM, "go": Severity.INFO}
_VULNERABILITY = re.compile(
    r"^(?P<severity>\w+) Vulnerability found in (?P<other>non-)?os package type \((?P<type>[^()]*)\) - (?P<package>[^()]*?)\s*"
    r"(?:\(fixed in:\s*(?P<fix>[^()]*)\)\s*)?\("
)
_WORD = re.compile(r"^(CRITICAL|HIGH|MEDIUM|LOW|NEGLIGIBLE|UNKNOWN)\b")
_COLUMNS = ("Image_Id", "Repo_Tag", "Trigger_Id", "Gate", "Trigger", "Check_Output", "Gate_Action")


class Violation(Struct, rename="camel"):
    gate: str
    status: str
    trigger_id: str = ""
    trigger_name: str = ""
    description: str = ""
    policy_id: str = ""
    tag: str = ""
    allowlisted: bool = False


class Checked(Struct, rename="camel"):
    detail: list[Violation] | None
    final_action: str = ""
    digest: str = ""
    tag: str = ""
    policy_id: str = ""
    last_evaluation: str = ""


class Evaluation(Struct, rename="camel"):
    details: list[Violation] | None = None
    evaluation_time: str = ""
    final_action: str = ""


class Evaluated(Struct, rename="camel"):
    evaluations: list[Evaluation] | None
    evaluated_tag: str = ""
    image_digest: str = ""
    policy_id: str = ""


@parser(
    "anchore-policy",
    title="Anchore Policy",
    kind=Kind.MISCONFIGURATION,
    looks=json_object("evaluations", "policyId", "imageDigest"),
    made_with="anchorectl image check --detail -o json IMAGE",
    url="https://docs.anchore.com/",
    versions="Engine 0.5 to 1.1, AnchoreCTL 0.2 to 5",
)
def read(report: Evaluated) -> Iterator[Item]:
    for evaluation in report.evaluations or ():
        yield _run(report.policy_id, report.evaluated_tag, report.image_digest, evaluation.evaluation_time)
        for violation in evaluation.details or ():
            yield _finding(violation, report.evaluated_tag or violation.tag, report.image_digest)


@variant("anchore-policy", looks=json_rows("detail", "finalAction", "policyId"))
def read_list(reports: list[Checked]) -> Iterator[Item]:
    for report in reports:
        yield _run(report.policy_id, report.tag, report.digest, report.last_evaluation)
        for violation in report.detail or ():
            yield _finding(violation, report.tag or violation.tag, report.digest)


class Table(Struct):
    header: list[str]
    rows: list[list[Any]]


class Inner(Struct):
    result: Table


class Outcome(Struct):
    result: dict[str, Inner | list[Any] | str | None]
    """The tables by image, among other fields in some versions."""


class Detail(Struct):
    result: Outcome


class Check(Struct, rename={"policy_id": "policyId"}):
    detail: Detail | None = None
    last_evaluation: str = ""
    policy_id: str = ""


def _is_check(probe: Probe) -> bool:
    """Claim `[{"sha256:…": {"image:tag": [{"detail": …, "policyId": …}]}}]`, whose keys are names."""
    if not probe.is_array or not probe.first or not all(key.startswith("sha256:") for key in probe.first):
        return False
    images = probe.get("0")
    tags = [tag for image in images.values() if isinstance(image, dict) for tag in image.values()]
    return any(isinstance(tag, list) and tag and isinstance(tag[0], dict) and "policyId" in tag[0] for tag in tags)


@variant("anchore-policy", looks=_is_check)
def read_check(reports: list[dict[str, dict[str, list[Check]]]]) -> Iterator[Item]:
    for report in reports:
        for digest, tags in report.items():
            for tag, checks in tags.items():
                for check in checks:
                    yield from _check(check, tag, digest)


def _check(check: Check, tag: str, digest: str) -> Iterator[Item]:
    if check.detail is None:
        raise UnreadableReport("The policy check lists no details", hint="anchore-cli --json evaluate check --detail")
    yield _run(check.policy_id, tag, digest, check.last_evaluation)
    for inner in check.detail.result.result.values():
        if not isinstance(inner, Inner):
            continue
        table = inner.result
        at = {name: number for number, name in enumerate(table.header)}
        if not at.keys() >= set(_COLUMNS):
            raise UnreadableReport("The table of the policy check lacks columns", where="$.detail.result")
        for row in table.rows:
            if len(row) < len(table.header):
                raise UnreadableReport("A row of the policy check is shorter than its header", where="$.detail.result")
            yield _row({name: row[number] for name, number in at.items()}, tag, digest)


def _row(cells: dict[str, Any], tag: str, digest: str) -> Finding:
    listed = cells.get("Whitelisted")
    finding = Violation(
        gate=str(cells["Gate"]),
        status=str(cells["Gate_Action"]),
        trigger_id=str(cells["Trigger_Id"]),
        trigger_name=str(cells["Trigger"]),
        description=str(cells["Check_Output"]),
        policy_id=str(cells.get("Policy_Id") or ""),
        allowlisted=bool(listed),
    )
    reason = str(listed.get("matched_rule_id") or "") if isinstance(listed, dict) else ""
    return _finding(finding, tag, digest, reason)


def _run(policy: str, tag: str, digest: str, time: str) -> Run:
    scope = f"image {stable_name(tag)} {policy}".strip()
    return Run(tool="Anchore Policy", configuration=scope, image=tag, image_digest=digest, finished=moment(time))


def _finding(row: Violation, tag: str, digest: str, reason: str = "") -> Finding:
    found = _VULNERABILITY.match(row.description)
    identifier, _, name = row.trigger_id.partition("+")
    word = _WORD.match(row.description)
    given = word[1] if word else row.status
    of_vulnerability = row.gate == "vulnerabilities" and bool(name)
    return Finding(
        rule=identifier if of_vulnerability else f"{row.gate}:{row.trigger_name}",
        title=f"{identifier} in {name}" if of_vulnerability else row.description or row.trigger_name,
        severity=severity(given) if word else _ACTIONS.get(row.status.lower(), Severity.MEDIUM),
        severity_given=given,
        kind=_kind(row.gate, found) if of_vulnerability or row.gate == "secret_scans" else None,
        location=ImageLocation(image=tag, digest=digest, path=_path(found["package"]) if found else ""),
        component=package(found["type"] if found else "", name) if of_vulnerability else None,
        description=row.description if of_vulnerability else "",
        vulnerabilities=identifiers(identifier) if of_vulnerability else (),
        fixed_versions=(found["fix"].strip(),) if found and found["fix"] else (),
        fingerprints=(("anchore-trigger", row.trigger_id),) if row.trigger_id else (),
        suppression=Suppression(origin="tool", justification=reason) if row.allowlisted else None,
        references=references(row.description.replace(")", " ")),
        tags=tuple(text for text in (row.policy_id, f"action:{row.status}") if text),
    )


def _kind(gate: str, found: re.Match[str] | None) -> Kind:
    if gate == "secret_scans":
        return Kind.SECRET
    return Kind.DEPENDENCY if found and found["other"] else Kind.CONTAINER


def _path(text: str) -> str:
    return text.strip() if text.startswith("/") else ""
