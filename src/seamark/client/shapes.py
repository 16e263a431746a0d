"""What the server answers, as far as a client uses it. Fields that a newer server adds are passed over."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from seamark.core.errors import RemoteFailure

Shape = TypeVar("Shape")


class Issue(Struct, frozen=True, kw_only=True):
    """An issue in a list. With `fields`, what was not asked for has its default."""

    id: str = ""
    title: str = ""
    reason: str = ""
    risk: float = 0
    priority: str = ""
    severity: str = ""
    kind: str = ""
    application: str = ""
    state: str = ""
    resolution: str | None = None
    place: str = ""
    component: str | None = None
    rule: str = ""
    cwe: int | None = None
    kev: bool = False
    fixable: bool = False
    regression: bool = False
    branch_only: bool = False
    tools: int = 0
    owner: str | None = None
    assignee: str | None = None
    due: str | None = None
    fix: int | None = None
    opened_at: str = ""
    resolved_at: str | None = None


class Finding(Struct, frozen=True, kw_only=True):
    """What one tool says of an issue."""

    finding: int
    tool: str
    rule: str
    severity: str
    place: str
    state: str
    title: str = ""
    component: str | None = None
    fixed_version: str | None = None


class Application(Struct, frozen=True, kw_only=True):
    """A unit of software."""

    slug: str = ""
    name: str = ""
    unit: str | None = None
    criticality: int | None = None
    exposure: str | None = None
    data_classes: list[str] = []
    open_issues: dict[str, int] = {}
    highest_risk: float | None = None


class Fix(Struct, frozen=True, kw_only=True):
    """A change that clears issues."""

    id: int = 0
    kind: str = ""
    title: str = ""
    application: str = ""


class Job(Struct, frozen=True, kw_only=True):
    """Work in the background."""

    id: str
    kind: str
    state: str
    done: int
    total: int | None
    result: dict[str, Any] | None
    error: str | None

    @property
    def finished(self) -> bool:
        """Tell whether it is done, or failed."""
        return self.state in {"done", "failed"}


class Bulk(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which issues, by a query or by reference, and what is to become of them."""

    q: str | None = None
    issues: list[str] = []
    state: str | None = None
    resolution: str = ""
    comment: str = ""
    assignee: str | msgspec.UnsetType | None = msgspec.UNSET
    """User name, None for nobody; left out, who works on them stays."""


class Outlook(Struct, frozen=True, kw_only=True):
    """What a change of many issues would do."""

    issues: int
    changes: int
    refused: int
    reasons: list[str]
    by_state: dict[str, int]
    by_priority: dict[str, int]
    by_application: dict[str, int]


class Done(Struct, frozen=True, kw_only=True):
    """What it did."""

    issues: int
    moved: int
    assigned: int
    changes: list[str]


def shaped(value: Any, shape: type[Shape]) -> Shape:
    """Return an answer as its shape. Raises `RemoteFailure` where it is not one of Seamark's."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise RemoteFailure(
            f"The server's answer is not one of Seamark's ({error}); is SEAMARK_URL a Seamark server?", permanent=True
        ) from None
