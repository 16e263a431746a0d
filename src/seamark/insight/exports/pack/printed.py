"""A pack as PDF for people. All that it says comes as data: nothing of it is read as markup."""

from __future__ import annotations

import re
from datetime import datetime
from importlib.resources import files
from typing import Any, Final, Literal

import msgspec
import typst

from seamark.insight.exports.pack.shapes import Control, Pack, counts, rests_on, word

_UNPRINTABLE: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_WAYS: Final[tuple[tuple[bool, Literal["ua-1", "1.7"]], ...]] = ((False, "ua-1"), (True, "ua-1"), (True, "1.7"))
"""Fonts of the machine or not, and the standard. They are used only for letters that the type-setter's own fonts lack, since they
make other bytes on another machine; where they lack them too the PDF is not accessible by the standard, and shows boxes."""


def report(pack: Pack) -> bytes:
    """Return the report: summary, controls by family, plan of action, evidence. The same pack, the same bytes."""
    return typeset("report.typ", _report(pack), pack.as_of)


def typeset(template: str, data: dict[str, Any], at: str) -> bytes:
    """Return a PDF of a template in this folder. `at` is what its metadata says of when it was made."""
    source = files("seamark.insight.exports.pack").joinpath(template).read_bytes()
    text = msgspec.json.encode(_printable(data)).decode()
    for system, standard in _WAYS:
        try:
            made = typst.compile(
                source,
                format="pdf",
                sys_inputs={"data": text},
                timestamp=datetime.fromisoformat(at).replace(microsecond=0),
                font_paths=typst.Fonts(include_system_fonts=system),
                pdf_standards=standard,
            )
        except typst.TypstError as error:
            if "could not be displayed" not in str(error) or (system, standard) == _WAYS[-1]:
                raise
            continue
        if isinstance(made, bytes):
            return made
    raise TypeError("a PDF is one file")


def _printable(value: Any) -> Any:
    """Return data without the characters that no font has."""
    if isinstance(value, str):
        return _UNPRINTABLE.sub(" ", value)
    if isinstance(value, dict):
        return {name: _printable(one) for name, one in value.items()}
    return [_printable(one) for one in value] if isinstance(value, list | tuple) else value


def _report(pack: Pack) -> dict[str, Any]:
    number = {one.id: one for one in pack.checks}
    families: dict[str, list[Control]] = {}
    for one in pack.controls:
        families.setdefault(one.family, []).append(one)
    return {
        "framework": msgspec.to_builtins(pack.framework),
        "scope": pack.scope.name if pack.scope.kind == "whole" else f"{pack.scope.kind} {pack.scope.name}",
        "applications": list(pack.scope.applications),
        "period": {"label": pack.period.label, "first": pack.period.first, "last": pack.period.last},
        "as_of": f"{pack.as_of[:16].replace('T', ' ')} UTC",
        "made_with": pack.made_with,
        "installation": pack.installation,
        "notes": list(pack.notes),
        "counts": [{"outcome": word(outcome), "count": count} for outcome, count in counts(pack).items()],
        "families": [
            {"title": title, "controls": [_control(one, number) for one in controls]}
            for title, controls in families.items()
        ],
        "gaps": [msgspec.to_builtins(one) for one in pack.gaps],
        "evidence": [msgspec.to_builtins(one) for one in pack.evidence],
    }


def _control(control: Control, checks: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": control.id,
        "title": control.title,
        "outcome": word(control.outcome),
        "rests_on": rests_on(control),
        "need": control.need,
        "reason": control.reason,
        "also": list(control.also),
        "evidence": list(control.evidence),
        "checks": [
            {"question": one.question, "outcome": word(one.outcome), "result": one.result}
            for name in control.checks
            if (one := checks.get(name)) is not None
        ],
    }
