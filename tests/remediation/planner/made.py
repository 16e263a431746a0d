"""Projects, advisories and registries in a few words."""

from __future__ import annotations

from seamark.core.advisory import Advisory, Affected, Span
from seamark.core.component import make_purl
from seamark.core.severity import Severity
from seamark.intake.connectors.registries.release import Known, Need, Release
from seamark.response.remediation.project import Node, Part, Project, package_of


def project(
    ecosystem: str,
    installed: dict[str, list[str]],
    direct: str,
    *,
    place: str = "acme//lock",
    lock: str = "lock",
    **more: object,
) -> Project:
    """Return a project: `{"a@1.0": ["b@2.0"]}` says who needs what, `direct` names the packages it asks for itself."""

    def node(text: str) -> Node:
        name, _, version = text.rpartition("@")
        return package_of(ecosystem, name), version

    parts = []
    for text in installed:
        name, _, version = text.rpartition("@")
        parts.append(
            Part(
                package=package_of(ecosystem, name),
                name=name,
                version=version,
                purl=make_purl(ecosystem, name, version),
                direct=name in direct.split(),
            )
        )
    edges = {node(text): tuple(node(one) for one in needs) for text, needs in installed.items() if needs}
    return Project(
        place=place,
        ecosystem=ecosystem,
        parts=tuple(parts),
        edges=edges,
        lock=lock,
        manifests=("manifest", lock) if lock else ("manifest",),
        **more,
    )  # type: ignore[arg-type]


def flaw(
    number: int,
    package: str,
    fixed: str = "",
    *,
    introduced: str = "0",
    severity: Severity = Severity.HIGH,
    **more: object,
) -> Advisory:
    """Return an advisory about `npm/lodash`."""
    events = [("introduced", introduced), *([("fixed", fixed)] if fixed else [])]
    spans = (Span(events=tuple(events)),)
    return Advisory(
        id=f"OSV-{number}",
        aliases=(f"CVE-2026-{number:04}",),
        severity=severity,
        affected=(Affected(package=package, spans=spans, **more),),
    )  # type: ignore[arg-type]


def registry(
    ecosystem: str, published: dict[str, dict[str, dict[str, str]]], told: tuple[tuple[str, Release], ...] = ()
) -> Known:
    """Return a catalogue: `{"a": {"1.0": {"b": "^2"}}}`."""
    packages = {
        (ecosystem, name): {version: tuple(Need(*one) for one in needs.items()) for version, needs in versions.items()}
        for name, versions in published.items()
    }
    return Known(packages, {(ecosystem, name, one.version): one for name, one in told})
