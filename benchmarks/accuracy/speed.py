"""How long the matcher takes for a finding: three tools over many files, as an import sees them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from gc import collect, disable, enable
from time import process_time
from typing import NamedTuple

from seamark.analysis.correlation.evidence import Sighting
from seamark.analysis.correlation.matching import match
from seamark.analysis.correlation.sighting import sighting
from seamark.core.finding import Finding, Rule
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation
from seamark.core.severity import Severity

_PROBLEMS = (
    ("B608", "formatted-sql-query", "java/sql-injection", 89, "SQL injection"),
    ("B602", "subprocess-shell-true", "java/command-line-injection", 78, "Command injection"),
    ("B301", "avoid-pickle", "java/unsafe-deserialization", 502, "Deserialization of untrusted data"),
    ("B324", "insecure-hash-algorithm-md5", "java/weak-hash", 328, "Weak hash"),
    ("B311", "weak-random", "java/insecure-randomness", 330, "Insecure randomness"),
    ("B307", "eval-detected", "java/code-injection", 95, "Code injection"),
    ("B108", "hardcoded-tmp-path", "java/temporary-file", 377, "Insecure temporary file"),
    ("B701", "direct-use-of-jinja2", "java/xss", 79, "Cross-site scripting"),
)  # fmt: skip
_TOOLS = ("bandit", "semgrep", "codeql")
_BLOCK = 50
"""Files that are matched in one call."""


class Speed(NamedTuple):
    """Microseconds for one finding."""

    findings: int
    sighting: float
    match: float
    clusters: int


def findings(count: int, files: int, seed: int = 1) -> list[list[tuple[str, Finding]]]:
    """Return (tool, finding) by file: each problem is seen by one, two or three tools, on a line or some lines apart."""
    dice = random.Random(seed)  # noqa: S311 - repeatable
    found: list[list[tuple[str, Finding]]] = [[] for _ in range(files)]
    made = 0
    while made < count:
        at = made % files if made < files else dice.randrange(files)
        rules = dice.choice(_PROBLEMS)
        line = dice.randrange(1, 400)
        for nth in dice.sample(range(3), dice.choice((1, 2, 2, 3, 3))):
            found[at].append((_TOOLS[nth], _finding(rules, nth, at, line + dice.choice((0, 0, 0, 1, 3)))))
            made += 1
    return found


def _finding(rules: tuple[str, str, str, int, str], nth: int, at: int, line: int) -> Finding:
    rule, weakness, title = str(rules[nth]), rules[3], rules[4]
    where = CodeLocation(path=f"src/app/module_{at}.py", line=line, column=5, snippet=f"    run(value_{line}, user)")
    about = _ABOUT.setdefault(rule, Rule(id=rule, title=title, cwes=(weakness,)))
    return Finding(rule=rule, title=f"{title} in line {line}", severity=Severity.HIGH, kind=Kind.CODE, location=where, about=about)  # fmt: skip


_ABOUT: dict[str, Rule] = {}


def measure(count: int = 100_000, files: int = 5_000) -> Speed:
    """Return what `sighting` and `match` take of a processor, in blocks of files and without the collector of garbage.

    `count` findings are of three tools, in `files` files.
    """
    told = findings(count, files)
    total = sum(map(len, told))
    collect()
    disable()
    try:
        start = process_time()
        seen = [
            [sighting(finding, tool, asset="a", stream=_TOOLS.index(tool)) for tool, finding in rows] for rows in told
        ]
        middle = process_time()
        clusters = _matched(seen, match)
        end = process_time()
    finally:
        enable()
    return Speed(total, (middle - start) / total * 1e6, (end - middle) / total * 1e6, clusters)


def _matched(seen: Sequence[Sequence[Sighting]], matcher: Callable[..., object]) -> int:
    clusters = 0
    for first in range(0, len(seen), _BLOCK):
        outcome = matcher([one for rows in seen[first : first + _BLOCK] for one in rows])
        clusters += len(outcome.clusters)  # type: ignore[attr-defined]
    return clusters


def main() -> None:
    """Print it."""
    found = min((measure() for _ in range(3)), key=lambda one: one.sighting + one.match)
    print(  # noqa: T201 - this is what it is for
        f"{found.findings} findings, {found.clusters} issues of several: sighting {found.sighting:.2f} µs, match {found.match:.2f} µs"
    )


if __name__ == "__main__":
    main()
