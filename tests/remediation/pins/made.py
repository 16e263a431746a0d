"""Pins, advisories and versions for tests."""

from __future__ import annotations

from collections.abc import Mapping

from seamark.core.advisory import Advisory, Affected, Span
from seamark.core.component import Component
from seamark.core.finding import Cvss
from seamark.intake.connectors.registries.release import Release
from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.pins.pin import Pin


class Shelf:
    """Versions by name, and what holds each."""

    def __init__(self, versions: Mapping[str, tuple[str, ...]], held: Mapping[tuple[str, str], str] | None = None) -> None:  # fmt: skip
        self._versions, self._held = versions, held or {}
        self.asked: list[str] = []

    def releases(self, ecosystem: str, name: str) -> tuple[Release, ...] | None:
        self.asked.append(f"{ecosystem} {name}")
        found = self._versions.get(name)
        return tuple(Release(version=one) for one in found) if found is not None else None

    def hashes(self, ecosystem: str, name: str, version: str) -> tuple[tuple[str, str], ...]:
        word = {"docker": "digest", "githubactions": "commit"}.get(ecosystem, "zh")
        held = self._held.get((name, version), "")
        return ((word, held),) if held else ()


def advisory(number: int, package: str, fixed: str, score: float = 7.5) -> Advisory:
    span = Span(events=(("introduced", "0"), ("fixed", fixed)) if fixed else (("introduced", "0"),))
    return Advisory(
        id=f"CVE-2026-{number:04}", title="A flaw", cvss=(Cvss(version="3.1", vector="", score=score),),
        affected=(Affected(package=package, spans=(span,)),),
    )  # fmt: skip


def deb(name: str, version: str) -> Component:
    return Component(name=name, version=version, purl=f"pkg:deb/debian/{name}@{version}")


def image(name: str, version: str, held: str = "", path: str = "Dockerfile", line: int = 1) -> Pin:
    return Pin(kind=ChangeKind.IMAGE, name=name, version=version, held=held, places=((path, line),))


def action(name: str, version: str, held: str = "") -> Pin:
    return Pin(kind=ChangeKind.ACTION_PIN, name=name, version=version, held=held, places=((".github/workflows/ci.yml", 5),))  # fmt: skip
