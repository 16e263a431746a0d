"""The PHP security checkers: SensioLabs', Symfony's and the local one, which all write the same JSON."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    UnreadableReport,
    parser,
    references,
    variant,
)
from seamark.intake.parsers.kit.packages import identifiers, package


class Advisory(Struct):
    title: str
    link: str | None = ""
    cve: str | None = ""


class Package(Struct):
    version: str
    advisories: list[Advisory] | dict[str, Advisory]


def _is_report(probe: Probe) -> bool:
    """Tell a table of packages by their names (`vendor/name`) and by what stands beneath one of them."""
    if probe.form != "json" or probe.is_array or not probe.keys or not all("/" in key for key in probe.keys):
        return False
    # A path would not find names that hold dots.
    name = next((key for key in sorted(probe.keys) if "." not in key), "")
    advisories = probe.get(f"{name}.advisories") if name else None
    rows = list(advisories.values()) if isinstance(advisories, dict) else advisories
    return isinstance(rows, list) and bool(rows) and isinstance(rows[0], dict) and {"title", "link"} <= rows[0].keys()


@parser(
    "php-security-checker",
    title="PHP Security Checker",
    kind=Kind.DEPENDENCY,
    looks=_is_report,
    made_with="local-php-security-checker --format=json, or symfony security:check --format=json",
    url="https://github.com/fabpot/local-php-security-checker",
)
def read(packages: dict[str, Package]) -> Iterator[Item]:
    yield Run(tool="PHP Security Checker")
    for name, one in packages.items():
        advisories = one.advisories.values() if isinstance(one.advisories, dict) else one.advisories
        for advisory in advisories:
            ids = identifiers(advisory.cve)
            title = advisory.title
            if ids and title.startswith(f"{ids[0]}: "):
                title = title.removeprefix(f"{ids[0]}: ")
            rule = ids[0] if ids else f"{name}: {title}"
            yield Finding(
                rule=rule,
                title=title,
                severity=Severity.MEDIUM,
                location=CodeLocation(path="composer.lock"),
                component=package("composer", name, one.version),
                about=Rule(id=rule, title=title, references=references(advisory.link)),
                vulnerabilities=ids,
            )


@variant("php-security-checker", looks=lambda probe: probe.named and probe.is_empty_array)
def read_none(packages: list[Package]) -> Iterator[Item]:
    """Read the empty list, which is how PHP writes an empty table."""
    if packages:
        raise UnreadableReport("The report is a list but should be a table of packages")
    yield Run(tool="PHP Security Checker")
