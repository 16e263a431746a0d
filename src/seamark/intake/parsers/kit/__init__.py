"""What a parser needs, in one import: see `docs/parsers.md`."""

from seamark.core.assets import AssetKind, AssetRef, Relation, RelationKind
from seamark.core.component import Component, DependsOn, canonical_purl, display_name, make_purl
from seamark.core.errors import UnreadableReport
from seamark.core.finding import (
    Cvss,
    Exchange,
    Finding,
    FlowStep,
    Patch,
    Replacement,
    Rule,
    Suppression,
    Vex,
)
from seamark.core.kind import Confidence, Kind, Reach, Verification, VexState
from seamark.core.location import (
    CodeLocation,
    HostLocation,
    ImageLocation,
    Location,
    ResourceLocation,
    WebLocation,
)
from seamark.core.report import Item, Repeated, Run
from seamark.core.severity import Severity
from seamark.intake.parsers.kit.normalise import (
    confidence,
    cvss,
    cwe_ids,
    first_line,
    moment,
    references,
    severity,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.probe import (
    Probe,
    csv_header,
    json_lines,
    json_object,
    json_rows,
    text_start,
    xml_root,
)
from seamark.intake.parsers.kit.registry import parser, variant
from seamark.intake.parsers.kit.rows import Reading
from seamark.intake.parsers.kit.shapes import Csv, JsonLines, Text, Xml

__all__ = [
    "AssetKind",
    "AssetRef",
    "CodeLocation",
    "Component",
    "Confidence",
    "Csv",
    "Cvss",
    "DependsOn",
    "Exchange",
    "Finding",
    "FlowStep",
    "HostLocation",
    "ImageLocation",
    "Item",
    "JsonLines",
    "Kind",
    "Location",
    "Patch",
    "Probe",
    "Reach",
    "Reading",
    "Relation",
    "RelationKind",
    "Repeated",
    "Replacement",
    "ResourceLocation",
    "Rule",
    "Run",
    "Severity",
    "Suppression",
    "Text",
    "UnreadableReport",
    "Verification",
    "Vex",
    "VexState",
    "WebLocation",
    "Xml",
    "canonical_purl",
    "confidence",
    "csv_header",
    "cvss",
    "cwe_ids",
    "display_name",
    "first_line",
    "json_lines",
    "json_object",
    "json_rows",
    "make_purl",
    "moment",
    "parser",
    "references",
    "severity",
    "text_start",
    "variant",
    "vulnerability_ids",
    "xml_root",
]
