"""AppSpider: vulnerabilities that its dynamic scan found, as VulnerabilitiesSummary.xml."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.formats._web import decoded, links, listed, plain
from seamark.intake.parsers.kit import (
    Exchange,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    UnreadableReport,
    WebLocation,
    Xml,
    confidence,
    cvss,
    cwe_ids,
    parser,
    severity,
    xml_root,
)
from seamark.intake.parsers.kit.texts import described

SCORES = {"0": Severity.INFO, "1": Severity.INFO, "2": Severity.LOW, "3": Severity.MEDIUM, "4": Severity.HIGH}
NOTHING = {"N/A", "", "0", "unknown"}


class Attack(Struct, rename="pascal"):
    attack_id: str = ""
    attack_value: str = ""
    attack_vuln_url: str = ""
    attack_matched_string: str = ""
    attack_description: str = ""
    attack_config_description: str = ""
    attack_user_notes: str = ""
    original_value: str = ""
    attack_request: str = ""
    attack_response: str = ""


class Attacks(Struct):
    attack: list[Attack] | Attack | str | None = field(name="Attack", default=None)


class Vuln(Struct, rename="pascal"):
    vuln_type: str
    db_id: str = ""
    finding_db_id: str = ""
    root_cause_id: str = ""
    web_site: str = ""
    vuln_url: str = ""
    normalized_url: str = ""
    url: str = ""
    matched_string: str = ""
    parameter_name: str = ""
    module_id: str = ""
    attack_class: str = ""
    attack_type: str = ""
    attack_score: str = ""
    attack_value: str = ""
    original_value: str = ""
    method: str = ""
    description: str = ""
    recommendation: str = ""
    crawl_traffic: str = ""
    crawl_traffic_response: str = ""
    cwe_id: str = ""
    capec: str = field(name="CAPEC", default="")
    wasc: str = field(name="WASC", default="")
    owasp2013: str = field(name="OWASP2013", default="")
    owasp2017: str = field(name="OWASP2017", default="")
    owasp2021: str = field(name="OWASP2021", default="")
    cvss_score: str = field(name="CVSSScore", default="")
    cvss_vector: str = field(name="CVSSVector", default="")
    confidence: str = ""
    user_notes: str = ""
    attack_list: Attacks | str | None = None


@parser(
    "appspider",
    title="AppSpider",
    kind=Kind.WEB,
    looks=xml_root("VulnSummary"),
    made_with="AppSpider: Reports > VulnerabilitiesSummary.xml",
    url="https://docs.rapid7.com/appspider/",
    versions="6 to 7",
)
def read(document: Xml) -> Iterator[Item]:
    version, listed_any = "", False
    for element in document.each("AppVersion", "VulnList"):
        if str(element.tag).endswith("VulnList"):
            listed_any = True
        else:
            version = (element.text or "").strip()
    if not listed_any:
        raise UnreadableReport("The report has no list of vulnerabilities")
    yield Run(tool="AppSpider", version=version)
    for row in document.each("Vuln", row=Vuln):
        yield _finding(row)


def _finding(row: Vuln) -> Finding:
    attack = next((each for each in listed(_attacks(row.attack_list)) if isinstance(each, Attack)), Attack())
    request = decoded(attack.attack_request or row.crawl_traffic).strip()
    response = decoded(attack.attack_response or row.crawl_traffic_response).strip()
    url = row.vuln_url or row.normalized_url or row.url or row.web_site
    if not url:
        raise UnreadableReport(f"The vulnerability {row.vuln_type} does not say where it is")
    about = _about(row.module_id, row.vuln_type, row.description, row.recommendation, row.cwe_id, _tags(row))
    rating = cvss(_given(row.cvss_vector), _given(row.cvss_score))
    method = _given(row.method) or request.partition(" ")[0]
    return Finding(
        rule=about.id,
        title=row.vuln_type,
        severity=SCORES.get(row.attack_score.partition("-")[0])
        or severity(row.attack_score.rpartition("-")[2] or None),
        severity_given=row.attack_score,
        location=WebLocation(
            url=url, method=method.upper() if method.isalpha() else "", parameter=_given(row.parameter_name)
        ),
        about=about,
        description=described(
            ("Attack", _given(row.attack_type)),
            ("Value", _given(row.attack_value) or attack.attack_value),
            ("Matched", row.matched_string or attack.attack_matched_string),
            ("", plain(attack.attack_description)),
            ("Notes", row.user_notes or attack.attack_user_notes),
        ),
        confidence=confidence(row.confidence),
        cwes=about.cwes,
        cvss=(rating,) if rating else (),
        exchange=Exchange(request=request, response=response) if request or response else None,
        fingerprints=(("RootCauseId", row.root_cause_id),) if row.root_cause_id else (),
    )


def _attacks(given: Attacks | str | None) -> list[Attack] | Attack | str | None:
    return given.attack if isinstance(given, Attacks) else None


def _given(text: str) -> str:
    return "" if text.strip() in NOTHING else text.strip()


def _tags(row: Vuln) -> tuple[str, ...]:
    said = (
        ("CAPEC-", row.capec),
        ("WASC-", row.wasc),
        ("OWASP 2013-A", row.owasp2013),
        ("OWASP 2017-A", row.owasp2017),
        ("OWASP 2021-A", row.owasp2021),
    )
    return tuple(f"{name}{value.removeprefix('A')}" for name, value in said if _given(value))


@lru_cache(maxsize=4096)
def _about(module: str, name: str, text: str, remedy: str, cwe: str, tags: tuple[str, ...]) -> Rule:
    return Rule(
        id=module or name,
        name=name,
        title=name,
        description=plain(text),
        remedy=plain(remedy),
        cwes=cwe_ids(cwe),
        tags=tags,
        references=tuple(dict.fromkeys(links(text) + links(remedy))),
    )
