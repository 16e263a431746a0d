"""Makes reports of any size by seed: the same seed gives the same bytes."""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_WORDS = "order invoice customer payment session token search export report cache queue user basket price stock".split()
_CWES = (22, 78, 79, 89, 90, 94, 200, 209, 287, 295, 311, 326, 327, 330, 352, 377, 400, 502, 601, 611, 798, 918)
_LEVELS = ("error", "warning", "warning", "note")


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


def _results(chance: random.Random, count: int, rules: list[dict[str, Any]], changed: float) -> Iterator[dict[str, Any]]:
    files = [f"src/{chance.choice(_WORDS)}/{chance.choice(_WORDS)}_{number}.py" for number in range(max(1, count // 20))]
    other = random.Random(chance.random())
    for number in range(count):
        rule = chance.randrange(len(rules))
        line = chance.randrange(1, 2000)
        path = chance.choice(files)
        word, second = chance.choice(_WORDS), chance.choice(_WORDS)
        size = chance.randrange(260, 420)
        salt = f"{number}"
        if changed and other.random() < changed:
            salt, line = f"changed {number}", line + 3
        snippet = f"    {word}_{number} = {second}.execute(build_{word}(request.args['{second}_{number}']))\n"
        yield {
            "ruleId": rules[rule]["id"],
            "ruleIndex": rule,
            "level": rules[rule]["defaultConfiguration"]["level"],
            "message": {"text": f"The value of {word} flows into {second} without a check (case {salt}). " + "It can be chosen by a user. " * (size // 28)},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": path, "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": line, "startColumn": 5, "endLine": line, "endColumn": 80, "snippet": {"text": snippet}},
                    },
                    "logicalLocations": [{"fullyQualifiedName": f"{word}.{second}_{number % 97}", "kind": "function"}],
                }
            ],
            "partialFingerprints": {"primaryLocationLineHash": f"{chance.getrandbits(64):016x}:1"},
            "properties": {"confidence": "MEDIUM", "category": word},
        }


def sarif(path: Path, count: int, *, seed: int = 1, changed: float = 0.0) -> None:
    """Write a SARIF report of `count` results, about 1.3 kB each. `changed` is the share that differs from the same seed without it."""
    chance = random.Random(seed)
    rules = _rules(chance, 200)
    with path.open("w", encoding="utf-8") as file:
        file.write('{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":{"driver":')
        json.dump({"name": "Acme Scanner", "version": "4.2.0", "rules": rules}, file)
        file.write('},"invocations":[{"executionSuccessful":true}],"originalUriBaseIds":{"%SRCROOT%":{"uri":"file:///src/"}},"results":[')
        for number, result in enumerate(_results(chance, count, rules, changed)):
            file.write("," if number else "")
            # Scanners write indented or compact reports; half way between gives the size of real ones.
            json.dump(result, file, indent=1)
        file.write("]}]}")


def trivy(path: Path, count: int, *, seed: int = 1, changed: float = 0.0) -> None:
    """Write a Trivy report of `count` vulnerabilities over images' packages, about 2.5 kB each."""
    chance = random.Random(seed)
    other = random.Random(seed + 1)
    with path.open("w", encoding="utf-8") as file:
        file.write('{"SchemaVersion":2,"CreatedAt":"2026-11-01T10:00:00Z","ArtifactName":"registry.example/shop:1.0","ArtifactType":"container_image",')
        file.write('"Metadata":{"OS":{"Family":"debian","Name":"11.3"},"ImageID":"sha256:' + "a" * 64 + '"},"Results":[')
        file.write('{"Target":"registry.example/shop:1.0 (debian 11.3)","Class":"os-pkgs","Type":"debian","Vulnerabilities":[')
        for number in range(count):
            package = f"lib{chance.choice(_WORDS)}{number % 4000}"
            version = f"{chance.randrange(1, 9)}.{chance.randrange(20)}.{chance.randrange(20)}"
            severity = chance.choice(("CRITICAL", "HIGH", "MEDIUM", "LOW"))
            if changed and other.random() < changed:
                severity = "CRITICAL"
            row = {
                "VulnerabilityID": f"CVE-{2015 + number % 11}-{10000 + number}", "PkgID": f"{package}@{version}", "PkgName": package,
                "PkgIdentifier": {"PURL": f"pkg:deb/debian/{package}@{version}?arch=amd64&distro=debian-11.3", "UID": f"{chance.getrandbits(64):016x}"},
                "InstalledVersion": version, "FixedVersion": version + "-1", "Status": "fixed",
                "Layer": {"Digest": f"sha256:{chance.getrandbits(256):064x}", "DiffID": f"sha256:{chance.getrandbits(256):064x}"},
                "SeveritySource": "debian", "PrimaryURL": f"https://avd.example/cve-{number}",
                "Title": f"{package}: a length is not checked when {chance.choice(_WORDS)} is read",
                "Description": "A crafted file lets a length field overflow, so that memory behind the buffer is written. " * chance.randrange(4, 9),
                "Severity": severity, "CweIDs": ["CWE-787"],
                "CVSS": {"nvd": {"V3Vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", "V3Score": 8.8}},
                "References": [f"https://advisories.example/{number}/{at}" for at in range(chance.randrange(3, 9))],
                "PublishedDate": "2025-03-01T00:00:00Z", "LastModifiedDate": "2025-04-01T00:00:00Z",
            }  # fmt: skip
            file.write("," if number else "")
            json.dump(row, file, indent=1)
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
