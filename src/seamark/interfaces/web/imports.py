"""Sending reports in, and seeing what became of them."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

import msgspec
from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from seamark.core.errors import ImportRefused, SeamarkError
from seamark.interfaces.web.frame import person, visible, wants_part
from seamark.pipeline.imports import accept
from seamark.pipeline.target import Target
from seamark.store.access import IMPORTS, Visible
from seamark.store.models import Application, Import
from seamark.store.models.work import ImportState
from seamark.store.query import Page, page

PAGE = 30
FORM_OVERHEAD = 1024 * 1024
"""What the form around the files may add to a request's length."""
MOST_SCANS = 50
FIELDS = ("application", "repository", "ref", "commit", "image")


@csrf_exempt
def show(request: HttpRequest) -> HttpResponse:
    """Show the form and the history, or take reports in.

    The length is looked at before anything reads the body, the check against forged requests included; that one comes next.
    """
    length = request.META.get("CONTENT_LENGTH") or "0"
    if request.method == "POST" and length.isdigit() and int(length) > settings.SEAMARK_UPLOAD_LIMIT + FORM_OVERHEAD:
        return _answer(request, [], [too_large()], status=413)
    response: HttpResponse = _protected(request)
    return response


def too_large() -> str:
    """Return what to say to somebody whose report is over the limit."""
    limit = settings.SEAMARK_UPLOAD_LIMIT // (1024 * 1024)
    return gettext("The upload is larger than %(limit)s MB. Split the report, or raise SEAMARK_UPLOAD_LIMIT.") % {
        "limit": f"{limit:,}"
    }


@csrf_protect
def _protected(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _take(request)
    seen = visible(request)
    found = _history(seen, request)
    part = wants_part(request, "history")
    context = {
        "found": found,
        "applications": _named(seen) if not part else [],
        "state": request.GET.get("state", ""),
        "chosen": request.GET.get("application", ""),
        "may_import": seen.may_anywhere(IMPORTS),
        "anywhere": seen.may(IMPORTS),
        "limit": settings.SEAMARK_UPLOAD_LIMIT,
    }
    return render(request, "web/imports/_history.html" if part else "web/imports/page.html", context)


def _history(seen: Visible, request: HttpRequest) -> Page[Import]:
    rows = seen.imports().select_related("report", "author")
    if request.GET.get("state") in ImportState.values:
        rows = rows.filter(state=request.GET["state"])
    return page(
        rows, "id", descending=True, size=PAGE, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )


def _named(seen: Visible) -> list[str]:
    return list(seen.applications(IMPORTS).order_by("name").values_list("name", flat=True)[:500])


def detail(request: HttpRequest, number: int) -> HttpResponse:
    """Show one import, or its row while it is being worked off."""
    found = get_object_or_404(visible(request).imports().select_related("report", "author"), pk=number)
    if wants_part(request, f"import-{number}"):
        return render(request, "web/imports/_row.html", {"one": found})
    scans = visible(request).scans().filter(report=found.report_id).select_related("stream__asset").order_by("-id")
    context = {"one": found, "application": _application(visible(request), found), "scans": list(scans[:MOST_SCANS])}
    part = wants_part(request, "import")
    return render(request, "web/imports/_detail.html" if part else "web/imports/detail.html", context)


def names(request: HttpRequest) -> HttpResponse:
    """Return the applications into which somebody may import, as JSON."""
    return JsonResponse({"applications": _named(visible(request))})


def _application(seen: Visible, found: Import) -> Application | None:
    return seen.applications().filter(name__iexact=str(found.target.get("application", ""))).first()


def _take(request: HttpRequest) -> HttpResponse:
    """Accept each report by itself: a bad one does not keep the others out."""
    accepted: list[Import] = []
    errors: list[str] = []
    files = request.FILES.getlist("reports")
    try:
        target = _target(request)
    except ImportRefused as error:
        return _answer(request, accepted, [str(error)])
    if not files:
        errors.append(gettext("Choose at least one report."))
    for file in files:
        try:
            accepted.append(_accept(request, file, target))
        except SeamarkError as error:
            errors.append(f"{file.name}: {error}")
    return _answer(request, accepted, errors)


def _target(request: HttpRequest) -> Target:
    """Return where the reports belong, if the person may import there. Raises `ImportRefused`."""
    given = {name: request.POST.get(name, "").strip() for name in FIELDS}
    name = given["application"]
    if not name:
        raise ImportRefused(gettext("Name the application that the report belongs to"))
    seen = visible(request)
    if not seen.may(IMPORTS) and not seen.applications(IMPORTS).filter(name__iexact=name).exists():
        raise ImportRefused(
            gettext("You may not import into %(name)s; ask an administrator for the role developer there")
            % {"name": repr(name)}
        )
    return msgspec.convert(
        {**{key: value for key, value in given.items() if value}, "complete": bool(request.POST.get("complete"))},
        Target,
    )


def _accept(request: HttpRequest, file: UploadedFile[Any], target: Target) -> Import:
    if (file.size or 0) > settings.SEAMARK_UPLOAD_LIMIT:
        raise ImportRefused(too_large())
    if file.file is None:
        raise ImportRefused(gettext("Nothing of it arrived; send it again"))
    return accept(cast("BinaryIO", file.file), file.name or "report", target, author=person(request))


def _answer(request: HttpRequest, accepted: list[Import], errors: list[str], status: int = 422) -> HttpResponse:
    """Answer the upload script in JSON, and a plain form with a page."""
    if request.headers.get("Accept") == "application/json":
        numbers = [one.pk for one in accepted]
        return JsonResponse({"imports": numbers, "errors": errors}, status=200 if accepted else status)
    if status == 413:
        return render(request, "413.html", {"sentence": errors[0]}, status=413)
    for error in errors:
        messages.error(request, error)
    if accepted:
        number = len(accepted)
        queued = ngettext("%(number)s report is queued.", "%(number)s reports are queued.", number)
        messages.success(request, queued % {"number": number})
    return redirect("imports")
