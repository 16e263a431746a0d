"""The query language, `severity:critical app:payments kev:true age:>30d -tool:bandit sort:-risk`."""

from seamark.store.query.among import among
from seamark.store.query.at import at_asset
from seamark.store.query.fields import FIELDS, NEEDS_WORK, SORTS, Field
from seamark.store.query.hits import Hits, hits
from seamark.store.query.language import Query, Term, parse
from seamark.store.query.paging import Count, Page, bounded_count, page
from seamark.store.query.run import ordered, parts, select

__all__ = [
    "FIELDS",
    "NEEDS_WORK",
    "SORTS",
    "Count",
    "Field",
    "Hits",
    "Page",
    "Query",
    "Term",
    "among",
    "at_asset",
    "bounded_count",
    "hits",
    "ordered",
    "page",
    "parse",
    "parts",
    "select",
]
