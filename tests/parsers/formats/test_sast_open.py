"""What goldens do not show of the parsers for open scanners of code and secrets: failures, empty reports, versions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from seamark.core.errors import UnreadableReport
from seamark.core.finding import Finding
from seamark.core.report import Item, Run
from seamark.intake.parsers.kit.read import open_bytes


def _items(report: Any, format: str = "auto") -> list[Item]:
    data = report if isinstance(report, bytes) else json.dumps(report).encode()
    return list(open_bytes(data, "report", format).items())


def _run(items: list[Item]) -> Run:
    return next(item for item in items if isinstance(item, Run))


def _findings(items: list[Item]) -> list[Finding]:
    return [item for item in items if isinstance(item, Finding)]


@pytest.mark.parametrize("tool", ["njsscan", "mobsfscan"])
def test_engine_that_did_not_start_is_no_clean_scan(tool: str) -> None:
    empty: dict[str, Any] = {"nodejs": {}, "templates": {}} if tool == "njsscan" else {"results": {}}
    with pytest.raises(UnreadableReport, match="did not run: semgrep not found"):
        _items({f"{tool}_version": "1.0.2", "errors": ["semgrep not found"]} | empty)
    clean = _items({f"{tool}_version": "1.0.2", "errors": []} | empty)
    assert _run(clean).complete
    assert not _findings(clean)


def test_engine_that_failed_half_way_closes_nothing() -> None:
    result = {"metadata": {"cwe": "CWE-95", "description": "eval", "severity": "ERROR"}}
    items = _items({"njsscan_version": "0.4", "errors": ["out of memory"], "nodejs": {"eval": result}})
    assert _run(items).successful is False
    assert len(_findings(items)) == 1


def test_gosec_without_a_single_file_is_a_failed_run() -> None:
    errors = {"/src/go.mod": [{"line": 0, "column": 0, "error": "no required module"}]}
    report = {"Golang errors": errors, "Issues": None, "Stats": {"files": 0, "lines": 0, "nosec": 0, "found": 0}}
    run = _run(_items(report))
    assert run.successful is False
    assert run.problems == ("/src/go.mod:0: no required module",)
    assert run.complete is False


def test_gosec_report_without_issues_is_a_clean_scan() -> None:
    items = _items({"Golang errors": {}, "Issues": [], "Stats": {"files": 3, "lines": 9, "nosec": 0, "found": 0}})
    assert _run(items).successful
    assert _run(items).complete
    assert not _findings(items)


def test_log_of_trufflehog_that_breaks_off_is_refused() -> None:
    line = {"level": "info-0", "ts": "2025-02-19T21:20:00Z", "logger": "trufflehog", "msg": "running source"}
    with pytest.raises(UnreadableReport, match="does not say that the scan came to its end"):
        _items(line)


def test_log_of_trufflehog_with_an_error_only_is_a_failed_run() -> None:
    line = {"level": "error", "ts": "x", "logger": "trufflehog", "msg": "cannot clone", "error": "no such host"}
    run = _run(_items(line))
    assert run.successful is False
    assert run.problems == ("cannot clone: no such host",)


@pytest.mark.parametrize(
    "format", ["whispers", "trufflehog3", "rusty-hog", "secretlint", "infer", "ruff", "pylint", "psalm", "qark"]
)
def test_empty_list_is_believed_where_the_format_is_named(format: str) -> None:
    assert not _findings(_items(b"[]", format))


def test_garak_report_without_an_end_closes_nothing() -> None:
    head = {"entry_type": "start_run setup", "_config.version": "0.11"}
    attempt = {"entry_type": "attempt", "status": 2, "uuid": "a", "probe_classname": "dan.Dan", "outputs": ["no"]}
    lines = b"\n".join(json.dumps(line).encode() for line in (head, attempt | {"detector_results": {"dan.DAN": [0]}}))
    items = _items(lines)
    assert _run(items).successful is False
    assert not _findings(items)
    with pytest.raises(UnreadableReport, match="no attempt"):
        _items(b"\n".join([json.dumps(head).encode()] * 2))


def test_dawnscanner_without_a_list_of_flaws_is_refused() -> None:
    with pytest.raises(UnreadableReport, match="does not list"):
        _items({"dawn_version": "1.6.9", "status": "OK"})


def test_ggshield_scan_without_incidents() -> None:
    items = _items({"id": "/src", "type": "path_scan", "total_incidents": 0, "total_occurrences": 0})
    assert _run(items).complete
    assert not _findings(items)


@pytest.mark.parametrize("name", ["Internal.Exception", "Internal.Tokenizer.Exception"])
def test_file_that_phpcs_could_not_read_is_a_problem(name: str) -> None:
    xml = f'<phpcs version="3.7.1"><file name="a.php"><error line="1" column="1" source="{name}">no</error></file></phpcs>'
    items = _items(xml.encode())
    assert _run(items).complete is False
    assert _run(items).problems == ("a.php: no",)
    assert not _findings(items)


def test_secret_is_nowhere_in_the_clear() -> None:
    secret = "blue-kettle-on-a-red-stove"
    leak = {"filePath": "a", "sourceContent": f"k={secret}", "sourceContentType": "text", "messages": []}
    message = {"message": f"found key: {secret}", "ruleId": "r", "range": [2, 28], "severity": "error"}
    found = _findings(_items([leak | {"messages": [message]}]))
    assert found[0].secret
    assert secret not in repr(found)


def test_secretlint_offsets_of_a_masked_message_are_not_taken() -> None:
    text = "public and harmless text"
    message = {"message": "found key: ****", "ruleId": "r", "range": [0, 6], "severity": "error"}
    leak = {"filePath": "a", "sourceContent": text, "sourceContentType": "text", "messages": [message]}
    assert _findings(_items([leak]))[0].secret == "****"


def test_credentials_of_trufflehog_3_read_the_same_in_base64_and_in_plain() -> None:
    row = {"SourceMetadata": {"Data": {"Filesystem": {"file": "a"}}}, "DetectorName": "AWS", "Verified": False}
    encoded = _findings(_items(row | {"Raw": "QUtJQUVYQU1QTEVFWEFNUExFMDA="}))
    plain = _findings(_items(row | {"Raw": "AKIAEXAMPLEEXAMPLE00", "DecoderName": "PLAIN"}))
    assert encoded[0].secret_digest == plain[0].secret_digest
