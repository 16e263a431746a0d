"""Writing a policy: form and YAML as two views of one text, checked as one types, tried before it is enforced, and kept as a version."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from seamark.core.errors import NotAllowed, SeamarkError
from seamark.governance.policy import shapes, words
from seamark.governance.policy.bundle import Bundle
from seamark.governance.policy.document import LARGEST
from seamark.governance.policy.examples import run_policy
from seamark.governance.policy.facts import CONSTANTS, GROUPS, SUBJECTS
from seamark.governance.policy.kept import edit, texts
from seamark.governance.policy.kept.sync import Kept, bundles, versions
from seamark.governance.policy.model import InvalidPolicies, Stage
from seamark.governance.policy.rewrite import NotOnePolicy
from seamark.interfaces.web import policy_form
from seamark.interfaces.web.frame import person, visible, wants_part
from seamark.interfaces.web.policies import differing
from seamark.pipeline.bundles import cache
from seamark.pipeline.pulls import policies
from seamark.pipeline.trial import asked_at, replayed, simulated
from seamark.store.access import READS, Visible
from seamark.store.permissions import Permission

SHOWN: Final = 50
MOST_BUILDS: Final = 500
DAYS: Final = (30, 90, 365)
_FUNCTIONS: Final = (
    ("has(issue.reach)", "whether a fact is known"), ("exists(x, …)", "of a list: whether one item fits"),
    ("all(x, …)", "of a list: whether all items fit"), ("size(issue.tools)", "how many items, or characters"),
    ('startsWith("src/")', "of a text"), ('contains("test")', "of a text"), ('matches("^src/")', "of a text: a regular expression"),
    ("timestamp(issue.opened_at)", "a time to compare with now"), ('duration("24h")', "a span of time"), ("now", "the time at which it is asked"),
)  # fmt: skip


def write(request: HttpRequest) -> HttpResponse:
    """Show the editor of a new policy or of one in force, and keep what is sent."""
    _worker(request)
    kept = _kept(request)
    if request.method == "POST":
        return _save(request, kept)
    text = texts.text_of(kept, cache()) if kept is not None else policy_form.BLANK
    return render(request, "web/policies/editor.html", _context(request, kept, text))


def draft(request: HttpRequest) -> HttpResponse:
    """Check a text as it is typed, or write the form's values into it; htmx is answered with what changes."""
    _worker(request)
    kept, text = _kept(request), _text(request)
    error = ""
    if from_form := request.POST.get("from") == "form":
        try:
            text = policy_form.applied(text, request.POST.dict())
        except NotOnePolicy as refused:
            error = str(refused)
    context = _context(request, kept, text) | {"form_error": error}
    if wants_part(request, "checked"):
        return render(request, "web/policies/_checked.html", context | {"swap": "yaml" if from_form else "fields"})
    return render(request, "web/policies/editor.html", context)


def simulate(request: HttpRequest) -> HttpResponse:
    """Say what a text would hold for today."""
    seen = _worker(request)
    policy, mistakes = edit.one_policy(_text(request))
    context: dict[str, Any] = {"mistakes": mistakes, "what": "simulate"}
    if policy is not None:
        context["found"] = simulated(seen, [policy], now=timezone.now(), most=SHOWN)[0]
    return _outcome(request, context)


def replay(request: HttpRequest) -> HttpResponse:
    """Say what a text would have said to past builds."""
    seen = _worker(request)
    policy, mistakes = edit.one_policy(_text(request))
    stage = request.POST.get("stage", "")
    days = request.POST.get("days", "")
    context: dict[str, Any] = {"mistakes": mistakes, "what": "replay"}
    if policy is not None:
        now = timezone.now()
        since = now - timedelta(days=int(days) if days in {str(one) for one in DAYS} else DAYS[1])
        at = Stage(stage) if stage in set(Stage) else Stage.PULL_REQUEST
        context |= {"stage": at.value.replace("_", " "), "days": (now - since).days}
        context["found"] = replayed(seen, Bundle([asked_at(policy, at)]), at, now=now, since=since, most=MOST_BUILDS)
    return _outcome(request, context)


def patch(request: HttpRequest) -> HttpResponse:
    """Hand out a change to a policy that is kept elsewhere as a patch, or show it with what to do."""
    _worker(request)
    kept, text = _kept(request), _text(request)
    policy, mistakes = edit.one_policy(text)
    row = next(
        (one for one in bundles() if one.name == request.POST.get("bundle", kept.bundle if kept is not None else "")),
        None,
    )
    if row is None or edit.changed_here(row.kind):
        raise Http404
    if policy is None:
        return _outcome(request, {"mistakes": mistakes, "what": "patch"})
    proposal = texts.proposal(row, policy.name, text, kept, cache())
    if request.POST.get("action") == "download":
        name = f"{policy.name}.patch"
        return HttpResponse(
            proposal.patch, content_type="text/x-patch; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
        )  # fmt: skip
    context = {"proposal": proposal, "what": "patch", "text": text, "kept": kept}
    context["asks"] = policies.repository_for(row) is not None and visible(request).may(Permission.POLICY_EDIT)
    if request.POST.get("action") == "pull":
        try:
            context["pull"] = policies.propose(person(request), row, proposal, policy.name)
        except SeamarkError as error:
            context["refused"] = str(error)
    return _outcome(request, context)


def facts(request: HttpRequest) -> JsonResponse:
    """Return what may be completed: facts with their types and meaning, words for severities, and functions."""
    _worker(request)
    found = [
        {
            "name": f"{name}.{field}",
            "type": shape.words,
            "sentence": shapes.sentences(GROUPS[name])[field],
            "choices": list(shape.choices),
        }
        for name in SUBJECTS
        for field, shape in shapes.fields(GROUPS[name]).items()
    ]
    constants = [
        {"name": name, "type": "severity", "sentence": f"{number} of 5", "choices": []}
        for name, number in CONSTANTS.items()
    ]
    functions = [
        {"name": name, "type": "function", "sentence": sentence, "choices": []} for name, sentence in _FUNCTIONS
    ]
    return JsonResponse({"facts": [*found, *constants, *functions]})


def _save(request: HttpRequest, kept: Kept | None) -> HttpResponse:
    text = _text(request)
    try:
        row = edit.save(
            text, actor=person(request), comment=request.POST.get("comment", "").strip(), now=timezone.now(), instead_of=request.POST.get("instead_of", ""),
        )  # fmt: skip
    except InvalidPolicies:
        messages.error(request, gettext("It was not kept: see what is wrong with it."))
    except NotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request,
            gettext("Version %(version)s of %(name)s is in force.") % {"version": row.version, "name": row.name},
        )
        return redirect("policy", name=row.name)
    return render(request, "web/policies/editor.html", _context(request, kept, text), status=422)


def _context(request: HttpRequest, kept: Kept | None, text: str) -> dict[str, Any]:
    policy, mistakes = edit.one_policy(text)
    before = texts.text_of(kept, cache()) if kept is not None else ""
    elsewhere = [one for one in bundles() if one.active and not edit.changed_here(one.kind)]
    return {
        "kept": kept,
        "here": kept is None or edit.changed_here(kept.kind),
        "edits": edit.may_edit(person(request)),
        "elsewhere": elsewhere,
        "text": text,
        "fields": policy_form.shown(text),
        "policy": policy,
        "mistakes": mistakes,
        "sentences": words.sentences(policy, timezone.now().date()) if policy is not None else [],
        "advice": words.advice(Bundle([policy])) if policy is not None else [],
        "examples": run_policy(policy) if policy is not None else [],
        "changes": differing(before, text) if kept is not None else [],
        "comment": request.POST.get("comment", ""),
        "comment_limit": edit.COMMENT_LIMIT,
        "instead_of": request.POST.get("instead_of", kept.digest if kept is not None else ""),
        "stages": [(stage.value, stage.value.replace("_", " ")) for stage in Stage if stage is not Stage.MONITOR],
        "days": DAYS,
        "days_chosen": DAYS[1],
    }


def _outcome(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    if wants_part(request, "outcome"):
        return render(request, "web/policies/_outcome.html", context)
    whole = _context(request, _kept(request), _text(request))
    return render(
        request, "web/policies/editor.html", whole | {"outcome": context} | context | {"mistakes": whole["mistakes"]}
    )


def _kept(request: HttpRequest) -> Kept | None:
    """Return the version in force that is edited; None for a new policy."""
    name = (request.POST if request.method == "POST" else request.GET).get("policy", "")
    if not name:
        return None
    found = next((one for one in versions(name) if one.active), None)
    if found is None:
        raise Http404
    return found


def _text(request: HttpRequest) -> str:
    # Browsers send line breaks as two characters.
    return request.POST.get("text", "").replace("\r\n", "\n").replace("\0", "")[: LARGEST + 1]


def _worker(request: HttpRequest) -> Visible:
    """Return what the person may see. Trying a policy reads all of it, so that it takes more than looking on."""
    seen = visible(request)
    if not seen.may_anywhere(READS) or not (
        seen.may_anywhere(Permission.ISSUE_TRIAGE) or seen.may_anywhere(Permission.POLICY_EDIT)
    ):
        raise PermissionDenied
    return seen
