"""Ways from a weakness to the article that explains it, for the pages of issues, comments and fixes."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from seamark.insight.knowledge.library import Article, article_of, hours_of, named_in

register = template.Library()


@register.simple_tag
def weakness(cwe: int | None) -> str | SafeString:
    """Write a weakness as a link to what explains it: `CWE-89 SQL injection`; as its number alone where nothing does."""
    if not cwe:
        return ""
    one = article_of(cwe)
    if one is None:
        return f"CWE-{cwe}"
    return format_html(
        '<a class="linked" href="{}">CWE-{} {}</a>', reverse("knowledge-article", args=[one.name]), cwe, one.title
    )


@register.filter
def articles_named(text: str) -> list[Article]:
    """Return the articles about the weaknesses that a text names, such as a comment with `CWE-89` in it; five at most."""
    return named_in(text)


@register.simple_tag
def office_hours() -> str:
    """Return the address where people ask those who know, as the installation's settings name it; empty where they do not."""
    return hours_of(settings.SEAMARK_OFFICE_HOURS)


@register.filter
def percent(share: float) -> str:
    """Write a share, 0.0 to 1.0, in per cent."""
    return f"{share:.0%}"
