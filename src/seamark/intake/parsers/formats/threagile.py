"""Threagile: the risks of a threat model."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    Suppression,
    json_rows,
    parser,
    severity,
)

SET_ASIDE = {"accepted": "Risk accepted", "false-positive": "False positive", "mitigated": "Mitigated"}
WEAKNESSES = {
    "accidental-secret-leak": 200,
    "code-backdooring": 912,
    "container-baseimage-backdooring": 912,
    "container-platform-escape": 1008,
    "cross-site-request-forgery": 352,
    "cross-site-scripting": 79,
    "dos-risky-access-across-trust-boundary": 400,
    "incomplete-model": 1008,
    "ldap-injection": 90,
    "missing-authentication": 306,
    "missing-authentication-second-factor": 308,
    "missing-build-infrastructure": 1127,
    "missing-cloud-hardening": 1008,
    "missing-file-validation": 434,
    "missing-hardening": 16,
    "missing-identity-propagation": 284,
    "missing-identity-provider-isolation": 1008,
    "missing-identity-store": 287,
    "missing-network-segmentation": 1008,
    "missing-vault": 522,
    "missing-vault-isolation": 1008,
    "missing-waf": 1008,
    "mixed-targets-on-shared-runtime": 1008,
    "path-traversal": 22,
    "push-instead-of-pull-deployment": 1127,
    "search-query-injection": 74,
    "server-side-request-forgery": 918,
    "service-registry-poisoning": 693,
    "sql-nosql-injection": 89,
    "unchecked-deployment": 1127,
    "unencrypted-asset": 311,
    "unencrypted-communication": 319,
    "unguarded-access-from-internet": 501,
    "unguarded-direct-datastore-access": 501,
    "unnecessary-communication-link": 1008,
    "unnecessary-data-asset": 1008,
    "unnecessary-data-transfer": 1008,
    "unnecessary-technical-asset": 1008,
    "untrusted-deserialization": 502,
    "wrong-communication-link-content": 1008,
    "wrong-trust-boundary-content": 1008,
    "xml-external-entity": 611,
}
"""The weakness that Threagile's own rules name; its list of risks does not repeat it."""
_TAG = re.compile(r"</?(?:b|i|u|br)\s*/?>")


class Risk(Struct):
    category: str
    severity: str
    title: str
    synthetic_id: str
    risk_status: str = ""
    exploitation_likelihood: str = ""
    exploitation_impact: str = ""
    data_breach_probability: str = ""
    data_breach_technical_assets: list[str] | None = None
    most_relevant_technical_asset: str = ""
    most_relevant_communication_link: str = ""
    most_relevant_data_asset: str = ""
    most_relevant_trust_boundary: str = ""
    most_relevant_shared_runtime: str = ""


@parser(
    "threagile",
    title="Threagile",
    kind=Kind.PENTEST,
    looks=json_rows("category", "severity", "synthetic_id", "exploitation_likelihood", "exploitation_impact"),
    made_with="threagile -model threagile.yaml -output out   # writes out/risks.json",
    url="https://threagile.io/",
    versions="1",
)
def read(risks: list[Risk]) -> Iterator[Item]:
    yield Run(tool="Threagile")
    for risk in risks:
        about = _about(risk.category)
        place, sort = _place(risk)
        yield Finding(
            rule=risk.category,
            title=_plain(risk.title) or about.name,
            severity=Severity.HIGH if risk.severity == "elevated" else severity(risk.severity),
            severity_given=risk.severity,
            location=ResourceLocation(resource=place, type=sort) if place else None,
            about=about,
            description=_description(risk),
            cwes=about.cwes,
            fingerprints=(("threagile", risk.synthetic_id),),
            suppression=Suppression(origin="tool", justification=SET_ASIDE[risk.risk_status])
            if risk.risk_status in SET_ASIDE
            else None,
        )


@lru_cache(maxsize=512)
def _about(category: str) -> Rule:
    cwes = (WEAKNESSES[category],) if category in WEAKNESSES else ()
    return Rule(id=category, name=category.replace("-", " ").capitalize(), cwes=cwes)


def _plain(title: str) -> str:
    return html.unescape(_TAG.sub("", title)).strip()


def _place(risk: Risk) -> tuple[str, str]:
    """Return the part of the model at risk, the most exact one that is named, and its sort."""
    for sort in ("communication_link", "technical_asset", "data_asset", "trust_boundary", "shared_runtime"):
        name = getattr(risk, f"most_relevant_{sort}")
        if name:
            return name, sort.replace("_", " ")
    return "", ""


def _description(risk: Risk) -> str:
    lines = (
        ("Status", risk.risk_status),
        ("Likelihood", risk.exploitation_likelihood),
        ("Impact", risk.exploitation_impact),
        ("Data breach", risk.data_breach_probability),
        ("Assets of the breach", ", ".join(risk.data_breach_technical_assets or ())),
        ("Technical asset", risk.most_relevant_technical_asset),
    )
    return "\n".join(f"{name}: {text}" for name, text in lines if text)
