"""`seamark sbom` on what is kept: find, match, export."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.pipeline.estate import make_estate
from tests.pipeline.test_software import advisory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop() -> None:
    make_estate()


def test_find(seamark: Command) -> None:
    out = seamark("sbom", "find", "flask < 2.2.5").out
    assert "uv.lock" in out
    assert "1 package found" in out
    (row,) = [
        json.loads(line) for line in seamark("sbom", "find", "flask", "--at", "2026-05-02", "--json").out.splitlines()
    ]
    assert (row["version"], row["answer"], row["asset"]["application"]) == ("2.0.0", "yes", "Storefront")
    assert seamark("sbom", "find", "flask", "--at", "2026-04-30").out.strip() == "0 packages found"
    assert seamark("sbom", "find", "flask <").code == 2
    assert seamark("sbom", "find", "flask", "bom.json", "--at", "2026-05-02").code == 2


def test_match(seamark: Command, tmp_path: Path) -> None:
    path = str(advisory(tmp_path))
    assert (
        "1 vulnerable in 2 components, 1 new"
        in seamark("sbom", "match", "--advisories", path, "--application", "storefront").out
    )
    assert json.loads(seamark("sbom", "match", "--advisories", path, "--json").out)["outcome"]["new"] == 0
    assert seamark("sbom", "match", "--advisories", path, "--application", "nobody").code == 1
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    assert seamark("sbom", "match", "--advisories", str(broken)).code == 2


def test_export(seamark: Command, tmp_path: Path) -> None:
    assert json.loads(seamark("sbom", "export", "--application", "Storefront").out)["specVersion"] == "1.6"
    target = tmp_path / "shop.spdx.json"
    words = ["sbom", "export", "--application", "Storefront", "--format", "spdx", "--output", str(target)]
    assert "3 components" in seamark(*words).out
    assert json.loads(target.read_text())["spdxVersion"] == "SPDX-2.3"
    assert (seamark(*words).code, seamark("sbom", "export", "--application", "nobody").code) == (1, 1)
