"""Looks at a report's structure, never at its file name, to tell which parser it is for."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from itertools import islice
from typing import Any, Literal

import msgspec
from lxml import etree
from msgspec import Raw

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit.shapes import separator, transcoded
from seamark.intake.parsers.kit.source import Source
from seamark.intake.parsers.kit.tolerant import forgiving

Form = Literal["json", "json lines", "json stream", "xml", "csv", "text", "zip"]
_CLOCK = re.compile(rb"\[\d{1,2}:\d\d")
"""A line of a log that starts with the time of day is no JSON."""
_STREAM = re.compile(rb"^\}\s*\{", re.MULTILINE)
"""Objects one after another, each over several lines, as `go` tools print them."""

_KEYS = msgspec.json.Decoder(dict[str, Raw])
_ROWS = msgspec.json.Decoder(list[Raw])
_RAW = msgspec.json.Decoder(Raw)
_ANY = msgspec.json.Decoder()
_LARGE = 256 * 1024
_FEW, _MANY = 16, 256


class Missing:
    """Stands for a value that is not there; false."""

    def __bool__(self) -> bool:
        """Nothing is false."""
        return False


MISSING = Missing()


class Probe:
    """Answers questions about the structure of a report, decoding only what is asked for."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.named = False
        """Whether a person named the format being asked: what is empty may then be taken on trust."""
        self._seen: dict[str, Any] = {}
        self._opened: dict[str, Any] = {}
        """Objects and arrays that were looked into, by path: a hundred parsers ask for the same few."""

    @cached_property
    def form(self) -> Form:
        """Return what sort of text the report is."""
        if self.source.archive:
            return "zip"
        head = self.source.head(65536).lstrip()
        if head[:1] in {b"{", b"["} and not _CLOCK.match(head):
            if self._is_lines():
                return "json lines"
            return "json stream" if head[:1] == b"{" and _STREAM.search(head) else "json"
        if head[:1] == b"<":
            return "xml"
        first = head.split(b"\n", 1)[0]
        return "csv" if any(mark in first for mark in (b",", b";", b"\t", b"|")) else "text"

    def _is_lines(self) -> bool:
        """Tell JSON lines by a first line that is a whole JSON object, followed by another one."""
        lines = [line for line in self.source.head(1024 * 1024).split(b"\n", 64) if line.strip()]
        if len(lines) < 2 or not lines[1].lstrip().startswith(b"{"):
            return False
        try:
            forgiving(_KEYS.decode, lines[0])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return False
        return True

    @cached_property
    def _root(self) -> Raw | bytes:
        if self.form == "json lines":
            stream = self.source.stream()
            while not (line := stream.readline()).strip():
                pass
            return forgiving(_RAW.decode, line)
        return self.source.data  # type: ignore[return-value]

    @cached_property
    def keys(self) -> frozenset[str]:
        """Return the keys of the top-level object, or of the first line's object."""
        return frozenset(self._object(self._root, "")) if self.form in {"json", "json lines"} else frozenset()

    @cached_property
    def first(self) -> frozenset[str]:
        """Return the keys of the first object in the top-level array; empty where there is none."""
        row = self._walk("0")
        return frozenset() if row is MISSING else frozenset(self._object(row, "0"))

    @cached_property
    def is_array(self) -> bool:
        """Tell whether the report is a JSON array."""
        return self.form == "json" and self.source.head(64).lstrip()[:1] == b"["

    @cached_property
    def is_empty_array(self) -> bool:
        """Tell whether the report is `[]`, which many scanners write for "nothing found"."""
        return self.is_array and len(self.source) < 65536 and bytes(self.source.data).split() in ([b"[]"], [b"[", b"]"])

    def _object(self, raw: Any, path: str) -> dict[str, Raw]:
        key = "{" + path
        if key not in self._opened:
            self._opened[key] = self._decode(_KEYS, raw, dict)
        found: dict[str, Raw] = self._opened[key]
        return found

    def _array(self, raw: Any, path: str) -> list[Raw]:
        key = "[" + path
        if key not in self._opened:
            self._opened[key] = self._decode(_ROWS, raw, list)
        found: list[Raw] = self._opened[key]
        return found

    @staticmethod
    def _decode(decoder: Any, raw: Any, empty: Callable[[], Any]) -> Any:
        try:
            return decoder.decode(raw)
        except msgspec.ValidationError:
            return empty()
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise damaged(error) from None
        except RecursionError:
            raise UnreadableReport("The JSON is nested too deeply for a report") from None

    def get(self, path: str) -> Any:
        """Return the value at a dotted path (`runs.0.tool.driver.name`), or `MISSING`.

        Of a value larger than 256 kB, lists (and objects of more than 256 keys) hold their first 16 elements only: a look
        must not cost what reading does.
        """
        if path not in self._seen:
            self._seen[path] = self._get(path)
        return self._seen[path]

    def has(self, path: str) -> bool:
        """Tell whether there is anything at a dotted path, without decoding it."""
        return self._walk(path) is not MISSING

    def _walk(self, path: str) -> Any:
        if self.form not in {"json", "json lines"}:
            return MISSING
        raw: Any = self._root
        walked = ""
        for step in path.split("."):
            above, walked = walked, f"{walked}.{step}" if walked else step
            known = self._seen.get("=" + walked)
            if known is None:
                if step.isdecimal():
                    rows = self._array(raw, above)
                    known = rows[int(step)] if int(step) < len(rows) else MISSING
                else:
                    known = self._object(raw, above).get(step, MISSING)
                self._seen["=" + walked] = known
            if known is MISSING:
                return MISSING
            raw = known
        return raw

    def _get(self, path: str) -> Any:
        raw = self._walk(path)
        if raw is MISSING:
            return MISSING
        try:
            return self._beginning(raw, path)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise damaged(error) from None
        except RecursionError:
            raise UnreadableReport("The JSON is nested too deeply for a report") from None

    def _beginning(self, raw: Any, path: str) -> Any:
        """Return a value; of a large one each list's first elements only, and those of an object that is a long list by name."""
        if len(raw) < _LARGE:
            return _ANY.decode(raw)
        if rows := self._array(raw, path):
            return [self._beginning(row, f"{path}.{at}") for at, row in enumerate(rows[:_FEW])]
        if fields := self._object(raw, path):
            some = islice(fields.items(), _FEW if len(fields) > _MANY else None)
            return {key: self._beginning(value, f"{path}.{key}") for key, value in some}
        return _ANY.decode(raw)

    @cached_property
    def root_tag(self) -> tuple[str, str]:
        """Return namespace and local name of the XML root, both empty where there is none."""
        if self.form != "xml":
            return "", ""
        parser = etree.XMLPullParser(
            events=("start",),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            encoding=transcoded(self.source.head(200)),
        )
        try:
            stream = self.source.stream()
            for _ in range(64):
                block = stream.read(4096)
                if block:
                    parser.feed(block)
                else:
                    parser.close()
                for _event, element in parser.read_events():
                    name = etree.QName(element)  # type: ignore[arg-type]
                    return name.namespace or "", name.localname
                if not block:
                    break
        except (etree.XMLSyntaxError, ValueError):
            pass
        return "", ""

    @cached_property
    def columns(self) -> frozenset[str]:
        """Return the header's names of a CSV table, in lower case."""
        if self.form != "csv":
            return frozenset()
        line = self.source.head(65536).lstrip().split(b"\n", 1)[0].decode("utf-8", "replace")
        return frozenset(cell.strip().strip('"').strip().lower() for cell in line.split(separator(line.encode())))


class DamagedJson(UnreadableReport):
    """What starts like JSON cannot be decoded."""


def damaged(error: Exception) -> UnreadableReport:
    """Return the failure for JSON that is cut off or malformed."""
    text = str(error)
    if isinstance(error, UnicodeDecodeError):
        return DamagedJson("The report is not valid UTF-8 text", hint="write it as UTF-8")
    if "truncated" in text.lower() or "end of" in text.lower():
        return DamagedJson("The JSON is cut off", hint="the scanner may have been stopped: run it again")
    return DamagedJson(f"Not valid JSON: {text.removeprefix('JSON is malformed: ')}")


Looks = Callable[[Probe], bool]


def json_object(*keys: str, where: Looks | None = None) -> Looks:
    """Claim a JSON object that has these keys; a dotted key (`metadata.tools`) looks deeper. `where` is asked last."""

    def claims(probe: Probe) -> bool:
        if probe.form != "json" or probe.is_array:
            return False
        shallow = {key for key in keys if "." not in key}
        if not shallow <= probe.keys:
            return False
        if not all(probe.has(key) for key in keys if "." in key):
            return False
        return where is None or where(probe)

    return claims


def json_rows(*keys: str, where: Looks | None = None) -> Looks:
    """Claim a JSON array whose first object has these keys."""

    def claims(probe: Probe) -> bool:
        return probe.is_array and bool(probe.first) and set(keys) <= probe.first and (where is None or where(probe))

    return claims


def json_lines(*keys: str, where: Looks | None = None) -> Looks:
    """Claim lines of JSON objects, or one single object, the first of which has these keys."""

    def claims(probe: Probe) -> bool:
        if probe.form not in {"json", "json lines"} or probe.is_array:
            return False
        shallow = {key for key in keys if "." not in key}
        if not shallow <= probe.keys or not all(probe.has(key) for key in keys if "." in key):
            return False
        return where is None or where(probe)

    return claims


def xml_root(*names: str, namespace: str = "", where: Looks | None = None) -> Looks:
    """Claim XML whose root has one of these local names and, where given, a namespace that contains this text."""

    def claims(probe: Probe) -> bool:
        found_namespace, found = probe.root_tag
        return found in names and namespace in found_namespace and (where is None or where(probe))

    return claims


def csv_header(*columns: str, where: Looks | None = None) -> Looks:
    """Claim a table whose header has these columns, in any case."""
    wanted = {column.lower() for column in columns}

    def claims(probe: Probe) -> bool:
        return bool(probe.columns) and wanted <= probe.columns and (where is None or where(probe))

    return claims


def text_start(*starts: str) -> Looks:
    """Claim text whose first 4,000 characters hold a line that starts with one of these."""

    def claims(probe: Probe) -> bool:
        if probe.form not in {"text", "csv"}:
            return False
        lines = probe.source.head(4000).decode("utf-8", "replace").splitlines()
        return any(line.startswith(starts) for line in lines)

    return claims
