"""In-toto attestations, bare, in DSSE envelopes and in Sigstore bundles: where an image is from, and what they carry.

SLSA provenance says which repository and commit an artifact was built from. A bill of materials or a scanner's report inside
an attestation is read as if it had come by itself. Signatures are not checked here: who needs that verifies before importing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct, field, structs

from seamark.core.component import parse_purl
from seamark.core.errors import UnknownFormat
from seamark.intake.parsers.kit import (
    AssetKind,
    AssetRef,
    Cvss,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Probe,
    Relation,
    RelationKind,
    Run,
    UnreadableReport,
    cvss,
    display_name,
    json_lines,
    json_object,
    moment,
    parser,
    variant,
)
from seamark.intake.parsers.kit.images import repository_address
from seamark.intake.parsers.kit.packages import graded, identifiers, package
from seamark.intake.parsers.kit.shapes import JsonLines

_STATEMENT = "https://in-toto.io/Statement/"
_PROVENANCE = "https://slsa.dev/provenance/"
_FLAWS = "https://in-toto.io/attestation/vulns/"
_SURE = 0.95
"""Confidence in what a build says of itself, as long as nobody has checked the signature."""
_MOST_SUBJECTS = 1_000


class Subject(Struct):
    name: str = ""
    uri: str = ""
    digest: dict[str, str] = {}


class Statement(Struct):
    kind: str = field(name="_type")
    predicate_type: str = field(name="predicateType", default="")
    subject: list[Subject] | None = None
    predicate: Raw = Raw(b"null")


class Envelope(Struct):
    payload: str
    payload_type: str = field(name="payloadType", default="")


class Bundle(Struct):
    envelope: Envelope = field(name="dsseEnvelope")


def _is_statement(probe: Probe) -> bool:
    return str(probe.get("_type")).startswith(_STATEMENT)


@parser(
    "attestation",
    title="in-toto attestation",
    kind=Kind.DEPENDENCY,
    looks=json_object("_type", "predicateType", "subject", where=_is_statement),
    made_with="cosign download attestation IMAGE, gh attestation download ARTIFACT --repo OWNER/NAME",
    url="https://github.com/in-toto/attestation/tree/main/spec",
    versions="Statement 0.1 and 1; SLSA provenance 0.1 to 1; DSSE; Sigstore bundle 0.1 to 0.3",
)
def read(statement: Statement) -> Iterator[Item]:
    yield from _statement(statement)


@variant("attestation", looks=json_object("payloadType", "payload", "signatures"))
def read_envelope(envelope: Envelope) -> Iterator[Item]:
    yield from _enveloped(envelope)


@variant("attestation", looks=json_object("mediaType", "dsseEnvelope"))
def read_bundle(bundle: Bundle) -> Iterator[Item]:
    yield from _enveloped(bundle.envelope)


@variant("attestation", looks=json_lines("payloadType", "payload", "signatures"))
def read_envelopes(envelopes: JsonLines[Envelope]) -> Iterator[Item]:
    for envelope in envelopes:
        yield from _enveloped(envelope)


@variant("attestation", looks=json_lines("mediaType", "dsseEnvelope"))
def read_bundles(bundles: JsonLines[Bundle]) -> Iterator[Item]:
    for bundle in bundles:
        yield from _enveloped(bundle.envelope)


def _enveloped(envelope: Envelope) -> Iterator[Item]:
    if "in-toto" not in envelope.payload_type:
        raise UnreadableReport(
            f"The envelope holds no in-toto statement but {envelope.payload_type[:80] or 'something unnamed'}"
        )
    try:
        text = envelope.payload.replace("-", "+").replace("_", "/")
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableReport("The payload of the envelope is not Base64") from None
    yield from _statement(msgspec.json.decode(data, type=Statement, strict=False))


def _statement(statement: Statement) -> Iterator[Item]:
    subjects = (statement.subject or [])[:_MOST_SUBJECTS]
    if statement.predicate_type.startswith(_PROVENANCE):
        yield from _provenance(statement, subjects)
    elif statement.predicate_type.startswith(_FLAWS):
        yield from _flaws(msgspec.json.decode(statement.predicate, type=Scanned, strict=False), subjects)
    else:
        yield from _carried(statement, subjects)


def _provenance(statement: Statement, subjects: list[Subject]) -> Iterator[Item]:
    try:
        facts = msgspec.json.decode(statement.predicate)
    except msgspec.DecodeError:
        raise UnreadableReport("The provenance is no JSON object") from None
    address, commit = _source(facts)
    images = [subject for subject in subjects if "sha256" in subject.digest and _is_image(subject.name)]
    image = images[0] if len(images) == 1 else Subject()
    metadata = _inner(facts, "runDetails", "metadata") or _inner(facts, "metadata")
    yield Run(
        tool="SLSA provenance",
        successful=True,
        repository=address,
        commit=commit,
        image=image.name,
        image_digest=f"sha256:{image.digest['sha256']}" if image.name else "",
        started=moment(_text(metadata, "startedOn") or _text(metadata, "buildStartedOn")),
        finished=moment(_text(metadata, "finishedOn") or _text(metadata, "buildFinishedOn")),
    )
    for subject in images:
        if address:
            yield Relation(
                kind=RelationKind.BUILT_FROM,
                source=AssetRef(AssetKind.IMAGE, subject.name),
                target=AssetRef(AssetKind.REPOSITORY, address),
                origin="slsa provenance",
                confidence=_SURE,
            )


def _is_image(name: str) -> bool:
    """Tell an image's name (`ghcr.io/acme/orders`) from that of a file: it begins with a registry's host."""
    host, slash, _ = name.partition("/")
    return bool(slash) and ("." in host or ":" in host) and "://" not in name


def _inner(value: Any, *names: str) -> dict[str, Any]:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _text(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _source(facts: Any) -> tuple[str, str]:
    """Return repository and commit: where the build was configured, else the first material that is a repository."""
    definition = _inner(facts, "buildDefinition")
    workflow = _inner(definition, "externalParameters", "workflow")
    config = _inner(facts, "invocation", "configSource")
    resolved = definition.get("resolvedDependencies") or (facts.get("materials") if isinstance(facts, dict) else None)
    materials = [one for one in resolved if isinstance(one, dict)] if isinstance(resolved, list) else []
    for one in ({**config, **workflow}, *materials):
        given = _text(one, "repository") or _text(one, "uri")
        told = given.startswith("git+") or (given.startswith("https://") and one not in materials) or _commit(one)
        if told and (address := repository_address(given.partition("@")[0])):
            commit = _commit(one) or next((found for other in materials if (found := _commit(other))), "")
            return address, commit
    return "", ""


def _commit(material: dict[str, Any]) -> str:
    digest = _inner(material, "digest")
    return _text(digest, "gitCommit") or _text(digest, "sha1")


class Grade(Struct):
    method: str | None = ""
    score: str | float | None = None


class Result(Struct):
    id: str
    severity: list[Grade] | None = None


class Scanner(Struct):
    uri: str = ""
    version: str | None = ""
    result: list[Result] | None = None


class Times(Struct, rename="camel"):
    scan_started_on: str | None = ""
    scan_finished_on: str | None = ""


class Scanned(Struct):
    scanner: Scanner
    metadata: Times | None = None


def _flaws(scanned: Scanned, subjects: list[Subject]) -> Iterator[Item]:
    scanner, times = scanned.scanner, scanned.metadata or Times()
    yield Run(
        tool=scanner.uri or "in-toto attestation",
        version=scanner.version or "",
        started=moment(times.scan_started_on),
        finished=moment(times.scan_finished_on),
    )
    for result in scanner.result or ():
        grades = [_grade(one) for one in result.severity or ()]
        ratings = tuple(one for one in grades if one)
        for subject in subjects or [Subject()]:
            name = subject.uri or subject.name
            purl = parse_purl(name)
            yield Finding(
                rule=result.id,
                title=f"{result.id} in {name}" if name else result.id,
                severity=graded("", ratings),
                kind=Kind.DEPENDENCY,
                location=None if purl or not name else ImageLocation(image=name),
                component=package("", display_name(name), purl.version or "", name) if purl else None,
                vulnerabilities=identifiers(result.id),
                cvss=ratings,
            )


def _grade(given: Grade) -> Cvss | None:
    """Return a rating: the score may be a vector, or a number."""
    text = str(given.score if given.score is not None else "")
    return cvss(text) if "/" in text else cvss("", text or None)


def _carried(statement: Statement, subjects: list[Subject]) -> Iterator[Item]:
    """Read the predicate as a report of its own: CycloneDX, SPDX, a scanner's results."""
    from seamark.intake.parsers.kit.read import open_bytes

    data = bytes(statement.predicate)
    try:
        facts = msgspec.json.decode(data)
    except msgspec.DecodeError:
        raise UnreadableReport("The predicate is no JSON") from None
    # cosign wraps what it attests: the report is below `Data`, or below the scanner's `result`.
    inner = facts.get("Data") if isinstance(facts, dict) else None
    if isinstance(inner, str):
        data = inner.encode()
    elif inner is not None:
        data = msgspec.json.encode(inner)
    elif result := _inner(facts, "scanner", "result"):
        data = msgspec.json.encode(result)
    try:
        opened = open_bytes(data, subjects[0].name if subjects else "predicate")
    except UnknownFormat:
        sort = statement.predicate_type[:200] or "unnamed"
        raise UnreadableReport(f"The attestation is of a type that holds no report ({sort})") from None
    if opened.parser.name == "attestation":
        raise UnreadableReport("An attestation that holds nothing but an attestation is no report")
    for item in opened.items():
        # Its digest was made without the installation's key, which is not known here: better none than that one.
        yield structs.replace(item, secret="", secret_digest="") if isinstance(item, Finding) and item.secret else item
