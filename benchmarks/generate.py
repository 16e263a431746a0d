"""Makes reports of any size by seed: the same seed gives the same bytes.

With `changed` exactly that share of the findings differs from the report of the same seed without it. With `tool` another tool
speaks of the same files: rules and places of its own, but for the share that lies at what the tools before it speak of.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from itertools import compress
from pathlib import Path
from typing import Any, NamedTuple

_WORDS = (
    "order", "invoice", "customer", "payment", "session", "token", "search", "export", "report", "cache", "queue", "user",
    "basket", "price", "stock",
)  # fmt: skip
_CWES = (22, 78, 79, 89, 90, 94, 200, 209, 287, 295, 311, 326, 327, 330, 352, 377, 400, 502, 601, 611, 798, 918)
_RULES = 200
_LEVELS = ("error", "warning", "warning", "note")
_SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW")
_SARIF_HEAD = '{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":{"driver":'
_SARIF_RUN = '},"invocations":[{"executionSuccessful":true}],"originalUriBaseIds":{"%SRCROOT%":{"uri":"file:///src/"}},"results":['
_TRIVY_HEAD = (
    '{"SchemaVersion":2,"CreatedAt":"2026-11-01T10:00:00Z","ArtifactName":"registry.example/shop:1.0",'
    '"ArtifactType":"container_image","Metadata":{"OS":{"Family":"debian","Name":"11.3"},"ImageID":"sha256:' + "a" * 64 + '"},'
    '"Results":[{"Target":"registry.example/shop:1.0 (debian 11.3)","Class":"os-pkgs","Type":"debian","Vulnerabilities":['
)  # fmt: skip


NEAR = 0.3
"""Share of a later tool's findings that lie at most `DRIFT` lines from one of an earlier tool, with its weakness."""
DRIFT = 3


class _Place(NamedTuple):
    """Where a finding is: the number of its rule, its line, its file."""

    rule: int
    line: int
    path: str


def by_seed(seed: float | str) -> random.Random:
    """Return the source of chance: it has to be repeatable, not unpredictable."""
    return random.Random(seed)  # noqa: S311


def _those(seed: float, count: int, share: float) -> frozenset[int]:
    """Return the numbers of the findings that change."""
    return frozenset(by_seed(seed).sample(range(count), round(count * share)))


def _rules(chance: random.Random, count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"acme.rule-{number:04d}",
            "name": f"Rule{number:04d}",
            "shortDescription": {"text": f"{chance.choice(_WORDS).title()} handling is unsafe ({number})"},
            "fullDescription": {"text": "Data that a user controls reaches a place that trusts it. " * 3},
            "help": {"text": "Check the data, or use an interface that keeps it apart from the command. " * 4},
            "defaultConfiguration": {"level": chance.choice(_LEVELS)},
            "properties": {"tags": ["security", f"external/cwe/cwe-{chance.choice(_CWES):03d}"], "precision": "high"},
        }
        for number in range(count)
    ]


def _rules_of(seed: int, tool: int) -> list[dict[str, Any]]:
    """Return the rules of one of several tools: each has its own, of weaknesses by chance."""
    rules = _rules(by_seed(f"rules {seed} {tool}"), _RULES)
    for rule in rules:
        rule["id"] = f"{rule['id']}-t{tool}"
    return rules


def _weakness(rule: dict[str, Any]) -> str:
    return str(rule["properties"]["tags"][-1])


def _files(chance: random.Random, count: int) -> list[str]:
    folders = [(chance.choice(_WORDS), chance.choice(_WORDS)) for _ in range(max(1, count // 20))]
    return [f"src/{one}/{two}_{number}.py" for number, (one, two) in enumerate(folders)]


def _places(chance: random.Random, count: int, rules: int, files: list[str]) -> Iterator[_Place]:
    """Yield places, each when it is asked for: other values may be drawn from the same source in between."""
    for _ in range(count):
        yield _Place(chance.randrange(rules), chance.randrange(1, 2000), chance.choice(files))


def _places_of(seed: int, tool: int, count: int, files: list[str]) -> Iterator[_Place]:
    """Yield the places of one of several tools that are its own."""
    return _places(by_seed(f"places {seed} {tool}"), count, _RULES, files)


def _places_near(seed: int, tool: int, count: int, files: list[str]) -> Iterator[_Place]:
    """Yield the places of a tool of which some are those of the tools before it."""
    chance = by_seed(f"near {seed} {tool}")
    by_weakness: dict[str, list[int]] = {}
    for number, rule in enumerate(_rules_of(seed, tool)):
        by_weakness.setdefault(_weakness(rule), []).append(number)
    near: list[_Place] = []
    for earlier in range(1, tool):
        theirs = _rules_of(seed, earlier)
        chosen = [chance.random() < NEAR / (tool - 1) for _ in range(count)]
        for place in compress(_places_of(seed, earlier, count, files), chosen):
            if mine := by_weakness.get(_weakness(theirs[place.rule])):
                line = max(1, place.line + chance.randint(-DRIFT, DRIFT))
                near.append(_Place(chance.choice(mine), line, place.path))
    at = dict(zip(chance.sample(range(count), min(count, len(near))), near, strict=False))
    for number, place in enumerate(_places_of(seed, tool, count, files)):
        yield at.get(number, place)


def _results(
    chance: random.Random, count: int, rules: list[dict[str, Any]], changed: float, places: Iterator[_Place], *, shared: bool
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """Yield results. With `shared` code and function depend on the place alone, so that all tools see the same."""
    moved = _those(chance.random(), count, changed)
    for number in range(count):
        rule, line, path = next(places)
        word, second = chance.choice(_WORDS), chance.choice(_WORDS)
        size = chance.randrange(260, 420)
        salt = f"{number}"
        if number in moved:
            salt, line = f"changed {number}", line + 3
        snippet = f"    {word}_{number} = {second}.execute(build_{word}(request.args['{second}_{number}']))\n"
        scope = f"{word}.{second}_{number % 97}"
        if shared:
            snippet, scope = (
                f"    row_{line} = query.execute(build(request.args['{line}']))\n",
                f"view.handle_{line // 40}",
            )
        text = f"The value of {word} flows into {second} without a check (case {salt}). "
        region = {"startLine": line, "startColumn": 5, "endLine": line, "endColumn": 80, "snippet": {"text": snippet}}
        yield {
            "ruleId": rules[rule]["id"],
            "ruleIndex": rule,
            "level": rules[rule]["defaultConfiguration"]["level"],
            "message": {"text": text + "It can be chosen by a user. " * (size // 28)},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": path, "uriBaseId": "%SRCROOT%"},
                        "region": region,
                    },
                    "logicalLocations": [{"fullyQualifiedName": scope, "kind": "function"}],
                }
            ],
            "partialFingerprints": {"primaryLocationLineHash": f"{chance.getrandbits(64):016x}:1"},
            "properties": {"confidence": "MEDIUM", "category": word},
        }


def sarif(path: Path, count: int, *, seed: int = 1, changed: float = 0.0) -> None:
    """Write a SARIF report of `count` results, about 1.2 kB each. Changed ones have another line and another message."""
    chance = by_seed(seed)
    rules = _rules(chance, _RULES)
    places = _places(chance, count, len(rules), _files(chance, count))
    _write_sarif(path, "Acme Scanner", rules, _results(chance, count, rules, changed, places, shared=False))


def sarif_of(path: Path, count: int, *, tool: int, seed: int = 1, near: bool = False) -> None:
    """Write the SARIF report of one of several tools, counted from 1, that speak of the same files.

    With `near` the share `NEAR` of its results lies where the tools before it found the same weakness, give or take `DRIFT` lines.
    """
    files, rules = _files(by_seed(f"files {seed}"), count), _rules_of(seed, tool)
    places = (_places_near if near else _places_of)(seed, tool, count, files)
    results = _results(by_seed(f"texts {seed} {tool}"), count, rules, 0.0, places, shared=True)
    _write_sarif(path, f"Acme Scanner {tool}", rules, results)


def _write_sarif(path: Path, tool: str, rules: list[dict[str, Any]], results: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(_SARIF_HEAD)
        json.dump({"name": tool, "version": "4.2.0", "rules": rules}, file)
        file.write(_SARIF_RUN)
        for number, result in enumerate(results):
            file.write("," if number else "")
            # Scanners write indented or compact reports; half way between gives the size of real ones.
            file.write(json.dumps(result, indent=1))
        file.write("]}]}")


def trivy(path: Path, count: int, *, seed: int = 1, changed: float = 0.0) -> None:
    """Write a Trivy report of `count` vulnerabilities of an image's packages, about 1.7 kB each, every one a CVE of its own.

    Changed ones have another severity.
    """
    chance = by_seed(seed)
    regraded = _those(seed + 1, count, changed)
    with path.open("w", encoding="utf-8") as file:
        file.write(_TRIVY_HEAD)
        for number in range(count):
            package = f"lib{chance.choice(_WORDS)}{number % 4000}"
            version = f"{chance.randrange(1, 9)}.{chance.randrange(20)}.{chance.randrange(20)}"
            grade = chance.randrange(len(_SEVERITIES))
            if number in regraded:
                grade = (grade + 1) % len(_SEVERITIES)
            row = {
                "VulnerabilityID": f"CVE-{2015 + number % 11}-{10000 + number}", "PkgID": f"{package}@{version}", "PkgName": package,
                "PkgIdentifier": {"PURL": f"pkg:deb/debian/{package}@{version}?arch=amd64&distro=debian-11.3", "UID": f"{chance.getrandbits(64):016x}"},
                "InstalledVersion": version, "FixedVersion": version + "-1", "Status": "fixed",
                "Layer": {"Digest": f"sha256:{chance.getrandbits(256):064x}", "DiffID": f"sha256:{chance.getrandbits(256):064x}"},
                "SeveritySource": "debian", "PrimaryURL": f"https://avd.example/cve-{number}",
                "Title": f"{package}: a length is not checked when {chance.choice(_WORDS)} is read",
                "Description": "A crafted file lets a length field overflow, so that memory behind the buffer is written. " * chance.randrange(4, 9),
                "Severity": _SEVERITIES[grade], "CweIDs": ["CWE-787"],
                "CVSS": {"nvd": {"V3Vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", "V3Score": 8.8}},
                "References": [f"https://advisories.example/{number}/{at}" for at in range(chance.randrange(3, 9))],
                "PublishedDate": "2025-03-01T00:00:00Z", "LastModifiedDate": "2025-04-01T00:00:00Z",
            }  # fmt: skip
            file.write("," if number else "")
            file.write(json.dumps(row, indent=1))
        file.write("]}]}")


MAKERS = {"sarif": sarif, "trivy": trivy}


def main() -> None:
    """Write one report."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("format", choices=sorted(MAKERS))
    words.add_argument("count", type=int)
    words.add_argument("output", type=Path)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--changed", type=float, default=0.0)
    given = words.parse_args()
    MAKERS[given.format](given.output, given.count, seed=given.seed, changed=given.changed)


if __name__ == "__main__":
    main()
