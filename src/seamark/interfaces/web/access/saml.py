"""SAML's way back: what the browser carries is read with care. Only where the extra `saml` is installed."""

from __future__ import annotations

from allauth.socialaccount.providers.saml import views as saml
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from lxml.etree import LxmlError

from seamark.interfaces.web.access.views import leaving
from seamark.pipeline.signon import providers
from seamark.pipeline.signon.audit import note
from seamark.pipeline.signon.model import SAML, Provider

LARGEST = 512 * 1024
"""Bytes of an answer: it is kept until the browser comes back with our cookie."""


def _known(slug: str) -> Provider:
    found = providers.named(slug)
    if found is None or found.kind != SAML:
        raise Http404
    return found


@login_not_required
@require_POST
def leave(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """Go to a SAML provider."""
    found = _known(organization_slug)
    return leaving(request, saml.login(request, organization_slug=organization_slug), found)


@csrf_exempt
@login_not_required
@require_POST
def take(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """Take an answer, which a page of the provider sends: without our cookie, so that it is looked at in the next step."""
    _known(organization_slug)
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
        return HttpResponse(status=413)
    answer: HttpResponseBase = saml.acs(request, organization_slug=organization_slug)
    return answer


@login_not_required
@require_GET
def finish(request: HttpRequest, organization_slug: str) -> HttpResponseBase:
    """Read the answer and log in by it."""
    _known(organization_slug)
    try:
        answer: HttpResponseBase = saml.finish_acs(request, organization_slug=organization_slug)
    except (LxmlError, ValueError) as error:
        note("login_failed", "", by=f"provider {organization_slug}", problem=type(error).__name__)
        return redirect("socialaccount_login_error")
    return answer
