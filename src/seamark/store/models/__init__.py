"""All tables, one file a group."""

from seamark.store.models.findings import EvidencePart, Finding, Rule
from seamark.store.models.inventory import (
    Application,
    Asset,
    BusinessUnit,
    Control,
    Ownership,
    Relation,
    Statement,
    Survey,
)
from seamark.store.models.issues import Event, Fix, Issue, RiskProfile
from seamark.store.models.knowledge import (
    AliasAssertion,
    Component,
    EpssPoint,
    Exploitation,
    FeedState,
    Sbom,
    SbomComponent,
    SbomEdge,
    Vulnerability,
    VulnerabilityName,
)
from seamark.store.models.merges import Corroboration, Match, MergeDecision
from seamark.store.models.people import Grant, Group, SavedView, Token, User
from seamark.store.models.scans import Report, ReportPart, Scan, Stream
from seamark.store.models.work import Import

__all__ = [
    "AliasAssertion",
    "Application",
    "Asset",
    "BusinessUnit",
    "Component",
    "Control",
    "Corroboration",
    "EpssPoint",
    "Event",
    "EvidencePart",
    "Exploitation",
    "FeedState",
    "Finding",
    "Fix",
    "Grant",
    "Group",
    "Import",
    "Issue",
    "Match",
    "MergeDecision",
    "Ownership",
    "Relation",
    "Report",
    "ReportPart",
    "RiskProfile",
    "Rule",
    "SavedView",
    "Sbom",
    "SbomComponent",
    "SbomEdge",
    "Scan",
    "Statement",
    "Stream",
    "Survey",
    "Token",
    "User",
    "Vulnerability",
    "VulnerabilityName",
]
