"""The part of DefectDojo's API v2 that upload tools call."""

from __future__ import annotations

from seamark.interfaces.api.dojo.door import handle as handle_as_dojo
from seamark.interfaces.api.dojo.imports import router as imports
from seamark.interfaces.api.dojo.reads import router as reads
from seamark.interfaces.api.frame import Api
from seamark.interfaces.api.problems import handle

api = Api(
    title="Seamark for clients of DefectDojo",
    version="2",
    description="What tools that upload to DefectDojo call: send reports as before, to this address, with a token of Seamark.",
    docs_url=None,
    openapi_url="/oa3/schema/",
)
api.add_router("", imports, tags=["import"])
api.add_router("", reads, tags=["read"])
handle(api)
handle_as_dojo(api)
