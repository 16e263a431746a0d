"""Requests made up from the API's own description: no answer is a failure of ours, and every one is as described."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from pytest_django import Settings
from schemathesis import checks

from seamark.pipeline.people import SCOPES, make_token
from seamark.store.models import Application, Fix, Issue, User
from seamark.store.models.people import Role
from tests.api.described import description
from tests.factories import make_person
from tests.support.connection import connection_kept

EXAMPLES = int(os.environ.get("SEAMARK_TEST_EXAMPLES", "5"))
"""Requests for each operation and role; half of them name things that are there."""
CHECKS = (
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
)
ADMIN, VIEWER = Role.ADMIN, Role.VIEWER


@pytest.fixture
def person(request: pytest.FixtureRequest, world: dict[str, Application], settings: Settings) -> User:
    # What everybody has together counts against one token here.
    settings.SEAMARK_RATE_LIMIT = 0
    return make_person("somebody", request.param)


def _there() -> dict[str, Any]:
    """Return values of path parameters that lead somewhere."""
    issue = Issue.objects.order_by("-risk")[0]
    fix = Fix.objects.first()
    return {
        "reference": issue.reference,
        "slug": "storefront",
        "number": fix.pk if fix else 1,
        "name": "CVE-2021-44228",
        "question": "exposure",
    }


def _operations() -> Iterator[Any]:
    schema = schemathesis.openapi.from_dict(description())
    schema.app = get_wsgi_application()
    for found in schema.get_all_operations():
        yield found.ok()


def _try(operation: Any, headers: dict[str, str], there: dict[str, Any]) -> list[int]:
    statuses: list[int] = []

    @hypothesis.seed(20261122)
    @hypothesis.settings(
        max_examples=EXAMPLES, database=None, deadline=None, phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    @hypothesis.given(case=operation.as_strategy(), real=hypothesis.strategies.booleans())
    def ask(case: Any, real: bool) -> None:
        if real:
            for name in case.path_parameters or {}:
                case.path_parameters[name] = there.get(name, case.path_parameters[name])
        with connection_kept():
            response = case.call(headers=headers)
        statuses.append(response.status_code)
        case.validate_response(response, checks=CHECKS)

    ask()
    return statuses


@pytest.mark.parametrize("person", [ADMIN, VIEWER], indirect=True)
def test_no_answer_is_a_failure_and_every_one_is_as_described(person: User) -> None:
    headers = {"Authorization": f"Bearer {make_token(person, 'fuzz', scopes=SCOPES)}"}
    there = _there()
    asked: dict[str, list[int]] = {}
    wrong: dict[str, str] = {}
    for operation in _operations():
        try:
            asked[operation.label] = _try(operation, headers, there)
        except Exception as error:  # noqa: BLE001 - every operation is tried; what is wrong is told together
            wrong[operation.label] = str(error)[:1500]
    assert not wrong, "\n\n".join(f"{name}: {told}" for name, told in wrong.items())
    assert len(asked) == sum(len(methods) for methods in description()["paths"].values())
    assert all(asked.values())
    statuses = {status for found in asked.values() for status in found}
    assert {200, 404} <= statuses
