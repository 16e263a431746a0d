"""From a file to the inventory it holds, whatever its format."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from seamark.core.errors import UnreadableReport
from seamark.core.sbom import Sbom, with_problem
from seamark.intake.parsers.kit.probe import Probe
from seamark.intake.parsers.kit.read import collector_at_rest
from seamark.intake.parsers.kit.source import Source, from_bytes, open_source
from seamark.intake.sbom import cyclonedx, cyclonedx_xml, spdx2, spdx3, spdx_rdf, swid, syft

HINT: Final = "CycloneDX, SPDX, Syft's JSON and SWID tags are read"
_PREDICATE: Final = "The document was taken out of an attestation, whose signature `seamark provenance` verifies"


def read_sbom(path: str | os.PathLike[str]) -> Sbom:
    """Return the inventory in a file. Raises `UnreadableReport` where it is none."""
    return sbom_in(open_source(path))


def sbom_in(source: Source) -> Sbom:
    """Return the inventory in a source. Raises `UnreadableReport` where it is none."""
    with collector_at_rest():
        try:
            return _reader(source)()
        except UnreadableReport:
            raise
        except RecursionError:
            raise UnreadableReport("The document is nested too deeply for an SBOM") from None
        except MemoryError:
            raise UnreadableReport("The document does not fit into memory") from None
        except UnicodeError:
            raise UnreadableReport("The document is not valid UTF-8 text", hint="write it as UTF-8") from None
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            reason = f"The document is wrongly made ({type(error).__name__}: {error})"
            raise UnreadableReport(reason, hint="please report this with a shortened copy of it") from error


def _reader(source: Source) -> Callable[[], Sbom]:
    probe = Probe(source)
    form = probe.form
    if form == "xml":
        return _of_xml(source, probe)
    if form == "json":
        return _of_json(source.data, probe)
    if form == "zip":
        raise UnreadableReport("This is an archive of several files", hint="name the SBOM in it")
    head = source.head(65536)
    if b"SPDXVersion:" in head:
        return lambda: spdx2.read_text(source)
    if form in {"text", "csv"} and (b"SPDXID:" in head or b"spdxVersion:" in head):
        return lambda: spdx2.read_yaml(source)
    if form in {"json lines", "json stream"} and b'"payloadType"' in head:
        raise UnreadableReport("These are several attestations", hint="`seamark provenance` reads them")
    raise UnreadableReport("This is no SBOM", hint=HINT)


def _of_xml(source: Source, probe: Probe) -> Callable[[], Sbom]:
    namespace, name = probe.root_tag
    if name == "bom" and "cyclonedx.org" in namespace:
        return lambda: cyclonedx_xml.read(source)
    if name == "SoftwareIdentity":
        return lambda: swid.read(source)
    if name == "RDF" or "spdx.org" in namespace:
        return lambda: spdx_rdf.read(source)
    if not name:
        raise UnreadableReport("This looks like XML but is not")
    raise UnreadableReport(f"This XML is no SBOM (root <{name}>)", hint=HINT)


def _of_json(data: Any, probe: Probe) -> Callable[[], Sbom]:
    keys = probe.keys
    if probe.get("bomFormat") == "CycloneDX" or {"specVersion", "components"} <= keys:
        return lambda: cyclonedx.read(data)
    if "@graph" in keys and "spdx.org" in str(probe.get("@context")):
        return lambda: spdx3.read(data)
    if "spdxVersion" in keys or {"SPDXID", "packages"} <= keys:
        return lambda: spdx2.read(data)
    if probe.has("sbom.spdxVersion"):
        return lambda: spdx2.read_exported(data)
    if "artifacts" in keys and ("descriptor" in keys or "artifactRelationships" in keys):
        return lambda: syft.read(data)
    if {"payloadType", "payload"} <= keys or {"_type", "predicate"} <= keys or probe.has("dsseEnvelope.payload"):
        return lambda: _attested(data)
    shown = ", ".join(sorted(keys)[:8]) or "none"
    raise UnreadableReport(f"This JSON is no SBOM (its keys: {shown})", hint=HINT)


class _Envelope(Struct, rename="camel"):
    payload: str = ""
    dsse_envelope: _Envelope | None = None
    predicate: Raw = msgspec.field(default_factory=Raw)


def _attested(data: Any) -> Sbom:
    """Return the inventory that a statement or a signed envelope carries; an envelope in it is not opened again."""
    found = _decoded(data)
    found = found.dsse_envelope or found
    if found.payload:
        try:
            found = _decoded(base64.b64decode(found.payload, validate=True))
        except (binascii.Error, ValueError):
            raise UnreadableReport("The payload of the attestation is no base64 text") from None
    if bytes(found.predicate)[:1] != b"{":
        raise UnreadableReport("The attestation has no predicate that is an SBOM", hint=HINT)
    inner = from_bytes(bytes(found.predicate), "predicate")
    probe = Probe(inner)
    if {"payloadType", "_type"} & probe.keys:
        raise UnreadableReport("The attestation holds another attestation")
    return with_problem(_of_json(inner.data, Probe(inner))(), _PREDICATE)


def _decoded(data: Any) -> _Envelope:
    try:
        return msgspec.json.decode(data, type=_Envelope)
    except msgspec.MsgspecError as error:
        raise UnreadableReport(f"The attestation is wrongly made: {error}") from None
