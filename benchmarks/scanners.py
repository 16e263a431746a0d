"""Makes reports of the most used scanners by seed, shaped and sized as real ones are: the same seed gives the same bytes.

A rule or advisory has its texts once and is met again and again, as in real reports; places, packages and secrets are by chance.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from benchmarks.generate import by_seed

Row = dict[str, Any]
RULES = 300
WAYS = 2
"""How often an advisory is met, on the average."""
_GRADES = ("critical", "high", "medium", "low")
_VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"
_TEXT = "A crafted request lets a length overflow, so that memory behind the buffer is written and can be chosen by others. "
_ADVICE = "Update to the version named here, or check the length before the data is copied. "


def _version(chance: random.Random) -> str:
    return f"{chance.randrange(1, 9)}.{chance.randrange(20)}.{chance.randrange(20)}"


def _advisory(number: int) -> tuple[str, str, str]:
    """Return the CVE, the GHSA and the grade of an advisory."""
    letters = "".join("23456789cfghjmpqrvwx"[number // 20**at % 20] for at in range(4))
    return f"CVE-{2015 + number % 11}-{10000 + number}", f"GHSA-2345-6789-{letters}", _GRADES[number % 4]


def _links(number: int, count: int) -> list[str]:
    return [f"https://advisories.example/{number}/{at}" for at in range(count)]


def _file(chance: random.Random) -> str:
    return f"src/{chance.randrange(40)}/module_{chance.randrange(400)}.py"


def _grype(chance: random.Random, count: int) -> Iterator[Row]:
    for number in range(count):
        cve, _, grade = _advisory(number // WAYS)
        name, version = f"lib{number % 4000}", _version(chance)
        layer = f"sha256:{number % 12:064x}"
        score = {"source": "nvd@nist.gov", "type": "Primary", "version": "3.1", "vector": _VECTOR,
                 "metrics": {"baseScore": 8.8, "exploitabilityScore": 2.8, "impactScore": 5.9}, "vendorMetadata": {}}  # fmt: skip
        yield {
            "vulnerability": {"id": cve, "dataSource": f"https://security.example/{cve}", "namespace": "debian:distro:debian:12",
                              "severity": grade.title(), "urls": [], "description": _TEXT, "cvss": [],
                              "epss": [{"cve": cve, "epss": 0.0042, "percentile": 0.7, "date": "2026-11-01"}],
                              "fix": {"versions": [version + "-1"], "state": "fixed"}, "advisories": [], "risk": 0.3},
            "relatedVulnerabilities": [{"id": cve, "dataSource": f"https://nvd.example/{cve}", "namespace": "nvd:cpe", "severity": "High",
                                        "urls": _links(number // WAYS, 4), "description": _TEXT * 3, "cvss": [score]}],
            "matchDetails": [{"type": "exact-direct-match", "matcher": "dpkg-matcher",
                              "searchedBy": {"distro": {"type": "debian", "version": "12"}, "package": {"name": name, "version": version}},
                              "found": {"versionConstraint": f"< {version}-1 (deb)", "vulnerabilityID": cve}}],
            "artifact": {"id": f"{number:016x}", "name": name, "version": version, "type": "deb", "language": "", "licenses": ["MIT"],
                         "locations": [{"path": "/var/lib/dpkg/status", "layerID": layer, "annotations": {"evidence": "primary"}},
                                       {"path": f"/var/lib/dpkg/info/{name}.md5sums", "layerID": layer}],
                         "cpes": [f"cpe:2.3:a:{name}:{name}:{version}:*:*:*:*:*:*:*"], "upstreams": [],
                         "purl": f"pkg:deb/debian/{name}@{version}?arch=amd64&distro=debian-12"},
        }  # fmt: skip


def _semgrep(chance: random.Random, count: int) -> Iterator[Row]:
    for number in range(count):
        rule, line = chance.randrange(RULES), chance.randrange(1, 2000)
        name = f"python.lang.security.rule-{rule}.rule-{rule}"
        yield {
            "check_id": name, "path": _file(chance), "start": {"line": line, "col": 5, "offset": line * 40},
            "end": {"line": line, "col": 60, "offset": line * 40 + 55},
            "extra": {
                "message": f"Rule {rule}. {_TEXT}{_ADVICE}", "severity": ("ERROR", "WARNING", "INFO")[rule % 3], "engine_kind": "OSS",
                "fingerprint": f"{chance.getrandbits(256):064x}_0", "lines": f"    row_{number} = query(request.args['{number}'])",
                "is_ignored": False, "validation_state": "NO_VALIDATOR",
                "metavars": {"$X": {"start": {"line": line, "col": 5, "offset": 1}, "end": {"line": line, "col": 9, "offset": 5}, "abstract_content": "row"}},
                "metadata": {"category": "security", "confidence": "MEDIUM", "impact": "HIGH", "likelihood": "LOW", "technology": ["python"],
                             "cwe": [f"CWE-{(22, 78, 79, 89, 502)[rule % 5]}: A weakness"], "owasp": ["A03:2021 - Injection"],
                             "references": _links(rule, 2), "shortlink": f"https://sg.example/{rule}", "source": f"https://rules.example/r/{name}",
                             "subcategory": ["vuln"], "license": "MIT"},
            },
        }  # fmt: skip


def _snyk(chance: random.Random, count: int) -> Iterator[Row]:
    for number in range(count):
        cve, ghsa, grade = _advisory(number // WAYS)
        name, version = f"package-{number % 4000}", _version(chance)
        yield {
            "id": f"SNYK-JS-PACKAGE{number % 4000}-{number // WAYS}", "title": "Buffer Overflow", "CVSSv3": _VECTOR, "cvssScore": 8.8, "credit": ["N. N."],
            "description": f"## Overview\n{_TEXT * 3}\n## Remediation\n{_ADVICE}", "exploit": "Not Defined", "fixedIn": [f"{version}-1"],
            "cvssDetails": [{"assigner": "NVD", "severity": grade, "cvssV3Vector": _VECTOR, "cvssV3BaseScore": 8.8}],
            "identifiers": {"CVE": [cve], "CWE": ["CWE-787"], "GHSA": [ghsa]}, "language": "js", "packageManager": "npm", "packageName": name,
            "moduleName": name, "references": [{"title": "Advisory", "url": link} for link in _links(number // WAYS, 4)],
            "semver": {"vulnerable": [f"<{version}"]}, "severity": grade, "severityWithCritical": grade, "name": name, "version": version,
            "from": ["shop@1.0.0", f"web-{number % 50}@2.0.0", f"{name}@{version}"], "upgradePath": [False, f"web-{number % 50}@2.1.0"],
            "isUpgradable": True, "isPatchable": False, "publicationTime": "2025-03-01T00:00:00Z",
        }  # fmt: skip


def _npm_audit(chance: random.Random, count: int) -> Iterator[Row]:
    for number in range(count):
        _, ghsa, grade = _advisory(number)
        name, version = f"package-{number}", _version(chance)
        yield {
            "name": name, "severity": {"medium": "moderate"}.get(grade, grade), "isDirect": number % 4 == 0, "effects": [f"web-{number % 50}"],
            "via": [{"source": 1000000 + number, "name": name, "dependency": name, "title": f"Buffer overflow in {name}",
                     "url": f"https://github.com/advisories/{ghsa}", "severity": {"medium": "moderate"}.get(grade, grade), "cwe": ["CWE-787"],
                     "cvss": {"score": 8.8, "vectorString": _VECTOR}, "range": f"<{version}"}],
            "range": f"<{version}", "nodes": [f"node_modules/{name}"], "fixAvailable": True,
        }  # fmt: skip


def _osv_scanner(chance: random.Random, count: int) -> Iterator[Row]:
    for number in range(count):
        cve, ghsa, grade = _advisory(number // WAYS)
        name, version = f"package-{number}", _version(chance)
        events = [{"introduced": "0"}, {"fixed": f"{version}-1"}]
        record = {
            "id": ghsa, "modified": "2025-04-01T00:00:00Z", "published": "2025-03-01T00:00:00Z", "schema_version": "1.6.0", "aliases": [cve],
            "summary": "A length is not checked", "details": f"### Impact\n{_TEXT * 5}\n### Patches\n{_ADVICE}",
            "affected": [{"package": {"ecosystem": "npm", "name": name, "purl": f"pkg:npm/{name}"},
                          "ranges": [{"type": "SEMVER", "events": events}], "database_specific": {"source": "https://advisories.example"}}],
            "severity": [{"type": "CVSS_V3", "score": _VECTOR}], "references": [{"type": "WEB", "url": link} for link in _links(number // WAYS, 4)],
            "database_specific": {"cwe_ids": ["CWE-787"], "severity": grade.upper(), "github_reviewed": True},
        }  # fmt: skip
        yield {
            "package": {"name": name, "version": version, "ecosystem": "npm"}, "vulnerabilities": [record],
            "groups": [{"ids": [ghsa], "aliases": [cve, ghsa], "max_severity": "8.8"}],
        }  # fmt: skip


def _gitleaks(chance: random.Random, count: int) -> Iterator[Row]:
    for number in range(count):
        rule, line, path = chance.randrange(RULES), chance.randrange(1, 2000), _file(chance)
        secret, commit = f"{chance.getrandbits(160):040x}", f"{chance.getrandbits(20):040x}"
        yield {
            "RuleID": f"rule-{rule}", "Description": f"Found the key of service {rule}, which lets others act in its name.", "StartLine": line,
            "EndLine": line, "StartColumn": 5, "EndColumn": 60, "Match": f"key_{number % 97} = '{secret}'", "Secret": secret, "File": path,
            "SymlinkFile": "", "Commit": commit, "Link": f"https://git.example/acme/shop/blob/{commit}/{path}#L{line}", "Entropy": 3.8,
            "Author": f"Author {number % 60}", "Email": f"author{number % 60}@example.com", "Date": f"2025-03-{number % 28 + 1:02}T10:{number % 60:02}:00Z",
            "Message": f"Change {number % 900}", "Tags": [], "Fingerprint": f"{commit}:{path}:rule-{rule}:{line}",
        }  # fmt: skip


def _checkov(chance: random.Random, count: int) -> Iterator[Row]:
    for number in range(count):
        rule, line = chance.randrange(RULES), chance.randrange(1, 2000)
        path = f"/terraform/{chance.randrange(300)}/main.tf"
        yield {
            "check_id": f"CKV_AWS_{rule}", "bc_check_id": f"BC_AWS_{rule}", "check_name": f"Ensure that resource of kind {rule} is encrypted",
            "check_result": {"result": "FAILED", "evaluated_keys": ["kms_key_id"]}, "file_path": path, "file_abs_path": f"/src{path}",
            "repo_file_path": path, "file_line_range": [line, line + 6], "resource": f"aws_kind_{rule % 40}.name_{number}", "evaluations": None,
            "code_block": [[line + at, f'  argument_{at} = "value {number}"\n'] for at in range(7)], "check_class": f"checkov.terraform.checks.Check{rule}",
            "fixed_definition": None, "entity_tags": None, "caller_file_path": None, "caller_file_line_range": None, "resource_address": None,
            "severity": None, "bc_category": None, "benchmarks": None, "description": None, "short_description": None, "vulnerability_details": None,
            "connected_node": None, "guideline": f"https://docs.example/aws-{rule}", "details": [], "check_len": None, "definition_context_file_path": None,
        }  # fmt: skip


def _prowler(chance: random.Random, count: int) -> Iterator[Row]:
    for number in range(count):
        rule, region = chance.randrange(RULES), f"eu-west-{number % 3 + 1}"
        name, check = f"bucket-{number}", f"s3_bucket_check_{rule}"
        yield {
            "message": f"Bucket {name} is not encrypted.", "severity_id": 4, "severity": ("Critical", "High", "Medium", "Low")[rule % 4], "status": "New",
            "metadata": {"event_code": check, "product": {"name": "Prowler", "uid": "prowler", "vendor_name": "Prowler", "version": "5.16.0"}, "version": "1.5.0"},
            "status_code": "FAIL", "status_detail": f"Bucket {name} is not encrypted.", "status_id": 1, "activity_name": "Create", "activity_id": 1,
            "unmapped": {"related_url": "", "categories": ["encryption"], "depends_on": [], "related_to": [], "notes": "", "additional_urls": _links(rule, 2),
                         "compliance": {"CIS-3.0": [f"2.{rule % 20}"], "NIST-800-53-Revision-5": ["sc_28", "sc_13"], "SOC2": ["cc_6_1"]}},
            "finding_info": {"created_time": 1762000000 + number, "created_time_dt": f"2026-11-01T10:{number % 60:02}:{number // 60 % 60:02}.{number % 1000:06}",
                             "desc": f"Buckets of kind {rule} are encrypted. {_TEXT}", "title": f"Buckets of kind {rule} are encrypted",
                             "types": [], "uid": f"prowler-aws-{check}-123456789012-{region}-{name}"},
            "resources": [{"cloud_partition": "aws", "region": region, "data": {"details": "", "metadata": {"arn": f"arn:aws:s3:::{name}", "versioning": False}},
                           "group": {"name": "s3"}, "labels": [], "name": name, "type": "AwsS3Bucket", "uid": f"arn:aws:s3:::{name}"}],
            "category_name": "Findings", "category_uid": 2, "class_name": "Detection Finding", "class_uid": 2004, "type_uid": 200401,
            "cloud": {"account": {"name": "", "type": "AWS Account", "type_id": 10, "uid": "123456789012"}, "provider": "aws", "region": region},
            "remediation": {"desc": _ADVICE * 2, "references": _links(rule, 2)}, "risk_details": _TEXT * 2, "time": 1762000000 + number,
            "time_dt": f"2026-11-01T10:{number % 60:02}:{number // 60 % 60:02}.{number % 1000:06}",
        }  # fmt: skip


def _cyclonedx(chance: random.Random, count: int) -> Iterator[Row]:
    for number in range(count):
        cve, _, grade = _advisory(number)
        ratings = [{"source": {"name": "nvd"}, "score": 8.8, "severity": grade, "method": "CVSSv31", "vector": _VECTOR},
                   {"source": {"name": "debian"}, "severity": grade}]  # fmt: skip
        yield {
            "id": cve, "source": {"name": "debian", "url": "https://security.example"}, "ratings": ratings, "cwes": [787], "description": _TEXT * 2,
            "recommendation": _ADVICE, "advisories": [{"url": link} for link in _links(number, 4)], "published": "2025-03-01T00:00:00+00:00",
            "updated": "2025-04-01T00:00:00+00:00", "affects": [{"ref": f"pkg:deb/debian/lib{chance.randrange(1000)}@1.2.3",
                                                                 "versions": [{"version": "1.2.3", "status": "affected"}]}],
        }  # fmt: skip


def _parts() -> str:
    """Return the components that the bill of materials speaks of."""
    return json.dumps([
        {"bom-ref": f"pkg:deb/debian/lib{at}@1.2.3", "type": "library", "name": f"lib{at}", "version": "1.2.3", "purl": f"pkg:deb/debian/lib{at}@1.2.3"}
        for at in range(1000)
    ])  # fmt: skip


_NPM_TAIL = '},"metadata":{"vulnerabilities":{"total":1},"dependencies":{"total":1}}}'
_IMAGE = '"source":{"type":"image","target":{"userInput":"shop:1.0"}},"distro":{"name":"debian","version":"12"}'
_PROJECT = '"dependencyCount":9,"packageManager":"npm","projectName":"shop","displayTargetFile":"package-lock.json","path":"/src"'
_CHECKED = (
    '"summary":{"passed":0,"failed":1,"skipped":0,"parsing_errors":0,"resource_count":1,"checkov_version":"3.2.400"}'
)
_BOM = '"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"metadata":{"tools":{"components":[{"type":"application","name":"trivy"}]}}'
_LOCK = '"source":{"path":"/src/package-lock.json","type":"lockfile"}'
_JSON: dict[str, tuple[Callable[[random.Random, int], Iterator[Row]], str, str]] = {
    "grype": (_grype, '{"matches":[', f'],{_IMAGE},"descriptor":{{"name":"grype","version":"0.104.0"}}}}'),
    "semgrep": (_semgrep, '{"version":"1.140.0","results":[', '],"errors":[],"paths":{"scanned":["src"]}}'),
    "snyk": (_snyk, '{"vulnerabilities":[', f'],"ok":false,{_PROJECT}}}'),
    "npm-audit": (_npm_audit, '{"auditReportVersion":2,"vulnerabilities":{', _NPM_TAIL),
    "osv-scanner": (_osv_scanner, f'{{"results":[{{{_LOCK},"packages":[', "]}]}"),
    "gitleaks": (_gitleaks, "[", "]"),
    "checkov": (
        _checkov,
        '{"check_type":"terraform","results":{"failed_checks":[',
        f'],"parsing_errors":[]}},{_CHECKED}}}',
    ),
    "prowler": (_prowler, "[", "]"),
    "cyclonedx": (_cyclonedx, f'{{{_BOM},"components":{_parts()},"vulnerabilities":[', "]}"),
}


def _write_json(format: str) -> Callable[..., None]:
    rows, head, tail = _JSON[format]

    def write(path: Path, count: int, *, seed: int = 1) -> None:
        with path.open("w", encoding="utf-8") as file:
            file.write(head)
            for number, row in enumerate(rows(by_seed(seed), count)):
                file.write("," if number else "")
                if format == "npm-audit":
                    file.write(f"{json.dumps(row['name'])}:")
                # Half way between indented and compact reports, which are the sizes of real ones.
                file.write(json.dumps(row, indent=1))
            file.write(tail)

    return write


_INSTANCES = 10


def _zap(path: Path, count: int, *, seed: int = 1) -> None:
    """Write alerts of ten instances each."""
    chance = by_seed(seed)
    with path.open("w", encoding="utf-8") as file:
        file.write(
            '<?xml version="1.0"?>\n<OWASPZAPReport programName="ZAP" version="2.16.1" generated="Sun, 1 Nov 2026 10:00:00">\n'
        )
        file.write('<site name="https://shop.example" host="shop.example" port="443" ssl="true"><alerts>\n')
        for start in range(0, count, _INSTANCES):
            rule = chance.randrange(RULES)
            file.write(
                f"<alertitem>\n  <pluginid>{10000 + rule}</pluginid>\n  <alertRef>{10000 + rule}</alertRef>\n  <alert>Header {rule} Not Set</alert>\n"
                f"  <name>Header {rule} Not Set</name>\n  <riskcode>{rule % 4}</riskcode>\n  <confidence>2</confidence>\n"
                f"  <riskdesc>{('Informational', 'Low', 'Medium', 'High')[rule % 4]} (Medium)</riskdesc>\n  <desc>{escape(f'<p>{_TEXT}</p>')}</desc>\n  <instances>\n"
            )
            for number in range(start, min(start + _INSTANCES, count)):
                file.write(
                    f"  <instance>\n    <uri>https://shop.example/{chance.randrange(500)}/page?item={number}</uri>\n    <nodeName></nodeName>\n"
                    f"    <method>GET</method>\n    <param>item</param>\n    <attack></attack>\n    <evidence>{escape(f'<a href={number}>')}</evidence>\n"
                    "    <otherinfo></otherinfo>\n  </instance>\n"
                )
            file.write(
                f"  </instances>\n  <count>{_INSTANCES}</count>\n  <solution>{escape(f'<p>{_ADVICE}</p>')}</solution>\n"
                f"  <reference>{escape(f'<p>{_links(rule, 1)[0]}</p>')}</reference>\n  <cweid>693</cweid>\n  <wascid>15</wascid>\n  <sourceid>1</sourceid>\n</alertitem>\n"
            )
        file.write("</alerts></site></OWASPZAPReport>\n")


_SCHEMA = "https://jeremylong.github.io/DependencyCheck/dependency-check.4.0.xsd"
_FLAWS = 4


def _dependency_check(path: Path, count: int, *, seed: int = 1) -> None:
    """Write dependencies of four vulnerabilities each."""
    chance = by_seed(seed)
    with path.open("w", encoding="utf-8") as file:
        file.write(
            f'<?xml version="1.0" encoding="UTF-8"?><analysis xmlns="{_SCHEMA}"><scanInfo><engineVersion>12.1.0</engineVersion></scanInfo>'
        )
        file.write(
            "<projectInfo><name>shop</name><reportDate>2026-11-01T10:00:00Z</reportDate></projectInfo><dependencies>"
        )
        for start in range(0, count, _FLAWS):
            name, version = f"part-{start}", _version(chance)
            file.write(
                f'<dependency isVirtual="false"><fileName>{name}-{version}.jar</fileName><filePath>/src/lib/{name}-{version}.jar</filePath><md5>{chance.getrandbits(128):032x}</md5>'
                f"<sha1>{chance.getrandbits(160):040x}</sha1><evidenceCollected>"
            )
            for kind in ("vendor", "product", "version"):
                file.write(
                    f'<evidence type="{kind}" confidence="HIGH"><source>pom</source><name>artifactid</name><value>{name}</value></evidence>'
                )
            file.write(
                f'</evidenceCollected><identifiers><package confidence="HIGH"><id>pkg:maven/org.example/{name}@{version}</id></package></identifiers><vulnerabilities>'
            )
            for number in range(start, min(start + _FLAWS, count)):
                cve, _, grade = _advisory(number)
                links = "".join(
                    f"<reference><source>MISC</source><url>{link}</url><name>advisory</name></reference>"
                    for link in _links(number, 4)
                )
                file.write(
                    f'<vulnerability source="NVD"><name>{cve}</name><severity>{grade.upper()}</severity><cvssV3><baseScore>8.8</baseScore><attackVector>NETWORK</attackVector>'
                    "<attackComplexity>LOW</attackComplexity><privilegesRequired>NONE</privilegesRequired><userInteraction>REQUIRED</userInteraction><scope>UNCHANGED</scope>"
                    "<confidentialityImpact>HIGH</confidentialityImpact><integrityImpact>HIGH</integrityImpact><availabilityImpact>HIGH</availabilityImpact>"
                    f"<baseSeverity>HIGH</baseSeverity><version>3.1</version></cvssV3><cwes><cwe>CWE-787</cwe></cwes><description>{_TEXT * 2}</description>"
                    f'<references>{links}</references><vulnerableSoftware><software vulnerabilityIdMatched="true" versionEndExcluding="{version}-1">'
                    f"cpe:2.3:a:example:{name}:*:*:*:*:*:*:*:*</software></vulnerableSoftware></vulnerability>"
                )
            file.write("</vulnerabilities></dependency>")
        file.write("</dependencies></analysis>")


MAKERS: dict[str, Callable[..., None]] = {
    **{name: _write_json(name) for name in _JSON},
    "zap": _zap,
    "dependency-check": _dependency_check,
}
XML = ("zap", "dependency-check")
