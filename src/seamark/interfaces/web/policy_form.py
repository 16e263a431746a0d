"""The fields of a policy's form: out of its YAML, and back into it without touching the rest of the text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import yaml
from django.utils.translation import gettext, gettext_noop

from seamark.governance.policy.document import compose
from seamark.governance.policy.model import Effect, Mode, OnError, Stage, Type
from seamark.governance.policy.rewrite import NotOnePolicy, put

BLANK: Final = """\
apiVersion: seamark.dev/v1
kind: Policy
metadata:
  name: my-policy
  explanation: ""
  remediation: ""
spec:
  description: ""
  match: issue.severity >= CRITICAL && asset.exposure == "internet" && !issue.waived
  stages: {pull_request: warn, monitor: log}
  mode: log
  newOnly: true
  severity: high
  examples:
    - facts: {issue: {severity: critical, waived: false, new: true}, asset: {exposure: internet}}
      expect: violation
    - facts: {issue: {severity: low, waived: false}, asset: {exposure: internet}}
      expect: pass
"""
SEVERITIES: Final = ("critical", "high", "medium", "low", "info")


@dataclass(frozen=True)
class Field:
    """One field: where its value stands in the YAML, and how it is shown."""

    name: str
    label: str
    path: tuple[str, str]
    kind: str = "text"
    """`text`, `long`, `choice`, `check` or `date`."""
    choices: tuple[tuple[str, str], ...] = ()
    usual: str = ""
    """What holds where the key is missing."""
    hint: str = ""


def _choices(words: Any) -> tuple[tuple[str, str], ...]:
    return tuple((one.value, one.value.replace("_", " ")) for one in words)


_ON_ERROR: Final = (
    ("closed", gettext_noop("as a violation")),
    ("warn", gettext_noop("with a warning")),
    ("open", gettext_noop("let through")),
)
FIELDS: Final = (
    Field("name", gettext_noop("Name"), ("metadata", "name"), hint=gettext_noop("Small letters, digits and hyphens.")),
    Field("description", gettext_noop("What it demands"), ("spec", "description"), hint=gettext_noop("In a sentence.")),
    Field("match", gettext_noop("Condition"), ("spec", "match"), "long", hint=gettext_noop("CEL: true for what violates it.")),
    Field("type", gettext_noop("Type"), ("spec", "type"), "choice", _choices(Type), Type.GATE.value),
    Field("severity", gettext_noop("Severity"), ("spec", "severity"), "choice", tuple((one, one) for one in SEVERITIES), "medium"),
    *(
        Field(f"stage.{stage.value}", stage.value.replace("_", " ").capitalize(), ("stages", stage.value), "choice", (("", gettext_noop("not asked")), *_choices(one for one in Effect if one is not Effect.OFF)))
        for stage in Stage
    ),
    Field("mode", gettext_noop("Mode"), ("spec", "mode"), "choice", _choices(Mode), Mode.ENFORCE.value, gettext_noop("Until the first of the dates.")),
    Field("schedule.warn", gettext_noop("Warns from"), ("schedule", "warn"), "date"),
    Field("schedule.enforce", gettext_noop("Enforced from"), ("schedule", "enforce"), "date"),
    Field("new_only", gettext_noop("Only what a change brings blocks"), ("spec", "newOnly"), "check"),
    Field("grace", gettext_noop("Days of grace"), ("spec", "grace"), "days", hint=gettext_noop("For what was there before.")),
    Field("on_error", gettext_noop("Where facts are missing"), ("spec", "onError"), "choice", _ON_ERROR, OnError.CLOSED.value),
    Field("message", gettext_noop("Message"), ("spec", "message"), hint=gettext_noop("Facts in braces: {issue.ref}")),
    Field("explanation", gettext_noop("Why it is there"), ("metadata", "explanation"), "long"),
    Field("remediation", gettext_noop("What to do about it"), ("metadata", "remediation"), "long"),
)  # fmt: skip
_NESTED: Final = frozenset({"stages", "schedule"})


@dataclass(frozen=True)
class Shown:
    """A field with its value."""

    field: Field
    value: str

    @property
    def number(self) -> str:
        """Return the field's name as an id."""
        return "f-" + self.field.name.replace(".", "-").replace("_", "-")


def values(text: str) -> dict[str, str] | None:
    """Return the fields' values out of a policy's YAML; None where it is not one mapping."""
    try:
        node = compose(text)
    except ValueError:
        return None
    if not isinstance(node, yaml.MappingNode):
        return None
    told = _plain(node)
    return {one.name: _value(one, told) for one in FIELDS}


def shown(text: str) -> list[Shown] | None:
    """Return the fields with their values; None where the text cannot be read."""
    found = values(text)
    return None if found is None else [Shown(one, found[one.name]) for one in FIELDS]


def applied(text: str, form: Mapping[str, str]) -> str:
    """Return a policy's text with what a form says. Raises `NotOnePolicy`."""
    before = values(text)
    if before is None:
        raise NotOnePolicy(
            gettext("The YAML cannot be read, so that the form cannot change it: correct the YAML first")
        )
    nested: dict[str, dict[str, str]] = {}
    for one in FIELDS:
        sent = _sent(one, form)
        if one.path[0] in _NESTED:
            if sent:
                nested.setdefault(one.path[0], {})[one.path[1]] = sent
            continue
        if sent == before[one.name]:
            continue
        text = put(text, one.path, _stored(one, sent))
    for key in sorted(_NESTED):
        was = {one.path[1]: before[one.name] for one in FIELDS if one.path[0] == key and before[one.name]}
        if (now := nested.get(key, {})) != was:
            # What the form has no field for, such as a mode's date that it does not show, stays.
            text = put(text, ("spec", key), {**_rest(text, key), **now})
    return text


def _sent(field: Field, form: Mapping[str, str]) -> str:
    if field.kind == "check":
        return "true" if form.get(field.name) else "false"
    return form.get(field.name, "").replace("\r\n", "\n").replace("\0", "").strip()


def _stored(field: Field, sent: str) -> Any:
    if field.kind == "check":
        return sent == "true" or None
    if field.kind == "days":
        return f"{sent}d" if sent and sent != "0" else None
    if not sent and field.path[1] in {"name", "match"}:
        return sent
    return None if sent in {"", field.usual} else sent


def _rest(text: str, key: str) -> dict[str, str]:
    node = compose(text)
    told = _plain(node).get("spec") if isinstance(node, yaml.MappingNode) else None
    mine = told.get(key) if isinstance(told, dict) else None
    known = {one.path[1] for one in FIELDS if one.path[0] == key}
    return {name: value for name, value in (mine if isinstance(mine, dict) else {}).items() if name not in known}


def _plain(node: yaml.Node) -> Any:
    """Return a tree's texts and mappings; whatever else is in it is left out."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: _plain(value) for key, value in node.value if isinstance(key.value, str)}
    return node.value if isinstance(node, yaml.ScalarNode) else None


def _value(field: Field, told: dict[str, Any]) -> str:
    part: Any = told.get("spec") if field.path[0] in _NESTED else told.get(field.path[0])
    if field.path[0] in _NESTED and isinstance(part, dict):
        part = part.get(field.path[0])
    found = part.get(field.path[1]) if isinstance(part, dict) else None
    if not isinstance(found, str):
        return {"check": "false", "days": "0"}.get(field.kind, field.usual)
    return found.removesuffix("d") if field.kind == "days" else found.strip()
