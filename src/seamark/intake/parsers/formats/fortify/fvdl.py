"""Fortify's results: an FPR archive with its audit, or the FVDL alone."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.formats.fortify.knowledge import Knowledge, Verdict, function_name, verdicts
from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    FlowStep,
    Item,
    Kind,
    Probe,
    Run,
    Severity,
    Xml,
    confidence,
    moment,
    parser,
    variant,
    xml_root,
)
from seamark.intake.parsers.kit.archives import members, names
from seamark.intake.parsers.kit.shapes import local_name
from seamark.intake.parsers.kit.source import Source


def _is_fpr(probe: Probe) -> bool:
    return "audit.fvdl" in names(probe)


@parser(
    "fortify",
    title="Fortify",
    kind=Kind.CODE,
    looks=_is_fpr,
    made_with="sourceanalyzer -b BUILD -scan -f results.fpr",
    url="https://www.microfocus.com/documentation/fortify-static-code/",
    versions="FVDL 1.6 to 1.12",
)
def read(archive: Source) -> Iterator[Item]:
    files = dict(members(archive, "audit.fvdl", "audit.xml"))
    if "audit.fvdl" not in files:
        raise UnreadableReport("The FPR holds no audit.fvdl", hint="scan with Fortify SCA")
    audit = dict(verdicts(Xml(files["audit.xml"]))) if "audit.xml" in files else {}
    yield from _items(Xml(files["audit.fvdl"]), audit)


@variant("fortify", looks=xml_root("FVDL"))
def read_fvdl(document: Xml) -> Iterator[Item]:
    yield from _items(document, {})


def _items(document: Xml, audit: dict[str, Verdict]) -> Iterator[Item]:
    known = Knowledge(document)
    yield Run(
        tool="Fortify",
        version=known.version,
        problems=tuple(known.errors),
        scope=tuple(known.files) or None,
        started=moment(known.started),
    )
    for element in document.each("Vulnerability"):
        yield _finding(element, known, audit)


def _finding(element: etree._Element, known: Knowledge, audit: dict[str, Verdict]) -> Finding:
    said = _texts(element, "ClassInfo", "InstanceInfo")
    identifier = said.get("ClassID", "")
    kind, subtype = said.get("Type", ""), said.get("Subtype", "")
    category = f"{kind}: {subtype}" if subtype else kind
    if not identifier or not category:
        raise UnreadableReport("A vulnerability lacks its class", where=f"line {element.sourceline}")
    about = known.rule(identifier, category, said.get("Kingdom", ""))
    instance = said.get("InstanceID", "")
    verdict = audit.get(instance)
    unified = element.find("{*}AnalysisInfo/{*}Unified")
    steps, main = _steps(unified, known)
    words = _words(unified)
    place = steps[main].location if steps else _declared(unified, known)
    return Finding(
        rule=identifier,
        title=category,
        severity=_priority(element, said, known.groups.get(identifier, {})),
        severity_given=said.get("InstanceSeverity", ""),
        location=place,
        about=about,
        description=known.abstract(identifier, words),
        confidence=confidence(_confidence(said.get("Confidence"))),
        cwes=about.cwes,
        flow=tuple(steps) if len(steps) > 1 else (),
        fingerprints=(("fortify", instance),) if instance else (),
        suppression=verdict.suppression if verdict else None,
        tags=_tags(said.get("AnalyzerName", ""), verdict),
    )


def _texts(element: etree._Element, *parents: str) -> dict[str, str]:
    """Return the texts of what stands right below these children, by its name."""
    return {
        str(part.tag).rpartition("}")[2]: (part.text or "").strip()
        for child in element
        if str(child.tag).rpartition("}")[2] in parents
        for part in child
    }


def _tags(analyzer: str, verdict: Verdict | None) -> tuple[str, ...]:
    given = (analyzer, f"analysis: {verdict.analysis}" if verdict and verdict.analysis else "")
    return tuple(tag for tag in given if tag)


def _priority(element: etree._Element, said: dict[str, str], groups: dict[str, str]) -> Severity:
    """Return the Fortify priority order: impact beside likelihood, each of which counts as high from 2.5 on.

    Without the rule's ratings, the instance's severity and confidence stand in for both.
    """
    own = {group.get("name"): group.text or "" for group in element.iterfind("{*}InstanceInfo/{*}MetaInfo/{*}Group")}
    sure = _number(said.get("Confidence"))
    impact, accuracy, probability = (
        _number(own.get(name) or groups.get(name)) for name in ("Impact", "Accuracy", "Probability")
    )
    if impact is None or accuracy is None or probability is None:
        impact = _number(said.get("InstanceSeverity"))
        likelihood = sure
    else:
        likelihood = accuracy * (sure if sure is not None else 5.0) * probability / 25
    if impact is None:
        return Severity.MEDIUM
    likely = likelihood is None or likelihood >= 2.5
    if impact >= 2.5:
        return Severity.CRITICAL if likely else Severity.HIGH
    return Severity.MEDIUM if likely else Severity.LOW


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is not None and 0 <= value <= 5 else None


def _confidence(text: str | None) -> str:
    value = _number(text)
    if value is None:
        return ""
    return "high" if value >= 4 else "medium" if value >= 2.5 else "low"


def _steps(unified: etree._Element | None, known: Knowledge) -> tuple[list[FlowStep], int]:
    """Return the steps of the primary trace, and which of them is the place of the finding."""
    steps: list[FlowStep] = []
    main = -1
    trace = unified.find("{*}Trace/{*}Primary") if unified is not None else None
    for entry in trace if trace is not None else ():
        node = entry.find("{*}Node")
        if node is None and (reference := entry.find("{*}NodeRef")) is not None:
            node = known.nodes.get(reference.get("id") or "")
        location = node.find("{*}SourceLocation") if node is not None else None
        if node is None or location is None or not location.get("path"):
            continue
        if node.get("isDefault") == "true":
            main = len(steps)
        action = node.findtext("{*}Action") or node.get("label") or ""
        scope = known.contexts.get(location.get("contextId") or "", "") or _scope(unified)
        steps.append(FlowStep(_location(location, known, scope), action))
    return steps, main


def _scope(unified: etree._Element | None) -> str:
    return function_name(unified.find("{*}Context/{*}Function")) if unified is not None else ""


def _declared(unified: etree._Element | None, known: Knowledge) -> CodeLocation | None:
    """Return the place of the function at fault, for findings without a trace."""
    found = unified.find("{*}Context/{*}FunctionDeclarationSourceLocation") if unified is not None else None
    return _location(found, known, _scope(unified)) if found is not None and found.get("path") else None


def _location(element: etree._Element, known: Knowledge, scope: str) -> CodeLocation:
    start, snippet = known.snippets.get(element.get("snippet") or "", (None, ""))
    return CodeLocation(
        path=element.get("path") or "",
        line=_count(element.get("line")),
        column=_count(element.get("colStart")),
        end_line=_count(element.get("lineEnd")),
        end_column=_count(element.get("colEnd")),
        snippet_line=start,
        snippet=snippet,
        scope=scope,
    )


def _count(text: str | None) -> int | None:
    value = int(text) if text and text.isdecimal() and len(text) < 10 else 0
    return value or None


def _words(unified: etree._Element | None) -> dict[str, str]:
    given = unified.find("{*}ReplacementDefinitions") if unified is not None else None
    if given is None:
        return {}
    return {
        child.get("key") or "": child.get("value") or child.get("path") or ""
        for child in given
        if local_name(child).endswith("Def")
    }
