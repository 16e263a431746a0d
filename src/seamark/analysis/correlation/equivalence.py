"""What a tool's rule is about, where its report does not say: the table of rules that speak of the same problem. Pure."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

import yaml


class Meaning(NamedTuple):
    """What a rule is about."""

    family: str
    cwe: int = 0
    role: str = ""
    """`imports`: it points at an import; `builds`: at the text that another line runs; empty: at the flaw itself."""


_ROLES = ("builds", "imports")
_TOOLS = {
    "opengrep": "semgrep", "tfsec": "trivy", "nodejsscan": "njsscan", "find security bugs": "findsecbugs",
    "spotbugs": "findsecbugs", "kubelinter": "kube-linter", "gosec - golang security checker": "gosec",
    "detect_secrets": "detect-secrets", "sonar": "sonarqube", "sonarcloud": "sonarqube", "sonarlint": "sonarqube",
    "snykcode": "snyk", "security code scan": "security-code-scan", "securitycodescan": "security-code-scan",
    "security_code_scan": "security-code-scan", "php_codesniffer": "phpcs", "find_sec_bugs": "findsecbugs",
    "nodejs_scan": "njsscan", "klocwork static code analysis": "klocwork",
}  # fmt: skip
"""Other names of tools whose rules are those of another."""


class _Table(NamedTuple):
    exact: dict[tuple[str, str], Meaning]
    patterns: dict[str, list[tuple[re.Pattern[str], Meaning]]]


@cache
def _table() -> _Table:
    text = files("seamark.analysis.correlation").joinpath("data/rules.yaml").read_text(encoding="utf-8")
    families: dict[str, dict[str, Any]] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
    table = _Table({}, {})
    for family, entry in families.items():
        cwe = int(entry.get("cwe", 0))
        # The narrower roles first: the first pattern that fits wins.
        for role in _ROLES:
            _add(table, entry.get(role, {}), Meaning(family, cwe, role))
        _add(table, {tool: rules for tool, rules in entry.items() if isinstance(rules, list)}, Meaning(family, cwe))
    return table


def _add(table: _Table, rules_of: dict[str, list[str]], meaning: Meaning) -> None:
    for tool, rules in rules_of.items():
        for rule in rules:
            if "*" in rule:
                pattern = re.compile(translate(rule.lower()))
                table.patterns.setdefault(tool, []).append((pattern, meaning))
            else:
                table.exact.setdefault((tool, rule.lower()), meaning)


@lru_cache(maxsize=4096)
def tool_key(name: str) -> str:
    """Return the name under which the table keeps a tool: `Semgrep OSS` and `semgrep-1.182` are `semgrep`."""
    low = name.strip().lower()
    if low in _TOOLS:
        return _TOOLS[low]
    table = _table()
    known = {tool for tool, _ in table.exact} | table.patterns.keys() | _TOOLS.keys()
    if low in known:
        return low
    fits = [tool for tool in known if low.startswith(tool) and not low[len(tool)].isalpha()]
    best = max(fits, key=len, default=low)
    return _TOOLS.get(best, best)


_PORTED = re.compile(
    r"(bandit|gosec|eslint|find_sec_bugs|security_code_scan|nodejs_scan)\.(.+?)(?:-\d+)*", re.IGNORECASE
)
"""Rules of one tool written anew for another keep their first tool's name and id: `find_sec_bugs.COMMAND_INJECTION-1`."""
_KUBE = re.compile(r"(ksv|ds)-?0*(\d+)")


def _spellings(tool: str, rule: str) -> tuple[str, ...]:
    """Return a rule's id as the table may hold it: tools write one id in several ways."""
    low = rule.strip().lower()
    if tool == "sonarqube":
        return (low.rpartition(":")[2], low)
    if tool in {"semgrep", "bandit", "gosec"}:
        return (low.rpartition(".")[2], low)
    if tool == "trivy":
        low = low.removeprefix("avd-")
        if (found := _KUBE.fullmatch(low)) is not None:
            return (f"{found[1]}{int(found[2]):03d}", low)
        provider, _, rest = low.partition("-")
        return (low, rest) if provider in {"aws", "azure", "google"} else (low,)
    return (low,)


@lru_cache(maxsize=65536)
def meaning(tool: str, rule: str) -> Meaning | None:
    """Return what a rule of a tool is about, None where the table does not know it."""
    table, key = _table(), tool_key(tool)
    spellings = _spellings(key, rule)
    for spelling in spellings:
        if (found := table.exact.get((key, spelling))) is not None:
            return found
    for pattern, fitting in table.patterns.get(key, ()):
        if any(pattern.match(spelling) for spelling in spellings):
            return fitting
    if (ported := _PORTED.fullmatch(rule.strip())) is not None and tool_key(ported[1]) != key:
        return meaning(ported[1], ported[2])
    return None
