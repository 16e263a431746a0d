"""The navigation as a template asks for it."""

from __future__ import annotations

from typing import Any

from django import template

from seamark.interfaces.web.navigation import Group, groups_for

register = template.Library()


@register.simple_tag(takes_context=True)
def navigation(context: dict[str, Any]) -> list[Group]:
    """Return the sections of the navigation for the person and the page, made once a page."""
    request = context["request"]
    found: list[Group] | None = getattr(request, "seamark_navigation", None)
    if found is None:
        found = request.seamark_navigation = groups_for(request)
    return found
