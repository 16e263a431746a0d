"""Administration: the risk profile, with a slider for each weight and what moving it would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from seamark.analysis.risk import Profile
from seamark.core.errors import InvalidSetting, NotAllowed, SeamarkError
from seamark.interfaces.web import profile_form
from seamark.interfaces.web.frame import person, visible, wants_part
from seamark.pipeline import profiles, rescoring
from seamark.pipeline.outlook import Outlook, outlook
from seamark.pipeline.profile_yaml import LONGEST, parse
from seamark.store.access import READS, Visible
from seamark.store.models import BusinessUnit, ProfileUse, RiskProfile
from seamark.store.models.profiles import Rescoring

MOST_USES, MOST_VERSIONS = 20, 50
_WIDE = 1000


@dataclass(frozen=True)
class Band:
    """Issues of a priority, now and then; bars are parts of 1000."""

    priority: int
    before: int
    after: int
    now: int
    then: int

    @property
    def change(self) -> str:
        """Return the difference with its sign."""
        return f"{self.after - self.before:+,}".replace("-", "\N{MINUS SIGN}") if self.after != self.before else "0"


@dataclass(frozen=True)
class Place:
    """What the page is about: a unit, or everything, the profile that holds there, and the one that the sliders start from."""

    seen: Visible
    unit: BusinessUnit | None
    held: RiskProfile
    start: RiskProfile
    applies: bool

    @property
    def address(self) -> str:
        """Return the page of this place, with the profile that it starts from."""
        words = {"unit": self.unit.pk} if self.unit is not None else {}
        if self.start.pk != self.held.pk:
            words["from"] = self.start.pk
        return f"{reverse('risk-profile')}{'?' + urlencode(words) if words else ''}"


def show(request: HttpRequest) -> HttpResponse:
    """Show the profile of everything or of a unit, or take what somebody with the right wants of it."""
    place = _place(request)
    if request.method == "POST":
        return _act(request, place)
    use = _use_of(place)
    if wants_part(request, "following"):
        return render(request, "web/profiles/_following.html", {"use": use, "place": place})
    return render(request, "web/profiles/page.html", _context(request, place, profiles.weights_of(place.start)))


def preview(request: HttpRequest) -> HttpResponse:
    """Show what the values of the form would move; htmx is answered with that part alone."""
    place = _place(request)
    if not place.applies:
        raise PermissionDenied
    context: dict[str, Any] = {"place": place}
    profile = profiles.weights_of(place.start)
    try:
        profile = profile_form.sent(request.POST, place.start.name, place.start.version)
        context |= _outcome(outlook(place.seen, profile, place.unit))
    except InvalidSetting as error:
        context["error"] = str(error)
    if wants_part(request, "outcome"):
        return render(request, "web/profiles/_outcome.html", context)
    return render(request, "web/profiles/page.html", _context(request, place, profile) | context)


def export(request: HttpRequest, number: int) -> HttpResponse:
    """Hand a profile out as the file that it can be imported from."""
    seen = visible(request)
    row = get_object_or_404(profiles.versions(seen, drafts=profiles.may_draft(person(request))), pk=number)
    name = f"risk-profile-{row.name.replace(' ', '-')}-v{row.version}.yaml"
    return HttpResponse(
        profiles.text_of(row), content_type="application/yaml", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )  # fmt: skip


def _place(request: HttpRequest) -> Place:
    """Return what is asked about. What the person may not see is not there."""
    seen = visible(request)
    if not seen.may_anywhere(READS):
        raise PermissionDenied
    given = request.POST if request.method == "POST" else request.GET
    held = profiles.active_profile()
    unit = None
    if wanted := given.get("unit", ""):
        unit = get_object_or_404(profiles.units_seen(seen), pk=_digits(wanted))
        held = profiles.holding(unit)
    start = held
    if wanted := given.get("from", ""):
        rows = profiles.versions(seen, drafts=profiles.may_draft(person(request)))
        start = get_object_or_404(rows, pk=_digits(wanted))
    return Place(seen, unit, held, start, profiles.may_apply(person(request), unit))


def _digits(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _use_of(place: Place) -> ProfileUse | None:
    """Return the last use of this very place; None where a unit never had a profile of its own."""
    return profiles.history(place.seen).filter(unit=place.unit, current=True).first()


def _context(request: HttpRequest, place: Place, profile: Profile) -> dict[str, Any]:
    drafts = profiles.may_draft(person(request))
    rows = list(profiles.versions(place.seen, drafts=drafts).order_by("-id")[:MOST_VERSIONS])
    standing = profiles.standing(rows, place.seen)
    use = _use_of(place)
    return {
        "place": place,
        "use": use,
        "own": place.unit is not None and use is not None and use.profile_id is not None,
        "units": list(profiles.units_seen(place.seen)),
        "groups": profile_form.groups_of(profile),
        **profile_form.limits_of(profile),
        "versions": [(row, standing[row.pk]) for row in rows],
        "uses": list(profiles.history(place.seen)[:MOST_USES]),
        "drafts": drafts,
        "name": request.POST.get("name", "") or _name(place),
        "comment": request.POST.get("comment", ""),
        "comment_limit": profiles.COMMENT_LIMIT,
    }


def _name(place: Place) -> str:
    """Return what a version that is made here is called: a unit that had none of its own gets its own name."""
    if place.unit is None or place.start.pk != place.held.pk:
        return place.start.name
    if profiles.has_own(place.unit):
        return place.start.name
    return (
        "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in place.unit.name.lower()).strip("-")
        or "unit"
    )


def _outcome(told: Outlook) -> dict[str, Any]:
    found = told.preview
    most = max((*found.before, *found.after, 1))
    return {
        "told": told,
        "bands": [
            Band(number, was, now, round(_WIDE * was / most), round(_WIDE * now / most))
            for number, (was, now) in enumerate(zip(found.before, found.after, strict=True))
        ],
    }


def _act(request: HttpRequest, place: Place) -> HttpResponse:
    """Keep a draft, apply, take in a file, or give a unit's own profile back."""
    action = request.POST.get("action", "")
    try:
        match action:
            case "draft":
                row = _kept(request, place)
                messages.success(request, gettext("%(profile)s is kept as a draft.") % {"profile": row})
                return redirect(_from(place, row))
            case "apply":
                row = _kept(request, place, applying=True)
                _tell(
                    request,
                    profiles.apply(person(request), row, place.unit, request.POST.get("comment", "")),
                    gettext("%(profile)s holds now") % {"profile": row},
                )
            case "import":
                row = _taken_in(request)
                messages.success(request, gettext("%(profile)s is kept as a draft.") % {"profile": row})
                return redirect(_from(place, row))
            case "withdraw" if place.unit is not None:
                use = profiles.withdraw(person(request), place.unit, request.POST.get("comment", ""))
                _tell(request, use, gettext("%(profile)s holds again") % {"profile": profiles.holding(place.unit)})
            case _:
                raise NotAllowed(gettext("Choose what to do with the profile"))
    except SeamarkError as error:
        messages.error(request, str(error))
        return _again(request, place, keep=action in {"draft", "apply"})
    return redirect(_from(place, place.held))


def _again(request: HttpRequest, place: Place, *, keep: bool) -> HttpResponse:
    """Show the form once more, with what was sent as far as it can be shown."""
    if not keep or not place.applies:
        return redirect(place.address)
    try:
        profile = profile_form.sent(request.POST, place.start.name, place.start.version)
    except InvalidSetting:
        profile = profiles.weights_of(place.start)
    return render(request, "web/profiles/page.html", _context(request, place, profile), status=422)


def _kept(request: HttpRequest, place: Place, *, applying: bool = False) -> RiskProfile:
    """Return the version that the form describes: the one it started from where nothing was changed, else a new one."""
    form = request.POST
    name = form.get("name", "").strip()
    profile = profile_form.sent(form, name, profiles.next_version(name))
    if profile_form.same(profile, profiles.weights_of(place.start)):
        if applying:
            return place.start
        raise NotAllowed(
            gettext("Nothing is changed: %(profile)s has these weights already") % {"profile": place.start}
        )
    if applying and not place.applies:
        raise NotAllowed(gettext("You may not apply a risk profile here"))
    return profiles.draft(person(request), profile, comment=form.get("comment", ""))


def _taken_in(request: HttpRequest) -> RiskProfile:
    file = request.FILES.get("file")
    if file is None:
        raise NotAllowed(gettext("Choose a file"))
    try:
        text = file.read(4 * LONGEST + 1).decode("utf-8-sig")
    except ValueError:
        raise InvalidSetting(gettext("The file is not UTF-8 text")) from None
    return profiles.draft(person(request), parse(text), text=text, comment=request.POST.get("comment", ""))


def _tell(request: HttpRequest, use: ProfileUse, words: str) -> None:
    where = gettext("for %(unit)s") % {"unit": use.unit} if use.unit is not None else gettext("for everything")
    done = rescoring.follow(use)
    told = {"what": words, "where": where, "moved": f"{use.moved:,}", "issues": f"{use.issues:,}", "error": use.error}
    if done and use.state == Rescoring.DONE:
        messages.success(request, gettext("%(what)s %(where)s: %(moved)s of %(issues)s issues moved.") % told)
    elif use.state == Rescoring.FAILED:
        messages.error(request, gettext("%(what)s %(where)s, but the issues were not scored anew: %(error)s") % told)
    else:
        messages.success(request, gettext("%(what)s %(where)s; a worker scores the issues anew.") % told)


def _from(place: Place, row: RiskProfile) -> str:
    return Place(place.seen, place.unit, place.held, row, place.applies).address
