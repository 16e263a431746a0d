"""Changes of SCIM (RFC 7644, 3.5.2), made on a resource as plain values: directories write them in several ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from seamark.governance.access.scim.filters import Path, ScimError, Several, fits, read_path

MOST: Final = 1000
"""Operations of one request."""
_LISTS: Final = frozenset({"members", "emails", "groups"})


def patched(resource: Mapping[str, Any], operations: object) -> dict[str, Any]:
    """Return a resource as a list of operations leaves it. Raises `ScimError`; unknown attributes are passed over."""
    if not isinstance(operations, list) or not operations:
        raise ScimError("A change needs `Operations`", kind="invalidSyntax")
    if len(operations) > MOST:
        raise ScimError(f"A change has at most {MOST:,} operations", kind="tooMany", status=413)
    changed = deepcopy(dict(resource))
    for one in operations:
        if not isinstance(one, dict):
            raise ScimError("An operation is an object", kind="invalidSyntax")
        _apply(changed, str(one.get("op", "")).lower(), one.get("path"), one.get("value"))
    return changed


def _apply(resource: dict[str, Any], operation: str, path: object, value: object) -> None:
    if operation not in {"add", "replace", "remove"}:
        raise ScimError(f"There is no operation {operation[:50]!r}", kind="invalidSyntax")
    if path is not None and not isinstance(path, str):
        raise ScimError("A path is a text", kind="invalidPath")
    if path:
        _change(resource, operation, read_path(path), value)
        return
    if operation == "remove":
        raise ScimError("Say by `path` what to remove", kind="noTarget")
    if not isinstance(value, dict):
        raise ScimError("A change without a path has an object of attributes", kind="invalidValue")
    for name, each in value.items():
        if name.lower().startswith("urn:") and isinstance(each, dict):
            continue
        _change(resource, operation, read_path(name), each)


def _change(resource: dict[str, Any], operation: str, path: Path, value: object) -> None:
    name = next((known for known in resource if known.lower() == path.name), path.name)
    if path.name in _LISTS:
        resource[name] = _changed_list(_rows(resource.get(name)), operation, path, value)
    elif path.part:
        held = resource.get(name)
        inner = dict(held) if isinstance(held, dict) else {}
        key = next((known for known in inner if known.lower() == path.part), path.part)
        inner[key] = None if operation == "remove" else value
        resource[name] = inner
    elif operation == "remove":
        resource[name] = None
    elif isinstance(value, dict) and isinstance(resource.get(name), dict):
        resource[name] = {**resource[name], **value}
    else:
        resource[name] = value


def _changed_list(rows: list[dict[str, Any]], operation: str, path: Path, value: object) -> list[dict[str, Any]]:
    if path.within is None:
        given = _rows(value)
        if operation == "remove":
            # Without a value all go; with one, as Entra ID writes it, those.
            gone = {str(one.get("value")) for one in given}
            return [one for one in rows if value and str(one.get("value")) not in gone]
        if operation == "replace":
            return given
        known = {str(one.get("value")) for one in rows}
        return [*rows, *(one for one in given if str(one.get("value")) not in known)]
    hit = [fits(path.within, one) for one in rows]
    if operation == "remove" and not path.part:
        return [one for one, fitting in zip(rows, hit, strict=True) if not fitting]
    part = path.part or "value"
    if operation != "remove" and not any(hit):
        return [*rows, {**_named(path), part: value}]
    new = None if operation == "remove" else value
    return [{**one, part: new} if fitting else one for one, fitting in zip(rows, hit, strict=True)]


def _named(path: Path) -> dict[str, Any]:
    """Return what a filter says of a value that is not there yet: `emails[type eq "work"]` is of the type work."""
    if path.within is None or isinstance(path.within, Several) or path.within.operator != "eq":
        return {}
    return {path.within.path: path.within.value}


def _rows(value: object) -> list[dict[str, Any]]:
    """Return the values of a list; a single object, or its bare text, is a list of one."""
    several: Sequence[object] = value if isinstance(value, list) else [] if value is None else [value]
    rows = [one if isinstance(one, dict) else {"value": one} for one in several]
    if any(isinstance(one.get("value"), dict | list) for one in rows):
        raise ScimError("A value of a list is a text", kind="invalidValue")
    return rows
