"""Findings of one project that Snyk tested."""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import replace

from seamark.intake.parsers.formats.snyk import model
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Cvss,
    Finding,
    ImageLocation,
    Kind,
    Location,
    Rule,
    Suppression,
    cwe_ids,
    references,
    severity,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, of_system, package, probability, purl_type, rating
from seamark.intake.parsers.kit.recent import Recent

_NO_EXPLOIT = frozenset({"", "Not Defined"})
_VERSION = re.compile(r"(\d(?:\.\d)?)")


class Context(Struct, frozen=True):
    """What all findings of a project share."""

    manager: str
    path: str = ""
    image: str = ""
    advice: str = ""


class Findings:
    """Turns Snyk's rows, each of which is about one way to a package, into findings."""

    def __init__(self) -> None:
        self._rules: Recent[str, Rule] = Recent()

    def of(self, row: model.Vulnerability, context: Context) -> Finding:
        """Return the finding for a vulnerability or a licence."""
        ratings = _ratings(row)
        manager = row.package_manager or context.manager
        purl_kind = purl_type(manager)
        system = of_system(purl_kind) or (not purl_kind and bool(context.image))
        way = tuple(row.from_ or ())
        word = row.severity_with_critical or row.severity
        given = row.identifiers or {}
        licence = row.type == "license"
        return Finding(
            rule=row.id,
            title=row.title or f"{row.id} in {row.name or row.package_name}",
            severity=graded(word, ratings),
            severity_given=word,
            kind=Kind.LICENCE if licence else Kind.CONTAINER if system else Kind.DEPENDENCY,
            location=_place(row, context),
            component=_component(row, manager, system=system, direct=len(way) == 2 if way and not system else None),
            about=self._rule(row),
            description="" if licence else _vulnerable(row),
            remedy=_remedy(row, context),
            cwes=cwe_ids(*(given.get("CWE") or ())),
            vulnerabilities=() if licence else identifiers(row.id, _ids(given)),
            cvss=ratings,
            epss=probability(row.epss_details.probability) if row.epss_details else None,
            fixed_versions=_fixed(row),
            dependency_paths=(way[1:],) if len(way) > 1 else (),
            tags=_tags(row),
        )

    def ignored(self, row: model.Vulnerability, context: Context) -> Finding:
        """Return the finding for what the project's policy file ignores."""
        reasons = [one.reason for one in (row.filtered.ignored if row.filtered else None) or () if one.reason]
        suppression = Suppression(origin="tool", justification="; ".join(dict.fromkeys(reasons)))
        return replace(self.of(row, context), suppression=suppression)

    def misconfiguration(self, row: model.Misconfiguration, path: str) -> Finding:
        """Return the finding for a mistake in infrastructure code."""
        guidance = row.guidance or model.Guidance()
        rule = self._rules.get(row.id)
        if rule is None:
            rule = Rule(
                id=row.id,
                title=row.title,
                description="\n\n".join(
                    text for text in (guidance.issue or row.issue, guidance.impact or row.impact) if text
                ),
                remedy=guidance.resolve or row.resolve or "",
                references=references(row.documentation, row.references),
                tags=(row.sub_type,) if row.sub_type else (),
            )
            self._rules.keep(row.id, rule)
        return Finding(
            rule=row.id,
            title=row.title or row.id,
            severity=severity(row.severity),
            severity_given=row.severity,
            kind=Kind.MISCONFIGURATION,
            location=CodeLocation(path=path, line=row.line_number, scope=row.msg or ".".join(map(str, row.path or ()))),
            about=rule,
            suppression=Suppression(origin="tool") if row.is_ignored else None,
        )

    def _rule(self, row: model.Vulnerability) -> Rule:
        rule = self._rules.get(row.id)
        if rule is None:
            rule = Rule(
                id=row.id,
                title=row.title,
                description=row.description or "",
                references=references([link.url for link in row.references or ()]),
            )
            self._rules.keep(row.id, rule)
        return rule


def _ids(given: dict[str, list[str | int] | None]) -> list[str]:
    """Return the ids in all databases; some number theirs (`NSP: [577]`)."""
    found: list[str] = []
    for database, ids in given.items():
        if database != "CWE":
            found += [one if isinstance(one, str) else f"{database}-{one}" for one in ids or ()]
    return found


def _component(row: model.Vulnerability, manager: str, *, system: bool, direct: bool | None) -> Component:
    """Return the installed package: of a distribution's `source/binary` the second, which is what is installed."""
    name = row.name or row.package_name or ""
    found = package(manager, name.rpartition("/")[2] if system else name, row.version or "")
    licences = (row.license,) if row.license else ()
    return replace(found, direct=direct, licences=licences) if direct is not None or licences else found


def _place(row: model.Vulnerability, context: Context) -> Location | None:
    if context.image:
        return ImageLocation(image=context.image, layer=row.layer_id or "", path=context.path)
    return CodeLocation(path=context.path) if context.path else None


def _ratings(row: model.Vulnerability) -> tuple[Cvss, ...]:
    found: list[Cvss | None] = []
    if row.vector or row.score:
        found.append(rating(row.vector, row.score, "", "Snyk"))
    for source in row.cvss_sources or ():
        version = _VERSION.search(source.cvss_version or "")
        found.append(rating(source.vector, source.base_score, version[1] if version else "", source.assigner))
    if row.cvss_details:
        found += [rating(detail.vector, detail.score, "", detail.assigner) for detail in row.cvss_details]
    known: dict[tuple[str, str], Cvss] = {}
    for one in found:
        if one is not None:
            known.setdefault((one.vector, one.source), one)
    return tuple(known.values())


def _vulnerable(row: model.Vulnerability) -> str:
    ranges = row.semver.vulnerable if row.semver else None
    text = ranges if isinstance(ranges, str) else ", ".join(ranges or ())
    return f"Affected versions: {text}" if text else ""


def _fixed(row: model.Vulnerability) -> tuple[str, ...]:
    if not row.nearest_fixed_in_version:
        return tuple(dict.fromkeys(row.fixed_in or ()))
    return tuple(dict.fromkeys((row.nearest_fixed_in_version, *(row.fixed_in or ()))))


def _remedy(row: model.Vulnerability, context: Context) -> str:
    """Say which direct dependency is to be upgraded; the first step of the path is the project, and false."""
    for target in row.upgrade_path or ():
        if isinstance(target, str):
            if not target:
                break
            return f"Upgrade {row.from_[1]} to {target}" if row.from_ and len(row.from_) > 1 else f"Upgrade to {target}"
    if row.is_patchable:
        return "Snyk has a patch for it: snyk protect"
    return context.advice


def _tags(row: model.Vulnerability) -> tuple[str, ...]:
    said: list[str] = []
    levels = (row.exploit_details.maturity_levels if row.exploit_details else None) or ()
    exploit = row.exploit or ""
    for level in levels:
        if level.type == "primary" or level.level:
            exploit = level.level
            break
    if exploit not in _NO_EXPLOIT:
        said.append(f"exploit:{exploit}")
    if row.malicious:
        said.append("malicious")
    if row.docker_base_image:
        said.append(f"base-image:{row.docker_base_image}")
    if row.dockerfile_instruction:
        said.append(f"dockerfile:{row.dockerfile_instruction}")
    return tuple(said)
