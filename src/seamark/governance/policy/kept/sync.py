"""Takes bundles over as a whole or not at all, keeps every version of their policies, and says what is in force."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet
from msgspec import Struct, to_builtins

from seamark.core.errors import NotFound, RemoteFailure, SeamarkError
from seamark.governance.ledger.attested import row_of
from seamark.governance.ledger.record import record
from seamark.governance.policy.bundle import Bundle, examine, read_folder, starter
from seamark.governance.policy.kept.git import read_repository
from seamark.governance.policy.model import Mistake, Source
from seamark.store import models
from seamark.store.models.policies import BundleKind

STARTER = "starter"
"""Name of the bundle that comes with the product."""
SERVER = "server"
"""Name of the bundle of what is written on the server. What it has takes the place of the starter bundle's."""
_ATTESTED = ("bundle_id", "name", "version", "digest", "content", "active")
"""Columns of a policy that the ledger vouches for."""


class Synced(Struct, frozen=True, kw_only=True):
    """What came of synchronising a bundle."""

    bundle: str
    commit: str = ""
    """Of what is in force now."""
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    """Why nothing was taken over; what was in force stays."""


def declare(name: str, kind: BundleKind, location: str = "", *, branch: str = "", path: str = "") -> models.Bundle:
    """Name a bundle and where it is kept, or say anew where. Nothing is read yet."""
    where = {"kind": kind, "location": location, "branch": branch, "path": path, "active": True}
    return models.Bundle.objects.update_or_create(name=name, defaults=where)[0]


def sync(row: models.Bundle, *, now: datetime, cache: Path, token: str = "") -> Synced:
    """Bring a bundle up to date. What is wrong with it is kept and returned; then the last good version stays in force.

    `cache` is a folder for fetched repositories, `token` lets into those over https.
    """
    if row.kind == BundleKind.SERVER:
        return Synced(bundle=row.name)
    commit = ""
    try:
        sources, commit = _read(row, cache, token)
    except SeamarkError as error:
        return _refused(row, now, [Mistake(row.location or row.name, 0, 0, str(error))], commit)
    bundle, mistakes = examine(sources, commit=commit, name=row.name)
    if mistakes:
        return _refused(row, now, mistakes, commit)
    with transaction.atomic():
        locked = lock()
        if row.pk not in locked:
            raise NotFound(f"The bundle {row.name} was removed meanwhile")
        if row.kind == BundleKind.STARTER:
            bundle = without_own(bundle)
        if mistakes := _conflicts(row, bundle):
            return _refused(row, now, mistakes, commit)
        return take(locked[row.pk], now, bundle)


def lock() -> dict[int, models.Bundle]:
    """Return all bundles by number, locked: one change at a time over all of them, since names are given once and versions are counted."""
    return {one.pk: one for one in models.Bundle.objects.select_for_update().order_by("pk")}


def without_own(bundle: Bundle) -> Bundle:
    """Return a bundle without the policies in whose place one stands that was written on the server."""
    own = set(models.Policy.objects.filter(active=True, bundle__kind=BundleKind.SERVER).values_list("name", flat=True))
    return Bundle((one for one in bundle.policies if one.name not in own), bundle.commit, bundle.name)


def in_force() -> Bundle:
    """Return all policies that are in force, of all bundles. Its commit names each bundle's, as `name@commit`, where there are several."""
    rows = models.Policy.objects.filter(active=True, bundle__active=True).order_by("name")
    texts = tuple(rows.values_list("file", "content"))
    told = list(
        models.Bundle.objects.filter(active=True).exclude(commit="").order_by("name").values_list("name", "commit")
    )
    commit = told[0][1] if len(told) == 1 else ",".join(f"{name}@{commit}" for name, commit in told)
    return _compiled(texts, commit)


def version(digest: str) -> Bundle:
    """Return the policy of a digest that a verdict names, as a bundle of its own. Raises `NotFound`."""
    row = models.Policy.objects.filter(digest=digest).order_by("id").first()
    if row is None:
        raise NotFound(f"No version of a policy has the digest {digest}")
    return _compiled(((row.file, row.content),), row.commit)


def as_it_was(digests: Iterable[str], commit: str = "") -> Bundle:
    """Return the policies of some digests together: the bundle of an earlier verdict. Raises `NotFound`."""
    wanted = set(digests)
    found = dict(models.Policy.objects.filter(digest__in=wanted).values_list("digest", "content"))
    if missing := wanted - found.keys():
        raise NotFound(f"No version of a policy has the digest {min(missing)}")
    return _compiled(tuple((digest, found[digest]) for digest in sorted(wanted)), commit)


@lru_cache(maxsize=32)
def _compiled(texts: tuple[tuple[str, str], ...], commit: str) -> Bundle:
    return Bundle.restore(texts, commit=commit)


def _read(row: models.Bundle, cache: Path, token: str) -> tuple[list[Source], str]:
    if row.kind == BundleKind.STARTER:
        return starter(), ""
    if row.kind == BundleKind.FOLDER:
        folder = Path(row.location)
        if not folder.exists():
            raise RemoteFailure(f"There is no folder {row.location}", permanent=False)
        return read_folder(folder), ""
    found = read_repository(row.location, cache, branch=row.branch, path=row.path, token=token)
    return found.sources, found.commit


def _conflicts(row: models.Bundle, bundle: Bundle) -> list[Mistake]:
    """Return the policies whose names another bundle has already."""
    others = models.Policy.objects.filter(active=True, bundle__active=True).exclude(bundle=row)
    theirs = dict(others.values_list("name", "bundle__name"))
    return [
        Mistake(one.file, 0, 0, f"the bundle {theirs[one.name]} has a policy {one.name} already", one.name)
        for one in bundle.policies
        if one.name in theirs
    ]


def _refused(row: models.Bundle, now: datetime, mistakes: list[Mistake], commit: str) -> Synced:
    row.checked_at, row.failed_commit, row.mistakes = now, commit, to_builtins(mistakes[:200])
    row.save(update_fields=["checked_at", "failed_commit", "mistakes"])
    return Synced(bundle=row.name, commit=row.commit, mistakes=tuple(mistakes))


class Written(Struct, frozen=True, kw_only=True):
    """Who wrote a policy on the server, and how."""

    name: str
    text: str
    author: models.User | None
    comment: str


def take(row: models.Bundle, now: datetime, bundle: Bundle, written: Written | None = None) -> Synced:
    """Let a bundle consist of these policies from now on, and enter what changed in the ledger. The caller holds `lock`."""
    rows = models.Policy.objects.filter(bundle=row)
    before = {one.name: one for one in rows.filter(active=True)}
    latest: dict[str, int] = {}
    for name, number in rows.values_list("name", "version"):
        latest[name] = max(latest.get(name, 0), number)
    fresh = [
        one for one in bundle.policies
        if one.name not in before or before[one.name].digest != one.digest or (written is not None and written.name == one.name)
    ]  # fmt: skip
    gone = before.keys() - {one.name for one in bundle.policies}
    retired = [before[name] for name in (*sorted(gone), *(one.name for one in fresh if one.name in before))]
    rows.filter(pk__in=[one.pk for one in retired]).update(active=False, retired_at=now)
    for old in retired:
        old.active = False
    made = []
    for one in fresh:
        version = models.Policy(
            bundle=row, name=one.name, version=latest.get(one.name, 0) + 1, digest=one.digest, content=one.content.decode(), file=one.file,
            commit=bundle.commit, created_at=now,
        )  # fmt: skip
        if written is not None and written.name == one.name:
            version.text, version.author, version.comment = written.text, written.author, written.comment
        made.append(version)
    models.Policy.objects.bulk_create(made)
    row.commit, row.digest, row.synced_at, row.checked_at, row.failed_commit, row.mistakes = (
        bundle.commit,
        bundle.digest,
        now,
        now,
        "",
        [],
    )
    row.save()
    synced = Synced(
        bundle=row.name, commit=bundle.commit, added=tuple(one.name for one in fresh if one.name not in before),
        changed=tuple(one.name for one in fresh if one.name in before), removed=tuple(sorted(gone)),
    )  # fmt: skip
    if made or retired:
        _enter(row, synced, retired, made, written)
    return synced


def _enter(
    row: models.Bundle, synced: Synced, retired: list[models.Policy], made: list[models.Policy], written: Written | None
) -> None:
    """Add what changed to the ledger: which policies, from which commit, and the rows themselves."""
    numbers = dict(
        models.Policy.objects.filter(bundle=row, active=True, name__in=[one.name for one in made]).values_list(
            "name", "pk"
        )
    )
    for one in made:
        one.pk = numbers[one.name]
    body = {
        **to_builtins(synced), "digest": row.digest, "comment": written.comment if written is not None else "",
        "versions": [[one.name, one.version, one.digest] for one in made],
    }  # fmt: skip
    del body["mistakes"]
    record(
        "policy", f"{row.name} {made[0].name}" if len(made) == 1 else f"bundle {row.name}", body,
        actor=written.author if written is not None else "policy-sync",
        inputs={"location": row.location, "branch": row.branch, "path": row.path},
        rows=[row_of(one, _ATTESTED) for one in (*retired, *made)],
    )  # fmt: skip


class Kept(Struct, frozen=True, kw_only=True):
    """A version of a policy that is or was in force."""

    bundle: str
    name: str
    version: int
    digest: str
    commit: str
    file: str
    active: bool
    since: datetime
    until: datetime | None
    content: str
    """The document as JSON."""
    kind: str
    """Of the bundle: `starter`, `folder`, `git`, `server`."""
    text: str = ""
    """As it was written, for what was written on the server."""
    author: str = ""
    comment: str = ""


def bundles() -> list[models.Bundle]:
    """Return all bundles, by name."""
    return list(models.Bundle.objects.order_by("name"))


def versions(name: str) -> list[Kept]:
    """Return all versions of the policy of a name: the one in force first, then the newest."""
    return _kept(models.Policy.objects.filter(name=name).order_by("-active", "-id"))


def current() -> list[Kept]:
    """Return the versions that are in force, by name."""
    return _kept(models.Policy.objects.filter(active=True, bundle__active=True).order_by("name"))


def _kept(rows: QuerySet[models.Policy]) -> list[Kept]:
    return [
        Kept(
            bundle=row.bundle.name, name=row.name, version=row.version, digest=row.digest, commit=row.commit, file=row.file,
            active=row.active and row.bundle.active, since=row.created_at, until=row.retired_at, content=row.content,
            kind=row.bundle.kind, text=row.text, author=row.author.get_username() if row.author is not None else "", comment=row.comment,
        )
        for row in rows.select_related("bundle", "author")
    ]  # fmt: skip


def names() -> list[tuple[str, str, int]]:
    """Return the policies that are in force: bundle, name and version."""
    rows = models.Policy.objects.filter(active=True, bundle__active=True).order_by("bundle__name", "name")
    return list(rows.values_list("bundle__name", "name", "version"))
