"""Reads reports by a mapping file: from rows to findings, through the same kit as every parser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import msgspec
from lxml import etree

from seamark.core.component import Component
from seamark.core.errors import UnreadableReport
from seamark.core.finding import Cvss, Finding
from seamark.core.kind import Kind
from seamark.core.location import (
    CodeLocation,
    HostLocation,
    ImageLocation,
    Location,
    ResourceLocation,
    WebLocation,
)
from seamark.core.report import Item, Run
from seamark.core.severity import Severity
from seamark.intake.parsers.kit.expressions import ROOT, Many, Path, Row, Step, select, shown
from seamark.intake.parsers.kit.mapping import FIELDS, NAMING, Mapping, expression, row_steps, skips
from seamark.intake.parsers.kit.normalise import (
    confidence,
    cwe_ids,
    first_line,
    moment,
    references,
    severity,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package, rating
from seamark.intake.parsers.kit.probe import Looks, Probe, csv_header, json_lines, json_object, json_rows, xml_root
from seamark.intake.parsers.kit.registry import Parser, Variant
from seamark.intake.parsers.kit.rows import Reading
from seamark.intake.parsers.kit.shapes import Csv, JsonLines, Xml, local_name, to_value
from seamark.intake.parsers.kit.source import Source
from seamark.intake.parsers.kit.tolerant import forgiving

PREFIX: Final = "mapping:"
"""What stands before a mapping's name where formats are named."""
_WHOLE = re.compile(r"\d{1,10}(?:\.0+)?")
_SCORE = re.compile(r"(?:10|\d)(?:\.\d+)?")


def as_parser(mapping: Mapping) -> Parser:
    """Return the format that a mapping describes, named `mapping:NAME`. It recognises reports where the mapping says how."""
    shape: Any = {"json": msgspec.Raw, "jsonl": JsonLines[msgspec.Raw], "csv": Csv[dict[str, str]], "xml": Xml}[
        mapping.format
    ]
    variant = Variant(partial(_read, _Reader(mapping)), _looks(mapping), shape, wants_reading=True, lift=_lift(mapping))
    made_with = mapping.made_with or f"{mapping.tool}, read by a mapping file"
    return Parser(PREFIX + mapping.name, mapping.tool, mapping.kind, made_with, variants=[variant])


def _looks(mapping: Mapping) -> Looks:
    """Return what claims the report: by `recognise`, and without it only where a person has named the mapping."""
    told = mapping.recognise

    def named(probe: Probe) -> bool:
        return told is not None or probe.named

    keys = told.keys if told is not None else []
    if mapping.format == "xml":
        return xml_root(str(row_steps(mapping)[0]), where=named)
    if mapping.format == "csv":
        given = (getattr(mapping.fields, name) for name in NAMING)
        naming = {path.steps[0] for one in given if one is not None for path in expression(mapping, one).paths}
        return csv_header(*keys, where=lambda probe: named(probe) and bool(naming & probe.columns))
    if mapping.format == "jsonl":
        return json_lines(*keys, where=named)
    in_object, in_rows = json_object(*keys, where=named), json_rows(*keys, where=named)

    def claims(probe: Probe) -> bool:
        if probe.named and probe.is_array and (not keys or probe.is_empty_array):
            return True
        return in_object(probe) or in_rows(probe)

    return claims


def _lift(mapping: Mapping) -> tuple[str, ...]:
    """Return the array that is streamed from a large file, as the kit writes its path; none where it cannot say it."""
    steps = row_steps(mapping)
    if mapping.format != "json" or not steps or steps[-1] is not Many.EACH:
        return ()
    if any(step is Many.VALUES or (isinstance(step, str) and not re.fullmatch(r"[\w-]+", step)) for step in steps):
        return ()
    return (shown(steps[:-1]).replace("[*]", "[]") or "[]",)


def _read(reader: _Reader, report: Any, reading: Reading) -> Iterator[Item]:
    yield Run(tool=reader.mapping.tool)
    for row in reader.rows(report, reading):
        found = reader.finding(row)
        if found is not None:
            yield found


def rows(mapping: Mapping, source: Source) -> Iterator[Any]:
    """Yield the rows of a report as plain values, for those who look at what a mapping leaves. Raises `UnreadableReport`."""
    report: Any
    if mapping.format == "json":
        report = forgiving(msgspec.json.Decoder(msgspec.Raw).decode, source.data)
    elif mapping.format == "jsonl":
        report = JsonLines(source, msgspec.Raw)
    else:
        report = Csv(source, dict[str, str]) if mapping.format == "csv" else Xml(source)
    return (row.value for row in _Reader(mapping).rows(report, Reading(source)))


class _Reader:
    """A mapping made ready: its paths parsed, its words looked up."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        given = ((name, getattr(mapping.fields, name)) for name in FIELDS)
        self._fields = {name: expression(mapping, value) for name, value in given if value is not None}
        self._skips = tuple(skips(mapping))
        self._steps = row_steps(mapping)
        self._severities = {
            word.strip().lower(): Severity.from_word(told.strip()) for word, told in mapping.severity_map.items()
        }
        everything = [*self._fields.values(), *(skip for skip, _ in self._skips)]
        self._outside = tuple(dict.fromkeys(path for one in everything for path in one.paths if path.up))

    def rows(self, report: Any, reading: Reading) -> Iterator[Row]:
        """Yield the rows of a decoded report."""
        if self.mapping.format == "json":
            yield from self._walk(report, self._steps, "$", (), reading)
        elif self.mapping.format == "jsonl":
            for number, line in enumerate(report, start=1):
                yield from self._walk(line, self._steps, f"row {number}: $", (), reading)
        elif self.mapping.format == "csv":
            for number, cells in enumerate(report, start=1):
                yield Row({name.lower(): cell for name, cell in cells.items()}, {}, f"row {number}")
        else:
            yield from self._elements(report)

    def _walk(
        self, raw: msgspec.Raw, steps: tuple[Step, ...], where: str, around: tuple[msgspec.Raw, ...], reading: Reading
    ) -> Iterator[Row]:
        """Yield the rows below a value; `around` are the objects passed on the way, the report first."""
        around = around or (raw,)
        while steps and isinstance(steps[0], str):
            name, steps = steps[0], steps[1:]
            content = _decoded(raw, dict[str, msgspec.Raw], where)
            if name not in content:
                if len(around) > 1:
                    return
                raise UnreadableReport(
                    f"There is no {name!r}", where=where, hint="the mapping's `rows` leads elsewhere"
                )
            raw, where = content[name], f"{where}.{name}"
        if bytes(memoryview(raw)[:8]).strip() == b"null":
            return
        if not steps:
            yield self._row(_decoded(raw, Any, where), self._context(around), where)
            return
        yield from self._each(raw, steps, where, around, reading)

    def _each(
        self, raw: msgspec.Raw, steps: tuple[Step, ...], where: str, around: tuple[msgspec.Raw, ...], reading: Reading
    ) -> Iterator[Row]:
        last = len(steps) == 1
        outside = self._context(around) if last else {}
        shape: Any = Any if last else msgspec.Raw
        for place, value in _elements_of(raw, steps[0], shape, where, reading):
            if last:
                yield self._row(value, outside, place)
            else:
                yield from self._walk(value, steps[1:], place, (*around, value), reading)

    @staticmethod
    def _row(value: Any, outside: dict[Path, list[Any]], where: str) -> Row:
        if not isinstance(value, dict):
            raise UnreadableReport(
                "A row of the report is no object", where=where, hint="the mapping's `rows` leads elsewhere"
            )
        return Row(value, outside, where)

    def _context(self, around: tuple[msgspec.Raw, ...]) -> dict[Path, list[Any]]:
        """Return what the paths that start outside of the rows lead to."""
        found: dict[Path, list[Any]] = {}
        for path in self._outside:
            at = 0 if path.up == ROOT else len(around) - path.up
            if 0 <= at < len(around):
                found[path] = _inside(around[at], path.steps)
        return found

    def _elements(self, document: Xml) -> Iterator[Row]:
        names = [str(step) for step in self._steps]
        parent: etree._Element | None = None
        outside: dict[Path, list[Any]] = {}
        for element in document.each(names[-1]):
            above = list(element.iterancestors())
            if [local_name(one) for one in reversed(above)] != names[:-1]:
                continue
            if above and above[0] is not parent:
                parent = above[0]
                outside = {
                    path: select(_as_object(above[path.up if path.up == ROOT else path.up - 1]), path.steps)
                    for path in self._outside
                    if path.up <= len(above)
                }
            yield Row(_as_object(element), outside, f"line {element.sourceline}")

    # Findings

    def finding(self, row: Row) -> Finding | None:
        """Return the finding of a row; None where the mapping sets the row aside. Raises `UnreadableReport`."""
        for skip, words in self._skips:
            if any(text.lower() in words for text in skip.all(row)):
                return None
        one, every = partial(self._one, row), partial(self._all, row)
        ids = identifiers(every("cve"))
        description, ratings = one("description"), self._ratings(every("cvss"))
        title = one("title") or first_line(description) or one("rule") or (ids[0] if ids else "")
        if not title:
            raise UnreadableReport(
                "Nothing says what the finding is: title, rule, cve and description are empty", where=row.where
            )
        given = one("severity")
        location = self._location(row)
        return Finding(
            rule=one("rule") or (ids[0] if ids else first_line(title)),
            title=first_line(title, 500),
            severity=self._severity(given, ratings, row),
            severity_given=given,
            location=location,
            component=self._component(row),
            description=description,
            remedy=one("remedy"),
            confidence=confidence(one("confidence")),
            cwes=cwe_ids(every("cwe")),
            vulnerabilities=ids,
            cvss=ratings,
            fixed_versions=tuple(dict.fromkeys(every("fixed"))),
            references=references(every("references"), () if isinstance(location, WebLocation) else every("url")),
            fingerprints=tuple((PREFIX + self.mapping.name, text) for text in every("fingerprint")[:1]),
            secret=one("secret"),
            seen_at=self._moment(one("seen_at")),
            tags=tuple(dict.fromkeys(every("tags"))),
        )

    def _one(self, row: Row, name: str) -> str:
        return self._fields[name].one(row) if name in self._fields else ""

    def _all(self, row: Row, name: str) -> list[str]:
        return self._fields[name].all(row) if name in self._fields else []

    def _number(self, row: Row, name: str) -> int | None:
        text = self._one(row, name)
        if not text:
            return None
        if not _WHOLE.fullmatch(text):
            raise UnreadableReport(
                f"{first_line(text, 40)!r} is no whole number, as `{name}` is", where=row.where,
                hint="a `regex` or `map` in the mapping may help",
            )  # fmt: skip
        return int(text.partition(".")[0]) or None

    def _severity(self, given: str, ratings: tuple[Cvss, ...], row: Row) -> Severity:
        """Return the severity; a word that nobody knows is refused, as guessing would put it among others in silence."""
        if not given:
            return graded("", ratings)
        told = self._severities.get(given.lower())
        if told is not None:
            return told
        if "." in given and _SCORE.fullmatch(given):
            return Severity.from_cvss(float(given))
        if (found := severity(given, Severity.INFO)) is severity(given, Severity.CRITICAL):  # no default was needed
            return found
        if "*" in self._severities:
            return self._severities["*"]
        raise UnreadableReport(
            f"{first_line(given, 40)!r} is no severity", where=row.where,
            hint="add it to `severity_map` in the mapping, or '*' for all that are not named",
        )  # fmt: skip

    @staticmethod
    def _ratings(given: list[str]) -> tuple[Cvss, ...]:
        found = (rating("", text) if _SCORE.fullmatch(text) else rating(text) for text in given[:8])
        return tuple(one for one in found if one is not None)

    @staticmethod
    def _moment(text: str) -> str:
        return moment(float(text)) if re.fullmatch(r"\d{9,13}(?:\.\d{1,9})?", text) else moment(text)

    def _component(self, row: Row) -> Component | None:
        name, purl = self._one(row, "package"), self._one(row, "purl")
        if not name and not purl:
            return None
        found = package(self._one(row, "ecosystem"), name, self._one(row, "version"), purl)
        return found if found.name else Component(name=purl, version=found.version, purl=found.purl)

    def _location(self, row: Row) -> Location | None:
        """Return the place: for web findings their address first, otherwise the file, image, resource, address or host."""
        one = partial(self._one, row)
        url, path, image = one("url"), one("path"), one("image")
        web = WebLocation(url=url, method=one("method").upper(), parameter=one("parameter")) if url else None
        if web is not None and self.mapping.kind is Kind.WEB:
            return web
        if image:
            return ImageLocation(image=image, path=path)
        if path:
            return CodeLocation(
                path=path, line=self._number(row, "line"), column=self._number(row, "column"),
                end_line=self._number(row, "end_line"), snippet=one("snippet"),
            )  # fmt: skip
        if resource := one("resource"):
            return ResourceLocation(resource=resource)
        if web is not None:
            return web
        return HostLocation(host=host, port=self._number(row, "port")) if (host := one("host")) else None


def _decoded(raw: msgspec.Raw, shape: Any, where: str) -> Any:
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.ValidationError:
        raise UnreadableReport("There is no object", where=where, hint="the mapping's `rows` leads elsewhere") from None


def _elements_of(raw: msgspec.Raw, step: Step, shape: Any, where: str, reading: Reading) -> Iterator[tuple[str, Any]]:
    """Yield the elements of an array or the values of an object; one single object where an array may stand is its only element."""
    if step is Many.VALUES:
        content: dict[str, Any] = _decoded(raw, dict[str, shape], where)
        yield from ((f"{where}.{name}", value) for name, value in content.items())
    elif bytes(memoryview(raw)[:64]).lstrip()[:1] == b"{" and not reading.streams(raw):
        yield where, _decoded(raw, shape, where)
    else:
        for number, value in enumerate(reading.rows(raw, shape, where)):
            yield f"{where}[{number}]", value


def _inside(raw: msgspec.Raw, steps: tuple[Step, ...]) -> list[Any]:
    """Return what steps lead to in an object that is not decoded as a whole, as it may hold all rows."""
    rest = steps
    while rest and isinstance(rest[0], str):
        try:
            content = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        except msgspec.ValidationError:
            break
        if rest[0] not in content:
            return []
        raw, rest = content[rest[0]], rest[1:]
    return select(msgspec.json.decode(raw), rest)


def _as_object(element: etree._Element) -> dict[str, Any]:
    value = to_value(element)
    return value if isinstance(value, dict) else {"#text": value}
