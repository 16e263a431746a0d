"""How chances are written for people."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext

MINUS = "\N{MINUS SIGN}"
register = template.Library()


@register.filter
def percent(share: float) -> str:
    """Write a share from 0 to 1 as a percentage: whole where it is large, two figures where it is small."""
    value = share * 100
    return f"{value:.1f} %" if 99 <= value < 100 else f"{value:.0f} %" if value >= 10 else f"{value:.2g} %"


@register.filter
def points_of(change: float) -> str:
    """Write the change of a share in percentage points, with its sign: `+59 points`."""
    value = abs(change) * 100
    size = f"{value:.0f}" if value >= 10 else f"{value:.2g}"
    return gettext("%(number)s points") % {"number": f"{MINUS if change < 0 else '+'}{size}"}
