"""The API and its routers."""

from __future__ import annotations

from seamark.interfaces.api.aliases import router as aliases
from seamark.interfaces.api.applications import router as applications
from seamark.interfaces.api.assets import router as assets
from seamark.interfaces.api.auditors import router as auditors
from seamark.interfaces.api.authentication import READ
from seamark.interfaces.api.automation import router as automation
from seamark.interfaces.api.board_packs import router as board_packs
from seamark.interfaces.api.bulk import router as bulk
from seamark.interfaces.api.callbacks import router as callbacks
from seamark.interfaces.api.comments import router as comments
from seamark.interfaces.api.compliance import router as compliance
from seamark.interfaces.api.compliance_packs import router as compliance_packs
from seamark.interfaces.api.connections import router as connections
from seamark.interfaces.api.crown import router as crown
from seamark.interfaces.api.decisions import router as decisions
from seamark.interfaces.api.deliveries import router as deliveries
from seamark.interfaces.api.engagements import router as engagements
from seamark.interfaces.api.federation import router as federation
from seamark.interfaces.api.fixes import router as fixes
from seamark.interfaces.api.formats import router as formats
from seamark.interfaces.api.frame import Api
from seamark.interfaces.api.gate import router as gate
from seamark.interfaces.api.grants import router as grants
from seamark.interfaces.api.graph import router as graph
from seamark.interfaces.api.groups import router as groups
from seamark.interfaces.api.health import router as health
from seamark.interfaces.api.imports import router as imports
from seamark.interfaces.api.jobs import router as jobs
from seamark.interfaces.api.ledger import router as ledger
from seamark.interfaces.api.merging import router as merging
from seamark.interfaces.api.metrics import router as metrics
from seamark.interfaces.api.notices import router as notices
from seamark.interfaces.api.operations import router as operations
from seamark.interfaces.api.plans import router as plans
from seamark.interfaces.api.policies import router as policies
from seamark.interfaces.api.problems import handle
from seamark.interfaces.api.profiles import router as profiles
from seamark.interfaces.api.pulls import router as pulls
from seamark.interfaces.api.reports import router as reports
from seamark.interfaces.api.shields import router as shields
from seamark.interfaces.api.sla import router as sla
from seamark.interfaces.api.suggested_fixes import router as suggested_fixes
from seamark.interfaces.api.surveys import router as surveys
from seamark.interfaces.api.tickets import router as tickets
from seamark.interfaces.api.tokens import router as tokens
from seamark.interfaces.api.triage import router as issues
from seamark.interfaces.api.users import router as users
from seamark.interfaces.api.verdicts_learning import router as verdicts_learning
from seamark.interfaces.api.vulnerabilities import router as vulnerabilities
from seamark.interfaces.api.waivers import router as waivers
from seamark.interfaces.api.webhooks import router as webhooks

DESCRIPTION = """
Send scanner reports in, read what is to be done first, and triage it.

Authenticate with `Authorization: Bearer …` and a token of your account page; a token has the scopes `read`, `import` and
`write`, and never more rights than its person. Lists are paged: pass the `next` of an answer as `after`, and name `fields`
to get less of each row. Failures are problem objects (RFC 9457). Every write takes an `Idempotency-Key`; every answer to a
read has an `ETag`, which `If-None-Match` and `If-Match` take. `RateLimit-Remaining` says how often you may still ask.
"""

api = Api(title="Seamark", version="1", description=DESCRIPTION.strip(), auth=READ)
for _tag, _router in (
    ("imports", imports),
    ("issues", issues),
    ("comments", comments),
    ("triage", bulk),
    ("jobs", jobs),
    ("merging", merging),
    ("aliases", aliases),
    ("vulnerabilities", vulnerabilities),
    ("applications", applications),
    ("assets", assets),
    ("crown jewels", crown),
    ("graph", graph),
    ("surveys", surveys),
    ("fixes", fixes),
    ("fixes", plans),
    ("fixes", suggested_fixes),
    ("gate", gate),
    ("decisions", decisions),
    ("policies", policies),
    ("risk profiles", profiles),
    ("waivers", waivers),
    ("triage rules", automation),
    ("service levels", sla),
    ("metrics", metrics),
    ("metrics", board_packs),
    ("triage rules", verdicts_learning),
    ("penetration tests", engagements),
    ("compliance", compliance),
    ("compliance", compliance_packs),
    ("compliance", auditors),
    ("ledger", ledger),
    ("webhooks", webhooks),
    ("connections", connections),
    ("tickets", tickets),
    ("pull requests", pulls),
    ("virtual patches", shields),
    ("deliveries", deliveries),
    ("messages", notices),
    ("call-backs", callbacks),
    ("users", users),
    ("groups", groups),
    ("grants", grants),
    ("tokens", tokens),
    ("federation", federation),
    ("reports", reports),
    ("formats", formats),
    ("health", health),
    ("operations", operations),
):
    api.add_router("", _router, tags=[_tag])
handle(api)
