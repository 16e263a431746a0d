"""A shop from code to data, as a survey tells of it, with findings of real imports at its repository."""

from __future__ import annotations

from datetime import UTC, datetime

from seamark.core.assets import AssetKind as K
from seamark.core.assets import AssetRef, Discovery, Found, Listing, Relation
from seamark.core.assets import RelationKind as R
from seamark.core.component import Component, DependsOn
from seamark.core.severity import Severity
from seamark.pipeline.surveys import Owner, record
from seamark.store.models import Application, Asset
from tests.factories import code, import_findings, package

REPO = "git.example/acme/shop"
MAY = datetime(2026, 5, 1, tzinfo=UTC)


def ref(kind: K, inside: str) -> AssetRef:
    return AssetRef(kind, f"{REPO}//{inside}")


REPOSITORY = AssetRef(K.REPOSITORY, REPO)
ORDERS, BACK = ref(K.SERVICE, "services/orders"), ref(K.SERVICE, "services/backoffice")
LOCK = ref(K.MANIFEST, "services/orders/uv.lock")
IMAGE, BASE = AssetRef(K.IMAGE, "registry.example/orders"), AssetRef(K.IMAGE, "python")
WORKLOAD = ref(K.WORKLOAD, "prod/Deployment/orders")
DOMAIN = AssetRef(K.DOMAIN, "shop.example")
STORE = ref(K.DATA_STORE, "terraform#aws_db_instance.orders")
PII = AssetRef(K.DATA_CLASS, "PII")
TEAM = AssetRef(K.TEAM, "acme/orders")


def edge(source: AssetRef, kind: R, target: AssetRef, at: str = "") -> Relation:
    return Relation(kind=kind, source=source, target=target, origin="test", at=at)


RELATIONS = (
    edge(REPOSITORY, R.CONTAINS, ORDERS), edge(REPOSITORY, R.CONTAINS, BACK), edge(ORDERS, R.CONTAINS, LOCK), edge(ORDERS, R.DEPENDS_ON, LOCK),
    edge(IMAGE, R.BUILT_FROM, ORDERS, "services/orders/Dockerfile:1"), edge(IMAGE, R.BASED_ON, BASE), edge(WORKLOAD, R.RUNS, IMAGE, "k8s.yaml:9"),
    edge(DOMAIN, R.EXPOSES, WORKLOAD, "ingress.yaml:4"), edge(ORDERS, R.READS, STORE), edge(STORE, R.HANDLES, PII),
)  # fmt: skip
LISTING = Listing(
    manifest=LOCK, ecosystem="pypi", locked=True,
    components=(
        Component(name="flask", version="2.0.0", purl="pkg:pypi/flask@2.0.0", ref="flask", direct=True),
        Component(name="jinja2", version="3.0.0", purl="pkg:pypi/jinja2@3.0.0", ref="jinja2", direct=False),
    ),
    edges=(DependsOn("flask", ("jinja2",)),),
)  # fmt: skip


def make_estate(name: str = "Storefront") -> Application:
    """Import findings of the repository, then survey it."""
    import_findings(
        name, "Semgrep",
        [
            code("sql", "SQL injection", "services/orders/app.py", 3, Severity.CRITICAL, 89, snippet="execute(q)"),
            code("cmd", "Command injection", "services/backoffice/run.py", 7, Severity.CRITICAL, 78, snippet="system(q)"),
        ],
        repository=REPO,
    )  # fmt: skip
    flask = package("CVE-2023-30861", "pypi/flask", "2.0.0", "2.2.5", Severity.HIGH, 7.5, "Session cookies leak")
    import_findings(name, "Grype", [flask], repository=REPO)
    application = Application.objects.get(name=name)
    assets = (
        Found(ref=ORDERS, name="orders", origin="services"),
        Found(ref=BACK, name="backoffice", origin="services"),
        Found(ref=DOMAIN, origin="kubernetes", facts={"exposure": "internet"}),
        Found(ref=STORE, name="orders-db", origin="terraform"),
        Found(ref=BASE, name="python", origin="dockerfile"),
    )
    found = Discovery(repository=REPO, assets=assets, relations=RELATIONS, listings=(LISTING,))
    owners = [Owner(asset=ORDERS, owner=TEAM, rank=1, confidence=0.9, reason="CODEOWNERS line 2")]
    record(found, f"discovery {REPO}", now=MAY, application=application, owners=owners)
    return application


def asset(wanted: AssetRef) -> Asset:
    """Return the row of an asset."""
    return Asset.objects.get(kind=wanted.kind.value, key=wanted.key)
