"""All tables, one file a group."""

from seamark.store.models.ai import AiLines, AiMark
from seamark.store.models.automation import RuleEffect, RuleStand, RuleWish
from seamark.store.models.comments import Mention, Watch
from seamark.store.models.compliance import (
    AuditorAccess,
    CheckStanding,
    ComplianceEvidence,
    ComplianceFramework,
    ComplianceGap,
    EvidenceUse,
)
from seamark.store.models.connections import Connection
from seamark.store.models.crown import CrownJewel
from seamark.store.models.dojo import DojoEngagement, DojoTest
from seamark.store.models.engagements import (
    Engagement,
    EngagementReport,
    EngagementTester,
    PentestFinding,
    PentestLink,
    RecognitionChoice,
    Retest,
)
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
from seamark.store.models.ledger import Anchor, Checkpoint, LedgerEntry, LedgerNode
from seamark.store.models.made import MadeFile, MadeFilePart
from seamark.store.models.merges import Corroboration, Match, MergeDecision
from seamark.store.models.metrics import (
    BoardPack,
    CostInputs,
    Dashboard,
    FactBlock,
    FactPass,
    FactStand,
    IssueFact,
    ToolFact,
)
from seamark.store.models.model_patches import ModelPatch
from seamark.store.models.notices import Heed, News, Subscription, Waiting
from seamark.store.models.operations import Heartbeat, RateCount
from seamark.store.models.outbox import ChannelConnection, OutboxAct
from seamark.store.models.people import CustomRole, Federation, Grant, Group, SavedView, Token, User
from seamark.store.models.plans import FixPlan
from seamark.store.models.policies import Bundle, Policy
from seamark.store.models.preferences import Preference
from seamark.store.models.profiles import ProfileUse
from seamark.store.models.pulls import PullRepository, PullRequest, PullSwitch
from seamark.store.models.reachability import Reachability, Upkeep
from seamark.store.models.requests import Job, SentRequest
from seamark.store.models.scans import Report, ReportPart, Scan, Stream
from seamark.store.models.signon import EmergencyLogin, SignOn
from seamark.store.models.sla import IssueClock
from seamark.store.models.tickets import Ticket, TicketChange, TicketMapping
from seamark.store.models.vendors import VendorAddress, VendorDocument, VendorFlaw, VendorStatement
from seamark.store.models.verdicts import Verdict, Violation
from seamark.store.models.violations import PolicyWatch, StandingViolation, ViolationDay
from seamark.store.models.waivers import Waiver, WaiverIssue, WaiverLimits, WaiverStep
from seamark.store.models.webhooks import Webhook, WebhookMessage
from seamark.store.models.work import Import

__all__ = [
    "AiLines",
    "AiMark",
    "AliasAssertion",
    "Anchor",
    "Application",
    "Asset",
    "AuditorAccess",
    "BoardPack",
    "Bundle",
    "BusinessUnit",
    "ChannelConnection",
    "CheckStanding",
    "Checkpoint",
    "ComplianceEvidence",
    "ComplianceFramework",
    "ComplianceGap",
    "Component",
    "Connection",
    "Control",
    "Corroboration",
    "CostInputs",
    "CrownJewel",
    "CustomRole",
    "Dashboard",
    "DojoEngagement",
    "DojoTest",
    "EmergencyLogin",
    "Engagement",
    "EngagementReport",
    "EngagementTester",
    "EpssPoint",
    "Event",
    "EvidencePart",
    "EvidenceUse",
    "Exploitation",
    "FactBlock",
    "FactPass",
    "FactStand",
    "Federation",
    "FeedState",
    "Finding",
    "Fix",
    "FixPlan",
    "Grant",
    "Group",
    "Heartbeat",
    "Heed",
    "Import",
    "Issue",
    "IssueClock",
    "IssueFact",
    "Job",
    "LedgerEntry",
    "LedgerNode",
    "MadeFile",
    "MadeFilePart",
    "Match",
    "Mention",
    "MergeDecision",
    "ModelPatch",
    "News",
    "OutboxAct",
    "Ownership",
    "PentestFinding",
    "PentestLink",
    "Policy",
    "PolicyWatch",
    "Preference",
    "ProfileUse",
    "PullRepository",
    "PullRequest",
    "PullSwitch",
    "RateCount",
    "Reachability",
    "RecognitionChoice",
    "Relation",
    "Report",
    "ReportPart",
    "Retest",
    "RiskProfile",
    "Rule",
    "RuleEffect",
    "RuleStand",
    "RuleWish",
    "SavedView",
    "Sbom",
    "SbomComponent",
    "SbomEdge",
    "Scan",
    "SentRequest",
    "SignOn",
    "StandingViolation",
    "Statement",
    "Stream",
    "Subscription",
    "Survey",
    "Ticket",
    "TicketChange",
    "TicketMapping",
    "Token",
    "ToolFact",
    "Upkeep",
    "User",
    "VendorAddress",
    "VendorDocument",
    "VendorFlaw",
    "VendorStatement",
    "Verdict",
    "Violation",
    "ViolationDay",
    "Vulnerability",
    "VulnerabilityName",
    "Waiting",
    "Waiver",
    "WaiverIssue",
    "WaiverLimits",
    "WaiverStep",
    "Watch",
    "Webhook",
    "WebhookMessage",
]
