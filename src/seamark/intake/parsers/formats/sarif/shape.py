"""The parts of SARIF 2.1.0 that are read, under the specification's own names (in snake case)."""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct, field


class Part(Struct, gc=False, rename="camel"):
    """What every object of a log has in common: no cycles, names in camel case."""


class Text(Part):
    text: str | None = None
    markdown: str | None = None
    id: str | None = None
    arguments: list[str | None] | None = None


class Content(Part):
    text: str | None = None


class ArtifactLocation(Part):
    uri: str | None = None
    uri_base_id: str | None = None
    index: int = -1


class Region(Part):
    start_line: int | None = None
    start_column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    char_offset: int | None = None
    snippet: Content | None = None


class PhysicalLocation(Part):
    artifact_location: ArtifactLocation | None = None
    region: Region | None = None
    context_region: Region | None = None


class LogicalLocation(Part):
    name: str | None = None
    fully_qualified_name: str | None = None
    kind: str | None = None
    index: int = -1
    parent_index: int = -1


class Place(Part):
    """SARIF's `location`."""

    physical_location: PhysicalLocation | None = None
    logical_locations: list[LogicalLocation] | None = None
    logical_location: LogicalLocation | None = None
    """2.1.0's drafts had a single one."""
    message: Text | None = None


class FlowLocation(Part):
    index: int = -1
    location: Place | None = None


class ThreadFlow(Part):
    locations: list[FlowLocation] | None = None


class CodeFlow(Part):
    thread_flows: list[ThreadFlow] | None = None


class Frame(Part):
    location: Place | None = None


class Stack(Part):
    frames: list[Frame] | None = None


class Edit(Part):
    deleted_region: Region | None = None
    inserted_content: Content | None = None


class ArtifactChange(Part):
    artifact_location: ArtifactLocation | None = None
    replacements: list[Edit] | None = None


class Fix(Part):
    description: Text | None = None
    artifact_changes: list[ArtifactChange] | None = None


class Suppressed(Part):
    kind: str | None = None
    status: str | None = None
    state: str | None = None
    """The name of `status` in the drafts."""
    justification: str | None = None


class WebRequest(Part):
    protocol: str | None = None
    version: str | None = None
    target: str | None = None
    method: str | None = None
    headers: dict[str, Any] | None = None
    body: Content | None = None


class WebResponse(Part):
    protocol: str | None = None
    version: str | None = None
    status_code: int | None = None
    reason_phrase: str | None = None
    headers: dict[str, Any] | None = None
    body: Content | None = None


class ComponentReference(Part):
    name: str | None = None
    index: int = -1
    guid: str | None = None


class RuleReference(Part):
    """SARIF's `reportingDescriptorReference`, to a rule or to an entry of a taxonomy."""

    id: str | None = None
    index: int = -1
    guid: str | None = None
    tool_component: ComponentReference | None = None


class Properties(Part):
    """The words that tools put into property bags; any type, because nothing prescribes one."""

    tags: Any = None
    security_severity: Any = field(name="security-severity", default=None)
    precision: Any = None
    cwe: Any = None
    cwes: Any = None
    confidence: Any = None
    issue_confidence: Any = field(name="issue_confidence", default=None)
    zizmor_confidence: Any = field(name="zizmor/confidence", default=None)
    devskim_confidence: Any = field(name="DevSkimConfidence", default=None)
    severity: Any = None
    severity_upper: Any = field(name="Severity", default=None)
    issue_severity: Any = field(name="issue_severity", default=None)
    zizmor_severity: Any = field(name="zizmor/severity", default=None)
    devskim_severity: Any = field(name="DevSkimSeverity", default=None)
    problem_severity: Any = field(name="problem.severity", default=None)
    priority: Any = None
    purl: Any = None
    purls: Any = None
    cve: Any = None
    cvss_vector: Any = field(name="cvssV3", default=None)
    cvss3_vector: Any = field(name="cvss3Vector", default=None)
    cvss4_vector: Any = field(name="cvssv4_vector", default=None)
    cvss3_score: Any = field(name="cvssv3_baseScore", default=None)
    cvss2_score: Any = field(name="cvssv2_score", default=None)
    fixed_version: Any = field(name="fixed_version", default=None)
    references: Any = None
    reference: Any = None
    solution: Any = None
    offender: Any = None
    attack: Any = None
    port: Any = None
    protocol: Any = None
    image_name: Any = None
    repo_digests: Any = None


class Configuration(Part):
    level: str | None = None
    rank: float = -1.0
    enabled: bool = True


class Relationship(Part):
    target: RuleReference | None = None


class Descriptor(Part):
    """SARIF's `reportingDescriptor`: a rule, a notification or an entry of a taxonomy."""

    id: str = ""
    name: str | None = None
    guid: str | None = None
    deprecated_ids: list[str] | None = None
    short_description: Text | None = None
    full_description: Text | None = None
    help: Text | None = None
    help_uri: str | None = None
    message_strings: dict[str, Text] | None = None
    default_configuration: Configuration | None = None
    relationships: list[Relationship] | None = None
    properties: Properties | None = None


class ToolComponent(Part):
    name: str
    guid: str | None = None
    full_name: str | None = None
    version: str | None = None
    semantic_version: str | None = None
    rules: list[Descriptor] | None = None
    taxa: list[Descriptor] | None = None
    global_message_strings: dict[str, Text] | None = None


class Extension(ToolComponent):
    """A plug-in or a taxonomy: some tools leave their names out."""

    name: str = ""


class Tool(Part):
    driver: ToolComponent
    extensions: list[Extension] | None = None


class Row(Part):
    """SARIF's `result`."""

    rule_id: str | None = None
    rule_index: int = -1
    rule: RuleReference | None = None
    kind: str | None = None
    level: str | None = None
    message: Text | None = None
    locations: list[Place] | None = None
    analysis_target: ArtifactLocation | None = None
    fingerprints: dict[str, Any] | None = None
    partial_fingerprints: dict[str, Any] | None = None
    properties: Properties | None = None
    related_locations: list[Place] | None = None
    code_flows: list[CodeFlow] | None = None
    stacks: list[Stack] | None = None
    fixes: list[Fix] | None = None
    suppressions: list[Suppressed] | None = None
    baseline_state: str | None = None
    rank: float = -1.0
    taxa: list[RuleReference] | None = None
    web_request: WebRequest | None = None
    web_response: WebResponse | None = None
    hosted_viewer_uri: str | None = None
    work_item_uris: list[str] | None = None
    correlation_guid: str | None = None


class RowRule(Part):
    """The little of a result that names its rule."""

    rule_id: str | None = None
    rule_index: int = -1
    rule: RuleReference | None = None


class Fault(Part):
    type_name: str | None = field(name="kind", default=None)
    message: Text | str | None = None


class Notification(Part):
    level: str | None = None
    message: Text | None = None
    locations: list[Place] | None = None
    exception: Fault | None = None


class Override(Part):
    descriptor: RuleReference | None = None
    configuration: Configuration | None = None


class Invocation(Part):
    execution_successful: bool | None = None
    command_line: str | None = None
    start_time_utc: str | None = None
    end_time_utc: str | None = None
    exit_code: int | None = None
    exit_code_description: str | None = None
    exit_signal_name: str | None = None
    process_start_failure_message: str | None = None
    working_directory: ArtifactLocation | None = None
    tool_execution_notifications: list[Notification] | None = None
    tool_configuration_notifications: list[Notification] | None = None
    rule_configuration_overrides: list[Override] | None = None


class Conversion(Part):
    invocation: Invocation | None = None


class VersionControl(Part):
    repository_uri: str | None = None
    revision_id: str | None = None
    branch: str | None = None
    revision_tag: str | None = None
    mapped_to: ArtifactLocation | None = None


class Automation(Part):
    id: str | None = None


class Artifact(Part):
    location: ArtifactLocation | None = None
    parent_index: int = -1
    contents: Content | None = None
    roles: list[str] | None = None


class FileReference(Part):
    location: ArtifactLocation | None = None


class External(Part):
    """Which parts of a run were written to other files."""

    results: list[FileReference] | None = None


class RunShape(Part):
    tool: Tool
    results: Raw = Raw()
    artifacts: list[Artifact] | None = None
    logical_locations: list[LogicalLocation] | None = None
    thread_flow_locations: list[FlowLocation] | None = None
    taxonomies: list[Extension] | None = None
    invocations: list[Invocation] | None = None
    conversion: Conversion | None = None
    version_control_provenance: list[VersionControl] | None = None
    automation_details: Automation | None = None
    original_uri_base_ids: dict[str, ArtifactLocation] | None = None
    external_property_file_references: External | None = None
    properties: Properties | None = None


class Log(Struct):
    runs: Raw
    version: str = ""
