"""The sequence: record what runs, say whose it is, work out how it drifted, import that as an ordinary report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from msgspec import Struct
from msgspec.structs import replace

from seamark.analysis.drift.engine import TOOL, drift, findings
from seamark.analysis.drift.known import Declared, Drift, Image, Running, Verdict
from seamark.core.assets import AssetKind, AssetRef, Discovery, Found
from seamark.core.finding import Finding
from seamark.intake.dumps.dump import Dump
from seamark.pipeline.assets import assets_of, natural
from seamark.pipeline.ingest import Outcome
from seamark.pipeline.ingest.place import application_of
from seamark.pipeline.own import import_own
from seamark.pipeline.restanding import concerned, restand
from seamark.pipeline.runtime.declared import ORIGIN, Match, declarations, declared_in
from seamark.pipeline.runtime.images import ATTESTATIONS, IDLE, Whereabouts, known_images, whereabouts
from seamark.pipeline.standing.running import inventoried, looked
from seamark.pipeline.surveys import record
from seamark.pipeline.target import Target
from seamark.store.models import Application, Asset, Stream, Survey
from seamark.store.models import Statement as Row


class Statement(Struct, frozen=True):
    """An attestation of a build, and what its signature is worth."""

    digest: str
    verdict: Verdict
    key: str = ""


class Taken(Struct, frozen=True, kw_only=True):
    """What came of one dump."""

    source: str
    complete: bool
    partial: tuple[str, ...]
    """Why it is not the whole."""
    survey: int
    added: int
    ended: int
    running: tuple[Running, ...]
    drift: Drift
    applications: dict[str, str]
    """Whose each of what runs is, by key; what is missing belongs to nobody yet."""
    outcomes: tuple[Outcome, ...] = ()
    """One for each application."""


@transaction.atomic
def take(
    dumps: Sequence[Dump], *, application: str = "", attestations: Iterable[Statement] = (), now: datetime | None = None
) -> list[Taken]:
    """Take over what dumps say, all or nothing, and return what came of each.

    What runs belongs to the application of its declaration, else to that of its image, else to `application` (a name; made where
    there is none). What belongs to nobody is kept, and its drift is told but not imported. Raises `ImportRefused`.
    """
    at = now or timezone.now()
    named = application_of(Target(application=application)) if application else None
    proved = looked().proves(timezone.now())
    touched: set[int] = set()
    recorded = [_Recorded(dump, named, at, touched) for dump in dumps]
    _keep_attestations(list(attestations), recorded, at)
    places = whereabouts()
    known = _known(recorded, places)
    idle = {number: known[asset.key] for number, asset in places.idle.items()} if places.complete else {}
    taken = [one.drifted(known) for one in recorded]
    if any(dump.runs for dump in dumps):
        extra = _import_idle(idle, places, known)
        _mark_idle(places, at)
        taken = [
            replace(one, outcomes=(*one.outcomes, *extra), drift=replace(one.drift, idle=tuple(idle.values())))
            if number == 0
            else one
            for number, one in enumerate(taken)
        ]
    _restand(touched, proved=proved)
    return taken


def _restand(touched: set[int], *, proved: bool) -> None:
    """Score anew what stands elsewhere: around what changed, and everywhere once what does not run is known, or is no longer."""
    seen = looked()
    turned = seen.proves(timezone.now()) != proved
    restand(concerned(touched) | (inventoried(seen.sources) if turned else set()))


class _Recorded:
    """A dump that is kept, with what its parts go back to."""

    def __init__(self, dump: Dump, named: Application | None, now: datetime, touched: set[int]) -> None:
        self.dump, self.touched = dump, touched
        """`touched` gathers the assets that changed."""
        self.parts = [
            each for each in dump.discovery.assets if each.facts.get("images") and each.ref.kind is not AssetKind.IMAGE
        ]
        matches = declarations(self.parts)
        told = replace(dump.discovery, relations=(*dump.discovery.relations, *declared_in(matches)))
        self.survey: Survey = record(
            told, dump.source, now=now, application=named, complete=dump.complete, touched=touched
        )
        self._matches = matches
        self.assets = _assets(each.ref for each in self.parts)
        names = {str(image["name"]) for each in self.parts for image in each.facts["images"]}
        self.images = {
            ref.key: asset for ref, asset in _assets(AssetRef(AssetKind.IMAGE, name) for name in names).items()
        }
        self.running = tuple(self._running(each) for each in self.parts)
        self._applications = self._whose(named)

    def _running(self, each: Found) -> Running:
        match: Match | None = self._matches.get(each.ref)
        declared = None
        if match is not None and match.exact:
            declared = Declared(key=match.asset.key, facts=match.asset.attributes, at=match.at)
        return Running(
            key=each.ref.key, kind=each.ref.kind.value, name=each.name, images=tuple(each.facts["images"]), facts=each.facts,
            exposure=str(each.facts.get("exposure", "")), declared=declared,
        )  # fmt: skip

    def _whose(self, named: Application | None) -> dict[str, Application]:
        """Return the applications of what runs, by key, and hand them on to what was nobody's."""
        numbers: dict[str, int | None] = {}
        for each in self.parts:
            match = self._matches.get(each.ref)
            own = self.assets[each.ref].application_id if each.ref in self.assets else None
            images = [
                self.images[str(image["name"])].application_id
                for image in each.facts["images"]
                if str(image["name"]) in self.images
            ]
            numbers[each.ref.key] = (match.asset.application_id if match is not None else None) or next(filter(None, images), None) or own or (named.pk if named is not None else None)  # fmt: skip
        applications = Application.objects.in_bulk({number for number in numbers.values() if number is not None})
        found = {key: applications[number] for key, number in numbers.items() if number is not None}
        moved = []
        for each in self.parts:
            asset = self.assets.get(each.ref)
            if asset is not None and each.ref.key in found and asset.application_id != found[each.ref.key].pk:
                asset.application = found[each.ref.key]
                moved.append(asset)
        Asset.objects.bulk_update(moved, ["application"], batch_size=400)
        self.touched.update(asset.pk for asset in moved)
        return found

    def digests(self) -> dict[str, set[str]]:
        """Return the digests that run, by image."""
        found: dict[str, set[str]] = defaultdict(set)
        for one in self.running:
            for image in one.images:
                found[str(image["name"])].add(str(image.get("digest", "")))
        return found

    def drifted(self, known: Mapping[str, Image]) -> Taken:
        """Work out the drift, import it, and return what came of the dump."""
        whole = drift(self.running, known)
        exposed = {one.key for one in self.running if one.exposure == "internet"}
        by_application: dict[int, list[Running]] = defaultdict(list)
        for one in self.running:
            if one.key in self._applications:
                by_application[self._applications[one.key].pk].append(one)
        # Who drifted before and runs no more is told so as well: its findings are closed by this dump.
        earlier = Stream.objects.filter(tool=TOOL, configuration=self.dump.source).values_list("application", flat=True)
        applications = Application.objects.in_bulk(sorted({*by_application, *earlier}))
        outcomes = [
            _imported(
                found, self.dump.source, list(findings(drift(by_application.get(number, ()), known), known, exposed)), complete=self.dump.complete, why=self.dump.partial
            )
            for number, found in sorted(applications.items())
        ]  # fmt: skip
        return Taken(
            source=self.dump.source, complete=self.dump.complete, partial=self.dump.partial, survey=self.survey.pk, added=self.survey.added,
            ended=self.survey.ended, running=self.running, drift=whole, applications={key: one.name for key, one in self._applications.items()},
            outcomes=tuple(outcomes),
        )  # fmt: skip


def _assets(refs: Iterable[AssetRef]) -> dict[AssetRef, Asset]:
    """Return the rows of references, as the survey has made them."""
    keys = {ref: key for ref in dict.fromkeys(refs) if (key := natural(ref, addressed=False)) is not None}
    rows, _ = assets_of(dict.fromkeys(keys.values()))
    return {ref: rows[key] for ref, key in keys.items()}


def _known(recorded: Iterable[_Recorded], places: Whereabouts) -> dict[str, Image]:
    assets: dict[str, Asset] = {asset.key: asset for asset in places.idle.values()}
    digests: dict[str, set[str]] = defaultdict(set)
    for one in recorded:
        assets |= one.images
        for name, running in one.digests().items():
            digests[name] |= running
    return known_images(assets, digests)


def _keep_attestations(given: Sequence[Statement], recorded: Iterable[_Recorded], now: datetime) -> None:
    """Keep what signatures are worth, at the images that run with these digests."""
    by_digest = {one.digest: one for one in given}
    found: list[Found] = []
    for one in recorded:
        for name, digests in one.digests().items():
            found += [
                Found(
                    ref=AssetRef(AssetKind.IMAGE, name), origin=digest, facts={"attestation": by_digest[digest].verdict.value, "attestation_key": by_digest[digest].key}
                )
                for digest in sorted(digests & set(by_digest))
            ]  # fmt: skip
    if found:
        record(Discovery(assets=tuple(found)), ATTESTATIONS, now=now, complete=False, touched=set())


def _imported(
    application: Application, configuration: str, told: Sequence[Finding], *, complete: bool, why: Sequence[str] = ()
) -> Outcome:
    """Import drift. Only a complete dump proves what is gone."""
    return import_own(
        TOOL, told, Target(application=application.name, configuration=configuration), complete=complete, why=why
    )


def _import_idle(idle: Mapping[int, Image], places: Whereabouts, known: Mapping[str, Image]) -> list[Outcome]:
    by_application: dict[int, list[Image]] = defaultdict(list)
    for number, image in idle.items():
        by_application[places.applications[number]].append(image)
    earlier = Stream.objects.filter(tool=TOOL, configuration=IDLE).values_list("application", flat=True)
    applications = Application.objects.in_bulk(sorted({*by_application, *earlier}))
    return [
        _imported(
            found, IDLE, list(findings(drift((), known, idle=by_application.get(number, ())), known)), complete=places.complete,
            why=() if places.complete else ("Not all that runs is known",),
        )
        for number, found in sorted(applications.items())
    ]  # fmt: skip


def _mark_idle(places: Whereabouts, now: datetime) -> None:
    """Say of images that run nowhere that they do not, and take it back where they do."""
    now_idle = {asset.key for asset in places.idle.values()}
    if not places.complete:
        # What is not known to run may run where nobody looked; what was known before stays known.
        rows = Row.objects.filter(source=IDLE, until=None).select_related("asset")
        now_idle &= {row.asset.key for row in rows}
    found = tuple(
        Found(ref=AssetRef(AssetKind.IMAGE, key), origin=ORIGIN, facts={"running": False}) for key in sorted(now_idle)
    )
    if found or Row.objects.filter(source=IDLE, until=None).exists():
        record(Discovery(assets=found), IDLE, now=now, complete=True, touched=set())
