"""What the query bar offers to complete: the fields of the query language, and the values that a person may see."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse

from seamark.interfaces.web.frame import visible
from seamark.store.query import FIELDS, SORTS

MOST = 200


def words(request: HttpRequest) -> HttpResponse:
    """Return the fields with their sentences and values, as JSON."""
    seen = visible(request)
    known = {
        "app": list(seen.applications().order_by("slug").values_list("slug", flat=True)[:MOST]),
        "tool": list(seen.streams().order_by("tool").values_list("tool", flat=True).distinct()[:MOST]),
    }
    fields = [
        {"name": field.name, "sentence": field.sentence, "choices": known.get(field.name, field.choices)}
        for field in FIELDS.values()
    ]
    orders = [f"{sign}{name}" for name in SORTS for sign in ("-", "")]
    fields.append({"name": "sort", "sentence": "Order of the list", "choices": orders})
    return JsonResponse({"fields": fields})
