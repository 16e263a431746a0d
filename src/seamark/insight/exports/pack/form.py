"""CISA's Secure Software Development Attestation Form, filled with what is known. Whoever signs it is a person: we leave that open."""

from __future__ import annotations

from typing import Any, Final

from seamark.governance.compliance.outcome import Outcome
from seamark.insight.exports.pack.printed import typeset
from seamark.insight.exports.pack.shapes import Control, Pack, word

FRAMEWORK: Final = "cisa-ssdf-attestation"
_SAYS: Final = {
    Outcome.PASS: "Supported by evidence",
    Outcome.PARTIAL: "Supported in part: name what is missing before you sign",
    Outcome.FAIL: "Not supported: evidence speaks against it",
    Outcome.NOT_KNOWN: "Not known: no evidence was found",
    Outcome.NOT_APPLICABLE: "Does not apply",
    Outcome.NOT_COVERED: "Nothing here measures it: to be shown by hand",
}


def filled(pack: Pack) -> dict[str, Any]:
    """Return the form: its fields with what is known, each statement with what supports it, empty fields for a person."""
    families: dict[str, list[Control]] = {}
    for one in pack.controls:
        families.setdefault(one.family, []).append(one)
    several = pack.scope.kind != "application"
    return {
        "form": pack.framework.title,
        "as_of": pack.as_of,
        "attestation": {
            "kind": "multiple products" if several else "individual product",
            "products": [pack.scope.name] if pack.scope.kind == "application" else list(pack.scope.applications),
            "version": "",
            "release_date": "",
        },
        "producer": {"name": "", "address": "", "country": "", "website": ""},
        "contact": {"name": "", "title": "", "telephone": "", "e-mail": ""},
        "statements": [
            {"title": title, "parts": [_part(one, pack) for one in controls]} for title, controls in families.items()
        ],
        "ready": all(one.outcome in {Outcome.PASS, Outcome.NOT_APPLICABLE} for one in pack.controls),
        "signature": {"name": "", "title": "", "date": ""},
    }


def as_pdf(pack: Pack) -> bytes:
    """Return the form as PDF. The same pack, the same bytes."""
    told = {**filled(pack), "as_of": f"{pack.as_of[:16].replace('T', ' ')} UTC", "made_with": pack.made_with}
    return typeset("form.typ", told, pack.as_of)


def _part(control: Control, pack: Pack) -> dict[str, Any]:
    questions = {one.id: one for one in pack.checks}
    asked = [questions[one] for one in control.checks if one in questions]
    return {
        "id": control.id,
        "title": control.title,
        "outcome": word(control.outcome),
        "says": _SAYS[control.outcome],
        "checks": [{"question": one.question, "outcome": word(one.outcome), "result": one.result} for one in asked],
        "by_hand": control.need or control.reason,
        "evidence": list(control.evidence),
        "practices": list(control.also),
    }
