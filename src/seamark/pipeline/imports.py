"""Taking reports in: kept at once, worked off in the background, in order, each exactly once.

The `Import` row is the truth. A worker takes it under a lease and an attempt number; a lost worker's lease runs out and another
one takes it again. That is safe because an import is one transaction.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import msgspec
import zstandard
from django.conf import settings
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from msgspec.structs import replace

from seamark.core.errors import ImportRefused, SeamarkError, StoreUnavailable, UnknownFormat, UnreadableReport
from seamark.intake.discovery import excerpt
from seamark.intake.discovery.excerpt import Excerpt
from seamark.intake.parsers.kit.normalise import moment
from seamark.intake.parsers.kit.read import OpenReport, open_report
from seamark.intake.parsers.kit.registry import parsers
from seamark.pipeline.ingest import Outcome, ingest
from seamark.pipeline.ingest.place import named
from seamark.pipeline.ingest.source import Source
from seamark.pipeline.target import Target, format_of, image_key, repository_key
from seamark.store import evidence
from seamark.store.models import Application, Import, User
from seamark.store.models.work import ImportState

LEASE = timedelta(minutes=15)
ATTEMPTS = 3
_progress: dict[int, int] = {}
wake = threading.Event()


def secret_digest_key() -> bytes:
    """Return the installation's key for the digests of secrets."""
    return sha256(b"seamark secret digests\0" + settings.SECRET_KEY.encode()).digest()


def check(target: Target) -> None:
    """Refuse a target that cannot be right, before anything is stored. Raises `ImportRefused`."""
    if not target.application.strip() or len(target.application) > 200 or not target.application.isprintable():
        raise ImportRefused("An application's name has 1 to 200 printable characters")
    if target.repository:
        repository_key(target.repository)
    if target.image:
        image_key(target.image)
    if target.scanned_at and not moment(target.scanned_at):
        raise ImportRefused(f"{target.scanned_at!r} is no time; write 2026-05-04 or 2026-05-04T10:00:00Z")
    if target.mapping and target.format != "auto":
        raise ImportRefused("A report is read by a mapping or as a format, not by both")
    try:
        format_of(target)
    except UnreadableReport as error:
        raise ImportRefused(f"The mapping cannot be used: {error}") from None
    if target.format != "auto" and target.format not in parsers():
        raise ImportRefused(f"There is no format called {target.format!r}; `seamark formats` lists them")


def accept(
    stream: BinaryIO,
    name: str,
    target: Target,
    *,
    author: User | None = None,
    key: str | None = None,
    source: Excerpt | None = None,
) -> Import:
    """Keep a report and queue its import. Raises `ImportRefused` and `UnreadableReport` (for an empty file).

    `key` is the sender's name for the request: under the same key the same import is returned, whatever became of it.
    `source` is what the sender's checkout adds; it is kept until the import is finished.
    """
    check(target)
    target = _as_stored(target)
    code = excerpt.encode(source) if source is not None else b""
    code_digest = sha256(code).hexdigest() if code else ""
    lane = sha256(target.application.strip().lower().encode()).hexdigest()
    with evidence.Packed(stream) as packed:
        if not packed.size:
            raise UnreadableReport(
                "The file is empty", hint="the scanner wrote nothing: look at its exit code and its log"
            )
        if (earlier := _earlier(author, key)) is not None:
            return _same(earlier, packed.digest, target, code_digest)
        try:
            with guarded(), transaction.atomic():
                queued = Import.objects.create(
                    report=packed.store(name),
                    target=msgspec.to_builtins(target),
                    lane=lane,
                    author=author,
                    idempotency_key=key,
                    source=zstandard.compress(code, 1) if code else None,
                    source_digest=code_digest,
                )
        except IntegrityError:
            # The same request arrived twice at once, and the other one was first.
            earlier = _earlier(author, key)
            if earlier is None:
                raise
            return _same(earlier, packed.digest, target, code_digest)
    wake.set()
    return queued


def _as_stored(target: Target) -> Target:
    """Return the target with its application's name as it is kept, so that one application has one lane."""
    known = named(Application.objects.all(), target.application).first()
    return replace(target, application=known.name if known is not None else target.application.strip())


def _earlier(author: User | None, key: str | None) -> Import | None:
    return (
        Import.objects.select_related("report").filter(author=author, idempotency_key=key).first()
        if key is not None
        else None
    )


def _same(earlier: Import, digest: str, target: Target, code_digest: str) -> Import:
    if earlier.target != msgspec.to_builtins(target) or earlier.report.digest != digest:
        raise ImportRefused("This Idempotency-Key was used before, for another report or another target")
    if earlier.source_digest != code_digest:
        raise ImportRefused("This Idempotency-Key was used before, with another source or none")
    return earlier


def import_file(
    path: Path,
    target: Target,
    *,
    author: User | None = None,
    progress: Callable[[int], None] = lambda _: None,
    source: Source | None = None,
) -> Outcome:
    """Import a file at once, in this process; `source` is the code that was scanned, where it is at hand. Raises `UnreadableReport`, `ImportRefused` and `StoreUnavailable`."""
    check(target)
    target = _as_stored(target)
    # The file is packed on the other core while it is recognised on this one.
    with ThreadPoolExecutor(1) as pool:
        packing = pool.submit(_pack, path)
        try:
            opened = open_report(path, format_of(target), key=secret_digest_key())
        except SeamarkError:
            with packing.result():
                raise
        packed = packing.result()
    with packed, guarded(), transaction.atomic():
        report = packed.store(path.name)
        outcome = ingest(opened, report, target, progress, source)
        Import.objects.create(
            report=report, target=msgspec.to_builtins(target), lane="", author=author, state=ImportState.DONE, attempt=1,
            progress=outcome.findings, result=msgspec.to_builtins(outcome), finished_at=timezone.now(),
        )  # fmt: skip
    return outcome


def _pack(path: Path) -> evidence.Packed:
    try:
        with path.open("rb") as stream:
            return evidence.Packed(stream)
    except OSError as error:
        raise UnreadableReport(f"The file cannot be read: {error.strerror or error}") from None


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Turn a database that is away, locked or full into a sentence."""
    try:
        yield
    except OperationalError as error:
        text = str(error).strip().split("\n", 1)[0]
        if "locked" in text:
            raise StoreUnavailable(
                "The database is busy with another import; nothing was changed, try again"
            ) from error
        if "full" in text or "No space left" in text:
            raise StoreUnavailable("The disk is full; nothing was changed") from error
        raise StoreUnavailable(f"The database cannot be used ({text}); nothing was changed") from error


def claim() -> Import | None:
    """Take the next import that may run: the oldest of its lane, or one whose worker was lost."""
    now = timezone.now()
    with transaction.atomic():
        ready = Import.objects.filter(
            Q(state=ImportState.QUEUED) | Q(state=ImportState.RUNNING, lease_until__lt=now)
        ).order_by("id")
        if connection.vendor == "postgresql":
            ready = ready.select_for_update(skip_locked=True)
        for found in ready[:50]:
            ahead = Import.objects.filter(
                lane=found.lane, id__lt=found.pk, state__in=[ImportState.QUEUED, ImportState.RUNNING]
            )
            if found.lane and ahead.exists():
                continue
            if found.attempt >= ATTEMPTS:
                _fail(found, f"The import was started {ATTEMPTS} times and never finished; the worker may lack memory")
                continue
            Import.objects.filter(pk=found.pk).update(
                state=ImportState.RUNNING, attempt=F("attempt") + 1, lease_until=now + LEASE, progress=0
            )
            found.refresh_from_db()
            return found
    return None


def failure_name(error: Exception) -> str:
    """Return the name of a failure's sort, as the API gives it."""
    if isinstance(error, UnknownFormat):
        return "unknown-format"
    if isinstance(error, UnreadableReport):
        return "unreadable-report"
    return "refused" if isinstance(error, ImportRefused) else "store"


def _fail(found: Import, sentence: str, failure: str = "store") -> None:
    Import.objects.filter(pk=found.pk, attempt=found.attempt).update(
        state=ImportState.FAILED, error=sentence[:2000], failure=failure, finished_at=timezone.now(), lease_until=None,
        source=None,
    )  # fmt: skip


def work_once() -> bool:
    """Carry out one waiting import. Returns False where none waits."""
    found = claim()
    if found is None:
        return False
    try:
        outcome = _carry_out(found)
    except SeamarkError as error:
        _fail(found, str(error), failure_name(error))
    except DatabaseError as error:
        # A passing fault of the database: the lease lets the next attempt take it.
        if found.attempt >= ATTEMPTS:
            _fail(found, f"The database refused the import: {str(error).splitlines()[0]}")
        else:
            Import.objects.filter(pk=found.pk, attempt=found.attempt).update(state=ImportState.QUEUED, lease_until=None)
    else:
        Import.objects.filter(pk=found.pk, attempt=found.attempt).update(
            state=ImportState.DONE, progress=outcome.findings, result=msgspec.to_builtins(outcome), finished_at=timezone.now(),
            lease_until=None, error="", source=None,
        )  # fmt: skip
    finally:
        _progress.pop(found.pk, None)
    return True


def _carry_out(found: Import) -> Outcome:
    target = msgspec.convert(found.target, Target)

    def tell(count: int) -> None:
        _progress[found.pk] = count

    with tempfile.NamedTemporaryFile(prefix="seamark-", suffix=".report") as file:
        for piece in evidence.report_bytes(found.report):
            file.write(piece)
        file.flush()
        opened: OpenReport = open_report(file.name, format_of(target), key=secret_digest_key())
        with guarded(), transaction.atomic():
            return ingest(opened, found.report, target, tell, _source_of(found))


def _source_of(found: Import) -> Source:
    """Return what was sent of the code that was scanned; nothing where nothing was."""
    if found.source is None:
        return Source()
    return Source(excerpt.decode(zstandard.decompress(bytes(found.source), max_output_size=excerpt.LARGEST)))


def progress_of(found: Import) -> int:
    """Return how many findings of a running import have been read."""
    return _progress.get(found.pk, found.progress)
