"""Makes reports of any size by seed: the same seed gives the same bytes.

With `changed` exactly that share of the findings differs from the report of the same seed without it.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_WORDS = (
    "order", "invoice", "customer", "payment", "session", "token", "search", "export", "report", "cache", "queue", "user",
    "basket", "price", "stock",
)  # fmt: skip
_CWES = (22, 78, 79, 89, 90, 94, 200, 209, 287, 295, 311, 326, 327, 330, 352, 377, 400, 502, 601, 611, 798, 918)
_LEVELS = ("error", "warning", "warning", "note")
_SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW")
_SARIF_HEAD = '{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":{"driver":'
_SARIF_RUN = '},"invocations":[{"executionSuccessful":true}],"originalUriBaseIds":{"%SRCROOT%":{"uri":"file:///src/"}},"results":['
_TRIVY_HEAD = (
    '{"SchemaVersion":2,"CreatedAt":"2026-11-01T10:00:00Z","ArtifactName":"registry.example/shop:1.0",'
    '"ArtifactType":"container_image","Metadata":{"OS":{"Family":"debian","Name":"11.3"},"ImageID":"sha256:' + "a" * 64 + '"},'
    '"Results":[{"Target":"registry.example/shop:1.0 (debian 11.3)","Class":"os-pkgs","Type":"debian","Vulnerabilities":['
)  # fmt: skip


def _by_seed(seed: float) -> random.Random:
    """Return the source of chance: it has to be repeatable, not unpredictable."""
    return random.Random(seed)  # noqa: S311


def _those(seed: float, count: int, share: float) -> frozenset[int]:
    """Return the numbers of the findings that change."""
    return frozenset(_by_seed(seed).sample(range(count), round(count * share)))


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


def _results(
    chance: random.Random, count: int, rules: list[dict[str, Any]], changed: float
) -> Iterator[dict[str, Any]]:
    folders = [(chance.choice(_WORDS), chance.choice(_WORDS)) for _ in range(max(1, count // 20))]
    files = [f"src/{one}/{two}_{number}.py" for number, (one, two) in enumerate(folders)]
    moved = _those(chance.random(), count, changed)
    for number in range(count):
        rule = chance.randrange(len(rules))
        line = chance.randrange(1, 2000)
        path = chance.choice(files)
        word, second = chance.choice(_WORDS), chance.choice(_WORDS)
        size = chance.randrange(260, 420)
        salt = f"{number}"
        if number in moved:
            salt, line = f"changed {number}", line + 3
        snippet = f"    {word}_{number} = {second}.execute(build_{word}(request.args['{second}_{number}']))\n"
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
                    "logicalLocations": [{"fullyQualifiedName": f"{word}.{second}_{number % 97}", "kind": "function"}],
                }
            ],
            "partialFingerprints": {"primaryLocationLineHash": f"{chance.getrandbits(64):016x}:1"},
            "properties": {"confidence": "MEDIUM", "category": word},
        }


def sarif(path: Path, count: int, *, seed: int = 1, changed: float = 0.0) -> None:
    """Write a SARIF report of `count` results, about 1.2 kB each. Changed ones have another line and another message."""
    chance = _by_seed(seed)
    rules = _rules(chance, 200)
    with path.open("w", encoding="utf-8") as file:
        file.write(_SARIF_HEAD)
        json.dump({"name": "Acme Scanner", "version": "4.2.0", "rules": rules}, file)
        file.write(_SARIF_RUN)
        for number, result in enumerate(_results(chance, count, rules, changed)):
            file.write("," if number else "")
            # Scanners write indented or compact reports; half way between gives the size of real ones.
            file.write(json.dumps(result, indent=1))
        file.write("]}]}")


def trivy(path: Path, count: int, *, seed: int = 1, changed: float = 0.0) -> None:
    """Write a Trivy report of `count` vulnerabilities of an image's packages, about 1.7 kB each, every one a CVE of its own.

    Changed ones have another severity.
    """
    chance = _by_seed(seed)
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
