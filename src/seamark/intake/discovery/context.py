"""The business context that a repository declares in `seamark.yaml`. Pure: text in, values out."""

from __future__ import annotations

import difflib
import re
from datetime import date
from typing import Annotated, Any, Final, Literal, get_args, get_type_hints

import msgspec
import yaml
from msgspec import Meta, Struct

from seamark.core.errors import SeamarkError

Exposure = Literal["internet", "partner", "internal", "none"]
Criticality = Literal[1, 2, 3, 4]
Name = Annotated[str, Meta(min_length=1, max_length=200)]


class Money(Struct, frozen=True, forbid_unknown_fields=True):
    """An amount in a currency (ISO 4217)."""

    amount: Annotated[float, Meta(ge=0)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "EUR"


class Named(Struct, frozen=True, forbid_unknown_fields=True):
    """The names of an application: `name` identifies it, `title` is shown."""

    name: str
    title: str = ""


class Service(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the application that runs. What it does not say it has from the application."""

    name: Name
    path: str = "."
    """Its folder, relative to the file."""
    title: str = ""
    owner: str | None = None
    """`@acme/orders`, `@ada`, `ada@acme.example`."""
    image: str | list[str] | None = None
    """Names of images that are built from it, with or without tag."""
    api: str | list[str] | None = None
    """Its API descriptions, relative to the file."""
    data_classes: list[Name] | None = None
    data_stores: list[Name] | None = None
    """Names from `data_stores` that it reads and writes."""
    exposure: Exposure | None = None
    environment: str | None = None
    criticality: Criticality | None = None


class DataStore(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where data lies."""

    name: Name
    kind: str = ""
    """`postgresql`, `s3`, `kafka` …"""
    resource: str | None = None
    """What declares it: a Terraform address, `template.yaml#LogicalId`, or an identifier of the cloud (ARN)."""
    owner: str | None = None
    data_classes: list[Name] | None = None
    exposure: Exposure | None = None
    environment: str | None = None


class PaymentFlow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A way that money takes: what touches it weighs more."""

    name: Name
    services: list[Name] = []
    data_stores: list[Name] = []
    provider: str | None = None


class Covers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a control protects: whatever fits each list that is given."""

    services: list[Name] = []
    weaknesses: list[Annotated[str, Meta(pattern="^CWE-[0-9]{1,6}$")]] = []
    paths: list[Name] = []
    assets: list[Name] = []


class Control(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A compensating control: why a weakness weighs less. It counts until it expires."""

    name: Name
    kind: Name
    """`waf`, `network`, `monitoring` …"""
    covers: Covers
    evidence: Name
    expires: date


class Spec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the business says of an application; None where it says nothing."""

    description: str | None = None
    business_unit: str | None = None
    owner: str | None = None
    criticality: Criticality | None = None
    """Tier: 1 is what the business stops without."""
    sla_tier: str | None = None
    revenue_per_hour: Money | float | None = None
    data_classes: list[Name] | None = None
    environment: str | None = None
    exposure: Exposure | None = None
    compliance_scope: list[Name] | None = None
    """`PCI DSS`, `SOC 2`, `HIPAA` …"""
    repository: str | None = None
    contacts: dict[str, str] = {}
    """Whom to ask, by matter: `security: "@acme/platform"`."""
    services: list[Service] = []
    data_stores: list[DataStore] = []
    payment_flows: list[PaymentFlow] = []
    phi_stores: list[Name] = []
    """Names from `data_stores` that hold health data."""
    crown_jewels: list[Name] = []
    """What the business would feel most: services and data stores by name, other assets by key, packages by package URL."""
    compensating_controls: list[Control] = []


class ApplicationContext(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A `seamark.yaml`."""

    api_version: Literal["seamark.dev/v1"]
    kind: Literal["Application"]
    metadata: Named
    spec: Spec = Spec()


def read_context(text: str) -> ApplicationContext:
    """Return the context that a `seamark.yaml` declares. Raises `SeamarkError` with the line and path of what is wrong."""
    try:
        content: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark is not None else ""
        raise SeamarkError(f"seamark.yaml is not valid YAML{place}") from None
    except (RecursionError, ValueError, OverflowError):
        # A date such as 2026-02-31 is a ValueError.
        raise SeamarkError("seamark.yaml is nested too deeply, or has a date that is none") from None
    try:
        return msgspec.convert(content, ApplicationContext)
    except msgspec.ValidationError as error:
        raise SeamarkError(f"seamark.yaml: {_explained(str(error), text)}") from None
    except RecursionError:
        raise SeamarkError("seamark.yaml is nested too deeply") from None


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a `seamark.yaml`, for editors."""
    schema = msgspec.json.schema(ApplicationContext)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "seamark.yaml", **schema}


_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*?)`(?: - at `\$(.*)`)?$", re.DOTALL)
_PLACE: Final = re.compile(r" - at `(?:key in )?\$(.*)`$", re.DOTALL)


def _explained(sentence: str, text: str) -> str:
    """Add the line of what is wrong, and the key that may be meant where one is unknown."""
    unknown, place = _UNKNOWN.search(sentence), _PLACE.search(sentence)
    steps = [step.strip(".[]") for step in re.findall(r"\.[^.\[]+|\[[^\]]*\]", place[1] if place else "")]
    if unknown:
        near = difflib.get_close_matches(unknown[1], _keys_at(steps), n=1, cutoff=0.5)
        sentence += f". Did you mean `{near[0]}`?" if near else ""
    line = _line_of(text, steps, unknown[1] if unknown else "")
    # The sentence is for people: a key's own line breaks have no place in it.
    return " ".join(f"{sentence}{f' (line {line})' if line else ''}".split())


def _keys_at(steps: list[str]) -> list[str]:
    """Return the keys that are known at a place."""
    kind: Any = ApplicationContext
    for step in steps:
        if step != "..." and not step.isdigit():
            hints = get_type_hints(kind)
            names = dict(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True))
            kind = _struct_in(hints.get(names.get(step, step)))
        if kind is None:
            return []
    return list(kind.__struct_encode_fields__)


def _struct_in(hint: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, Struct):
        return hint
    return next((found for each in get_args(hint) if (found := _struct_in(each)) is not None), None)


def _line_of(text: str, steps: list[str], key: str) -> int:
    """Return the line of a place, or of what is around it; 0 for the whole file."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    line = 0
    for step in [*steps, *([key] if key else [])]:
        if isinstance(node, yaml.MappingNode):
            pairs = [(each, value) for each, value in node.value if each.value == step]
        elif isinstance(node, yaml.SequenceNode) and step.isdigit():
            pairs = [(each, each) for each in node.value[int(step) : int(step) + 1]]
        else:
            return line
        if not pairs:
            return line
        line, node = pairs[0][0].start_mark.line + 1, pairs[0][1]
    return line
