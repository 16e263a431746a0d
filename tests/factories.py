"""Makes people and a small company's findings for tests: everything goes through the real ingest."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from seamark.core.component import Component
from seamark.core.finding import Cvss, Exchange, Finding, FlowStep, Rule
from seamark.core.kind import Confidence, Kind, Verification
from seamark.core.location import CodeLocation, WebLocation
from seamark.core.report import Item, Run
from seamark.core.severity import Severity
from seamark.intake.parsers.kit.tidy import tidy
from seamark.pipeline.ingest import Outcome, ingest
from seamark.pipeline.target import Target
from seamark.store import evidence
from seamark.store.models import Application, BusinessUnit, Exploitation, Grant, User
from seamark.store.models.inventory import Criticality
from seamark.store.models.people import Role

PASSWORD = "correct horse battery staple"


def make_person(
    name: str, role: Role | None = None, *, application: Application | None = None, unit: BusinessUnit | None = None
) -> User:
    """Make somebody with a role everywhere, in a unit or in one application, or with none."""
    person = User.objects.create_user(name, password=PASSWORD)
    if role is not None:
        Grant.objects.create(user=person, role=role, application=application, unit=unit)
    return person


@dataclass
class Spoken:
    """Stands for an opened report: it says what the test wants said."""

    tool: str
    findings: Iterable[Finding]
    run: dict[str, Any] = field(default_factory=dict)
    parser: Any = field(default_factory=lambda: SimpleNamespace(name="spoken"))

    def items(self) -> Iterator[Item]:
        """Yield the run and its findings, tidied as the kit does it."""
        yield Run(tool=self.tool, **self.run)
        for finding in self.findings:
            yield tidy(finding, finding.kind or Kind.CODE, b"key of the tests")


_sent = iter(range(1, 1_000_000))


def import_findings(
    application: str, tool: str, findings: Iterable[Finding], *, run: dict[str, Any] | None = None, **target: Any
) -> Outcome:
    """Import findings as if a tool had reported them; a complete scan of the main branch unless said otherwise."""
    with evidence.Packed(io.BytesIO(f"{tool} {next(_sent)}".encode())) as packed:
        report = packed.store(f"{tool.lower()}.json")
    where = Target(
        **{
            "application": application,
            "repository": "git.example/harbour/shop",
            "ref": "main",
            "complete": True,
            **target,
        }
    )
    return ingest(Spoken(tool, list(findings), run or {}), report, where)  # type: ignore[arg-type]


SEARCH = """def search(request):
    term = request.args.get("q", "")
    with database() as cursor:
        cursor.execute(f"SELECT * FROM orders WHERE ref LIKE '%{term}%'")
        return rows(cursor)"""


def code(
    rule: str, title: str, path: str, line: int, severity: Severity = Severity.HIGH, cwe: int = 0, **more: Any
) -> Finding:
    """Make a finding in a file."""
    snippet = more.pop("snippet", "")
    return Finding(
        rule=rule, title=title, severity=severity, kind=more.pop("kind", Kind.CODE), cwes=(cwe,) if cwe else (),
        location=CodeLocation(path=path, line=line, snippet=snippet, scope=more.pop("scope", "")), **more,
    )  # fmt: skip


def package(
    cve: str, name: str, version: str, fixed: str, severity: Severity, score: float, title: str, **more: Any
) -> Finding:
    """Make a finding in a dependency."""
    kind = name.split("/", maxsplit=1)[0]
    return Finding(
        rule=cve, title=title, severity=severity, kind=Kind.DEPENDENCY, vulnerabilities=(cve,),
        component=Component(name=name.split("/", 1)[1], version=version, purl=f"pkg:{name}@{version}"),
        location=CodeLocation(path="requirements.txt" if kind == "pypi" else "package-lock.json"),
        cvss=(Cvss(vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", score=score, version="3.1", source="NVD"),),
        fixed_versions=(fixed,) if fixed else (), **more,
    )  # fmt: skip


def make_world() -> dict[str, Application]:
    """Make a shop with what five tools say about it, and a second application that only some may see."""
    unit = BusinessUnit.objects.create(name="Retail")
    Exploitation.objects.create(
        name="CVE-2021-44228", epss=0.94, epss_percentile=0.999, epss_date=date(2026, 11, 1), kev_added=date(2021, 12, 10),
        ransomware=True, snapshot="feeds of 1 Nov 2026",
    )  # fmt: skip
    shop = Application.objects.create(
        name="Storefront", slug="storefront", unit=unit, criticality=Criticality.TIER_1, exposure="internet", data_classes=["PII"],
        origins={"criticality": "seamark.yaml", "exposure": "seamark.yaml", "data_classes": "seamark.yaml"},
    )  # fmt: skip
    payroll = Application.objects.create(
        name="Payroll", slug="payroll", criticality=Criticality.TIER_3, exposure="internal"
    )
    _scan_code()
    _scan_packages()
    _scan_rest()
    import_findings(
        "Payroll", "Semgrep", [code("weak-hash", "MD5 used for a password", "payroll/auth.py", 40, Severity.MEDIUM, 327)],
        repository="git.example/harbour/payroll",
    )  # fmt: skip
    return {"shop": shop, "payroll": payroll}


def _scan_code() -> None:
    flow = tuple(
        FlowStep(CodeLocation(path="orders/search.py", line=line, snippet=SEARCH.splitlines()[at].strip()), words)
        for at, line, words in ((1, 116, "the request's parameter"), (3, 118, "ends in a statement"))
    )
    injection = {"scope": "search", "cwe": 89}
    printed = "".join(f"{number} {line}\n" for number, line in enumerate(SEARCH.splitlines(), start=115))
    about = Rule(
        id="tainted-sql-string", title="SQL built from a request",
        description="Text of a request becomes part of a SQL statement.\nWhoever sends the request can read and change the data.",
        remedy='Pass the value as a parameter:\ncursor.execute("… LIKE %s", [term])',
        references=("https://owasp.example/injection", "javascript:alert(1)"),
    )  # fmt: skip
    sql = code(
        "tainted-sql-string",
        "SQL injection in order search",
        "orders/search.py",
        118,
        about=about,
        confidence=Confidence.HIGH,
        snippet=SEARCH.splitlines()[3],
        **injection,
    )
    others = [
        code(
            "path-join",
            "Path built from a request in the download of invoices",
            "orders/invoices.py",
            61,
            Severity.MEDIUM,
            22,
        ),
        code("debug-on", "Debug mode is on in the settings", "orders/settings.py", 12, Severity.LOW, 489),
    ]
    import_findings("Storefront", "Semgrep", [sql, *others], run={"version": "1.99.0", "commit": "b41f2c9" + "0" * 33})
    import_findings(
        "Storefront",
        "CodeQL",
        [
            code(
                "py/sql-injection",
                "Database query built from user-controlled sources",
                "orders/search.py",
                118,
                Severity.CRITICAL,
                flow=flow,
                **injection,
            )
        ],
    )
    import_findings(
        "Storefront",
        "Bandit",
        [
            code(
                "B608",
                "Possible SQL injection through string-based query construction",
                "orders/search.py",
                118,
                Severity.MEDIUM,
                snippet=printed,
                **injection,
            )
        ],
    )


def _scan_packages() -> None:
    import_findings("Storefront", "Trivy", [
        package("CVE-2021-44228", "maven/org.apache.logging.log4j/log4j-core", "2.14.1", "2.15.0", Severity.CRITICAL, 10.0, "Log4Shell: code execution through log messages",
                dependency_paths=(("shop-search@1.4.0", "log4j-core@2.14.1"),)),
        package("CVE-2021-45046", "maven/org.apache.logging.log4j/log4j-core", "2.14.1", "2.16.0", Severity.CRITICAL, 9.0, "Incomplete fix of Log4Shell"),
        package("CVE-2020-8203", "npm/lodash", "4.17.15", "4.17.20", Severity.HIGH, 7.4, "Prototype pollution in lodash"),
        package("CVE-2024-35195", "pypi/requests", "2.31.0", "2.32.0", Severity.MEDIUM, 5.6, "Certificate check stays off for a session in requests"),
    ])  # fmt: skip


def _scan_rest() -> None:
    secret = code("aws-access-key", "AWS access key in the CI's environment", "deploy/ci.env", 4, Severity.HIGH, 798, kind=Kind.SECRET,
                  snippet="AWS_KEY=AKIAQ7XEXAMPLEW3Q4ZD", secret="AKIAQ7XEXAMPLEW3Q4ZD", verification=Verification.VERIFIED)  # fmt: skip
    import_findings("Storefront", "Gitleaks", [secret])
    bucket = code("CKV_AWS_19", "S3 bucket for invoices is not encrypted", "terraform/storage.tf", 31, Severity.MEDIUM, 311,
                  kind=Kind.MISCONFIGURATION, snippet='resource "aws_s3_bucket" "invoices" {\n  bucket = "harbour-invoices"\n}')  # fmt: skip
    import_findings("Storefront", "Checkov", [bucket])
    reflected = Finding(
        rule="40012", title="Cross-site scripting (reflected)", severity=Severity.HIGH, kind=Kind.WEB, cwes=(79,),
        location=WebLocation(url="https://shop.example/search?q=1", method="GET", parameter="q"),
        exchange=Exchange("GET /search?q=%3Cscript%3E HTTP/1.1\nHost: shop.example", "HTTP/1.1 200 OK\n\n<script>alert(1)</script>"),
        verification=Verification.VERIFIED,
    )  # fmt: skip
    import_findings("Storefront", "ZAP", [reflected])


def days_ago(days: float) -> datetime:
    """Return a moment in the past."""
    return datetime.fromtimestamp(timezone.now().timestamp() - days * 86_400, tz=UTC)
