"""Issues like one, beside it on its page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext

from seamark.insight.analytics.similar import similar
from seamark.interfaces.web.frame import visible
from seamark.interfaces.web.issue import part


def show(request: HttpRequest, number: int) -> HttpResponse:
    """Show what is like an issue: a part of its page that is fetched after it, or a page of its own."""
    seen = visible(request)
    issue = get_object_or_404(seen.issues(), pk=number)
    return part(request, "similar", gettext("Similar issues"), {"issue": issue, "alike": similar(seen, issue)})
