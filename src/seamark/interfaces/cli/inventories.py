"""What the commands on inventories of software print: values for JSON, and lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, time
from typing import Any

import click

from seamark.analysis.software.difference import Change, Difference, Risk, by_severity
from seamark.analysis.software.matching import Matching
from seamark.analysis.software.query import Answer, Query
from seamark.core.component import Component
from seamark.core.finding import Finding
from seamark.core.sbom import Entry, Sbom
from seamark.intake.sbom.quality import Quality
from seamark.interfaces.cli import output
from seamark.interfaces.cli.database import boot
from seamark.interfaces.cli.table import Column


def plain_sbom(name: str, sbom: Sbom, graded: Quality) -> dict[str, Any]:
    """Return what a document holds and how good it is, as JSON values."""
    return {
        "file": name,
        "format": sbom.format,
        "encoding": sbom.encoding,
        "version": sbom.version,
        "components": len(sbom.entries),
        "edges": sum(len(one.targets) for one in sbom.edges),
        "quality": {
            "score": graded.score,
            "grade": graded.grade,
            "parts": [
                {"name": one.name, "weight": one.weight, "met": one.met, "of": one.of, "share": round(one.share, 4), "why": one.why}
                for one in graded.parts
            ],
        },
        "subject": _subject(sbom.subject),
        "created": sbom.created,
        "tools": list(sbom.tools),
        "authors": list(sbom.authors),
        "statements": len(sbom.statements),
        "problems": list(sbom.problems),
    }  # fmt: skip


def _subject(one: Entry | None) -> dict[str, str] | None:
    if one is None:
        return None
    return {"name": one.component.name, "version": one.component.version, "purl": one.component.purl, "type": one.type}


def format_of(sbom: Sbom) -> str:
    """Return format, version and encoding in words."""
    title = {"cyclonedx": "CycloneDX", "spdx": "SPDX", "syft": "Syft", "swid": "SWID"}[sbom.format]
    return f"{title} {sbom.version}".strip() + f" ({sbom.encoding})"


def label(one: Component) -> str:
    """Return name and version."""
    return f"{one.name} {one.version}".strip()


def plain_matching(matching: Matching) -> dict[str, Any]:
    """Return what advisories say of a document, as JSON values."""
    return {
        "by_severity": by_severity(matching.findings),
        "findings": [_finding(one) for one in matching.findings],
        "unplaced": [
            {"component": label(one.component), "purl": one.component.purl, "why": one.why} for one in matching.unplaced
        ],
    }


def _finding(one: Finding) -> dict[str, Any]:
    component = one.component or Component(name="")
    return {
        "id": one.rule,
        "aliases": [name for name in one.vulnerabilities if name != one.rule],
        "severity": one.severity.word,
        "title": one.title,
        "package": component.name,
        "version": component.version,
        "purl": component.purl,
        "fixed": list(one.fixed_versions),
    }


def finding_line(one: Finding) -> str:
    """Return a vulnerability in one line."""
    fixed = f", fixed in {', '.join(one.fixed_versions)}" if one.fixed_versions else ""
    return f"{one.severity.word:<9}{label(one.component or Component(name=''))}: {one.rule} {one.title}{fixed}"


def summary(matching: Matching) -> str:
    """Return how many vulnerabilities there are, in one line."""
    counted = ", ".join(f"{number:,} {word}" for word, number in by_severity(matching.findings).items()) or "none"
    unplaced = (
        f"; of {output.count(len(matching.unplaced), 'component')} nothing can be said" if matching.unplaced else ""
    )
    return f"vulnerabilities: {counted}{unplaced}"


def plain_difference(found: Difference, changed: Risk | None) -> dict[str, Any]:
    """Return what changed, as JSON values."""

    def listed(rows: Iterable[Component]) -> list[dict[str, str]]:
        return [{"package": one.name, "version": one.version, "purl": one.purl} for one in rows]

    def moved(rows: Iterable[Change]) -> list[dict[str, str]]:
        return [
            {"package": one.after.name, "from": one.before.version, "to": one.after.version, "purl": one.after.purl}
            for one in rows
        ]

    row: dict[str, Any] = {
        "added": listed(found.added),
        "removed": listed(found.removed),
        "upgraded": moved(found.upgraded),
        "downgraded": moved(found.downgraded),
        "changed": moved(found.changed),
        "licences": [
            {
                "package": one.after.name,
                "version": one.after.version,
                "from": list(one.before.licences),
                "to": list(one.after.licences),
            }
            for one in found.relicensed
        ],
        "edges_added": [{"from": one, "to": other} for one, other in found.edges_added],
        "edges_removed": [{"from": one, "to": other} for one, other in found.edges_removed],
        "unchanged": found.unchanged,
    }
    if changed is not None:
        row["risk"] = {
            "introduced": [_finding(one) for one in changed.introduced],
            "introduced_by_severity": by_severity(changed.introduced),
            "resolved": [_finding(one) for one in changed.resolved],
            "resolved_by_severity": by_severity(changed.resolved),
            "remaining": changed.remaining,
        }
    return row


PACKAGES = (
    Column("File", least=8, most=40, fit="cut start"),
    Column("Package", least=16, most=60),
    Column("Version", least=8, most=30),
    Column("Licences", least=8, most=40),
    Column("", least=4),
)
KEPT = (
    Column("Asset", least=12, most=60, fit="cut start"), Column("Application", least=8), Column("Owner", least=6), Column("Package", least=12),
    Column("Version", least=8), Column("Since", least=10), Column("Commit", least=8, most=12), Column("", least=4),
)  # fmt: skip


def find_in(asked: Query, files: Sequence[str], read: Callable[[str], Sbom], *, as_lines: bool) -> bool:
    """Print the packages in files that a query means; tell whether a file could not be read, which `read` has told."""
    rows = []
    failed = False
    for path in files:
        try:
            sbom = read(path)
        except click.exceptions.Exit:
            failed = True
            continue
        listed = [one.component for one in sbom.entries]
        listed += [sbom.subject.component] if sbom.subject else []
        found = [(one, answer) for one in listed if (answer := asked.answer(one)) is not Answer.NO]
        rows += [(output.named(path), one, answer) for one, answer in found]
    if as_lines:
        for name, one, answer in rows:
            output.json_line(
                {
                    "file": name,
                    "package": one.name,
                    "version": one.version,
                    "purl": one.purl,
                    "licences": list(one.licences),
                    "answer": answer.value,
                }
            )
    else:
        if rows:
            output.table(
                PACKAGES,
                (
                    [output.text(cell) for cell in (name, one.name, one.version, ", ".join(one.licences), "" if answer is Answer.YES else "not known")]
                    for name, one, answer in rows
                ),
            )  # fmt: skip
        output.say(f"{output.count(len(rows), 'package')} found")
    return failed


def find_kept(asked: Query, at: datetime | None, limit: int, *, as_lines: bool) -> None:
    """Print who holds, of all that is kept, what a query means."""
    boot()
    from seamark.pipeline.software import holders
    from seamark.store.access import everything

    when = datetime.combine(at.date(), time.max, UTC) if at is not None else None
    found = holders(everything(), asked, at=when, limit=limit)
    if as_lines:
        for one in found:
            output.json_line(one)
        return
    if found:
        output.table(
            KEPT,
            (
                [
                    output.text(cell)
                    for cell in (
                        one.asset.name, one.asset.application, one.asset.owner, one.package, one.version, one.since[:10], one.commit[:12],
                        "" if one.answer == "yes" else "not known",
                    )
                ]
                for one in found
            ),
        )  # fmt: skip
    output.say(f"{output.count(len(found), 'package')} found")
