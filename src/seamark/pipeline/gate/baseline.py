"""Baselines: what was known before, as identities. A file holds hashes, rules and places; no code and no text of a finding."""

from __future__ import annotations

import base64
import gzip
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from seamark.analysis.correlation.signals import Signals, hash_content, pack, place_text, signals, unpack
from seamark.core.errors import SeamarkError
from seamark.core.finding import Finding
from seamark.core.location import CodeLocation
from seamark.core.report import Run
from seamark.pipeline.gather import Gathered

FORMAT: Final = "seamark-baseline/1"
LARGEST: Final = 400_000_000
"""Bytes of a file, unpacked."""
_ENCODER: Final = msgspec.json.Encoder()


class Known(NamedTuple):
    """A finding that was there before."""

    rule: str
    place: str
    """File, URL or resource, without the line."""
    line: int
    content: int
    """Hash of all that the tool says of it."""
    signs: Signals
    since: str
    """When it was first seen, RFC 3339; empty where nobody knows."""


class Stream(NamedTuple):
    """What one tool said in one configuration."""

    whole: bool
    """Whether its runs came to their end: what one that failed does not report may have been there all the same."""
    ruleset: frozenset[str] | None
    findings: list[Known]


class Baseline(NamedTuple):
    """A state that later ones are compared with."""

    commit: str
    streams: dict[tuple[str, str], Stream]
    """By tool and configuration."""
    packages: frozenset[str]
    """Identities of issues that are about packages, which say what they are whatever tool finds them."""
    components: frozenset[str] | None
    """Purls; None where no inventory was there."""
    enriched: bool
    """Whether code and functions were taken from the source as well."""


class _File(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A baseline as a file has it."""

    format: str
    commit: str = ""
    enriched: bool = False
    streams: list[_Written] = []
    packages: list[str] = []
    components: list[str] | None = None


class _Written(Struct, frozen=True, kw_only=True, omit_defaults=True):
    tool: str
    configuration: str = ""
    whole: bool = True
    ruleset: list[str] | None = None
    findings: list[tuple[str, str, int, int, str, str]] = []
    """Rule, place, line, content, signals in base64, since."""


def of_reports(
    reports: Gathered, findings: Sequence[Finding], *, packages: Iterable[str] = (), commit: str = "", enriched: bool = False,
    since: Sequence[str] = (),
) -> Baseline:  # fmt: skip
    """Return the state that reports tell. `findings` are theirs in their order, `since` when each was first seen."""
    runs: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in reports.runs:
        runs[run.tool, run.configuration].append(run)
    told: dict[tuple[str, str], list[Known]] = {key: [] for key in sorted(runs)}
    for number, (one, finding) in enumerate(zip(reports.told, findings, strict=True)):
        run = reports.runs[one.run]
        told[run.tool, run.configuration].append(known(finding, since[number] if since else ""))
    streams = {key: Stream(_whole(runs[key]), _ruleset(runs[key]), found) for key, found in told.items()}
    components = frozenset(reports.components) if reports.inventories else None
    return Baseline(commit, streams, frozenset(packages), components, enriched)


def known(finding: Finding, since: str = "") -> Known:
    """Return a finding's identity."""
    line = finding.location.line or 0 if isinstance(finding.location, CodeLocation) else 0
    return Known(finding.rule, place_text(finding), line, content_of(finding), signals(finding), since)


def content_of(finding: Finding) -> int:
    """Return the hash of all that a tool says of a finding."""
    return hash_content(msgspec.msgpack.encode(finding))


def _whole(runs: Iterable[Run]) -> bool:
    return all(run.successful is not False and run.complete is not False for run in runs)


def _ruleset(runs: Sequence[Run]) -> frozenset[str] | None:
    sets = [run.ruleset for run in runs]
    return None if None in sets else frozenset().union(*(one for one in sets if one is not None))


def write(baseline: Baseline, path: Path) -> None:
    """Write a baseline; packed where the name ends in `.gz`. Raises `SeamarkError`."""
    streams = [
        _Written(
            tool=tool, configuration=configuration, whole=stream.whole, ruleset=sorted(stream.ruleset) if stream.ruleset is not None else None,
            findings=sorted(_plain(one) for one in stream.findings),
        )
        for (tool, configuration), stream in sorted(baseline.streams.items())
    ]  # fmt: skip
    content = _ENCODER.encode(
        _File(
            format=FORMAT, commit=baseline.commit, enriched=baseline.enriched, streams=streams, packages=sorted(baseline.packages),
            components=sorted(baseline.components) if baseline.components is not None else None,
        )
    )  # fmt: skip
    try:
        path.write_bytes(gzip.compress(content, mtime=0) if path.name.endswith(".gz") else content + b"\n")
    except OSError as error:
        raise SeamarkError(f"The baseline {path} cannot be written: {error.strerror or error}") from None


def _plain(one: Known) -> tuple[str, str, int, int, str, str]:
    return one.rule, one.place, one.line, one.content, base64.b64encode(pack(one.signs)).decode(), one.since


def is_baseline(path: Path) -> bool:
    """Tell whether a file is a baseline, not a report."""
    try:
        with path.open("rb") as file:
            head = file.read(2)
            file.seek(0)
            begun = (gzip.GzipFile(fileobj=file) if head == b"\x1f\x8b" else file).read(200)
    except (OSError, EOFError):
        return False
    return re.match(rb'\s*\{\s*"format"\s*:\s*"seamark-baseline/', begun) is not None


def read(path: Path) -> Baseline:
    """Return a baseline that was written. Raises `SeamarkError`."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            content = (gzip.GzipFile(fileobj=file) if packed else file).read(LARGEST + 1)
    except (OSError, EOFError) as error:
        raise SeamarkError(f"The baseline {path} cannot be read: {error}") from None
    if len(content) > LARGEST:
        raise SeamarkError(f"The baseline {path} is larger than {LARGEST // 1_000_000} MB")
    try:
        told = msgspec.json.decode(content, type=_File)
        streams = {(one.tool, one.configuration): _stream(one) for one in told.streams}
    except (msgspec.DecodeError, ValueError) as error:
        raise SeamarkError(f"The baseline {path} is none that `seamark gate --write-baseline` wrote: {error}") from None
    if told.format != FORMAT:
        raise SeamarkError(f"The baseline {path} has the format {told.format!r}; this version reads {FORMAT}")
    components = frozenset(told.components) if told.components is not None else None
    return Baseline(told.commit, streams, frozenset(told.packages), components, told.enriched)


def _stream(one: _Written) -> Stream:
    findings = [Known(*row[:4], _signs(row[4]), row[5]) for row in one.findings]
    return Stream(one.whole, frozenset(one.ruleset) if one.ruleset is not None else None, findings)


def _signs(text: str) -> Signals:
    raw: Any = base64.b64decode(text, validate=True)
    if len(raw) > len(pack(Signals())):
        raise ValueError("a newer version wrote it")
    return unpack(raw)
