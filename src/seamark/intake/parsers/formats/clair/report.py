"""Clair 4's vulnerability report, which clairctl writes: packages and vulnerabilities by id."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from msgspec import Struct, ValidationError, convert, field

from seamark.intake.parsers.kit import (
    Cvss,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Rule,
    Run,
    json_object,
    parser,
    references,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, of_system, package, rating

_SCORES = "clair.cvss"


class Distribution(Struct):
    did: str = ""
    name: str = ""


class Repository(Struct):
    name: str = ""


class Package(Struct):
    name: str
    version: str = ""
    kind: str = ""
    package_db: str = ""


class Environment(Struct):
    package_db: str = ""
    introduced_in: str = ""
    distribution_id: str = ""
    repository_ids: list[str] | None = None


class Vulnerability(Struct):
    name: str
    id: str = ""
    description: str = ""
    links: str = ""
    severity: str = ""
    normalized_severity: str = ""
    fixed_in_version: str = ""
    updater: str = ""


class Score(Struct):
    vector: str = field(default="", name="vectorString")
    score: float | None = field(default=None, name="baseScore")
    version: str = ""


class Report(Struct):
    manifest_hash: str
    packages: dict[str, Package] | None
    vulnerabilities: dict[str, Vulnerability] | None
    package_vulnerabilities: dict[str, list[str]] | None
    distributions: dict[str, Distribution] | None = None
    repository: dict[str, Repository] | None = None
    environments: dict[str, list[Environment]] | None = None
    enrichments: dict[str, Any] | None = None


@parser(
    "clair",
    title="Clair",
    kind=Kind.CONTAINER,
    looks=json_object("manifest_hash", "packages", "vulnerabilities", "package_vulnerabilities"),
    made_with="clairctl report --out json IMAGE",
    url="https://quay.github.io/clair/",
    versions="2 and 4",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="Clair", image_digest=report.manifest_hash)
    scores = _scores(report.enrichments or {})
    packages, known = report.packages or {}, report.vulnerabilities or {}
    for key, names in (report.package_vulnerabilities or {}).items():
        found = packages.get(key)
        if found is None:
            continue
        environment = next(iter((report.environments or {}).get(key) or ()), Environment())
        for name in names:
            if row := known.get(name):
                yield _finding(row, found, environment, report, scores.get(name, ()))


def _scores(enrichments: dict[str, Any]) -> dict[str, tuple[Cvss, ...]]:
    """Return the CVSS ratings by the vulnerability's id; other enrichments have other shapes."""
    found: dict[str, tuple[Cvss, ...]] = {}
    for name, groups in enrichments.items():
        if _SCORES not in name:
            continue
        try:
            rows = convert(groups, list[dict[str, list[Score]]], strict=False)
        except ValidationError:
            continue
        for group in rows:
            for key, scores in group.items():
                ratings = (rating(score.vector, score.score, score.version, "nvd") for score in scores)
                found[key] = tuple(one for one in ratings if one)
    return found


def _finding(
    row: Vulnerability, found: Package, environment: Environment, report: Report, ratings: tuple[Cvss, ...]
) -> Finding:
    distribution = (report.distributions or {}).get(environment.distribution_id, Distribution())
    database = environment.package_db or found.package_db
    ecosystem = _ecosystem(database)
    system = of_system(ecosystem) or (not ecosystem and bool(distribution.did))
    component = package((distribution.did if system else "") or ecosystem, found.name, found.version)
    given = row.normalized_severity or row.severity
    path = database.partition(":")[2] if not system else ""
    # Red Hat's updater writes the advisory's headline into the name (`RHSA-2019:2118: glibc security update (Moderate)`).
    name, _, headline = row.name.partition(": ")
    return Finding(
        rule=name,
        title=headline or f"{name} in {found.name}",
        severity=graded(given, ratings),
        severity_given=row.severity or given,
        kind=Kind.CONTAINER if system or not component.purl else Kind.DEPENDENCY,
        location=ImageLocation(
            image=report.manifest_hash, digest=report.manifest_hash, layer=environment.introduced_in, path=path
        ),
        component=component,
        about=_about(name, headline, row.description, row.links),
        vulnerabilities=identifiers(name.split(), _names(row.links)),
        cvss=ratings,
        fixed_versions=_fixed(row.fixed_in_version),
        tags=(f"updater:{row.updater}",) if row.updater else (),
    )


def _fixed(text: str) -> tuple[str, ...]:
    """Return the fixed version; some updaters write 0 for none, others the affected range (`fixed=1.2&introduced=1.0`)."""
    if "=" in text:
        return tuple(parse_qs(text, max_num_fields=10).get("fixed", ())) if text.count("&") < 10 else ()
    return () if text in {"", "0"} else (text,)


def _names(links: str) -> list[str]:
    """Return the CVEs that the pages behind the links are about."""
    words = (word.rstrip("/").rpartition("/")[2] for word in links.split())
    return [word for word in words if word.startswith("CVE-")]


_DATABASES = {"maven": "maven", "jar": "maven", "nodejs": "npm", "python": "pypi", "gem": "gem", "go": "golang"}
_OF_SYSTEM = {"var/lib/dpkg": "deb", "lib/apk": "apk", "var/lib/rpm": "rpm", "usr/lib/sysimage/rpm": "rpm"}


def _ecosystem(database: str) -> str:
    """Return the sort of package from the place where it is registered (`python:usr/lib/python3/…`, `var/lib/dpkg/status`)."""
    kind, colon, _ = database.partition(":")
    if colon and kind in _DATABASES:
        return _DATABASES[kind]
    if kind in {"sqlite", "bdb", "ndb"}:
        return "rpm"
    return next((word for path, word in _OF_SYSTEM.items() if path in database), "")


@lru_cache(maxsize=8192)
def _about(rule: str, title: str, description: str, links: str) -> Rule:
    return Rule(id=rule, title=title, description=description, references=references(links))
