"""The one worker: takes what waits, piece by piece, and does once a day what nobody asks for."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from datetime import date
from typing import Final

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from seamark.core.errors import SeamarkError
from seamark.governance.ledger import checkpoints
from seamark.governance.waivers import passing
from seamark.pipeline import bundles, daily, imports, jobs, packing, rescoring, violations, webhooks
from seamark.pipeline.automation import watch
from seamark.pipeline.compliance import work as compliance
from seamark.pipeline.gate import kept
from seamark.pipeline.heartbeat import Pulse
from seamark.pipeline.metrics import mailing, nightly
from seamark.pipeline.model_patches import work as model_patches
from seamark.pipeline.notices import work as notices
from seamark.pipeline.outbox import send
from seamark.pipeline.pulls import gates
from seamark.pipeline.pulls import work as pulls
from seamark.pipeline.tickets import following

QUEUES: Final[dict[str, Callable[[], bool]]] = {
    "import": imports.work_once,
    "re-scoring": rescoring.work_once,
    "job": jobs.work_once,
    "pack": packing.work_once,
    "webhook": webhooks.work_once,
    "outbox": send.work_once,
    "pull request": pulls.work_once,
    "machine-made change": model_patches.work_once,
    "gate comment": gates.work_once,
    "waivers": passing.work_once,
    "verdict": kept.work_once,
}
"""What waits, by its name: each function works off one piece, and says whether there was one. Imports come first."""
DAILY: Final[tuple[Callable[[], object], ...]] = (
    daily.run_if_due,
    checkpoints.sign_when_due,
    nightly.run,
)
"""What is done once a day. Each sees to it itself that only one worker does it."""
PERIODIC: Final[tuple[Callable[[], object], ...]] = (
    bundles.work_once,
    violations.work_once,
    watch.work_once,
    following.work_once,
    compliance.work_once,
    notices.work_once,
    mailing.work_once,
    pulls.watch_once,
)
"""What is looked after whenever nothing waits. Each knows itself when it is due, and lets only one worker do it."""
log = logging.getLogger(__name__)


def work_once() -> str:
    """Work off one piece of what waits; return what it was, empty where nothing waits."""
    return next((name for name, work in QUEUES.items() if work()), "")


class Worker:
    """Works until it is told to stop."""

    def __init__(self, *, poll: float = 1.0) -> None:
        self._poll = poll
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._day: date | None = None
        self._pulse = Pulse()

    def run(self) -> None:
        """Work in this thread until `stop`."""
        while not self._stop.is_set():
            busy = False
            try:
                self._pulse.beat()
                busy = bool(work_once())
                if not busy:
                    self._upkeep()
            except DatabaseError:
                # The database is away or busy: what waits is still there afterwards.
                log.warning("The database did not answer; trying again", exc_info=True)
            except Exception:
                # One piece that cannot be worked off must not keep the others waiting.
                log.exception("A piece of work failed")
            finally:
                close_old_connections()
            if not busy:
                imports.wake.wait(self._poll)
                imports.wake.clear()
        with contextlib.suppress(DatabaseError):
            self._pulse.end()
        connection.close()

    def _upkeep(self) -> None:
        """Do what is due, until it is told to stop. What fails is told, and tried again when it is due again: the rest goes on."""
        today = timezone.now().date()
        daily_due = self._day != today
        self._day = today
        # What the day's facts speak of is looked at before: clocks, violations, controls.
        for duty in (*PERIODIC, *(DAILY if daily_due else ())):
            if self._stop.is_set():
                return
            try:
                duty()
            except SeamarkError:
                log.exception("A duty failed")

    def start(self) -> None:
        """Work in a thread of its own."""
        self._thread = threading.Thread(target=self.run, name="seamark-worker", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 30.0) -> None:
        """Finish the piece at hand and stop."""
        self._stop.set()
        imports.wake.set()
        if self._thread is not None:
            self._thread.join(timeout)
