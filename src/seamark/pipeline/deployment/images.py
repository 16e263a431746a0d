"""What is known of an image by its digest: whether it was scanned, listed and attested, and which issues it has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.db.models import F, Max, Q

from seamark.analysis.drift.images import judge
from seamark.analysis.drift.known import Image, Running, Verdict
from seamark.core.assets import AssetKind, RelationKind
from seamark.governance.policy.facts import Attestation, Build, Drift
from seamark.intake.discovery.infrastructure.images import read_image
from seamark.pipeline.runtime.images import known_images
from seamark.store.access import Visible
from seamark.store.models import Asset, Finding, Issue, Relation, Scan
from seamark.store.models.findings import FindingFlag
from seamark.store.models.issues import COUNTS_AT_GATES, State

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_ASIDE: Final = int(FindingFlag.SUPPRESSED | FindingFlag.NOT_AFFECTED | FindingFlag.REFUTED)
_ATTESTATION: Final = "attestation"
_WORTH: Final[tuple[tuple[Verdict, Attestation], ...]] = (
    (Verdict.INVALID, "invalid"), (Verdict.VERIFIED, "verified"), (Verdict.UNVERIFIED, "unverified"),
)  # fmt: skip
"""One that is invalid spoils the others, one that was verified makes up for those that nobody tried."""
_MOST: Final = 200_000

Runs = Mapping[int, int]
"""The latest scan of each stream."""


class Reference(NamedTuple):
    """An image as somebody names it."""

    text: str
    name: str
    """Empty for what is no reference."""
    digest: str
    """`sha256:…`; empty where it is not known."""
    note: str = ""
    """How the digest was found, or why it is not known."""

    @property
    def ref(self) -> str:
        """Return name and digest, as far as they are known."""
        return f"{self.name or self.text}@{self.digest}" if self.digest else self.text


def resolve(visible: Visible, text: str) -> Reference:
    """Return name and digest of an image. A tag alone is looked up in what registries told; nobody is asked."""
    image = read_image(text)
    if image is None:
        return Reference(text, "", "", f"{text!r} is no reference of an image")
    name = image.ref.key
    if image.digest:
        known = _DIGEST.fullmatch(image.digest) is not None
        return Reference(
            text, name, image.digest if known else "", "" if known else f"{text}: only sha256 is known as digest"
        )
    tag = image.tag or "latest"
    row = visible.assets().filter(kind=AssetKind.IMAGE.value, key=name).first()
    told = row.attributes.get("builds") if row is not None else None
    listed = told if isinstance(told, list) else []
    builds = [one for one in listed if isinstance(one, dict) and tag in (one.get("tags") or ())]
    digests = {str(one.get("digest", "")) for one in builds}
    if len(digests) == 1 and _DIGEST.fullmatch(digest := next(iter(digests))):
        return Reference(
            text, name, digest, f"{name}:{tag} was {digest} when the registry was last asked; deploy by digest"
        )
    return Reference(text, name, "", f"{name}:{tag} names no digest, and none is known for the tag: deploy by digest")


class Pictured(NamedTuple):
    """All that is known of one image."""

    reference: Reference
    asset: Asset | None
    """The image under the name that was given, else under another name of the same digest."""
    build: Build
    drift: Drift | None
    runs: dict[int, int]
    """Where it was scanned: the latest scan of each stream that looked at this very digest."""
    issues: frozenset[int]
    """What scans of this very digest found, and the open issues of what it is built from."""
    bases: tuple[int, ...]
    """Numbers of the images that it is based on."""

    @property
    def scanned(self) -> bool:
        """Tell whether this very digest was scanned."""
        return self.build.scanned is True


def pictured(visible: Visible, reference: Reference, now: datetime) -> Pictured:
    """Return what is known of an image. Nothing of another build of it is taken for it."""
    assets = _assets(visible, reference)
    asset = assets.get(reference.name) or next(iter(assets.values()), None)
    if not reference.digest:
        return Pictured(
            reference, asset, Build(ref=reference.text, image=reference.name or None), None, {}, frozenset(), ()
        )
    known = known_images(assets, {key: {reference.digest} for key in assets})
    whole = _together(reference, known.values())
    runs = _runs(visible, reference.digest)
    numbers = [one.pk for one in assets.values()]
    build = _build(reference, whole, runs, now)
    found = issues_of(runs) if build.scanned else frozenset()
    drift = _drift(reference, whole) if assets else None
    return Pictured(reference, asset, build, drift, runs, found | _sources(visible, numbers), _bases(visible, numbers))


def _assets(visible: Visible, reference: Reference) -> dict[str, Asset]:
    """Return the image of that name, and those whose scans or inventories are of the same digest: a mirror renames what it copies."""
    rows = visible.assets().filter(kind=AssetKind.IMAGE.value)
    wanted = Q(key=reference.name)
    if reference.digest:
        same = visible.scans().filter(image_digest=reference.digest).values("stream__asset")
        wanted |= Q(pk__in=same)
    return {row.key: row for row in rows.filter(wanted).order_by("id")[:100]}


def _together(reference: Reference, known: Iterable[Image]) -> Image:
    several = list(known)
    return Image(
        name=reference.name, own=any(one.own for one in several), scans=tuple(each for one in several for each in one.scans),
        inventories=tuple(each for one in several for each in one.inventories),
        attestations=tuple(each for one in several for each in one.attestations), builds=tuple(each for one in several for each in one.builds),
    )  # fmt: skip


def _build(reference: Reference, image: Image, runs: Runs, now: datetime) -> Build:
    digest = reference.digest
    verdicts = {one.verdict for one in image.attestations if one.digest == digest}
    made = next((one.at for one in image.builds if one.digest == digest), "")
    commits = Scan.objects.filter(pk__in=list(runs.values())).exclude(commit="").order_by("-id")
    return Build(
        ref=reference.ref, image=reference.name, digest=digest, commit=commits.values_list("commit", flat=True).first(), age_days=_age(made, now),
        scanned=any(one.digest == digest for one in image.scans), sbom=any(one.digest == digest for one in image.inventories),
        attestation=next((word for verdict, word in _WORTH if verdict in verdicts), "missing"), own=image.own,
    )  # fmt: skip


def _drift(reference: Reference, image: Image) -> Drift:
    running = Running(key=reference.ref, images=({"name": reference.name, "digest": reference.digest},))
    (judged,) = judge(running, {reference.name: image})
    return Drift(ref=reference.ref, image=reference.name, digest=reference.digest, state=judged.state.value)


def _runs(visible: Visible, digest: str) -> dict[int, int]:
    rows = visible.scans().filter(image_digest=digest).exclude(report__format=_ATTESTATION)
    return dict(rows.order_by().values_list("stream").annotate(latest=Max("id")))


def issues_of(runs: Runs) -> frozenset[int]:
    """Return the issues whose findings stood open in streams when scans had ended, without those that people or tools set aside.

    An issue that a later build no longer has is still one of this build.
    """
    found: set[int] = set()
    for stream, scan in runs.items():
        rows = Finding.objects.filter(stream=stream, opened_in__lte=scan).filter(
            Q(closed_in=None) | Q(closed_in__gt=scan)
        )
        told = rows.annotate(aside=F("flags").bitand(_ASIDE)).filter(aside=0).values_list("issue", flat=True)
        found.update(told.distinct()[:_MOST])
    numbers = sorted(found)
    kept: set[int] = set()
    for at in range(0, len(numbers), 5_000):
        rows_of = Issue.objects.filter(pk__in=numbers[at : at + 5_000]).exclude(
            state=State.DISMISSED, dismissal_unconfirmed=False
        )
        kept.update(rows_of.values_list("pk", flat=True))
    return frozenset(kept)


def _sources(visible: Visible, images: Sequence[int]) -> frozenset[int]:
    made = Relation.objects.filter(kind=RelationKind.BUILT_FROM.value, until=None, source__in=images).values("target")
    return frozenset(visible.issues().filter(COUNTS_AT_GATES, asset__in=made).values_list("pk", flat=True)[:_MOST])


def _bases(visible: Visible, images: Sequence[int]) -> tuple[int, ...]:
    based = Relation.objects.filter(kind=RelationKind.BASED_ON.value, until=None, source__in=images).values("target")
    return tuple(visible.assets().filter(pk__in=based).order_by("id").values_list("pk", flat=True)[:20])


def _age(at: str, now: datetime) -> int | None:
    try:
        made = datetime.fromisoformat(at)
    except ValueError:
        return None
    return max((now - made).days, 0) if made.tzinfo is not None else None
