"""What the metadata of a Semgrep rule says: free-form, and repeated with every match."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from seamark.intake.parsers.kit import Confidence, Rule, confidence, cwe_ids, first_line, references, vulnerability_ids

INFRASTRUCTURE = frozenset({
    "terraform", "docker", "dockerfile", "docker-compose", "kubernetes", "helm", "cloudformation", "ansible",
    "github-actions", "gitlab", "circleci", "azure-pipelines", "argo", "nginx",
})  # fmt: skip

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Texts(Struct, frozen=True):
    """What the metadata of a rule says, worked out once for all matches that carry the same metadata."""

    about: Rule
    confidence: Confidence | None
    secret: bool
    infrastructure: bool
    vulnerabilities: tuple[str, ...]
    fixed: dict[str, tuple[str, ...]]


def texts_of(rule: str, raw: bytes) -> Texts:
    metadata: dict[str, Any] = _decode(raw) if raw.startswith(b"{") else {}
    words = [*_words(metadata, "category"), *_words(metadata, "technology"), *_words(metadata, "subcategory")]
    tags = dict.fromkeys(words)
    tags.update(dict.fromkeys(f"OWASP-{name}" for name in _words(metadata, "owasp")))
    tags.update(dict.fromkeys(_words(metadata, "vulnerability_class")))
    tags.update({f"{key}:{word.lower()}": None for key in ("likelihood", "impact") for word in _words(metadata, key)})
    links = [link for key in ("references", "source", "source-rule-url", "shortlink") for link in _words(metadata, key)]
    ids = [word for key in ("sca-vuln-database-identifier", "cve", "ghsa") for word in _words(metadata, key)]
    about = Rule(
        id=rule,
        name=rule.rpartition(".")[2],
        title=first_line("".join(_words(metadata, "display-name")[:1])),
        cwes=cwe_ids(_words(metadata, "cwe"), _words(metadata, "cwes")),
        tags=tuple(tags),
        references=references(links),
    )
    return Texts(
        about=about,
        confidence=confidence("".join(_words(metadata, "confidence")[:1])),
        secret="secrets" in words or "secret_type" in metadata or metadata.get("product") == "secrets",
        infrastructure=not INFRASTRUCTURE.isdisjoint([*words, *rule.split(".")]),
        vulnerabilities=vulnerability_ids(ids, links if rule.startswith("ssc-") else None),
        fixed=_fixed(metadata.get("sca-fix-versions")),
    )


def _fixed(given: Any) -> dict[str, tuple[str, ...]]:
    """Return the fixed versions by package name, under "" where no package is named."""
    fixed: dict[str, tuple[str, ...]] = {}
    for entry in given if isinstance(given, list) else ():
        for package, version in entry.items() if isinstance(entry, dict) else (("", entry),):
            if isinstance(version, str) and version not in fixed.get(package, ()):
                fixed[package] = (*fixed.get(package, ()), version)
    return fixed


def _words(metadata: dict[str, Any], key: str) -> list[str]:
    """Return a value of free-form metadata as words: rules write text, lists and numbers in turn."""
    value = metadata.get(key)
    values = value if isinstance(value, list) else [value]
    return [str(word) for word in values if isinstance(word, str | int) and not isinstance(word, bool) and word != ""]
