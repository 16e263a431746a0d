"""The example as the platform knows it: surveyed, its reports imported, an image of it scanned; its repository at a forge at home."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from seamark.core.component import Component
from seamark.core.finding import Cvss, Finding
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, ImageLocation
from seamark.core.severity import Severity
from seamark.pipeline.imports import Target, import_file
from seamark.pipeline.ingest.source import Source
from seamark.pipeline.pulls import repositories
from seamark.pipeline.trees import survey_tree
from seamark.store.models import Application, Asset, PullRepository, Sbom, SbomComponent
from seamark.store.models import Component as Kept
from tests.factories import import_findings
from tests.house.tree import ROOT
from tests.remediation.planner.served import Served
from tests.remediation.pulls.served import NAME, TOKEN, Forge, forge_at_home, make_repository

REPORTS = ROOT / "examples/harbour/reports/2026-06-01"
REPOSITORY = "git.example/harbour/shop"
IMAGE = "images.shop.example/harbour/orders:1"
NEWER = "sha256:" + "7" * 64
"""What the tag 3.13-slim-bookworm of the python image is today."""
MODULES = """module "network" {
  source = "git::https://modules.shop.example/network.git?ref=main"
}
"""
CHART = """apiVersion: v2
name: shop
version: 1.0.0
dependencies:
  - name: redis
    repository: https://charts.shop.example
    version: 17.0.0
"""


def flaw(name: str, package: str, version: str, fixed: str, score: float) -> Finding:
    """Return what a scanner finds in the image of orders."""
    return Finding(
        rule=name, title=f"Flaw of {package}", severity=Severity.HIGH, kind=Kind.CONTAINER, vulnerabilities=(name,),
        component=Component(name=package, version=version, purl=f"pkg:deb/debian/{package}@{version}"), fixed_versions=(fixed,) if fixed else (),
        location=ImageLocation(image=IMAGE), cvss=(Cvss(vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", score=score, version="3.1", source="NVD"),),
    )  # fmt: skip


def _chart() -> Finding:
    part = Component(name="redis", version="17.0.0", purl="pkg:helm/charts.shop.example/redis@17.0.0")
    return Finding(
        rule="CVE-2026-0007", title="Flaw of a chart", severity=Severity.HIGH, kind=Kind.DEPENDENCY, vulnerabilities=("CVE-2026-0007",), component=part,
        fixed_versions=("17.1.2",), location=CodeLocation(path="deploy/chart/Chart.yaml"),
    )  # fmt: skip


def _module(rule: str) -> Finding:
    place = CodeLocation(path="terraform/modules.tf", line=1, end_line=3, scope="module.network")
    return Finding(rule=rule, title=f"Module at a branch ({rule})", severity=Severity.MEDIUM, kind=Kind.MISCONFIGURATION, location=place)  # fmt: skip


@pytest.fixture
def harbour(tree: Path, db: None) -> Application:
    """Return the example's application: what hadolint and zizmor say of its files, and Trivy of an image; a module and a chart besides."""
    (tree / "terraform/modules.tf").write_text(MODULES)
    (tree / "deploy/chart").mkdir()
    (tree / "deploy/chart/Chart.yaml").write_text(CHART)
    survey_tree(tree, "harbour", repository=REPOSITORY)
    where = Target(application="harbour", repository=REPOSITORY, ref="main", complete=True)
    for name in ("hadolint.json", "zizmor.sarif"):
        import_file(REPORTS / name, where, source=Source.of(tree))
    import_findings("harbour", "Checkov", [_module("CKV_TF_1"), _module("CKV_TF_2")])
    import_findings("harbour", "Helm scanner", [_chart()])
    found = [
        flaw("CVE-2023-4911", "glibc", "2.28-10", "2.36-9+deb12u3", 7.8), flaw("CVE-2022-37434", "zlib", "1.2.11-1", "1.2.13-1", 9.8),
        flaw("CVE-2026-9999", "tar", "1.30-1", "", 5.5),
    ]  # fmt: skip
    import_findings("harbour", "Trivy", found, repository="", ref="", image=IMAGE)
    return Application.objects.get(name="harbour")


@pytest.fixture
def inventory(harbour: Application) -> Sbom:
    """Keep what the newer python image holds."""
    bom = Sbom.objects.create(asset=Asset.objects.get(kind="image", key="python"), image_digest=NEWER, digest="0" * 64)
    for name, version in (("glibc", "2.36-9+deb12u9"), ("zlib", "1.2.13-2"), ("tar", "1.34-1")):
        part = Kept.objects.create(name=name, version=version, purl=f"pkg:deb/debian/{name}@{version}")
        SbomComponent.objects.create(sbom=bom, component=part, ref=name)
    return bom


@pytest.fixture
def forge(harbour: Application, tree: Path, tmp_path: Path) -> Iterator[Forge]:
    files = {str(path.relative_to(tree)): path.read_text() for path in sorted(tree.rglob("*")) if path.is_file()}
    with forge_at_home(tmp_path / "far") as one:
        make_repository(one, files, tmp_path / "work")
        yield one


@pytest.fixture
def repository(
    harbour: Application, forge: Forge, served: Served, inventory: Sbom, settings: Settings
) -> PullRepository:
    """Have pull requests taken in the example's repository, and registries asked."""
    settings.SEAMARK_INTERNAL_HOSTS = frozenset({"127.0.0.1"})
    served.answers |= {
        f"/v2/library/python/manifests/{tag}": "{}" for tag in json.loads(served.answers["/v2/library/python/tags/list?n=1000"])["tags"]
    }  # fmt: skip
    served.headers["/v2/library/python/manifests/3.13-slim-bookworm"] = {"Docker-Content-Digest": NEWER}
    asset = Asset.objects.get(kind="repository")
    return repositories.put(None, asset, forge="github", api=forge.api, remote=forge.remote, name=NAME, secrets={"token": TOKEN}, terms={"online": True})  # fmt: skip
