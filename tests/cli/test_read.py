"""`seamark read`: what is readable is printed, what is not gets a sentence, and the exit code tells both apart."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Command, Installation
from .reports import GOOD, READABLE, UNKNOWN, UNREADABLE, as_bytes, dependency, hints

KEYS = [
    "report",
    "index",
    "tool",
    "format",
    "rule",
    "title",
    "severity",
    "kind",
    "cwes",
    "vulnerabilities",
    "location",
    "component",
]


def rows(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def test_promised_keys(seamark: Command, report: Callable[..., Path]) -> None:
    docker, packages = report(name="docker.json"), report(as_bytes(dependency()), "packages.json")
    result = seamark("read", docker, packages, "--json")
    assert (result.code, result.err) == (0, "")
    found = rows(result.out)
    assert all(list(row)[: len(KEYS)] == KEYS for row in found)
    assert [(row["report"], row["index"]) for row in found] == [
        *((str(docker), at) for at in range(3)),
        (str(packages), 0),
    ]
    first, last = found[0], found[-1]
    assert (first["tool"], first["format"], first["rule"]) == ("Hadolint", "hadolint", "DL3000")
    assert (first["title"], first["severity"], first["kind"]) == ("Hint number 0", "high", "misconfiguration")
    assert first["location"] == {"place": "code", "path": "Dockerfile", "line": 1, "column": 1}
    assert (first["component"], first["cwes"], first["vulnerabilities"]) == (None, [], [])
    assert {row["severity"] for row in found} <= {"critical", "high", "medium", "low", "info"}
    assert last["component"] == {
        "purl": "pkg:pypi/django@3.2.1", "name": "django", "version": "3.2.1", "fixed_version": "3.2.2",
    }  # fmt: skip
    assert "CVE-2021-32052" in last["vulnerabilities"]  # type: ignore[operator]


@pytest.mark.parametrize("name", READABLE)
def test_readable(name: str, seamark: Command, report: Callable[..., Path]) -> None:
    result = seamark("read", "--json", report(READABLE[name], name))
    assert (result.code, result.err) == (0, "")
    assert [row["rule"] for row in rows(result.out)] == ["DL3000", "DL3001", "DL3002"]


@pytest.mark.parametrize("name", UNREADABLE | UNKNOWN)
def test_unreadable(name: str, seamark: Command, report: Callable[..., Path]) -> None:
    path = report((UNREADABLE | UNKNOWN)[name], name)
    result = seamark("read", path, "--json")
    assert result.out == ""
    assert result.code in ({3} if name in UNKNOWN else {2, 3})
    (line,) = result.err.splitlines()
    assert line.startswith(f"{path}: ")
    assert len(line) > len(f"{path}: ") + 15


def test_readable_ones_are_printed_whatever_stands_beside_them(
    seamark: Command, report: Callable[..., Path], tmp_path: Path
) -> None:
    good, bad = report(name="good.json"), report(b"", "bad.json")
    foreign, gone = report(UNKNOWN["foreign.json"], "foreign.json"), tmp_path / "gone.json"
    result = seamark("read", gone, bad, good, foreign, tmp_path, "--json")
    assert result.code == 2
    assert len(rows(result.out)) == 3
    assert [line.split(": ")[0] for line in result.err.splitlines()] == [str(p) for p in (gone, bad, foreign, tmp_path)]
    assert "There is no such file" in result.err
    assert "That is a directory" in result.err
    assert seamark("read", good, foreign, "--json").code == 3


def test_a_report_that_breaks_at_its_end_is_not_half_printed(seamark: Command, report: Callable[..., Path]) -> None:
    content = [*hints(2000), {**hints(1)[0], "line": []}]
    result = seamark("read", "--json", report(as_bytes(content)))
    assert (result.code, result.out) == (2, "")
    assert "[2000].line" in result.err


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--format", "hadolnt"], 3, "Did you mean 'hadolint'?"),
        (["--format", ""], 3, "There is no format called ''"),
        (["--format", "bandit"], 2, "This is not a report of Bandit; it looks like Hadolint"),
        (["--format"], 2, "requires an argument"),
        (["--nonsense"], 2, "No such option"),
    ],
)
def test_wrong_format(
    words: list[str], code: int, sentence: str, seamark: Command, report: Callable[..., Path]
) -> None:
    result = seamark("read", report(), *words)
    assert (result.code, result.out) == (code, "")
    assert sentence in result.err


def test_empty_list_is_read_where_its_format_is_named(seamark: Command, report: Callable[..., Path]) -> None:
    result = seamark("read", "--format", "hadolint", report(b"[]", "nothing.json"))
    assert (result.code, result.err) == (0, "")
    assert "0 findings by Hadolint" in result.out


def test_ambiguous_report_names_its_candidates(
    seamark: Command, report: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from seamark.intake.parsers.kit import read

    known = read.parsers()
    twin = {**known, "twin": known["hadolint"]}
    monkeypatch.setattr(read, "parsers", lambda: twin)
    result = seamark("read", report())
    assert (result.code, result.out) == (3, "")
    assert "several formats: hadolint, hadolint" in result.err


def test_table(seamark: Command, report: Callable[..., Path]) -> None:
    result = seamark("read", report())
    heading, titles, rule, first, *_ = result.out.splitlines()
    assert heading.endswith("report.json: 3 findings by Hadolint (Hadolint)")
    assert titles.split() == ["Severity", "Rule", "Title", "Place"]
    assert set(rule) == {"─"}
    assert first.split() == ["high", "DL3000", "Hint", "number", "0", "Dockerfile:1"]
    assert "\x1b" not in result.out


@pytest.mark.parametrize("columns", ["60", "44", "1", "0", "-7", "many"])
def test_narrow_terminal(
    columns: str, seamark: Command, report: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    long = hints(2, path="services/orders/deep/down/in/the/tree/Dockerfile", message="長い" * 40 + " \x1b[31mred\r\n")
    result = seamark("read", report(as_bytes(long)))
    assert result.code == 0
    lines = result.out.splitlines()[1:]
    assert len(lines) == 4
    wide = {"60": 60, "44": 44, "1": 44}.get(columns, 160)
    assert all(sum(2 if sign > "\u2e80" else 1 for sign in line) <= wide for line in lines if set(line) != {"─"})
    assert all(line.startswith(word) for line, word in zip(lines[2:], ("high", "medium"), strict=True))
    assert all(line.endswith(("/Dockerfile:1", "/Dockerfile:2")) or wide < 60 for line in lines[2:])
    assert "\x1b" not in result.out


def test_notes_of_the_run_are_told(seamark: Command, report: Callable[..., Path]) -> None:
    broken = {**hints(1)[0], "code": "DL1000", "message": "unexpected 'F'"}
    for words in ([], ["--json"]):
        result = seamark("read", report(as_bytes([broken])), *words)
        assert result.code == 0
        assert "note: Dockerfile:1: unexpected 'F'" in result.err


def test_process_reads_without_django(installation: Installation, report: Callable[..., Path]) -> None:
    code = "import sys\nfrom seamark.interfaces.cli.main import run\ntry:\n run()\nfinally:\n print('django' in sys.modules, 'rich' in sys.modules, file=sys.stderr)"
    result = installation.run("read", report(), code=code)
    assert (result.code, result.err) == (0, "False False\n")
    assert not installation.home.exists()


def test_reader_that_leaves_early(installation: Installation, report: Callable[..., Path]) -> None:
    path = report(as_bytes(hints(20_000)))
    for words in (["--json"], []):
        with installation.start("read", path, *words) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(30) == 0


def test_full_disk_under_the_output(installation: Installation, report: Callable[..., Path]) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is always full")
    with full.open("wb") as nowhere:
        result = installation.run("read", report(), stdout=nowhere)
    assert result.code == 1
    assert result.err.startswith("seamark: There is no space left")


def test_name_that_is_not_unicode_and_a_terminal_that_is_ascii(installation: Installation, tmp_path: Path) -> None:
    path = str(tmp_path / "caf\udce9.json")
    Path(path).write_bytes(GOOD)
    result = installation.run("read", path, "--json")
    assert (result.code, result.err) == (0, "")
    assert rows(result.out)[0]["report"] == str(tmp_path / "caf?.json")
    plain = installation.run("read", path, env={"PYTHONIOENCODING": "ascii"})
    assert (plain.code, plain.err) == (0, "")
    assert "DL3000" in plain.out


def test_pipe_and_device(installation: Installation, report: Callable[..., Path]) -> None:
    with report().open("rb") as file:
        piped = installation.start("read", "/dev/fd/0", "--json", stdin=subprocess.PIPE)
        out, err = piped.communicate(file.read(), timeout=30)
    assert (piped.returncode, err) == (0, b"")
    assert len(out.splitlines()) == 3
    result = installation.run("read", "/dev/zero")
    assert result.code == 2
    assert "That is a device" in result.err
