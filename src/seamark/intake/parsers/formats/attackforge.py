"""AttackForge: vulnerabilities of penetration tests, as its Self-Service API and its JSON export give them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.formats import _web
from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Location,
    ResourceLocation,
    Rule,
    Run,
    WebLocation,
    cvss,
    cwe_ids,
    json_object,
    json_rows,
    moment,
    parser,
    severity,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described


class Row(Struct):
    vulnerability_id: str
    vulnerability_title: str
    vulnerability_priority: str | None = ""
    vulnerability_status: str | None = ""
    vulnerability_retest: str | None = ""
    vulnerability_is_zeroday: str | bool | None = ""
    vulnerability_alternate_id: str | None = ""
    vulnerability_description: str | None = ""
    vulnerability_attack_scenario: str | None = ""
    vulnerability_remediation_recommendation: str | None = ""
    vulnerability_steps_to_reproduce: str | None = ""
    vulnerability_likelihood_of_exploitation: int | float | str | None = None
    vulnerability_affected_asset_name: str | None = ""
    vulnerability_affected_assets: list[Any] | None = None
    vulnerability_cvssv3_vector: str | None = ""
    vulnerability_cvssv3_base_score: float | str | None = None
    vulnerability_tags: list[str] | None = None
    vulnerability_project_name: str | None = ""
    vulnerability_created: str | None = ""
    vulnerability_modified: str | None = ""


class Answer(Struct):
    vulnerabilities: list[Row]


@parser(
    "attackforge",
    title="AttackForge",
    kind=Kind.PENTEST,
    looks=json_object("vulnerabilities", where=lambda probe: probe.has("vulnerabilities.0.vulnerability_title")),
    made_with="GET /api/ss/vulnerabilities",
    url="https://support.attackforge.com/attackforge-enterprise/modules/self-service-restful-api",
    versions="Self-Service API",
)
def read(answer: Answer) -> Iterator[Item]:
    yield from _rows(answer.vulnerabilities)


@variant("attackforge", looks=json_rows("vulnerability_id", "vulnerability_title", "vulnerability_priority"))
def read_rows(rows: list[Row]) -> Iterator[Item]:
    yield from _rows(rows)


def _rows(rows: Iterable[Row]) -> Iterator[Item]:
    yield Run(tool="AttackForge")
    for row in rows:
        # One row may stand for a weakness of several assets, each of which is fixed by itself.
        for asset in _assets(row) or [""]:
            yield _finding(row, asset)


def _assets(row: Row) -> list[str]:
    names = [row.vulnerability_affected_asset_name or ""]
    for one in row.vulnerability_affected_assets or ():
        inner = one.get("asset", one) if isinstance(one, dict) else one
        name = inner.get("name") or inner.get("assetName") if isinstance(inner, dict) else inner
        names.append(name if isinstance(name, str) else "")
    return list(dict.fromkeys(name for name in names if name))


def _finding(row: Row, asset: str) -> Finding:
    word = row.vulnerability_priority or ""
    rating = cvss(row.vulnerability_cvssv3_vector, row.vulnerability_cvssv3_base_score)
    tags = row.vulnerability_tags or []
    day_zero = str(row.vulnerability_is_zeroday).lower() in {"yes", "true"}
    again = (row.vulnerability_retest or "").lower() == "yes"
    state = (row.vulnerability_status or "").strip().lower()
    likely = row.vulnerability_likelihood_of_exploitation
    return Finding(
        rule=row.vulnerability_title,
        title=row.vulnerability_title,
        severity=severity(word or None),
        severity_given=word,
        location=_place(asset),
        about=Rule(
            id=row.vulnerability_title,
            description=_web.plain(row.vulnerability_description),
            remedy=_web.plain(row.vulnerability_remediation_recommendation),
        ),
        description=described(
            ("", _web.plain(row.vulnerability_attack_scenario)),
            ("Steps", _web.plain(row.vulnerability_steps_to_reproduce)),
            ("Likelihood of 10", "" if likely is None else likely),
            ("Number", row.vulnerability_alternate_id or ""),
        ),
        cwes=cwe_ids(tags),
        vulnerabilities=vulnerability_ids(row.vulnerability_title, tags),
        cvss=(rating,) if rating else (),
        fingerprints=(("attackforge", f"{row.vulnerability_id}/{asset}" if asset else row.vulnerability_id),),
        baseline="absent" if state == "closed" else "",
        tags=tuple(
            text
            for text in (
                row.vulnerability_project_name or "",
                "zero day" if day_zero else "",
                "to be tested again" if again else "",
                *tags,
            )
            if text
        ),
        seen_at=moment(row.vulnerability_modified) or moment(row.vulnerability_created),
    )


def _place(asset: str) -> Location | None:
    if asset.startswith(("http://", "https://")):
        return WebLocation(url=asset)
    return ResourceLocation(resource=asset) if asset else None
