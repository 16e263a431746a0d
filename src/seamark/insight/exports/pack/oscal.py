"""OSCAL documents of a pack: assessment results, plan of action (POA&M), component definition. The same pack, the same bytes.

Ids are derived from what they name, so that an item keeps its id from pack to pack.
"""

from __future__ import annotations

import re
import uuid
from typing import Any, Final

from seamark.governance.compliance.outcome import Outcome
from seamark.insight.exports.pack.archive import as_json
from seamark.insight.exports.pack.shapes import CheckResult, Control, Evidence, Gap, Pack, rests_on, word

OSCAL_VERSION: Final = "1.1.3"
NAMESPACE: Final = "urn:seamark:oscal"
"""Of our properties."""
_IDS: Final = uuid.UUID("0d3c5c4e-6f0b-5a55-9a0e-1c1e0a4b7f11")
_NO_TOKEN: Final = re.compile(r"[^A-Za-z0-9._-]+")
_REASONS: Final = {Outcome.PASS: "pass", Outcome.FAIL: "fail", Outcome.PARTIAL: "fail", Outcome.NOT_KNOWN: "other"}
_STATUSES: Final = {"open": "open", "accepted": "deviation-approved", "closed": "closed"}
_DONE: Final = {
    Outcome.PASS: "implemented",
    Outcome.PARTIAL: "partial",
    Outcome.FAIL: "planned",
    Outcome.NOT_APPLICABLE: "not-applicable",
}


def assessment_results(pack: Pack) -> bytes:
    """Return the assessment results (OSCAL 1.1): each check as an observation, each control that was assessed as a finding."""
    return as_json({"assessment-results": _Document(pack).results()})


def plan_of_action(pack: Pack) -> bytes | None:
    """Return the POA&M, each gap an item under its number. OSCAL knows no plan without items: then there is none."""
    return as_json({"plan-of-action-and-milestones": _Document(pack).plan()}) if pack.gaps else None


def component_definition(pack: Pack) -> bytes:
    """Return a component definition: which controls Seamark's checks speak of, and how far each is met here."""
    return as_json({"component-definition": _Document(pack).components()})


def token(text: str) -> str:
    """Return a control's id as OSCAL takes it: neither spaces nor signs, and no digit in front."""
    found = _NO_TOKEN.sub("-", text).strip("-") or "none"
    return found if found[0].isalpha() else f"c-{found}"


class _Document:
    """Makes parts of documents that belong together."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._place = f"{pack.framework.slug}/{pack.scope.kind}/{pack.scope.name}"
        self._whole = f"{self._place}/{pack.period.label}/{pack.as_of}"
        self._evidence = {one.id: one for one in pack.evidence}

    def _id(self, *what: str, of: str = "") -> str:
        return str(uuid.uuid5(_IDS, "/".join((of or self._place, *what))))

    def _metadata(self, title: str) -> dict[str, Any]:
        pack = self._pack
        return {
            "title": f"{title}: {pack.framework.title}, {pack.scope.name}, {pack.period.label}",
            "last-modified": pack.as_of,
            "version": pack.period.label,
            "oscal-version": OSCAL_VERSION,
            "props": [_prop("made-with", pack.made_with), _prop("framework", pack.framework.slug), *([_prop("installation", pack.installation)] if pack.installation else [])],
            "roles": [{"id": "assessor", "title": "Assessor"}],
            "parties": [
                {"uuid": self._id("tool", of="seamark"), "type": "organization", "name": pack.made_with},
            ],
            "responsible-parties": [{"role-id": "assessor", "party-uuids": [self._id("tool", of="seamark")]}],
        }  # fmt: skip

    def results(self) -> dict[str, Any]:
        pack = self._pack
        plan = self._id("plan")
        return {
            "uuid": self._id("assessment-results", of=self._whole),
            "metadata": self._metadata("Assessment results"),
            # The plan is the framework's file itself: it maps each control to its checks.
            "import-ap": {"href": f"#{plan}"},
            "results": [self._result()],
            "back-matter": {
                "resources": [
                    {
                        "uuid": plan,
                        "title": f"How {pack.framework.title} was assessed",
                        "description": "Controls, the checks that each rests on, and the facts that each check names.",
                        "rlinks": [{"href": "../report.json", "media-type": "application/json"}],
                    },
                    *(_resource(self._id("evidence", one.id), one) for one in pack.evidence),
                ]
            },
        }

    def _result(self) -> dict[str, Any]:
        pack = self._pack
        found: dict[str, Any] = {
            "uuid": self._id("result", of=self._whole),
            "title": f"{pack.framework.title} for {pack.scope.name}",
            "description": f"Continuous assessment of {pack.scope.name} against {pack.framework.title}.",
            "start": f"{pack.period.first}T00:00:00Z",
            "end": pack.as_of,
            "reviewed-controls": {"control-selections": [self._selection()]},
        }
        if pack.checks:
            found["observations"] = [self._observation(one) for one in pack.checks]
        if pack.gaps:
            found["risks"] = [self._risk(one) for one in pack.gaps]
        if findings := [self._finding(one) for one in pack.controls if _assessed(one)]:
            found["findings"] = findings
        left_out = [f"{one.id}: {_why(one)}" for one in pack.controls if not _assessed(one)]
        if remarks := "\n".join((*pack.notes, *left_out)):
            found["remarks"] = remarks
        return found

    def _selection(self) -> dict[str, Any]:
        chosen = [{"control-id": token(one.id)} for one in self._pack.controls if _assessed(one)]
        if not chosen:
            return {"include-all": {}, "description": "No control was assessed; the remarks say why."}
        return {"include-controls": chosen}

    def _observation(self, check: CheckResult) -> dict[str, Any]:
        uses = {one for control in self._pack.controls if check.id in control.checks for one in control.evidence}
        props = [_prop("check", check.id), _prop("outcome", word(check.outcome))]
        props += [_prop("fact", one) for one in check.facts]
        props += [_prop(name, str(getattr(check, name))) for name in ("yes", "no", "unknown")]
        found: dict[str, Any] = {
            "uuid": self._id("check", check.id),
            "title": check.question,
            "description": check.result or f"The answer is: {word(check.outcome)}.",
            "props": props,
            "methods": ["TEST"],
            "types": ["control-objective"],
            "origins": [self._origin()],
            "collected": self._pack.as_of,
        }
        shown = [self._evidence[one] for one in sorted(uses) if one in self._evidence]
        if shown:
            found["relevant-evidence"] = [
                {"href": f"#{self._id('evidence', one.id)}", "description": one.title} for one in shown
            ]
        return found

    def _origin(self) -> dict[str, Any]:
        return {"actors": [{"type": "tool", "actor-uuid": self._id("tool", of="seamark")}]}

    def _finding(self, control: Control) -> dict[str, Any]:
        found: dict[str, Any] = {
            "uuid": self._id("control", control.id),
            "title": f"{control.id} {control.title}",
            "description": f"{control.id} came to: {word(control.outcome)}.",
            "props": [_prop("control", control.id), _prop("outcome", word(control.outcome)), _prop("rests-on", rests_on(control))],
            "origins": [self._origin()],
            "target": {
                "type": "objective-id",
                "target-id": token(control.id),
                "title": control.title,
                "status": {
                    "state": "satisfied" if control.outcome is Outcome.PASS else "not-satisfied",
                    "reason": _REASONS[control.outcome],
                    "remarks": f"Outcome: {word(control.outcome)}. What is not known never counts as satisfied.",
                },
            },
        }  # fmt: skip
        known = {one.id for one in self._pack.checks}
        if checks := [one for one in control.checks if one in known]:
            found["related-observations"] = [{"observation-uuid": self._id("check", one)} for one in checks]
        if gaps := [one for one in self._pack.gaps if control.id in one.controls]:
            found["related-risks"] = [{"risk-uuid": self._id("gap", one.number)} for one in gaps]
        return found

    def _risk(self, gap: Gap) -> dict[str, Any]:
        props = [_prop("poam-id", gap.number), *(_prop("control", one) for one in gap.controls)]
        if gap.owner:
            props.append(_prop("owner", gap.owner))
        found: dict[str, Any] = {
            "uuid": self._id("gap", gap.number),
            "title": f"{gap.number} {gap.title}",
            "description": gap.note or gap.title,
            "statement": f"Required by {', '.join(gap.controls)} of {self._pack.framework.title}.",
            "props": props,
            "status": _STATUSES.get(gap.state, "open"),
        }
        if gap.due:
            found["deadline"] = _moment(gap.due)
            found["remediations"] = [self._milestone(gap)]
        if gap.check and any(one.id == gap.check for one in self._pack.checks):
            found["related-observations"] = [{"observation-uuid": self._id("check", gap.check)}]
        return found

    def _milestone(self, gap: Gap) -> dict[str, Any]:
        return {
            "uuid": self._id("remediation", gap.number),
            "lifecycle": "completed" if gap.state == "closed" else "planned",
            "title": f"Close {gap.number}",
            "description": gap.note or gap.title,
            "tasks": [
                {
                    "uuid": self._id("milestone", gap.number),
                    "type": "milestone",
                    "title": f"{gap.number} is closed",
                    "timing": {"on-date": {"date": _moment(gap.due)}},
                }
            ],
        }

    def plan(self) -> dict[str, Any]:
        pack = self._pack
        named = {one.check for one in pack.gaps}
        found: dict[str, Any] = {
            "uuid": self._id("poam", of=self._whole),
            "metadata": self._metadata("Plan of action and milestones"),
            "system-id": {"identifier-type": "https://ietf.org/rfc/rfc4122", "id": self._id("system", of=pack.scope.kind + pack.scope.name)},
        }  # fmt: skip
        if observations := [self._observation(one) for one in pack.checks if one.id in named]:
            for one in observations:
                one.pop("relevant-evidence", None)
            found["observations"] = observations
        found["risks"] = [self._risk(one) for one in pack.gaps]
        found["poam-items"] = [self._item(one) for one in pack.gaps]
        return found

    def _item(self, gap: Gap) -> dict[str, Any]:
        props = [_prop("poam-id", gap.number), _prop("state", gap.state)]
        props += [_prop(name, text) for name, text in (("opened", gap.opened_at), ("closed", gap.closed_at), ("due", gap.due), ("owner", gap.owner)) if text]  # fmt: skip
        found: dict[str, Any] = {
            "uuid": self._id("item", gap.number),
            "title": f"{gap.number} {gap.title}",
            "description": gap.note or gap.title,
            "props": props,
            "related-risks": [{"risk-uuid": self._id("gap", gap.number)}],
        }
        if gap.check and any(one.id == gap.check for one in self._pack.checks):
            found["related-observations"] = [{"observation-uuid": self._id("check", gap.check)}]
        return found

    def components(self) -> dict[str, Any]:
        pack = self._pack
        rested = [one for one in pack.controls if one.checks]
        component: dict[str, Any] = {
            "uuid": self._id("component", of="seamark"),
            "type": "software",
            "title": pack.made_with,
            "description": "Measures the posture of applications: what scanners report, what was decided about it, and by whom.",
        }
        if rested:
            component["control-implementations"] = [
                {
                    "uuid": self._id("implementation"),
                    "source": pack.framework.url or f"urn:seamark:framework:{pack.framework.slug}",
                    "description": f"Checks of {pack.framework.title} in {pack.scope.name}.",
                    "implemented-requirements": [self._requirement(one) for one in rested],
                }
            ]
        return {
            "uuid": self._id("component-definition", of=self._whole),
            "metadata": self._metadata("Component definition"),
            "components": [component],
        }

    def _requirement(self, control: Control) -> dict[str, Any]:
        questions = {one.id: one.question for one in self._pack.checks}
        asked = [questions.get(one, one) for one in control.checks]
        return {
            "uuid": self._id("requirement", control.id),
            "control-id": token(control.id),
            "description": "\n".join(asked) or control.title,
            "props": [
                _prop("control", control.id),
                _prop("implementation-status", _DONE.get(control.outcome, "unknown")),
            ],
        }


def _assessed(control: Control) -> bool:
    return control.outcome not in {Outcome.NOT_COVERED, Outcome.NOT_APPLICABLE}


def _why(control: Control) -> str:
    return control.reason or word(control.outcome)


def _prop(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "ns": NAMESPACE, "value": " ".join(value.split()) or "-"}


def _moment(day: str) -> str:
    return day if "T" in day else f"{day}T23:59:59Z"


def _resource(number: str, one: Evidence) -> dict[str, Any]:
    found: dict[str, Any] = {
        "uuid": number,
        "title": f"{one.id} {one.title}",
        "props": [_prop("kind", one.kind), _prop("taken-at", one.taken_at)],
    }
    hashes = [{"algorithm": "SHA-256", "value": one.sha256}] if one.sha256 else []
    if one.file:
        found["rlinks"] = [{"href": f"../{one.file}", "hashes": hashes}]
    elif one.link:
        found["rlinks"] = [{"href": one.link}]
    else:
        found["description"] = "The content is kept no more; its hash is in the ledger."
    return found
