"""The business context that a repository declares in `seamark.yaml`. Pure: text in, values out."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import yaml
from msgspec import Struct

from seamark.core.errors import SeamarkError

Exposure = Literal["internet", "partner", "internal", "none"]


class Money(Struct, frozen=True):
    """An amount in a currency (ISO 4217)."""

    amount: float
    currency: str = "EUR"


class Named(Struct, frozen=True):
    """The names of an application: `name` identifies it, `title` is shown."""

    name: str
    title: str = ""


class Spec(Struct, frozen=True, kw_only=True):
    """What the business says of an application; None where it says nothing."""

    description: str | None = None
    business_unit: str | None = None
    criticality: Literal[1, 2, 3, 4] | None = None
    """Tier: 1 is what the business stops without."""
    sla_tier: str | None = None
    revenue_per_hour: Money | float | None = None
    data_classes: list[str] | None = None
    environment: str | None = None
    exposure: Exposure | None = None
    repository: str | None = None


class ApplicationContext(Struct, frozen=True, rename="camel"):
    """A `seamark.yaml`."""

    api_version: Literal["seamark.dev/v1"]
    kind: Literal["Application"]
    metadata: Named
    spec: Spec = Spec()


def read_context(text: str) -> ApplicationContext:
    """Return the context that a `seamark.yaml` declares. Raises `SeamarkError` with the line or path of what is wrong."""
    try:
        content: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark is not None else ""
        raise SeamarkError(f"seamark.yaml is not valid YAML{place}") from None
    except RecursionError:
        raise SeamarkError("seamark.yaml is nested too deeply") from None
    try:
        return msgspec.convert(content, ApplicationContext)
    except msgspec.ValidationError as error:
        raise SeamarkError(f"seamark.yaml: {error}") from None
