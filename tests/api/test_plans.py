"""Plans by the API: an application's packages and pins, what a fix moves, what it touches; every answer against the description."""

# ruff: noqa: F811 - fixtures are named as what they give

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from seamark.interfaces.cli.main import main
from seamark.store.models import Application, Fix, PullRepository, User
from seamark.store.models.people import Role
from tests.api.conftest import Caller
from tests.factories import make_person
from tests.remediation.example.conftest import served, tree  # noqa: F401 - fixtures
from tests.remediation.example.market import record
from tests.remediation.example.shop import REPORTS, REPOSITORY, forge, harbour, inventory, repository  # noqa: F401 - fixtures


@pytest.fixture
def base() -> int:
    return Fix.objects.get(kind="base_image").pk


def test_packages_and_pins_together(harbour: Application, lone: Caller) -> None:
    found = lone("GET", "/applications/harbour/plan").json()
    sorts = {one["ecosystem"] for one in found["projects"]}
    assert {"docker", "githubactions"} <= sorts
    assert found["looked"]["read"] == []
    assert any(one.startswith(f"{REPOSITORY} was not read") for one in found["looked"]["missing"])
    assert [one["per_effort"] for one in found["ranked"]] == sorted((one["per_effort"] for one in found["ranked"]), reverse=True)  # fmt: skip
    assert sum(len(one["changes"]) for one in found["ranked"]) == found["changes"]


def test_online(repository: PullRepository, lone: Caller, base: int) -> None:
    found = lone("GET", "/applications/harbour/plan?online=true").json()
    assert found["looked"]["read"] == [REPOSITORY]
    steps = {step["package"]: step for one in found["projects"] for step in one["steps"]}
    assert steps["python"]["to_version"] == "3.13-slim-bookworm"
    assert (steps["actions/checkout"]["kind"], steps["actions/checkout"]["held"]) == ("action_pin", "3" * 40)
    (pin,) = lone("GET", f"/fixes/{base}/plan?online=true").json()["pins"]
    assert (pin["name"], pin["kind"], pin["version"], pin["places"]) == ("python", "image", "3.8-slim-buster", ["services/orders/Dockerfile:1"])  # fmt: skip
    assert pin["proof"]["proven"]
    (step,) = pin["plan"]["steps"]
    assert {one["vulnerability"] for one in step["clears"]} == {"CVE-2023-4911", "CVE-2022-37434"}
    (offered,) = pin["plan"]["offered"]
    assert "least_clearing_all" in offered["options"][-1]["choices"]


def test_what_a_fix_moves_by_what_is_kept(harbour: Application, lone: Caller, base: int) -> None:
    answer = lone("GET", f"/fixes/{base}/plan")
    (pin,) = answer.json()["pins"]
    assert (pin["plan"]["steps"], pin["proof"]["proven"]) == ([], False)
    assert lone("GET", f"/fixes/{base}/plan", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    orders = Fix.objects.get(kind="configuration", key="services/orders/Dockerfile").pk
    assert lone("GET", f"/fixes/{orders}/plan").json()["pins"] == []


def test_what_a_fix_touches(harbour: Application, lone: Caller, base: int) -> None:
    found = lone("GET", f"/fixes/{base}/touches").json()
    assert found["applications"] == ["harbour"]
    kinds = {one["kind"]: one for one in found["groups"]}
    assert kinds["workload"]["total"] == len(kinds["workload"]["assets"]) >= 2
    assert [one["key"] for one in found["start"]] == ["images.shop.example/harbour/orders"]


def test_rights(harbour: Application, base: int, caller: Callable[..., Caller]) -> None:
    viewer: User = make_person("vi", Role.VIEWER)
    assert caller(viewer)("GET", "/applications/harbour/plan").status_code == 200
    for path in ("/applications/harbour/plan?online=true", f"/fixes/{base}/plan?online=true"):
        assert caller(viewer)("GET", path).status_code == 403
    stranger = caller(make_person("eve"))
    for path in ("/applications/harbour/plan", f"/fixes/{base}/plan", f"/fixes/{base}/touches"):
        assert stranger("GET", path).status_code == 404


def test_the_command_plans_the_same(repository: PullRepository, lone: Caller, tree: Path, tmp_path: Path) -> None:
    old = {"glibc": "2.28-10", "zlib": "1.2.11-1", "tar": "1.30-1"}
    new = {"glibc": "2.36-9+deb12u9", "zlib": "1.2.13-2", "tar": "1.34-1"}
    records = tmp_path / "osv"
    records.mkdir()
    for name, flaw, fixed in (("glibc", "CVE-2023-4911", "2.36-9+deb12u3"), ("zlib", "CVE-2022-37434", "1.2.13-1")):
        (records / f"{flaw}.json").write_text(json.dumps(record(flaw, "Debian", name, (("0", fixed),))))
    words = [
        "fix",
        "plan",
        str(tree),
        "--json",
        "--online",
        "--kind",
        "image",
        "--kind",
        "action",
        "--advisories",
        str(records),
    ]
    for tag, inside in (("3.8-slim-buster", old), ("3.13-slim-bookworm", new)):
        words += ["--sbom", f"python:{tag}={_inventory(tmp_path / f'{tag}.json', inside)}"]
    for name in ("hadolint.json", "zizmor.sarif"):
        words += ["--report", str(REPORTS / name)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    mine = lone("GET", "/applications/harbour/plan?online=true").json()
    assert _moved(json.loads(done.stdout)) == _moved(mine) != set()


def _inventory(path: Path, inside: dict[str, str]) -> Path:
    parts = [
        {"type": "library", "name": name, "version": version, "purl": f"pkg:deb/debian/{name}@{version}", "bom-ref": name} for name, version in inside.items()
    ]  # fmt: skip
    path.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": parts}))
    return path


def _moved(plan: dict[str, Any]) -> set[tuple[str, str, str, str]]:
    changes = [
        change for one in plan["ranked"] for change in one["changes"] if change["kind"] in {"image", "action_pin"}
    ]
    return {(one["kind"], one["package"], one["from_version"], one["to_version"]) for one in changes}
