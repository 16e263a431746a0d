"""Anchoring checkpoints with others, and keeping what they answered beside the checkpoint."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection
from hashlib import sha256
from typing import Final, NamedTuple

from seamark.core.errors import NotFound, RemoteFailure
from seamark.governance.ledger import rekor
from seamark.governance.ledger.anchored import NOBODY, Anchored, Trusted, check, name_of
from seamark.governance.ledger.anchors import imprint
from seamark.governance.ledger.checkpoints import needed_signer
from seamark.governance.ledger.note import Verifier
from seamark.intake.connectors.caller import Answer, Caller
from seamark.intake.connectors.guard import Guarded, check_url
from seamark.store.models import Anchor, Checkpoint

ENTRIES: Final = "api/v1/log/entries"
_PLACE: Final = re.compile(rf"/{ENTRIES}/({rekor.NAME.pattern})/?(?:\?.*)?", re.IGNORECASE)
_TIMEOUT: Final = 30.0
_CONFLICT: Final = 409


class Made(NamedTuple):
    """An anchor that is kept now."""

    anchor: Anchor
    told: Anchored


def anchor_in_log(
    made: Checkpoint, url: str, *, trusted: Trusted = NOBODY, internal: Collection[str] = (), timeout: float = _TIMEOUT,
    sleep: Callable[[float], None] = time.sleep,
) -> Made:  # fmt: skip
    """Enter a checkpoint in the Rekor log at an address, check the answer and keep it; one that is there already is fetched.

    `internal` are hosts that may have private addresses. Nothing is kept that does not hold. Raises `RemoteFailure` where the log does not answer
    as one, and `NotAnchored` where its answer proves nothing; then it may be asked again.
    """
    key = needed_signer().verifier
    proposed = rekor.proposal(made.note, key)
    check_url(url, internal)
    with Caller(url, {}, name="The log", attempts=3, timeout=timeout, sleep=sleep, transport=Guarded(internal)) as log:
        # A second entry of the same thing is refused, so that asking again does no harm.
        answer = log.call("POST", ENTRIES, proposed, allow=(_CONFLICT,), again=True)
        if answer.status == _CONFLICT:
            answer = log.call("GET", f"{ENTRIES}/{_named(answer)}")
    return _keep(made, "rekor", answer.text.encode(), key, trusted)


def keep_stamp(response: bytes, trusted: Trusted = NOBODY) -> Made:
    """Keep a time stamp (RFC 3161, DER) with the checkpoint that it is of.

    Raises `NotFound` where there is no such checkpoint, and `NotAnchored` where the answer is none, or does not hold.
    """
    digest = imprint(response)
    for made in Checkpoint.objects.order_by("-size").iterator(chunk_size=1000):
        if sha256(made.note.encode()).digest() == digest:
            return _keep(made, "timestamp", response, needed_signer().verifier, trusted)
    raise NotFound(
        "The time stamp is of no checkpoint of this ledger", hint="it has to be of the whole checkpoint, byte for byte"
    )


def _named(answer: Answer) -> str:
    """Return the name of the entry that is there already: only that is taken from the address, which may lead anywhere."""
    found = _PLACE.search(answer.headers.get("location", ""))
    if found is None:
        raise RemoteFailure("The log has this checkpoint already, and does not say where", permanent=True)
    return found[1].lower()


def _keep(made: Checkpoint, kind: str, answer: bytes, key: Verifier, trusted: Trusted) -> Made:
    told = check(kind, made.note, answer, key, trusted)
    anchor, _ = Anchor.objects.get_or_create(
        checkpoint=made, kind=kind, name=name_of(kind, answer), defaults={"answer": answer}
    )
    return Made(anchor, told)
