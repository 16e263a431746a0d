"""Rules: what a run says once about all results of a rule, worked out once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct

from seamark.intake.parsers.formats.sarif import texts
from seamark.intake.parsers.formats.sarif.shape import (
    Configuration,
    Descriptor,
    Extension,
    Properties,
    RuleReference,
    RunShape,
    Text,
    ToolComponent,
)
from seamark.intake.parsers.formats.sarif.tools import kind_of_rule, kind_of_tool
from seamark.intake.parsers.kit import (
    Confidence,
    Cvss,
    Kind,
    Rule,
    Severity,
    confidence,
    cvss,
    cwe_ids,
    first_line,
    references,
    severity,
    vulnerability_ids,
)

LEVELS: Final[Mapping[str, Severity]] = {
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "note": Severity.INFO,
    "none": Severity.INFO,
}
"""What levels mean where nothing else grades a result: a note is a hint, as most tools write it."""
LEVELS_OF: Final = {"snykcode": {**LEVELS, "note": Severity.LOW}}
"""Tools whose own pages call their notes low, by the name in lower case."""


class Facts(Struct, frozen=True, gc=False):
    """What every finding of one rule shares."""

    id: str
    title: str
    about: Rule
    kind: Kind
    severity: Severity | None
    """From the rule's security severity; None where the level decides."""
    severity_given: str
    level: str
    """The level of results that give none."""
    level_given: bool
    rank: float
    confidence: Confidence | None
    cwes: tuple[int, ...]
    vulnerabilities: tuple[str, ...]
    is_vulnerability: bool
    cvss: tuple[Cvss, ...]
    properties: Properties | None
    help: str
    messages: dict[str, Text] | None
    shared_messages: dict[str, Text] | None


def words(value: Any) -> tuple[str, ...]:
    """Return the texts in a property that may be a text, a list of texts, or anything else."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list):
        return tuple(text for text in value if isinstance(text, str))
    return ()


def number(value: Any) -> float | None:
    """Return a number that may be written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


_NOTHING = (None,) * 5


def is_severity(word: str) -> bool:
    """Tell whether the kit knows a word as a severity."""
    return severity(word, Severity.INFO) == severity(word, Severity.CRITICAL)


def security_severity(properties: Properties | None) -> tuple[Severity, str] | None:
    """Return severity and text of the property `security-severity`; a score of 0 says nothing."""
    if properties is None or properties.security_severity is None:
        return None
    value = properties.security_severity
    score = number(value)
    if score is None and isinstance(value, str) and is_severity(value):
        return severity(value), value
    if score is None or not 0 < score <= 10:
        return None
    return Severity.from_cvss(score), str(properties.security_severity)


def said_severity(properties: Properties) -> tuple[Severity, str] | None:
    """Return the severity that a tool writes into the properties in its own words."""
    given = (
        properties.issue_severity,
        properties.zizmor_severity,
        properties.devskim_severity,
        properties.severity,
        properties.severity_upper,
    )
    if given == _NOTHING:
        return None
    for value in given:
        if isinstance(value, str) and is_severity(value):
            return severity(value), value
    return None


def said_confidence(properties: Properties | None) -> Confidence | None:
    """Return how sure the tool is, from the properties of a result or a rule."""
    if properties is None:
        return None
    for value in (
        properties.issue_confidence,
        properties.zizmor_confidence,
        properties.devskim_confidence,
        properties.confidence,
        properties.precision,
    ):
        found = confidence(value.replace("-", " ")) if isinstance(value, str) else None
        if found is not None:
            return found
    return None


def no_cwes(properties: Properties) -> bool:
    """Tell quickly that there can be no CWE in the properties."""
    return properties.tags is None and properties.cwe is None and properties.cwes is None


def said_cwes(properties: Properties | None) -> tuple[int, ...]:
    """Return the CWEs in the properties: under their own name, or among the tags."""
    if properties is None:
        return ()
    listed: list[str | int] = []
    for value in (properties.cwe, properties.cwes):
        listed.extend([value] if isinstance(value, int) else words(value))
    return cwe_ids(listed, [tag for tag in words(properties.tags) if "cwe" in tag.lower()])


class RuleBook:
    """Finds the facts of a result's rule. One per run."""

    def __init__(self, run: RunShape) -> None:
        driver = run.tool.driver
        self._components: list[ToolComponent] = [driver, *(run.tool.extensions or ())]
        self._tool = kind_of_tool(driver.name)
        self._taxonomies: list[Extension] = run.taxonomies or []
        self._shared = driver.global_message_strings
        self._by_id: dict[str, tuple[Descriptor, ToolComponent]] = {}
        for component in self._components:
            for descriptor in component.rules or ():
                self._by_id.setdefault(descriptor.id, (descriptor, component))
        self._overrides = self._configured(run)
        self._facts: dict[str | tuple[str | None, int], Facts] = {}
        listed = [descriptor.id for component in self._components for descriptor in component.rules or ()]
        self._unique = len(set(listed)) == len(listed)

    def ids(self) -> list[str]:
        """Return the ids of all rules that are listed; none where they are vulnerabilities, which are never all listed."""
        listed = [name for name in self._by_id if name]
        if self._tool in {Kind.DEPENDENCY, Kind.CONTAINER} or any(vulnerability_ids(name) for name in listed[:20]):
            return []
        return listed

    def _configured(self, run: RunShape) -> dict[str, Configuration]:
        """Return how the invocations changed the configuration of rules."""
        found: dict[str, Configuration] = {}
        for invocation in run.invocations or ():
            for override in invocation.rule_configuration_overrides or ():
                if override.descriptor is not None and override.configuration is not None:
                    descriptor = self._descriptor(
                        override.descriptor.id, override.descriptor.index, override.descriptor
                    )
                    name = descriptor[0].id if descriptor else override.descriptor.id
                    if name:
                        found[name] = override.configuration
        return found

    def facts(self, rule_id: str | None, index: int, reference: RuleReference | None) -> Facts:
        """Return the facts of a rule, as a result names it."""
        if reference is None:
            key = rule_id if self._unique and rule_id is not None else (rule_id, index)
            facts = self._facts.get(key)
            if facts is None:
                facts = self._facts[key] = self._make(rule_id, index, None)
            return facts
        return self._make_for(rule_id, index, reference)

    def _make_for(self, rule_id: str | None, index: int, reference: RuleReference) -> Facts:
        component = reference.tool_component
        place = f"{component.index}/{component.guid}/{component.name}" if component is not None else ""
        key = (f"{rule_id}\x00{reference.id}\x00{reference.guid}\x00{place}\x00{reference.index}", index)
        if key not in self._facts:
            self._facts[key] = self._make(rule_id or reference.id, index, reference)
        return self._facts[key]

    def guess(self, message: str) -> str | None:
        """Return the listed rule that a result without any reference to one starts its message with."""
        return next((name for name in self._by_id if name and message.startswith(name)), None)

    def _component(self, reference: RuleReference | None) -> ToolComponent:
        """Return the driver or the extension that a reference points into."""
        wanted = reference.tool_component if reference is not None else None
        if wanted is not None:
            if 0 <= wanted.index < len(self._components) - 1:
                return self._components[wanted.index + 1]
            for component in self._components:
                if (wanted.guid and wanted.guid == component.guid) or (wanted.name and wanted.name == component.name):
                    return component
        return self._components[0]

    def _descriptor(
        self, rule_id: str | None, index: int, reference: RuleReference | None
    ) -> tuple[Descriptor, ToolComponent] | None:
        component = self._component(reference)
        rules = component.rules or []
        if reference is not None:
            index = reference.index if reference.index >= 0 else index
            for descriptor in rules:
                if reference.guid and descriptor.guid == reference.guid:
                    return descriptor, component
        if 0 <= index < len(rules) and _names(rules[index], rule_id):
            return rules[index], component
        if rule_id is None:
            return None
        if rule_id in self._by_id:
            return self._by_id[rule_id]
        # `CA1000/1` is a refinement of `CA1000`, section 3.27.5.
        above = rule_id.rpartition("/")[0]
        while above:
            if above in self._by_id:
                return self._by_id[above]
            above = above.rpartition("/")[0]
        return None

    def _make(self, rule_id: str | None, index: int, reference: RuleReference | None) -> Facts:
        found = self._descriptor(rule_id, index, reference)
        if found is None:
            descriptor, component = Descriptor(id=rule_id or ""), self._components[0]
        else:
            descriptor, component = found
        name = descriptor.id or rule_id or ""
        properties = descriptor.properties
        configuration = self._overrides.get(name) or descriptor.default_configuration
        tags = words(properties.tags) if properties is not None else ()
        kind = kind_of_rule(self._tool, name, descriptor.name or "", tags)
        aliases = vulnerability_ids(name, descriptor.deprecated_ids)
        tagged = "vulnerability" in tags
        vulnerable = bool(aliases) or tagged or kind in {Kind.DEPENDENCY, Kind.CONTAINER}
        if vulnerable:
            aliases = vulnerability_ids(
                aliases,
                tags,
                texts.plain(descriptor.short_description)[:300],
                texts.plain(descriptor.full_description)[:300] if "SNYK" in name else "",
            )
            if kind is Kind.CODE and (aliases or tagged):
                kind = Kind.DEPENDENCY
        scored = security_severity(properties)
        if scored is None and properties is not None and (rated := said_severity(properties)):
            scored = rated
        return Facts(
            id=name,
            title=_title(descriptor),
            about=self._about(descriptor, name, tags),
            kind=kind,
            severity=scored[0] if scored else None,
            severity_given=scored[1] if scored else "",
            level=(configuration.level if configuration and configuration.level else None) or "warning",
            level_given=bool(configuration and configuration.level),
            rank=configuration.rank if configuration else -1.0,
            confidence=said_confidence(properties),
            cwes=self._cwes(descriptor, name),
            vulnerabilities=aliases,
            is_vulnerability=vulnerable and bool(aliases or tagged),
            cvss=_ratings(properties),
            properties=properties,
            help=texts.plain(descriptor.help) or (descriptor.help.markdown if descriptor.help else "") or "",
            messages=descriptor.message_strings,
            shared_messages=component.global_message_strings or self._shared,
        )

    def _about(self, descriptor: Descriptor, name: str, tags: tuple[str, ...]) -> Rule:
        title = texts.plain(descriptor.short_description)
        description = texts.plain(descriptor.full_description)
        properties = descriptor.properties
        solution = properties.solution if properties is not None else None
        if isinstance(solution, dict):
            solution = solution.get("text")
        listed = (*words(properties.references), *words(properties.reference)) if properties is not None else ()
        return Rule(
            id=name,
            name=descriptor.name or "",
            title=first_line(title, 300),
            description=description if description != title else "",
            remedy=(solution if isinstance(solution, str) else "") or _help(descriptor),
            cwes=self._cwes(descriptor, name),
            tags=tags,
            references=references(descriptor.help_uri, listed),
        )

    def _cwes(self, descriptor: Descriptor, name: str) -> tuple[int, ...]:
        related = [
            relationship.target for relationship in descriptor.relationships or () if relationship.target is not None
        ]
        return cwe_ids(
            said_cwes(descriptor.properties), self.taxa(related), name if "cwe" in name.lower() else None,
            descriptor.help_uri if descriptor.help_uri and "cwe" in descriptor.help_uri else None,
        )  # fmt: skip

    def taxa(self, given: Iterable[RuleReference]) -> tuple[int, ...]:
        """Return the CWEs among references to entries of taxonomies."""
        found: list[str | int] = []
        for reference in given:
            wanted = reference.tool_component
            taxonomy = self._taxonomy(reference)
            name = (taxonomy.name if taxonomy is not None else "") or (wanted.name if wanted is not None else "") or ""
            entry = reference.id
            if entry is None and taxonomy is not None:
                entry = _entry(taxonomy, reference)
            if entry and (name.upper().startswith("CWE") or entry.upper().startswith("CWE")):
                found.append(entry)
        return cwe_ids(found)

    def _taxonomy(self, reference: RuleReference) -> ToolComponent | None:
        wanted = reference.tool_component
        if wanted is None:
            return None
        if 0 <= wanted.index < len(self._taxonomies):
            return self._taxonomies[wanted.index]
        for taxonomy in (*self._taxonomies, *self._components):
            if (wanted.guid and wanted.guid == taxonomy.guid) or (wanted.name and wanted.name == taxonomy.name):
                return taxonomy
        return None


def _entry(taxonomy: ToolComponent, reference: RuleReference) -> str | None:
    taxa = taxonomy.taxa or []
    if 0 <= reference.index < len(taxa):
        return taxa[reference.index].id
    return next((taxon.id for taxon in taxa if reference.guid and taxon.guid == reference.guid), None)


def _names(descriptor: Descriptor, rule_id: str | None) -> bool:
    """Tell whether the rule at an index is the one that a result names: some tools count wrongly."""
    return rule_id is None or not descriptor.id or descriptor.id == rule_id or rule_id.startswith(descriptor.id + "/")


def _title(descriptor: Descriptor) -> str:
    text = texts.plain(descriptor.short_description) or descriptor.name or texts.plain(descriptor.full_description)
    return texts.headline(text) if text else ""


def _help(descriptor: Descriptor) -> str:
    """Return the help of a rule, where it says more than its description."""
    if descriptor.help is None:
        return ""
    text = descriptor.help.markdown or descriptor.help.text or ""
    same = {texts.plain(descriptor.full_description), texts.plain(descriptor.short_description)}
    return "" if text in same or descriptor.help.text in same else text


def _ratings(properties: Properties | None) -> tuple[Cvss, ...]:
    if properties is None:
        return ()
    vectors = (properties.cvss4_vector, properties.cvss3_vector, properties.cvss_vector)
    found = [cvss(vector) for vector in vectors if isinstance(vector, str)]
    if not any(found):
        for score, source in ((properties.cvss3_score, "cvssv3"), (properties.cvss2_score, "cvssv2")):
            value = number(score)
            if value is not None:
                found.append(cvss("", value, source))
    return tuple(rating for rating in found if rating is not None)
