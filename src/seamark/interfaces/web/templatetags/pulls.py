"""The pull request of a fix as its page shows it."""

from __future__ import annotations

from typing import Any

from django import template

from seamark.interfaces.web.frame import visible
from seamark.pipeline.pulls import asking
from seamark.store.models import Fix

register = template.Library()


@register.inclusion_tag("web/pulls/_fix.html", takes_context=True)
def pull_of(context: dict[str, Any], fix: Fix) -> dict[str, Any]:
    """Show how a fix's pull request stands, and let those who may ask for one."""
    row = asking.pulls_of([fix.pk]).get(fix.pk)
    live = row is not None and row.state in asking.LIVE
    may = not live and asking.may_ask(visible(context["request"]), fix)
    return {
        "fix": fix,
        "row": row,
        "may": may,
        "csrf_token": context.get("csrf_token"),
        "here": context["request"].get_full_path(),
    }
