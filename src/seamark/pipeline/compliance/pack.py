"""Evidence packs: everything that is known of one framework in one scope and period, as one ZIP file that anybody can verify.

    made = make(visible, "pci-dss-4", scope_of(visible, application="payments"), read_period("2026-Q3"))
    path.write_bytes(made.content)

A pack shows its period's end, out of the history that is kept; one of a period that still runs shows the newest thing that is known. The
same rows give the same bytes, also after the ledger has grown; and one of a period that is over gives them whatever happens later.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

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
from seamark.pipeline.compliance.pack_produced import MOST_PRODUCTS, Tell, produced, products, unheard
from seamark.pipeline.compliance.pack_reading import freeze_missing, frozen, newest, read
from seamark.pipeline.compliance.scope import Scope
from seamark.store.access import READS, Visible
from seamark.store.models import User
from seamark.store.permissions import Permission


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
    visible: Visible, framework: str, scope: Scope, period: Period, *, sealed: bool = True, by: User | None = None,
    tell: Tell = unheard,
) -> Made:  # fmt: skip
    """Make a pack, and record it in the ledger where that has not recorded the same one.

    Raises `NotFound` for a framework that there is not, `NotAllowed` for who may not read all of the scope and for a period that
    has not begun, and `InvalidSetting` where there is no key to seal it with. `tell` hears of each of the `steps`.
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
    made = assembled(visible, framework, scope, period, at, proven=sealed, by=by, past=not running, tell=tell)
    digest = sha256(made.listed.content).hexdigest()
    tell()
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
    past: bool = False,
    tell: Tell = unheard,
) -> Assembled:
    """Return the files of a pack as it is at a moment, and their list. Nothing is recorded but who read the evidence.

    `past` says that the period is over: all of it is then as it was at the moment.
    """
    told = read(visible, framework, scope, period, at, past=past)
    tell()
    documents, notes = produced(visible, scope, period, at if past else None, tell)
    pack, evidence = frozen(visible, by, told)
    tell()
    pack = replace(pack, notes=(*pack.notes, *notes))
    proofs: dict[str, Any] | None = None
    if proven:
        wanted = [(one.id, one.file, one.sha256, one.entry) for one in pack.evidence if one.entry is not None]
        proofs = evidence_proofs(wanted)
    files = content(pack, evidence, documents, proofs)
    about: dict[str, object] = {
        "framework": framework, "scope": {"kind": pack.scope.kind, "name": pack.scope.name}, "period": {"label": period.label, "first": period.first, "last": period.last},
        "as_of": moment(at), "made_with": pack.made_with,
    }  # fmt: skip
    return Assembled(pack, files, manifest(files, about))


def steps(visible: Visible, scope: Scope) -> int:
    """Return how often making a pack tells that it went on."""
    several = len(products(visible, scope, None))
    return 3 + (several if several <= MOST_PRODUCTS else 0)
