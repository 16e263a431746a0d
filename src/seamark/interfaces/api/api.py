"""The API and its routers."""

from __future__ import annotations

from seamark.interfaces.api.aliases import router as aliases
from seamark.interfaces.api.applications import router as applications
from seamark.interfaces.api.assets import router as assets
from seamark.interfaces.api.authentication import READ
from seamark.interfaces.api.fixes import router as fixes
from seamark.interfaces.api.formats import router as formats
from seamark.interfaces.api.frame import Api
from seamark.interfaces.api.graph import router as graph
from seamark.interfaces.api.health import router as health
from seamark.interfaces.api.imports import router as imports
from seamark.interfaces.api.merging import router as merging
from seamark.interfaces.api.problems import handle
from seamark.interfaces.api.reports import router as reports
from seamark.interfaces.api.surveys import router as surveys
from seamark.interfaces.api.triage import router as issues

DESCRIPTION = """
Send scanner reports in, read what is to be done first, and triage it.

Authenticate with `Authorization: Bearer …` and a token of your account page; a token has the scopes `read`, `import` and
`write`, and never more rights than its person. Lists are paged: pass the `next` of an answer as `after`. Failures are
problem objects (RFC 9457).
"""

api = Api(title="Seamark", version="1", description=DESCRIPTION.strip(), auth=READ)
for _tag, _router in (
    ("imports", imports),
    ("issues", issues),
    ("merging", merging),
    ("aliases", aliases),
    ("applications", applications),
    ("assets", assets),
    ("graph", graph),
    ("surveys", surveys),
    ("fixes", fixes),
    ("reports", reports),
    ("formats", formats),
    ("health", health),
):
    api.add_router("", _router, tags=[_tag])
handle(api)
