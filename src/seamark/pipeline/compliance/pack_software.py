"""What an application consists of, and what is said of vulnerabilities in it (VEX), as documents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db.models import Max, Q

from seamark.governance.ledger.entry import moment
from seamark.insight.exports.pack.archive import File
from seamark.insight.exports.pack.vex import csaf, cyclonedx, openvex
from seamark.insight.exports.pack.vex.product import Author, Product, product_of
from seamark.intake.sbom import write_cyclonedx, write_spdx
from seamark.pipeline.compliance.past_software import software_at
from seamark.pipeline.software import document_of
from seamark.store.access import Visible
from seamark.store.models import Application, Event

FORMS: Final = ("openvex", "csaf", "cyclonedx")
_NAMESPACE: Final = "urn:seamark"


def vex(visible: Visible, application: Application, form: str) -> bytes | None:
    """Return what is said of an application's vulnerabilities now, as `openvex`, `csaf` or `cyclonedx`.

    None where the form knows no document without a statement. The same inventories and decisions give the same bytes.
    """
    whole = document_of(visible, application)
    product = product_of(application.name, whole, _author(), _said_at(application, whole.created, None))
    if form == "openvex":
        return openvex.write(product)
    return csaf.write(product) if form == "csaf" else cyclonedx.write(product, whole)


def documents(visible: Visible, application: Application, at: datetime | None = None) -> tuple[list[File], list[str]]:
    """Return an application's inventory in both forms and its VEX in all three, now or at a time, and what is not known of them."""
    notes: list[str] = []
    if at is None:
        whole = document_of(visible, application)
    else:
        then = software_at(visible, application, at)
        whole, notes = then.document, list(_not_known(application, then.unread, then.unjustified))
    product: Product = product_of(application.name, whole, _author(), _said_at(application, whole.created, at))
    folder = f"software/{application.slug}"
    found = {
        "sbom.cdx.json": write_cyclonedx.write(whole),
        "sbom.spdx.json": write_spdx.write(whole),
        "vex.openvex.json": openvex.write(product),
        "vex.csaf.json": csaf.write(product),
        "vex.cdx.json": cyclonedx.write(product, whole),
    }
    return [File(f"{folder}/{name}", content) for name, content in found.items() if content is not None], notes


def _not_known(application: Application, unread: int, unjustified: int) -> Iterator[str]:
    if unread:
        yield f"{application.slug}: VEX leaves out {unread:,} findings. Later reports word them anew, and no earlier one is kept that says how they read then."
    if unjustified:
        yield f"{application.slug}: whether {unjustified:,} statements of not_affected had a justification then is not kept. They are written without one."


def _author() -> Author:
    address = settings.SEAMARK_PUBLIC_URL
    return Author(address.partition("://")[2].strip("/") or "Seamark", address or _NAMESPACE)


def _said_at(application: Application, listed: str, at: datetime | None) -> str:
    """Return when the newest of what is said was: an inventory, a decision, or the application itself."""
    events = Event.objects.filter(issue__application=application)
    if at is not None:
        events = events.filter(Q(scan=None) | Q(scan__imported_at__lte=at), at__lte=at)
    newest = events.aggregate(at=Max("at"))["at"]
    told = max(newest, application.created_at) if newest is not None else application.created_at
    return max(moment(told), listed)
