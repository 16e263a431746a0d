"""A client library of DefectDojo, generated from its own API description, against the real server: it needs another address and token."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from defectdojo_api_generated import DefectDojo
from defectdojo_api_generated.exceptions import ApiException

from tests.api.test_end_to_end import SEAMARK, _installation

HINTS = [
    {"file": "Dockerfile", "line": at, "column": 1, "level": level, "code": f"DL30{at:02}", "message": f"Hint {at}"}
    for at, level in ((10, "error"), (11, "warning"), (12, "warning"), (13, "info"))
]
TYPE = "Hadolint Dockerfile check"
PEOPLE = """
from seamark.interfaces.cli.database import boot
boot()
from seamark.pipeline.people import add_user, make_token
from seamark.store.models import User
from seamark.store.models.people import Role
add_user("ci", Role.DEVELOPER)
print(make_token(User.objects.get(username="ci"), "ci", scopes=("import", "read")))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Serve on a free port; yields the address and a token."""
    with _installation(tmp_path_factory.mktemp("dojo")) as environment:
        made = subprocess.run(
            [sys.executable, "-c", PEOPLE], env=environment, capture_output=True, text=True, check=True
        )
        process = subprocess.Popen(
            [*SEAMARK, "serve", "--port", "0"], env=environment, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        alarm = threading.Timer(120, process.kill)
        alarm.start()
        try:
            found = (re.search(r"(http://127\.0\.0\.1:\d+)", line) for line in process.stdout)
            address = next(one[1] for one in found if one)
            alarm.cancel()
            yield address, made.stdout.split()[-1]
        finally:
            alarm.cancel()
            process.terminate()
            process.wait(30)
            process.stdout.close()


@pytest.fixture(scope="module")
def dojo(server: tuple[str, str]) -> Iterator[DefectDojo]:
    client = DefectDojo(base_url=server[0], token=server[1])
    yield client
    client.api_client.rest_client.pool_manager.clear()


@pytest.fixture
def where(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A product of its own for each test."""
    return {
        "product_name": f"Product {request.node.name}", "engagement_name": "Nightly", "auto_create_context": True, "scan_type": TYPE,
    }  # fmt: skip


def _open_issues(server: tuple[str, str], where: dict[str, Any]) -> int:
    headers = {"Authorization": f"Bearer {server[1]}"}
    query = {"q": f'app:"{where["product_name"]}"'}
    answer = httpx2.get(f"{server[0]}/api/v1/issues", params=query, headers=headers, trust_env=False)
    return int(answer.json()["count"]["number"])


def _open_findings(dojo: DefectDojo, *tests: int) -> int:
    return sum(dojo.findings_api.list(test=test, active=True).count for test in tests)


def _report(folder: Path, hints: list[dict[str, Any]], name: str = "hadolint.json") -> str:
    path = folder / name
    path.write_text(json.dumps(hints))
    return str(path)


def test_an_upload_answers_what_clients_read(
    dojo: DefectDojo, server: tuple[str, str], where: dict[str, Any], tmp_path: Path
) -> None:
    made = dojo.import_scan_api.create(
        file=_report(tmp_path, HINTS), test_title="Images", minimum_severity="Info", active=True, verified=False,
        close_old_findings=True, branch_tag="main", commit_hash="c" * 40, build_id="17", version="1.2", tags=["ci", "nightly"], **where,
    )  # fmt: skip
    assert made.scan_type == TYPE
    assert made.test == made.test_id
    assert (made.product_name, made.engagement_name, made.test_title) == (where["product_name"], "Nightly", "Images")
    assert made.statistics.before.total.total == 0
    assert made.statistics.delta.created.total.active == 4
    assert made.statistics.after.total.active == 4
    assert made.statistics.after.high.total + made.statistics.after.medium.total == 3
    assert _open_issues(server, where) == 4
    test = dojo.tests_api.list(engagement=made.engagement_id).results[0]
    assert (test.id, test.branch_tag, test.build_id, test.tags) == (made.test_id, "main", "17", ["ci", "nightly"])
    assert dojo.products_api.list(name=where["product_name"]).results[0].id == made.product_id
    assert dojo.engagements_api.list(product=made.product_id).results[0].name == "Nightly"
    found = dojo.findings_api.list(test=made.test_id, limit=3)
    assert (found.count, len(found.results)) == (4, 3)
    assert found.results[0].severity in {"High", "Medium", "Low", "Info"}
    assert found.results[0].active


def test_a_second_upload_says_what_changed(dojo: DefectDojo, where: dict[str, Any], tmp_path: Path) -> None:
    first = dojo.reimport_scan_api.create(file=_report(tmp_path, HINTS), **where)
    second = dojo.reimport_scan_api.create(file=_report(tmp_path, HINTS[1:]), **where)
    assert second.test_id == first.test_id
    told = second.statistics
    assert (told.before.total.active, told.delta.closed.total.is_mitigated, told.delta.created.total.total) == (4, 1, 0)
    assert (told.after.total.active, told.after.total.is_mitigated, told.delta.untouched.total.active) == (3, 1, 3)
    third = dojo.reimport_scan_api.create(file=_report(tmp_path, HINTS), test=first.test_id, scan_type=TYPE)
    assert third.statistics.delta.reactivated.total.total + third.statistics.delta.created.total.total == 1
    assert third.statistics.after.total.active == 4
    kept = dojo.reimport_scan_api.create(
        file=_report(tmp_path, HINTS), test=first.test_id, scan_type=TYPE, close_old_findings=False
    )
    assert kept.statistics.delta.created.total.total == 0


def test_an_import_closes_only_where_it_is_asked_to(
    dojo: DefectDojo, server: tuple[str, str], where: dict[str, Any], tmp_path: Path
) -> None:
    first = dojo.import_scan_api.create(file=_report(tmp_path, HINTS), **where)
    second = dojo.import_scan_api.create(file=_report(tmp_path, HINTS[2:]), **where)
    assert second.test_id != first.test_id
    assert _open_findings(dojo, first.test_id, second.test_id) == 6
    assert _open_issues(server, where) == 4
    closing = {**where, "engagement_name": "Closing", "close_old_findings": True}
    dojo.import_scan_api.create(file=_report(tmp_path, HINTS), **closing)
    told = dojo.import_scan_api.create(file=_report(tmp_path, HINTS[2:]), **closing).statistics
    assert (told.before.total.active, told.delta.closed.total.total) == (4, 2)


def test_a_minimum_counts_but_keeps_everything(
    dojo: DefectDojo, server: tuple[str, str], where: dict[str, Any], tmp_path: Path
) -> None:
    made = dojo.import_scan_api.create(file=_report(tmp_path, HINTS), minimum_severity="Critical", **where)
    assert made.statistics.after.total.total == 0
    assert _open_issues(server, where) == 4


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"scan_type": "Crystal Ball"}, 400, "no type of report"),
        ({"product_name": ""}, 400, "product_name"),
        ({"engagement_name": None}, 400, "engagement_name"),
        ({"auto_create_context": False}, 400, "does not exist"),
        ({"engagement": 4711}, 404, "no engagement"),
        ({"scan_type": "Bandit Scan"}, 400, ""),
    ],
)
def test_refusals_are_said_as_these_clients_read_them(
    dojo: DefectDojo,
    server: tuple[str, str],
    where: dict[str, Any],
    tmp_path: Path,
    fields: dict[str, Any],
    status: int,
    words: str,
) -> None:
    given = {name: value for name, value in {**where, **fields}.items() if value is not None}
    with pytest.raises(ApiException) as caught:
        dojo.import_scan_api.create(file=_report(tmp_path, HINTS), **given)
    assert caught.value.status == status
    assert words in str(caught.value.body)
    assert _open_issues(server, where) == 0
