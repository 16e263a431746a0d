"""TruffleHog: secrets in git history, file systems, images and services; JSON of version 3 and of version 2."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Confidence,
    Finding,
    ImageLocation,
    Item,
    JsonLines,
    Kind,
    Location,
    Probe,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    UnreadableReport,
    Verification,
    WebLocation,
    json_lines,
    json_rows,
    moment,
    parser,
    references,
    variant,
)

GUESSES = frozenset({"High Entropy", "High entropy", "Generic Secret", "Generic API Key"})
"""Reasons that stand for "looks random" or "is called secret", with no shape of a known secret behind them."""


class Place(Struct):
    """Where a source keeps a secret; each source fills other fields."""

    file: str = ""
    line: int | None = None
    commit: str = ""
    repository: str = ""
    email: str = ""
    timestamp: str | int = ""
    link: str = ""
    image: str = ""
    layer: str = ""
    tag: str = ""
    bucket: str = ""
    path: str = ""
    visibility: int | str | None = None
    channel_name: str = ""
    username: str = ""


class Metadata(Struct):
    data: dict[str, Place | None] | None = field(name="Data", default=None)


class Leak(Struct):
    metadata: Metadata | None = field(name="SourceMetadata", default=None)
    detector: str = field(name="DetectorName", default="")
    about: str = field(name="DetectorDescription", default="")
    decoder: str = field(name="DecoderName", default="")
    source: str = field(name="SourceName", default="")
    verified: bool = field(name="Verified", default=False)
    error: str | None = field(name="VerificationError", default="")
    raw: str | None = field(name="Raw", default="")
    raw_pair: str | None = field(name="RawV2", default="")
    redacted: str | None = field(name="Redacted", default="")
    extra: dict[str, Any] | None = field(name="ExtraData", default=None)
    level: str = ""
    logger: str = ""
    message: str = field(name="msg", default="")
    problem: str = field(name="error", default="")


def _is_line(probe: Probe) -> bool:
    if {"SourceMetadata", "DetectorName"} <= probe.keys:
        return True
    return {"level", "logger", "msg"} <= probe.keys and str(probe.get("logger")).startswith("trufflehog")


@parser(
    "trufflehog",
    title="TruffleHog",
    kind=Kind.SECRET,
    looks=json_lines(where=_is_line),
    made_with="trufflehog git file://. --json > trufflehog.json",
    url="https://github.com/trufflesecurity/trufflehog",
    versions="2 and 3",
)
def read(leaks: JsonLines[Leak]) -> Iterator[Item]:
    problems: list[str] = []
    finished = broken = found = False
    for line in leaks:
        if line.metadata is not None and line.detector:
            found = True
        elif line.level:
            finished = finished or line.message == "finished scanning"
            if line.level.lower() in {"error", "fatal", "panic"}:
                broken = True
                problems.append(f"{line.message}: {line.problem}".removesuffix(": "))
        else:
            raise UnreadableReport("A line is neither a secret nor a message of TruffleHog")
    if not found and not finished and not broken:
        raise UnreadableReport("The log does not say that the scan came to its end")
    yield Run(
        tool="TruffleHog",
        successful=True if finished else False if broken and not found else None,
        complete=False if broken else None,
        problems=tuple(problems[:50]),
    )
    for line in leaks:
        if line.metadata is not None and line.detector:
            yield _finding(line)


@variant("trufflehog", looks=json_rows("SourceMetadata", "DetectorName"), lift=("[]",))
def read_array(leaks: list[Leak]) -> Iterator[Item]:
    yield Run(tool="TruffleHog")
    for leak in leaks:
        if not leak.detector:
            raise UnreadableReport("A row does not say which detector found it")
        yield _finding(leak)


def _finding(leak: Leak) -> Finding:
    data = (leak.metadata.data if leak.metadata else None) or {}
    source, place = next(((name, place) for name, place in data.items() if place), (leak.source, Place()))
    secret = _plain(leak)
    return Finding(
        rule=leak.detector,
        title=f"{leak.detector} secret",
        severity=Severity.CRITICAL if leak.verified else Severity.HIGH,
        location=_location(source, place),
        about=_about(leak.detector, leak.about),
        description=_description(leak, source, place),
        cwes=(798,),
        verification=Verification.VERIFIED if leak.verified else Verification.UNVERIFIED,
        secret=secret or leak.redacted or "",
        references=references(place.link),
        tags=tuple(tag for tag in (source, leak.decoder) if tag and tag != "PLAIN"),
        seen_at=moment(place.timestamp),
    )


@lru_cache(maxsize=2048)
def _about(detector: str, description: str) -> Rule:
    return Rule(id=detector, description=description, cwes=(798,))


def _plain(leak: Leak) -> str:
    """Return the secret. The first versions of 3 wrote its bytes in base64, and named no decoder."""
    raw = leak.raw or leak.raw_pair or ""
    if leak.decoder or not raw or len(raw) % 4:
        return raw
    try:
        text = base64.b64decode(raw, validate=True).decode()
    except ValueError:
        return raw
    return text if text.replace("\n", "").replace("\r", "").replace("\t", "").isprintable() else raw


def _location(source: str, place: Place) -> Location | None:
    if place.image:
        image = f"{place.image}:{place.tag}" if place.tag and ":" not in place.image else place.image
        return ImageLocation(image=image, layer=place.layer, path=place.file)
    if place.bucket:
        return ResourceLocation(resource=f"{place.bucket}/{place.file}".rstrip("/"), type=source.lower())
    if place.file or place.path:
        return CodeLocation(path=place.file or place.path, line=place.line or None)
    return WebLocation(url=place.link) if place.link.startswith("http") else None


def _description(leak: Leak, source: str, place: Place) -> str:
    lines = [
        ("Source", source),
        ("Repository", place.repository),
        ("Commit", place.commit),
        ("Author", place.email or place.username),
        ("Channel", place.channel_name),
        ("Verification failed", leak.error or ""),
    ]
    lines += [(name, str(value)) for name, value in (leak.extra or {}).items() if isinstance(value, str | int)]
    return "\n".join(f"{name}: {text}" for name, text in lines if text)


class OldLeak(Struct):
    path: str
    reason: str
    strings: list[str] = field(name="stringsFound")
    branch: str | None = ""
    commit: str | None = ""
    hash: str = field(name="commitHash", default="")
    date: str = ""


@variant("trufflehog", looks=json_lines("stringsFound", "reason", "commitHash", "printDiff"))
def read_old(leaks: JsonLines[OldLeak]) -> Iterator[Item]:
    yield Run(tool="TruffleHog")
    for leak in leaks:
        for text in leak.strings:
            yield _old_finding(leak, text)


def _old_finding(leak: OldLeak, text: str) -> Finding:
    lines = (
        ("Commit", leak.hash),
        ("Branch", leak.branch or ""),
        ("Date", moment(leak.date) or leak.date),
        ("Message", (leak.commit or "").strip()),
    )
    return Finding(
        rule=leak.reason,
        title=leak.reason,
        severity=Severity.HIGH,
        location=CodeLocation(path=leak.path),
        about=_about(leak.reason, ""),
        description="\n".join(f"{name}: {value}" for name, value in lines if value),
        confidence=Confidence.LOW if leak.reason in GUESSES else None,
        cwes=(798,),
        secret=text,
    )
