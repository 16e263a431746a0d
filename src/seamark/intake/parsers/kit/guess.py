"""Proposes a mapping file for a report of an unknown tool: fields are guessed by their names and by their values."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Container, Iterable, Iterator
from typing import Any, Final, NamedTuple

import msgspec

from seamark.core.errors import UnreadableReport
from seamark.core.severity import Severity
from seamark.intake.parsers.kit.expressions import Many, Step, shown
from seamark.intake.parsers.kit.expressions import texts as plain_texts
from seamark.intake.parsers.kit.mapped import rows
from seamark.intake.parsers.kit.mapping import FIELDS, Mapping, Value, expression, skips
from seamark.intake.parsers.kit.normalise import cwe_ids, severity, vulnerability_ids
from seamark.intake.parsers.kit.probe import Probe
from seamark.intake.parsers.kit.shapes import Csv, JsonLines, Xml, local_name, to_value
from seamark.intake.parsers.kit.source import Source
from seamark.intake.parsers.kit.tolerant import forgiving

LARGEST: Final = 64 * 1024**2
"""Bytes of a report that a mapping is proposed from: a sample will do."""
_SAMPLE = 200
_SHOWN = 60
_DEEPEST = 24
_MOST_SEVERITIES = 12

SYNONYMS: Final = {
    "severity": "severity sev risk priority level criticality severitylevel risklevel riskrating rating impact threat",
    "title": "title name summary message msg text issue finding vulnerability shortdescription headline issuename vulnerabilityname problem",
    "rule": "rule ruleid checkid testid pluginid checkname rulename code id type identifier issueid",
    "description": "description details detail longdescription overview text body explanation message msg",
    "path": "path filepath filename file location sourcefile fullpath uri component",
    "line": "line linenumber startline lineno beginline linestart row",
    "column": "column columnnumber startcolumn col",
    "end_line": "endline lineend stopline",
    "snippet": "snippet codesnippet sourcecode evidence",
    "url": "url uri endpoint address targeturl vulnerableurl affectedurl target",
    "method": "method httpmethod verb",
    "parameter": "parameter param parametername field",
    "resource": "resource resourceid arn resourcename resourcearn assetid",
    "host": "host hostname ip ipaddress server fqdn asset",
    "port": "port portnumber",
    "image": "image imagename imagetag containerimage",
    "package": "package packagename component componentname library dependency module artifact pkgname pkg product",
    "version": "version packageversion componentversion installedversion currentversion pkgversion libraryversion",
    "purl": "purl packageurl",
    "ecosystem": "ecosystem packagemanager packagetype language ecosystemname",
    "fixed": "fixedversion fixversion fixedin fixedversions fix patchedversions patchedin remediatedversion",
    "cve": "cve cves cveid cveids vulnerabilityid vulnerabilityids vulnid aliases advisory",
    "cwe": "cwe cweid cwes cweids weakness",
    "cvss": "cvss cvssvector cvssv3 cvssscore cvss3 cvssv3score cvssbasescore basescore vectorstring",
    "confidence": "confidence certainty precision",
    "remedy": "remedy remediation solution recommendation fixadvice mitigation howtofix advice",
    "references": "references reference links link urls moreinfo helpuri url",
    "fingerprint": "fingerprint hash uuid guid uniqueid issuehash findingid",
    "secret": "secret match secretvalue token rawsecret",
    "seen_at": "seenat date timestamp detectedat foundat createdat time firstseen lastseen discovered",
    "tags": "tags labels categories category",
}  # fmt: skip
"""Names that fields have, the most telling first, in lower case without marks."""


def _known_severity(text: str) -> bool:
    return len(text) <= 20 and severity(text, Severity.INFO) is severity(text, Severity.CRITICAL)


_OF_OUTSIDE = frozenset(
    {"path", "url", "resource", "host", "image", "package", "version", "purl", "ecosystem", "seen_at"}
)
"""Fields that an object around the rows may say for all of them."""
_WEIGHT = {"severity": 3, "title": 3, "rule": 2, "cve": 3, "path": 3, "url": 3, "resource": 2, "host": 2, "package": 3}
_SCORE = re.compile(r"(?:10|\d)(?:\.\d+)?")
_VECTOR = re.compile(r"(?:CVSS:[34]\.\d/)?AV:[A-Z](?:/[A-Za-z]+:[A-Za-z]+)+")
_LOOKS_LIKE_PATH = re.compile(r"[\w@./\\ -]*[\w-]+\.\w{1,8}|(?:[\w@.-]*/)+[\w@.-]+")
_CHECKS = {
    "severity": lambda text: len(text) <= 20,
    "title": lambda text: bool(re.search(r"[^\W\d_]", text)) and not text.startswith(("http://", "https://")),
    "path": lambda text: bool(_LOOKS_LIKE_PATH.fullmatch(text)),
    "url": lambda text: text.startswith(("http://", "https://")),
    "references": lambda text: text.startswith(("http://", "https://")),
    "purl": lambda text: text.startswith("pkg:"),
    "cve": lambda text: bool(vulnerability_ids(text)),
    "cwe": lambda text: bool(cwe_ids(text)),
    "cvss": lambda text: bool(_SCORE.fullmatch(text) or _VECTOR.fullmatch(text)),
    **dict.fromkeys(("line", "column", "end_line", "port"), lambda text: text.isascii() and text.isdigit() and len(text) < 10),
}  # fmt: skip
_BY_VALUE = {
    "purl": _CHECKS["purl"],
    "cvss": lambda text: bool(_VECTOR.fullmatch(text)),
    "cve": lambda text: len(text) < 200 and bool(vulnerability_ids(text)),
    "cwe": lambda text: bool(re.match(r"CWE-\d", text, re.IGNORECASE)),
    "severity": _known_severity,
    "path": lambda text: "/" in text and "://" not in text and bool(_LOOKS_LIKE_PATH.fullmatch(text)),
    "references": _CHECKS["references"],
}
"""What values alone tell, where no name did."""


class Proposal(NamedTuple):
    """A mapping file's text, and what was not found: sentences for people."""

    text: str
    notes: list[str]


Leaves = dict[str, list[str]]


class _Guess(NamedTuple):
    rows: str
    size: int
    found: dict[str, str]
    leaves: Leaves
    examples: Leaves


def propose(source: Source, name: str) -> Proposal:
    """Return a mapping for a report, `name` being what the tool may be called. Raises `UnreadableReport`."""
    if len(source) > LARGEST:
        raise UnreadableReport(
            f"The report is larger than {LARGEST // 1024**2} MB", hint="propose the mapping from a shorter sample"
        )
    probe = Probe(source)
    format = {"json lines": "jsonl"}.get(probe.form, probe.form)
    if format in {"text", "zip"}:
        raise UnreadableReport(
            "A mapping reads JSON, JSON lines, CSV and XML", hint=f"this is {probe.form}: write a parser"
        )
    tables = _tables(source, format)
    candidates = [_guess(path, tables, format) for path in tables if path or format in {"csv", "jsonl"}]
    if not candidates:
        raise UnreadableReport("There is no list of objects in the report, so there are no rows to map")
    best = max(candidates, key=lambda one: (sum(_WEIGHT.get(field, 1) for field in one.found), one.size))
    return _written(best, format, name, _recognise(format, probe, tables))


Tables = dict[tuple[Step, ...], list[Any]]


def _tables(source: Source, format: str) -> Tables:
    """Return all objects that could be rows, or stand around rows, by their path; the report itself has none."""
    tables: Tables = {}
    if format == "csv":
        tables[()] = list(Csv(source, dict[str, str]))
    elif format == "xml":
        root = Xml(source).root
        _objects(to_value(root), (local_name(root),), tables, xml=True)
    else:
        lines: Iterable[msgspec.Raw | Any] = JsonLines(source, msgspec.Raw) if format == "jsonl" else (source.data,)
        for line in lines:
            value = forgiving(msgspec.json.decode, line)
            if isinstance(value, dict):
                tables.setdefault((), []).append(value)
            _objects(value, (), tables, xml=False)
    return {path: values for path, values in tables.items() if values}


def _objects(value: Any, path: tuple[Step, ...], found: Tables, *, xml: bool) -> None:
    """Note all objects in lists below a value, lists of one path together. In XML every element may be one of several."""
    if len(path) > _DEEPEST:
        return
    if isinstance(value, dict):
        if xml:
            found.setdefault(path, []).append(value)
        for key, inner in value.items():
            if key and '"' not in key and isinstance(inner, dict | list):
                _objects(inner, (*path, key), found, xml=xml)
    elif isinstance(value, list):
        inside = path if xml else (*path, Many.EACH)
        for one in value:
            if isinstance(one, dict) and not xml:
                found.setdefault(inside, []).append(one)
            _objects(one, inside, found, xml=xml)


def _around(path: tuple[Step, ...], tables: Tables, format: str) -> list[Any]:
    """Return the objects that stand around the rows of a path: what `^` means there."""
    if format == "xml":
        return tables.get(path[:-1], [])
    outer = path[:-1]
    while outer and outer[-1] is not Many.EACH:
        outer = outer[:-1]
    return tables.get(outer, []) if path else []


def leaves(values: Iterable[Any], *, csv: bool = False) -> Leaves:
    """Return the paths inside of rows, each with the first values that stand there. Lists are written as `[*]`."""
    found: Leaves = {}
    for value in values:
        if csv:
            for key, cell in value.items():
                found.setdefault(key, []).append(cell.strip())
        else:
            _leaves(value, (), found)
    return found


def _leaves(value: Any, path: tuple[Step, ...], found: Leaves) -> None:
    if len(path) > _DEEPEST:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            if key and '"' not in key:
                _leaves(inner, (*path, key), found)
    elif isinstance(value, list):
        for one in value[:_SAMPLE]:
            _leaves(one, (*path, Many.EACH), found)
    elif path and value is not None:
        found.setdefault(shown(path), []).extend(plain_texts([value]))


def _guess(path: tuple[Step, ...], tables: Tables, format: str) -> _Guess:
    csv, values = format == "csv", tables[path]
    inside = _own(leaves(itertools.islice(values, _SAMPLE), csv=csv))
    found = _fields(inside)
    around = _own(leaves(_around(path, tables, format)[:_SAMPLE])) if not csv else {}
    outer = _fields(around, _OF_OUTSIDE - found.keys())
    if found.keys() & {"path", "url", "resource", "host", "package"}:
        outer = {field: leaf for field, leaf in outer.items() if field not in {"path", "url", "resource"}}
    both = found | {field: _outside(leaf) for field, leaf in outer.items()}
    examples = inside | {_outside(leaf): around[leaf] for leaf in outer.values()}
    return _Guess(shown(path), len(values), both, inside, examples)


def _outside(leaf: str) -> str:
    return f"^{leaf}" if leaf.startswith("[") else f"^.{leaf}"


def _own(found: Leaves) -> Leaves:
    """Return the leaves that belong to a row itself, not to objects in lists inside of it: those are rows of their own."""
    foreign = {_bare(leaf) for leaf in found if re.search(r"\[\*\].", leaf)}
    return {
        leaf: [text for text in texts if text]
        for leaf, texts in found.items()
        if _bare(leaf) not in foreign and len(leaf) <= 200
    }


def _bare(path: str) -> str:
    return re.sub(r"\[(?:\d+|\*)\]", "", path)


def _fields(inside: Leaves, wanted: Container[str] = frozenset(FIELDS)) -> dict[str, str]:
    """Return which path each wanted field is, first by the names that tell most, then by values."""
    wishes = sorted(
        (rank, _depth(leaf), order, field, leaf)
        for order, field in enumerate(SYNONYMS)
        for leaf, texts in inside.items()
        if field in wanted and (rank := _rank(field, leaf, texts)) is not None
    )
    found: dict[str, str] = {}
    taken: set[str] = set()
    for _, _, _, field, leaf in wishes:
        if field not in found and leaf not in taken:
            found[field] = leaf
            taken.add(leaf)
    for field, check in _BY_VALUE.items():
        fitting = (leaf for leaf in inside if leaf not in taken and inside[leaf] and all(map(check, inside[leaf])))
        if field in wanted and field not in found and (leaf := min(fitting, key=_depth, default="")):
            found[field] = leaf
            taken.add(leaf)
    return {field: found[field] for field in FIELDS if field in found}


def _rank(field: str, leaf: str, texts: list[str]) -> int | None:
    names = SYNONYMS[field].split()
    steps = [re.sub(r"[^a-z0-9]", "", step.lower()) for step in re.split(r"\.|\[", leaf)]
    steps = [step for step in steps if step and step != "text"]
    tries = (steps[-1] if steps else "", "".join(steps[-2:]))
    ranks = [names.index(word) for word in tries if word in names]
    check = _CHECKS.get(field)
    if not ranks or not texts or (check is not None and not all(map(check, texts))):
        return None
    return min(ranks)


def _depth(leaf: str) -> int:
    return leaf.count(".") + leaf.count("[")


def _kind(found: dict[str, str]) -> str:
    for fields, kind in (
        ({"secret"}, "secret"), ({"package"}, "dependency"), ({"purl"}, "dependency"), ({"image"}, "container"),
        ({"path"}, "code"), ({"url"}, "web"), ({"resource"}, "cloud"), ({"host"}, "host"),
    ):  # fmt: skip
        if fields <= found.keys():
            return kind
    return "pentest"


def _written(best: _Guess, format: str, name: str, recognise: list[str]) -> Proposal:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "report"
    found, notes = dict(best.found), []
    if not found.keys() & {"title", "rule", "cve", "description"}:
        notes.append("what the findings are called (title, rule, cve or description): the first field stands in")
        found["title"] = next(iter(best.leaves), "title")
    where = ("path", "url", "resource", "host", "image", "package", "purl")
    if not found.keys() & set(where):
        notes.append(f"where the findings are ({', '.join(where)})")
    if "severity" not in found:
        notes.append("how severe they are (severity): without it all are medium, or what `cvss` says")
    lines = [
        f"# Proposed from a sample of {best.size:,} rows: look at each line, then try it: seamark mapping test",
        f"name: {slug}",
        f"tool: {_scalar(name.strip() or 'Report')}  # the tool's name, as people know it",
        f"kind: {_kind(found)}  # code, dependency, secret, misconfiguration, web, container, cloud, host, runtime, pentest, licence",
        f"format: {format}",
        *([f"rows: {_scalar(best.rows)}"] if best.rows else []),
        *recognise,
        "fields:",
    ]
    for field in FIELDS:
        if field in found:
            example = next((text for text in best.examples.get(found[field], ()) if text), "")
            told = "" if field == "secret" or not example else f"  # such as {_scalar(example)}"
            lines.append(f"  {field}: {_scalar(found[field])}{told}")
    lines += _severities(best, found, notes)
    unread = [leaf for leaf in best.leaves if leaf not in found.values()]
    if unread:
        lines.append("# Not used: " + ", ".join(_scalar(leaf) for leaf in unread[:_SHOWN]))
    lines += [f"# Not found: {note}" for note in notes]
    return Proposal("\n".join(lines) + "\n", notes)


def _recognise(format: str, probe: Probe, tables: Tables) -> list[str]:
    """Return the lines by which the report will be recognised: what every sampled row at its top has."""
    if format == "xml":
        return ["recognise:", f"  root: {_scalar(probe.root_tag[1])}"]
    top = tables.get((Many.EACH,) if probe.is_array else (), [])
    keys = set.intersection(*(set(row) for row in top[:_SAMPLE])) if top else set()
    usable = [key for key in sorted(keys) if re.fullmatch(r"[\w /()-]{1,60}", key)][:6]
    return ["recognise:", f"  keys: [{', '.join(map(_scalar, usable))}]"] if usable else []


def _severities(best: _Guess, found: dict[str, str], notes: list[str]) -> list[str]:
    """Return lines that map the severities which nobody knows, for people to correct."""
    if "severity" not in found:
        return []
    texts = dict.fromkeys(best.examples[found["severity"]])
    unknown = [text for text in texts if not _known_severity(text) and not ("." in text and _SCORE.fullmatch(text))]
    if not unknown:
        return []
    notes.append(f"what the severities {', '.join(map(_scalar, unknown[:_MOST_SEVERITIES]))} mean: see severity_map")
    told = [f"  {_scalar(text)}: medium  # critical, high, medium, low or info" for text in unknown[:_MOST_SEVERITIES]]
    return ["severity_map:", *told, '  "*": medium']


def _scalar(text: str) -> str:
    """Return a text as a YAML scalar on one line: as it is where that is plain, otherwise in JSON's quotes."""
    short = text if len(text) <= 200 else text[:_SHOWN] + "…"
    if re.fullmatch(r"[A-Za-z][\w.-]*(?:\[\*\])?(?:[\w.-]|\[\*\])*", short, re.ASCII) and len(short) <= 100:
        return short
    quoted = json.dumps(short, ensure_ascii=False)
    return "".join(mark if mark.isprintable() else f"\\U{ord(mark):08X}" for mark in quoted)


def unread(mapping: Mapping, source: Source) -> list[str]:
    """Return the paths inside of a report's rows that no field of a mapping reads. Raises `UnreadableReport`."""
    csv = mapping.format == "csv"
    inside = leaves(rows(mapping, source), csv=csv)
    used = {str(steps[0]) if csv else shown(steps) for steps in _paths(mapping)}
    return sorted(leaf for leaf in inside if not any(_covers(path, leaf) for path in used))


def _paths(mapping: Mapping) -> Iterator[tuple[Step, ...]]:
    given = (getattr(mapping.fields, name) for name in FIELDS)
    read: list[str | list[str] | Value] = [one for one in given if one is not None]
    for one in (*(expression(mapping, value) for value in read), *(skip for skip, _ in skips(mapping))):
        yield from (path.steps for path in one.paths if path.up == 0)


def _covers(path: str, leaf: str) -> bool:
    """Tell whether a path reads a leaf: names alone, as a path may leave out the `[*]` of a list and its numbers."""
    one, other = _bare(path), _bare(leaf)
    return other in {one, f"{one}.#text"}
