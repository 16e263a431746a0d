"""Reads one report: finds its parser, decodes it, and hands out its items one by one."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import os
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import force_setattr

from seamark.core.errors import SeamarkError, UnknownFormat, UnreadableReport
from seamark.core.finding import Finding
from seamark.core.report import Item, Run
from seamark.intake.parsers.kit import shapes
from seamark.intake.parsers.kit.probe import DamagedJson, Probe, damaged
from seamark.intake.parsers.kit.registry import Parser, Variant, parsers
from seamark.intake.parsers.kit.rows import Reading, invalid
from seamark.intake.parsers.kit.source import Source, from_bytes, open_source
from seamark.intake.parsers.kit.split import LARGE, MAX_SKELETON, Split, beginning
from seamark.intake.parsers.kit.tidy import tidy, tidy_run
from seamark.intake.parsers.kit.tolerant import forgiving, tolerant

UNKEYED = b"seamark: no installation key"
"""Key of secret digests where no installation is at hand: they then only tell equal from different."""


class ParserBug(UnreadableReport):
    """A parser failed in a way it did not foresee. Still nothing is half-read."""


@dataclass
class OpenReport:
    """A report whose format is known. Iterate over `items()` once."""

    source: Source
    parser: Parser
    variant: Variant
    key: bytes = UNKEYED
    _split: Split | None = field(default=None, repr=False)
    known: Callable[[int], bool] | None = None
    """Set before `items()` by readers that keep the hashes of rows: rows for which it is true come as `Repeated`."""

    def items(self) -> Iterator[Item]:
        """Yield what the report says: each run before its findings, and every finding tidied.

        Raises `UnreadableReport` at any point; what came before is then not to be used.
        """
        kind, key = self.parser.kind, self.key
        started = False
        reading = Reading(self.source, self._split)
        if self.known is not None:
            # Looked up at every row: what is known depends on the run that the rows belong to.
            reading.known = lambda row: self.known is not None and self.known(row)
        with collector_at_rest():
            try:
                for item in self._raw_items(reading):
                    if type(item) is Finding:
                        if not started:
                            started = True
                            yield Run(tool=self.parser.title)
                        if reading.row:
                            force_setattr(item, "row", reading.row)
                        yield tidy(item, kind, key)
                        continue
                    if type(item) is Run:
                        started = True
                        item = tidy_run(item)  # noqa: PLW2901 - the same item, tidied
                    yield item
                if not started:
                    yield Run(tool=self.parser.title)
            except SeamarkError:
                raise
            except msgspec.ValidationError as error:
                raise invalid(error) from None
            except msgspec.DecodeError as error:
                raise damaged(error) from None
            except RecursionError:
                raise UnreadableReport("The report is nested too deeply") from None
            except MemoryError:
                raise UnreadableReport("The report does not fit into memory") from None
            except UnicodeError:
                raise UnreadableReport("The report is not valid UTF-8 text", hint="write it as UTF-8") from None
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                raise ParserBug(
                    f"The {self.parser.title} parser met something it does not know ({type(error).__name__}: {error})",
                    hint="please report this with a shortened copy of the file",
                ) from error

    def _raw_items(self, reading: Reading) -> Iterator[Item]:
        value = self._decode(reading)
        read = self.variant.read
        return read(value, reading) if self.variant.wants_reading else read(value)

    def _decode(self, reading: Reading) -> Any:
        shape = self.variant.shape
        origin = typing.get_origin(shape) or shape
        if origin in {shapes.JsonLines, shapes.Csv}:
            (row,) = typing.get_args(shape)
            return origin(self.source, row)
        if origin in {shapes.Xml, shapes.Text}:
            return origin(self.source)
        if origin is Source:
            return self.source
        if self._split is not None and self._split.root_is_lifted and origin is list:
            (row,) = typing.get_args(shape)
            return reading.rows(msgspec.Raw(self._split.skeleton.strip()), row)
        data = self._split.skeleton if self._split is not None else self.source.data
        return forgiving(msgspec.json.Decoder(shape, strict=False).decode, data)


@contextlib.contextmanager
def collector_at_rest() -> Iterator[None]:
    """Switch cyclic garbage collection off: it costs two thirds of a decode, and decoded values have no cycles."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def open_report(path: str | os.PathLike[str], format: str | Parser = "auto", *, key: bytes = UNKEYED) -> OpenReport:
    """Return the report in a file, its format recognised. Raises `UnreadableReport` or `UnknownFormat`.

    `format` is `auto`, a format's name, or a parser that is in no registry (one made from a mapping file).
    """
    return _open(open_source(Path(path)), format, key)


def open_bytes(data: bytes, name: str = "report", format: str | Parser = "auto", *, key: bytes = UNKEYED) -> OpenReport:
    """Return the report in memory, its format recognised as `open_report` does. Raises `UnreadableReport` or `UnknownFormat`."""
    return _open(from_bytes(data, name), format, key)


def _open(source: Source, format: str | Parser, key: bytes) -> OpenReport:
    split = None
    large = len(source) >= LARGE and not source.archive and source.head(64).lstrip()[:1] in {b"{", b"["}
    if large and Probe(source).form == "json":
        split = _split(source, format)
    probe = Probe(source if split is None else _skeleton_source(source, split))
    try:
        parser, variant = recognise(probe, format)
    except DamagedJson:
        repaired = tolerant(source.data) if split is None else None
        if repaired is None:
            raise
        source = dataclasses.replace(source, data=repaired)
        parser, variant = recognise(Probe(source), format)
    if split is not None and not (split.paths <= set(variant.lift) <= split.wanted):
        split = Split(source.data, variant.lift) if variant.lift else None
    return OpenReport(source, parser, variant, key, split)


def _split(source: Source, format: str | Parser) -> Split | None:
    """Return a large file without its long arrays; None where its format has none and it can be decoded at once.

    What the file's beginning looks like tells which arrays these are. Where it tells nothing, they are those of all formats.
    """
    likely = _likely_lifts(source) if format == "auto" else None
    if likely == () and len(source) <= MAX_SKELETON:
        return None
    if likely:
        with contextlib.suppress(UnreadableReport):
            return Split(source.data, likely)
    return Split(source.data, _lifts(format))


def _likely_lifts(source: Source) -> tuple[str, ...] | None:
    """Return the paths of the arrays that are streamed in the formats which a file's beginning looks like; None for none."""
    try:
        head = beginning(source.data)
        claims = _claims(Probe(from_bytes(head, source.name))) if head else []
    except UnreadableReport:
        return None
    return tuple(sorted({path for _, variant in claims for path in variant.lift})) if claims else None


def _lifts(format: str | Parser) -> tuple[str, ...]:
    known = parsers() if isinstance(format, str) else {}
    chosen = [format] if isinstance(format, Parser) else [known[format]] if format in known else known.values()
    paths = {path for parser in chosen for variant in parser.variants for path in variant.lift}
    return tuple(sorted(paths)) or ("[]",)


def _skeleton_source(source: Source, split: Split) -> Source:
    """Return a source over the skeleton, each lifted array shortened to its first element, for detection."""
    return Source(name=source.name, data=split.sample(), size=source.size)


def recognise(probe: Probe, format: str | Parser = "auto") -> tuple[Parser, Variant]:
    """Return the one parser and variant that the report is for.

    With a name, only that parser is asked, and it still has to recognise the report (an empty `[]` is taken on
    trust). Raises `UnknownFormat` where none or several claim it.
    """
    if format != "auto":
        parser = format if isinstance(format, Parser) else _named(format)
        probe.named = True
        try:
            for variant in parser.variants:
                if variant.looks(probe):
                    return parser, variant
        finally:
            probe.named = False
        if probe.is_empty_array:
            for variant in parser.variants:
                if typing.get_origin(variant.shape) is list:
                    return parser, variant
        others = [found.title for found, _ in _claims(probe)]
        looks = f"; it looks like {' or '.join(others)}" if others else ""
        raise UnreadableReport(f"This is not a report of {parser.title}{looks}", hint=f"made with: {parser.made_with}")
    claims = _claims(probe)
    if len(claims) == 1:
        return claims[0]
    if claims:
        names = tuple(parser.name for parser, _ in claims)
        raise UnknownFormat(
            f"The report could be of several formats: {', '.join(names)}",
            candidates=names,
            hint="name one with --format",
        )
    if probe.is_empty_array:
        raise UnknownFormat(
            "The report is an empty list, which does not say which tool wrote it", hint="name the tool with --format"
        )
    raise UnknownFormat(_why_unknown(probe), hint="name one with --format; `seamark formats` lists them")


def _named(format: str) -> Parser:
    if format not in parsers():
        raise UnknownFormat(f"There is no format called {format!r}", hint="`seamark formats` lists them")
    return parsers()[format]


def _claims(probe: Probe) -> list[tuple[Parser, Variant]]:
    claims = []
    for parser in parsers().values():
        for variant in parser.variants:
            if variant.looks(probe):
                claims.append((parser, variant))
                break
    return claims


def _why_unknown(probe: Probe) -> str:
    if probe.form in {"json", "json lines"}:
        keys = sorted(probe.first or probe.keys)[:8]
        return f"No parser knows this JSON (its keys: {', '.join(keys) or 'none'})"
    if probe.form == "xml":
        namespace, name = probe.root_tag
        if not name:
            return "This looks like XML but is not"
        return f"No parser knows this XML (root <{name}>{' of ' + namespace if namespace else ''})"
    if probe.form == "csv":
        return f"No parser knows this table (columns: {', '.join(sorted(probe.columns)[:8])})"
    if probe.form == "zip":
        return "No parser knows this archive"
    if b"\x00" in probe.source.head():
        return "This is not text and no archive that could be read"
    return "This is not a report: neither JSON, XML nor a table"
