"""clang-tidy: what it prints, a warning with its notes at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    FlowStep,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    Text,
    parser,
)

_MODULES = (
    "abseil|altera|android|boost|bugprone|cert|clang-analyzer|clang-diagnostic|concurrency|cppcoreguidelines|custom|darwin|"
    "fuchsia|google|hicpp|linuxkernel|llvm|llvmlibc|misc|modernize|mpi|objc|openmp|performance|portability|readability|zircon"
)
_PLACE = r"^(?P<path>[^\s:][^:\n]*|[A-Za-z]:[^:\n]+):(?P<line>\d{1,9}):(?P<column>\d{1,9}): "
_WARNING = re.compile(_PLACE + rf"(?P<level>warning|error): (?P<text>.*) \[(?P<checks>(?:{_MODULES})-[\w.,-]+)\]\s*$")
_NOTE = re.compile(_PLACE + r"note: (?P<text>.*)$")
_SHOWN = re.compile(r"^\s*\d+ \| ?(?P<code>.*)$")
_URL = "https://clang.llvm.org/extra/clang-tidy/checks/{}/{}.html"
_BROKEN = "clang-diagnostic-error"
"""The name under which the compiler says that it could not read a file."""
_RAISED = "-warnings-as-errors"
_SERIOUS = ("clang-analyzer-security", "cert-", "bugprone-", "clang-analyzer-")


def _is_output(probe: Probe) -> bool:
    if probe.form not in {"text", "csv"}:
        return False
    lines = probe.source.head(16_000).decode("utf-8", "replace").splitlines()
    return any(_WARNING.match(line[:2_000]) for line in lines)


@parser(
    "clang-tidy",
    title="clang-tidy",
    kind=Kind.CODE,
    looks=_is_output,
    made_with="clang-tidy -p build src/*.cpp > clang-tidy.txt",
    url="https://clang.llvm.org/extra/clang-tidy/",
    versions="6 to 20",
)
def read(text: Text) -> Iterator[Item]:
    broken = [line for line in text if f"[{_BROKEN}]" in line and _WARNING.match(line[:8_000])]
    problems = tuple(dict.fromkeys(line.partition(f" [{_BROKEN}]")[0] for line in broken))
    yield Run(tool="clang-tidy", complete=False if problems else None, problems=problems[:50])
    warning: re.Match[str] | None = None
    notes: list[FlowStep] = []
    code: list[str] = []
    seen: set[str] = set()
    for line in text:
        found = _WARNING.match(line[:8_000])
        if found:
            if warning is not None:
                yield _finding(warning, notes, code)
            # A header is checked with each file that includes it, and told of each time.
            warning = None if found[0] in seen or found["checks"] == _BROKEN else found
            seen.add(found[0])
            notes, code = [], []
        elif warning is not None and (note := _NOTE.match(line[:8_000])):
            notes.append(FlowStep(_place(note), note["text"]))
        elif warning is not None and not notes and not code and (shown := _SHOWN.match(line)):
            code.append(shown["code"])
    if warning is not None:
        yield _finding(warning, notes, code)


def _place(found: re.Match[str], code: str = "") -> CodeLocation:
    return CodeLocation(
        path=found["path"], line=int(found["line"]) or None, column=int(found["column"]) or None, snippet=code
    )


def _finding(found: re.Match[str], notes: list[FlowStep], code: list[str]) -> Finding:
    # Checks that are aliases of each other are named together.
    check, *others = (name for name in found["checks"].split(",") if name != _RAISED)
    serious = check.startswith(_SERIOUS)
    failed = found["level"] == "error" and _RAISED not in found["checks"]
    return Finding(
        rule=check,
        title=found["text"] or check,
        severity=Severity.HIGH if failed else Severity.MEDIUM if serious else Severity.LOW,
        severity_given=found["level"],
        location=_place(found, code[0] if code else ""),
        about=_about(check, tuple(others)),
        flow=tuple(notes),
    )


@lru_cache(maxsize=1024)
def _about(check: str, others: tuple[str, ...]) -> Rule:
    module = next(name for name in _MODULES.split("|") if check.startswith(f"{name}-"))
    known = module not in {"clang-diagnostic", "custom"}
    page = (_URL.format(module, check.removeprefix(f"{module}-")),) if known else ()
    return Rule(id=check, name=check, tags=(module, *others), references=page)
