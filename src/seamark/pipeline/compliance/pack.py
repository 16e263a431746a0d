"""Evidence packs: everything that is known of one framework in one scope and period, as one ZIP file that anybody can verify.

    made = make(visible, "pci-dss-4", scope_of(visible, application="payments"), read_period("2026-Q3"))
    path.write_bytes(made.content)

A pack shows its period's end; one of a period that still runs shows the newest thing that is known. The same rows give the same
bytes, also after the ledger has grown.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

from django.utils import timezone
from msgspec.structs import replace

from seamark.core.errors import NotAllowed
from seamark.governance.access.places import Place, check_right
from seamark.governance.ledger.checkpoints import needed_signer
from seamark.governance.ledger.entry import moment
from seamark.insight.exports.pack.archive import SEAL, File, as_json, manifest, zipped
from seamark.insight.exports.pack.content import content
from seamark.insight.exports.pack.period import begins, ends
from seamark.insight.exports.pack.shapes import Pack, Period
from seamark.pipeline.compliance.pack_ledger import evidence_proofs, recorded, seal
from seamark.pipeline.compliance.pack_reading import freeze_missing, frozen, newest, read
from seamark.pipeline.compliance.pack_software import documents
from seamark.pipeline.compliance.scope import Scope, applications
from seamark.store.access import READS, Visible
from seamark.store.models import User
from seamark.store.permissions import Permission

MOST_PRODUCTS: Final = 50
"""Applications of which a pack holds inventories and VEX; a larger scope is asked for application by application."""


class Made(NamedTuple):
    """A pack."""

    content: bytes
    digest: str
    """SHA-256 of the manifest, which the ledger has recorded."""
    entry: int | None
    """Number of that entry; None for a pack that is not sealed."""
    pack: Pack
    files: int


class Assembled(NamedTuple):
    """The files of a pack before the ledger has recorded them."""

    pack: Pack
    files: list[File]
    listed: File
    """The manifest."""


def make(
    visible: Visible, framework: str, scope: Scope, period: Period, *, sealed: bool = True, by: User | None = None
) -> Made:
    """Make a pack, and record it in the ledger where that has not recorded the same one.

    Raises `NotFound` for a framework that there is not, `NotAllowed` for who may not read all of the scope and for a period that
    has not begun, and `InvalidSetting` where there is no key to seal it with.
    """
    check_right(by, READS, Place(scope.unit, scope.application))
    now = timezone.now()
    if begins(period) > now:
        raise NotAllowed(f"{period.label} has not begun")
    running = ends(period) > now
    if sealed:
        needed_signer()
    if running and sealed and (by is None or visible.may(Permission.CONTEXT_EDIT, scope.application)):
        freeze_missing(scope, begins(period), now)
    at = newest(visible, scope, now) if running else ends(period)
    made = assembled(visible, framework, scope, period, at, proven=sealed, by=by)
    digest = sha256(made.listed.content).hexdigest()
    files, entry = [*made.files, made.listed], None
    if sealed:
        about = {"framework": framework, "scope": str(scope), "period": period.label, "as_of": made.pack.as_of}
        entry = recorded(f"pack {framework} {scope} {period.label}", digest, about, by)
        files.append(File(SEAL, as_json(seal(entry))))
    return Made(zipped(files), digest, entry, made.pack, len(files))


def assembled(
    visible: Visible,
    framework: str,
    scope: Scope,
    period: Period,
    at: datetime,
    *,
    proven: bool = True,
    by: User | None = None,
) -> Assembled:
    """Return the files of a pack as it is at a moment, and their list. Nothing is recorded but who read the evidence."""
    told = read(visible, framework, scope, period, at)
    software, left_out = _software(visible, scope)
    pack, evidence = frozen(visible, by, told)
    pack = replace(pack, notes=(*pack.notes, *left_out))
    proofs: dict[str, Any] | None = None
    if proven:
        wanted = [(one.id, one.file, one.sha256, one.entry) for one in pack.evidence if one.entry is not None]
        proofs = evidence_proofs(wanted)
    files = content(pack, evidence, software, proofs)
    about: dict[str, object] = {
        "framework": framework, "scope": {"kind": pack.scope.kind, "name": pack.scope.name}, "period": {"label": period.label, "first": period.first, "last": period.last},
        "as_of": moment(at), "made_with": pack.made_with,
    }  # fmt: skip
    return Assembled(pack, files, manifest(files, about))


def _software(visible: Visible, scope: Scope) -> tuple[list[File], list[str]]:
    rows = list(applications(visible, scope).order_by("slug")[: MOST_PRODUCTS + 1])
    if len(rows) > MOST_PRODUCTS:
        return [], [
            f"Inventories and VEX are left out: there are more than {MOST_PRODUCTS} applications. Packs of single ones hold them."
        ]
    return [file for row in rows for file in documents(visible, row)], []
