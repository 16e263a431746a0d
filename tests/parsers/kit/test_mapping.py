"""Mapping files: what they may say, what they read, and what a hostile one or a hostile report comes to."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from seamark.core.component import Component
from seamark.core.errors import BrokenPlugin, UnknownFormat, UnreadableReport
from seamark.core.finding import Finding
from seamark.core.kind import Confidence, Kind
from seamark.core.location import CodeLocation, HostLocation, ImageLocation, ResourceLocation, WebLocation
from seamark.core.report import Run
from seamark.core.severity import Severity
from seamark.intake.parsers.kit import read as reading_module
from seamark.intake.parsers.kit import registry
from seamark.intake.parsers.kit import split as splitting
from seamark.intake.parsers.kit.expressions import (
    InvalidExpression,
    Many,
    compiled,
    parse_path,
    select,
    shown,
)
from seamark.intake.parsers.kit.expressions import (
    Path as Way,
)
from seamark.intake.parsers.kit.folder import load_file, mappings_in, use
from seamark.intake.parsers.kit.guess import propose, unread
from seamark.intake.parsers.kit.mapped import as_parser
from seamark.intake.parsers.kit.mapping import FIELDS, LARGEST, InvalidMapping, Mapping, load
from seamark.intake.parsers.kit.read import ParserBug, open_bytes
from seamark.intake.parsers.kit.source import from_bytes

HEAD = {"name": "acme", "tool": "Acme", "kind": "code", "format": "json"}
NESTED = {
    "date": "2026-01-02",
    "files": [
        {"file": "a.py", "messages": [{"id": 3, "text": "Bad", "level": "E", "line": "3"}, {"id": 4, "text": "Worse"}]},
        {"file": "b.py", "messages": []},
        {"file": "c.py"},
        {"file": "d.py", "messages": [{"id": 5, "text": "Worst", "level": "critical", "line": 7.0}]},
    ],
}
NESTED_FIELDS = {
    "title": "text", "rule": "id", "severity": "level", "path": "^.file", "line": "line", "seen_at": "$.date",
}  # fmt: skip


def mapping(fields: dict[str, Any] | None = None, **more: Any) -> str:
    return yaml.safe_dump({**HEAD, "fields": fields or {"title": "title"}, **more}, sort_keys=False)


def read(text: str, report: Any) -> list[Finding]:
    data = report if isinstance(report, bytes) else json.dumps(report).encode()
    run, *findings = open_bytes(data, format=as_parser(load(text))).items()
    assert run == Run(tool="Acme")
    return findings  # type: ignore[return-value]


def one(fields: dict[str, Any], row: dict[str, Any], **more: Any) -> Finding:
    (found,) = read(mapping({"title": "title", **fields}, **more), [{"title": "T", **row}])
    return found


# What is read


def test_rows_below_rows_and_what_stands_around_them() -> None:
    text = mapping(NESTED_FIELDS, rows="files[*].messages[*]", severity_map={"e": "high"})
    first, second, third = read(text, NESTED)
    assert first.location == CodeLocation(path="a.py", line=3)
    assert (first.rule, first.title, first.severity, first.severity_given) == ("3", "Bad", Severity.HIGH, "E")
    assert (first.kind, first.seen_at) == (Kind.CODE, "2026-01-02T00:00:00Z")
    assert (second.severity, second.severity_given, second.location) == (Severity.MEDIUM, "", CodeLocation(path="a.py"))
    assert (third.severity, third.location) == (Severity.CRITICAL, CodeLocation(path="d.py", line=7))


def test_all_that_a_finding_can_be_told() -> None:
    fields = {
        "description": "d", "cve": "ids[*]", "cwe": "cwe", "cvss": "v", "package": "p", "version": "ver",
        "ecosystem": {"default": "npm"}, "fixed": {"path": "fix", "split": ","}, "confidence": "sure", "remedy": "todo",
        "references": "refs", "fingerprint": "hash", "tags": {"path": "tags", "split": ";"}, "seen_at": "at",
    }  # fmt: skip
    row = {
        "d": "Long text", "ids": ["GHSA-jfh8-c2jp-5v3q", "CVE-2021-44228"], "cwe": ["CWE-79", 89], "v": 9.8,
        "p": "left-pad", "ver": "1.0.0", "fix": "1.1.0, 2.0.0", "sure": "High", "todo": "Update",
        "refs": ["https://a.example/x", "no address"], "hash": "abc", "tags": "a;b;a", "at": 1767312000,
    }  # fmt: skip
    found = one(fields, row, kind="dependency")
    assert found.rule == "CVE-2021-44228"
    assert found.vulnerabilities == ("CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q")
    assert found.component == Component(name="left-pad", version="1.0.0", purl="pkg:npm/left-pad@1.0.0")
    assert (found.cwes, found.cvss[0].score, found.severity) == ((79, 89), 9.8, Severity.CRITICAL)
    assert (found.fixed_versions, found.tags) == (("1.1.0", "2.0.0"), ("a", "b"))
    assert (found.confidence, found.remedy, found.references) == (Confidence.HIGH, "Update", ("https://a.example/x",))
    assert (found.fingerprints, found.seen_at) == ((("mapping:acme", "abc"),), "2026-01-02T00:00:00Z")


@pytest.mark.parametrize(
    ("kind", "row", "place"),
    [
        ("code", {"path": "./a.py", "line": "3", "url": "http://h/"}, CodeLocation(path="a.py", line=3)),
        ("web", {"path": "a.py", "url": "http://h/", "method": "get", "parameter": "q"}, WebLocation(url="http://h/", method="GET", parameter="q")),
        ("container", {"path": "bin/sh", "image": "shop:1"}, ImageLocation(image="shop:1", path="bin/sh")),
        ("cloud", {"resource": "arn:x"}, ResourceLocation(resource="arn:x")),
        ("host", {"host": "h", "port": "443"}, HostLocation(host="h", port=443)),
        ("pentest", {"url": "http://h/"}, WebLocation(url="http://h/")),
        ("pentest", {}, None),
    ],
)  # fmt: skip
def test_places(kind: str, row: dict[str, str], place: object) -> None:
    names = ("path", "line", "url", "method", "parameter", "image", "resource", "host", "port")
    assert one({name: name for name in names}, row, kind=kind).location == place


def test_expressions() -> None:
    assert one({"rule": ["none", "empty", "b"]}, {"empty": " ", "b": "B"}).rule == "B"
    assert one({"rule": {"path": "a", "map": {"1": "one", "no": "none"}}}, {"a": "No"}).rule == "none"
    assert one({"rule": {"path": "a", "regex": r"^\[(\w+)\]"}}, {"a": "[X1] text"}).rule == "X1"
    assert one({"rule": {"path": "a", "regex": "b{2}", "default": "none"}}, {"a": "ab"}).rule == "none"
    assert (
        one({"description": {"path": "a[*].b", "join": " / "}}, {"a": [{"b": 1}, {"b": True}, {}]}).description
        == "1 / true"
    )
    assert one({"rule": 'a["x.y"][1]'}, {"a": {"x.y": [1, 2]}}).rule == "2"
    assert one({"rule": "a.*.b"}, {"a": {"anything": {"b": "deep"}}}).rule == "deep"
    assert one({}, {"title": "Two\nlines"}).title == "Two"


def test_rows_of_an_object_and_of_a_single_object() -> None:
    keyed = {"hosts": {"a": {"title": "A"}, "b": {"title": "B"}}}
    assert [found.title for found in read(mapping(rows="hosts.*"), keyed)] == ["A", "B"]
    assert [found.title for found in read(mapping(rows="hosts.a"), keyed)] == ["A"]
    assert read(mapping(rows="hosts"), {"hosts": None}) == []


def test_passed_rows_are_set_aside() -> None:
    rows = [{"title": "a", "state": "PASS"}, {"title": "b", "state": "skipped"}, {"title": "c", "state": "fail"}]
    skip = {"path": "state", "equals": "pass", "in": ["Skipped"]}
    assert [found.title for found in read(mapping(skip_when=skip), rows)] == ["c"]
    assert [found.title for found in read(mapping(skip_when=[skip]), rows)] == ["c"]


def test_lines_tables_and_xml() -> None:
    fields = {"title": "t", "severity": "s", "path": "p"}
    lines = b'{"t":"A","s":"low","p":"x"}\n\n{"t":"B","s":"high","p":"y"}\n'
    table = b'\xef\xbb\xbfT;"S";P\nA;low;x\nB;high;y\n'
    xml = b'<r><f p="x"><e t="A"><s>low</s></e></f><f p="y"><g><e t="no"/></g><e t="B"><s>high</s></e></f></r>'
    expected = [("A", Severity.LOW, "x"), ("B", Severity.HIGH, "y")]
    in_xml = mapping({"title": "@t", "severity": "s", "path": "^.@p"}, format="xml", rows="r.f[*].e[*]")
    for text, report in (
        (mapping(fields, format="jsonl"), lines), (mapping(fields, format="csv"), table), (in_xml, xml),
    ):  # fmt: skip
        assert [(one.title, one.severity, one.location.path) for one in read(text, report)] == expected  # type: ignore[union-attr]
    inner = mapping({"title": "t", "path": "^.p"}, format="jsonl", rows="found[*]")
    assert read(inner, b'{"p":"x","found":[{"t":"A"}]}\n{"p":"y","found":[]}\n')[0].location == CodeLocation(path="x")


def test_secrets_are_masked() -> None:
    found = one({"secret": "s", "description": "d"}, {"s": "AKIAIOSFODNN7EXAMPLE", "d": "key AKIAIOSFODNN7EXAMPLE"})
    assert "IOSFODNN" not in found.secret + found.description
    assert found.secret_digest


def test_large_reports_are_streamed_with_the_same_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    text = mapping(NESTED_FIELDS, rows="files[*].messages[*]", severity_map={"e": "high"})
    expected = read(text, NESTED)
    monkeypatch.setattr(reading_module, "LARGE", 1)
    monkeypatch.setattr(splitting, "_SMALLEST", 1)
    opened = open_bytes(json.dumps(NESTED).encode(), format=as_parser(load(text)))
    assert opened._split is not None
    assert opened._split.paths == {"files[].messages"}
    assert list(opened.items())[1:] == expected
    rows = [{"title": f"T{number}"} for number in range(50)]
    assert [found.title for found in read(mapping(), rows)] == [row["title"] for row in rows]


# What is refused


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        ({"kind": "codes"}, 3, "codes"),
        ({"name": "A b"}, 1, "no name"),
        ({"tool": " "}, 2, "no name"),
        ({"format": "yaml"}, 4, "yaml"),
        ({"fields": {"title": "x", "ruel": "y"}}, 7, "'ruel'"),
        ({"fields": {"path": "x"}}, 5, "must be there"),
        ({"fields": {"title": "x", "rule": {"map": {"a": "b"}}}}, 7, "a path or a default"),
        ({"fields": {"title": "x", "rule": {"path": "a", "regex": "(a+)+b"}}}, 7, "repeated"),
        ({"fields": {"title": "x", "rule": "a..b"}}, 7, "no path"),
        ({"rows": "a[0]"}, 7, "names"),
        ({"severity_map": {"x": "low", "y": "bad"}}, 9, "no severity"),
        ({"skip_when": {"path": "a"}}, 7, "set a row aside"),
        ({"recognise": {"root": "x"}}, 7, "keys"),
        ({"format": "xml"}, 4, "needs `rows`"),
        ({"format": "csv", "rows": "a"}, 7, "no path to its rows"),
        ({"extra": 1}, 7, "'extra'"),
    ],
)
def test_wrong_mappings_are_refused_with_their_line(change: dict[str, Any], line: int, words: str) -> None:
    with pytest.raises(InvalidMapping, match=words) as refused:
        load(mapping(**change))
    assert refused.value.where == f"line {line}"


@pytest.mark.parametrize(
    "text",
    ["", "- 1", "a: [", "a: b: c", "a: &x [1]\nb: *x", "a: 1\na: 2", "? [a]\n: 1", "[" * 60_000, "{" * 60_000, "- " * 30_000,
     "x" * (LARGEST + 1), "\x00", "!!python/object/apply:os.system [ls]"],
)  # fmt: skip
def test_what_is_no_mapping_is_refused_at_once(text: str) -> None:
    started = time.monotonic()
    with pytest.raises(InvalidMapping):
        load(text)
    assert time.monotonic() - started < 5


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidMapping, match="Not YAML"):
        load(b"\xff\xfe\xfa")


@pytest.mark.parametrize(
    ("report", "where", "words"),
    [
        ([{"title": "a"}, {"other": 1}], "$[1]", "Nothing says"),
        ([{"title": "a", "severity": "Sev-9"}], "$[0]", "'Sev-9' is no severity"),
        ([{"title": "a", "path": "p", "line": "n/a"}], "$[0]", "`line`"),
        (["a"], "$[0]", "no object"),
        ([[{"title": "a"}]], "$[0]", "no object"),
    ],
)
def test_rows_that_do_not_fit_are_named(report: Any, where: str, words: str) -> None:
    with pytest.raises(UnreadableReport, match=words) as refused:
        read(mapping({"title": "title", "severity": "severity", "path": "path", "line": "line"}), report)
    assert refused.value.where == where


def test_foreign_reports_are_never_empty() -> None:
    with pytest.raises(UnreadableReport, match="There is no 'files'"):
        read(mapping(rows="files[*]"), {"results": []})
    with pytest.raises(UnreadableReport, match="not a report of Acme"):
        read(mapping({"title": "@t"}, format="xml", rows="r.e"), b"<other><e t='x'/></other>")
    with pytest.raises(UnreadableReport, match="not a report of Acme"):
        read(mapping(format="csv"), b"a,b\n")
    with pytest.raises(UnreadableReport, match="not a report of Acme"):
        read(mapping(recognise={"keys": ["other"]}), [{"title": "x"}])
    with pytest.raises(UnreadableReport, match="line 2"):
        read(mapping({"title": "@t"}, format="xml", rows="r.e"), b"<r>\n<e/></r>")


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|aa)+", r"(a)\1", "(?=a)", "(?P<x>a)", "a**", "*a", "a{500}", "[a", "(a", "a" * 201, "(?i)a", "a|*"],
)
def test_patterns_that_could_hang_are_refused(pattern: str) -> None:
    with pytest.raises(InvalidExpression):
        compiled(pattern)


@pytest.mark.parametrize(
    "pattern", ["a*a*a*a*a*a*b", "(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)b", "(?:a*|a*)(?:a*|a*)b", r"[\s\S]*[\s\S]*x"]
)
def test_patterns_take_little_time(pattern: str) -> None:
    found = compiled(pattern)
    started = time.monotonic()
    assert not found.search("a" * 2000)
    assert time.monotonic() - started < 2


def test_patterns() -> None:
    assert compiled(r"CVE-\d{4}-\d+").search("see cve-2020-12345.")[0] == "cve-2020-12345"  # type: ignore[index]
    assert compiled(r"^(?:line|row) (\d+)").search("Row 12")[1] == "12"  # type: ignore[index]
    assert compiled(r"([^:]+):(\d{1,3})").search("a.py:12")[1] == "a.py"  # type: ignore[index]
    assert compiled(r"[]x]+").search("a]x")[0] == "]x"  # type: ignore[index]


NAMES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters='"'), min_size=1, max_size=8)


@given(st.lists(st.one_of(NAMES, st.integers(0, 99), st.just(Many.EACH)), min_size=1, max_size=5))
def test_paths_are_read_as_they_are_written(steps: list[Any]) -> None:
    assert parse_path(shown(steps)) == Way(0, tuple(steps))


@given(st.text(max_size=30))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        path = parse_path(text)
    except InvalidExpression:
        return
    assert path.steps
    assert select({"a": [1]}, path.steps) in ([], [[1]], [1])


@given(st.text(alphabet="ab()[]{}*+?|\\.^$-,0123d:=", max_size=24))
def test_any_pattern_is_quick_or_refused(pattern: str) -> None:
    try:
        found = compiled(pattern)
    except InvalidExpression:
        return
    started = time.monotonic()
    found.search("ab" * 1000)
    assert time.monotonic() - started < 2


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["title", "id", "file", "line", "severity", "url", "cve", "a.b"]), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@given(PLAIN)
def test_any_report_is_read_or_refused(value: Any) -> None:
    fields = {
        "title": ["title", "id"],
        "severity": "severity",
        "path": "file",
        "line": "line",
        "url": "url",
        "cve": "cve",
        "rule": "^.id",
    }
    for rows in ("[*]", "a[*].b", "*"):
        try:
            read(mapping(fields, rows=rows), value)
        except ParserBug:
            raise
        except UnreadableReport:
            continue


# What is proposed


@given(PLAIN.filter(lambda value: isinstance(value, list | dict)))
def test_every_proposal_can_be_loaded(value: Any) -> None:
    source = from_bytes(json.dumps(value).encode(), "x")
    try:
        proposal = propose(source, "Some tool")
    except ParserBug:
        raise
    except UnreadableReport:
        return
    told = load(proposal.text)
    assert as_parser(told).variants[0].looks
    try:
        unread(told, source)
    except UnreadableReport:
        return


PROPOSED = {
    "json": json.dumps({
        "scan": {"date": "2026-03-01"}, "rules": [{"id": f"A{number}", "name": "x"} for number in range(9)],
        "targets": [{"file": "src/a.py", "problems": [
            {"checkId": "A1", "headline": "Weak hash 😀", "riskLevel": "high", "at": {"startLine": 3}, "cweIds": ["CWE-328"], "odd key.x": "é"},
            {"checkId": "A2", "headline": "No lock", "riskLevel": "low", "at": {"startLine": 5}, "cweIds": []},
        ]}],
    }).encode(),
    "jsonl": b'{"sev":"high","msg":"Weak hash","file":"src/a.py","line":3}\n{"sev":"low","msg":"No lock","file":"src/a.py","line":5}\n',
    "csv": b"Issue Name;Criticality;File Path;Line No.;Notes\nWeak hash;High;src/a.py;3;x\nNo lock;Low;src/a.py;5;\n",
    "xml": b'<r v="1"><file name="src/a.py"><hit line="3"><name>Weak hash</name><risk>high</risk></hit>'
           b'<hit line="5"><name>No lock</name><risk>low</risk></hit></file></r>',
}  # fmt: skip


@pytest.mark.parametrize("format", PROPOSED)
def test_proposals_read_what_they_are_made_from(format: str) -> None:
    proposal = propose(from_bytes(PROPOSED[format], "x"), "Acme")
    told = load(proposal.text)
    assert (told.format, told.kind, told.name, told.tool) == (format, Kind.CODE, "acme", "Acme")
    first, second = read(proposal.text, PROPOSED[format])
    assert first.title.startswith("Weak hash")
    assert (first.severity, second.severity) == (Severity.HIGH, Severity.LOW)
    assert isinstance(first.location, CodeLocation)
    assert (first.location.path, first.location.line) == ("src/a.py", 3)
    assert second.title == "No lock"


def test_proposals_say_what_they_leave_open() -> None:
    proposal = propose(from_bytes(b'[{"name": "A", "criticality": "7", "note": "n"}]', "x"), "Acme")
    assert [note.split(" (")[0] for note in proposal.notes[:1]] == ["where the findings are"]
    assert '"7": medium' in proposal.text
    assert "# Not used: note" in proposal.text
    assert read(proposal.text, b'[{"name": "A", "criticality": "8", "note": "n"}]')[0].severity is Severity.MEDIUM


def test_proposals_recognise_by_what_all_rows_have() -> None:
    rows = [{"name": "A", "risk": "low", "note": "n"}, {"name": "B", "risk": "low"}]
    told = load(propose(from_bytes(json.dumps(rows).encode(), "x"), "Acme").text)
    assert told.recognise is not None
    assert told.recognise.keys == ["name", "risk"]


def test_fields_are_guessed_by_value() -> None:
    row = {
        "a": "CVE-2021-44228",
        "b": "pkg:npm/x@1",
        "c": "critical",
        "d": "CWE-79",
        "e": "src/x/y.js",
        "f": "https://x.example/",
    }
    told = load(propose(from_bytes(json.dumps([row]).encode(), "x"), "Acme").text).fields
    assert (told.cve, told.purl, told.severity, told.cwe, told.path, told.references) == tuple("abcdef")


@pytest.mark.parametrize("report", [b"just text", b"[1, 2]", b"{}", b"[]", b"PK\x03\x04"])
def test_nothing_is_proposed_from_nothing(report: bytes) -> None:
    with pytest.raises(UnreadableReport):
        propose(from_bytes(report, "x"), "Acme")


def test_what_is_left_unread_is_told() -> None:
    told = load(mapping({"title": "t", "references": "refs.url"}))
    source = from_bytes(json.dumps([{"t": "A", "extra": {"x": 1}, "refs": [{"url": "u", "n": 1}]}]).encode(), "x")
    assert unread(told, source) == ["extra.x", "refs[*].n"]
    assert unread(load(mapping({"title": "A b"}, format="csv")), from_bytes(b"A b,C\n1,2\n", "x")) == ["c"]


# A folder of them


@pytest.fixture
def clean_registry() -> Any:
    yield
    use(None)


def test_a_folder_of_mappings_is_formats(tmp_path: Path, clean_registry: None) -> None:
    (tmp_path / "a.yaml").write_text(mapping(recognise={"keys": ["acme_marker", "title"]}), "utf-8")
    (tmp_path / "b.yml").write_text(mapping(name="other"), "utf-8")
    (tmp_path / "notes.txt").write_text("no mapping", "utf-8")
    use(tmp_path)
    report = json.dumps([{"title": "T", "acme_marker": 1}]).encode()
    assert open_bytes(report).parser.name == "mapping:acme"
    assert open_bytes(report, format="mapping:other").parser.name == "mapping:other"
    assert {"mapping:acme", "mapping:other"} <= set(registry.parsers())
    use(None)
    assert not [name for name in registry.parsers() if name.startswith("mapping:")]
    with pytest.raises(UnknownFormat):
        open_bytes(report)


def test_wrong_folders_are_loud(tmp_path: Path, clean_registry: None) -> None:
    with pytest.raises(BrokenPlugin, match="no folder"):
        mappings_in(tmp_path / "none")
    (tmp_path / "a.yaml").write_text(mapping(), "utf-8")
    (tmp_path / "b.yaml").write_text(mapping(), "utf-8")
    with pytest.raises(BrokenPlugin, match="Two formats"):
        use(tmp_path)
    (tmp_path / "b.yaml").write_text("a: [", "utf-8")
    with pytest.raises(BrokenPlugin, match=r"b\.yaml cannot be used: Not YAML"):
        use(tmp_path)
    with pytest.raises(InvalidMapping, match="cannot be read"):
        load_file(tmp_path)


# The documentation


def test_the_example_of_the_documentation_works() -> None:
    page = (Path(__file__).parents[3] / "docs" / "mappings.md").read_text("utf-8")
    report, text = (page.partition(f"```{language}\n")[2].partition("```")[0] for language in ("json", "yaml"))
    (found,) = [
        one for one in open_bytes(report.encode(), format=as_parser(load(text))).items() if isinstance(one, Finding)
    ]
    assert (found.rule, found.severity, found.cwes, found.seen_at) == (
        "A1",
        Severity.HIGH,
        (328,),
        "2026-03-01T10:00:00Z",
    )
    assert found.location == CodeLocation(path="src/login.py", line=12)
    assert unread(load(text), from_bytes(report.encode(), "acme.json")) == []
    proposal = propose(from_bytes(report.encode(), "acme.json"), "Acme Scan")
    guessed, written = load(proposal.text), load(text)
    assert (guessed.rows, guessed.name, guessed.tool) == (written.rows, written.name, written.tool)
    assert [note for note in proposal.notes if "see severity_map" in note]
    for name in ("rule", "title", "severity", "path", "line", "cwe"):
        assert getattr(guessed.fields, name) == getattr(written.fields, name)
    missing = [word for word in (*FIELDS, *Mapping.__struct_fields__, *Kind) if f"`{word}`" not in page]
    assert missing == []
