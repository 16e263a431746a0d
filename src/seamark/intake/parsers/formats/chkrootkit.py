"""chkrootkit: signs of rootkits on hosts; its output, in full or quiet."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seamark.intake.parsers.kit import Finding, Item, Kind, Run, Severity, Text, parser, text_start

_CHECK = re.compile(r"^Checking `([^']+)'\.\.\.\s*(.*)$")
_SEARCH = re.compile(r"^Searching for (.+?)(?:\.\.\.|, it may take a while\.\.\.)\s*(.*)$")
_SKIPPED = re.compile(r"Skipping unsupported filesystem|can't exec|not tested|unable to open", re.IGNORECASE)
_WARNING = re.compile(r"^(?:(?P<check>[\w.-]+):\s*)?(?:WARNING|Warning|\*\*\*+|! ?WARNING)\s*[:,]?\s*(?P<text>.+)$")


@parser(
    "chkrootkit",
    title="chkrootkit",
    kind=Kind.HOST,
    looks=text_start("ROOTDIR is `", "Checking `", "chkdirs: ", "WARNING: chkdirs:", "chkproc: ", "WARNING: chkproc:"),
    made_with="chkrootkit > chkrootkit.txt",
    url="https://www.chkrootkit.org/",
    versions="0.50 to 0.58",
)
def read(text: Text) -> Iterator[Item]:
    lines = [line.rstrip() for line in text]
    skipped = [line for line in lines if _SKIPPED.search(line)]
    yield Run(
        tool="chkrootkit",
        successful=True if any(_CHECK.match(line) for line in lines) else None,
        complete=False if skipped else None,
        problems=tuple(skipped[:50]),
    )
    check = ""
    for line in lines:
        if found := _CHECK.match(line):
            check = found[1]
            if found[2].startswith("INFECTED"):
                yield _finding(check, f"{check} is infected", found[2], Severity.CRITICAL, "INFECTED")
            elif "Possible" in found[2] or found[2].startswith(
                ("Vulnerable", "vulnerable", "You have", "WARNING", "Warning")
            ):
                yield _finding(check, found[2], "", Severity.MEDIUM, "WARNING")
        elif found := _SEARCH.match(line):
            check = found[1]
            answer = found[2]
            if answer.startswith("INFECTED") or "Possible" in answer:
                yield _finding(check, f"{check}: {answer}", "", Severity.HIGH, answer.split(" ", 1)[0])
        elif _SKIPPED.search(line):
            continue
        elif found := _WARNING.match(line):
            inner, _, rest = found["text"].partition(": ")
            named = found["check"] or (inner if rest and " " not in inner else "") or check
            message = rest if rest and " " not in inner else found["text"]
            yield _finding(named, message.rstrip(":"), "", Severity.MEDIUM, "WARNING")
        elif line.startswith(("INFECTED", "Possible ", "You have")):
            yield _finding(check or "chkrootkit", line, "", Severity.MEDIUM, line.split(" ", 1)[0])


def _finding(check: str, title: str, text: str, severity: Severity, word: str) -> Finding:
    return Finding(
        rule=check or "chkrootkit",
        title=title,
        severity=severity,
        severity_given=word,
        description=text if text != word else "",
    )
