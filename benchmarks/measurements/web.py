"""The pages of a day's work as the web server answers them: from the request to the last byte, without the network."""

from __future__ import annotations

import time
from typing import Final

from benchmarks.watch import Sample

ADDRESSES: Final = {
    "today": "/",
    "today, what was resolved": "/today/resolved/?since=2020-01-01T00:00:00Z",
    "list": "/issues/",
    "list by fix": "/issues/?group=fix",
    "list by component": "/issues/?group=component",
    "list by owner of kind:dependency": "/issues/?group=owner&q=kind:dependency",
    "search for words": "/search.json?q=injection",
    "search for a package": "/search.json?q=libssl7",
    "search for a CVE": "/search.json?q=CVE-2016-10001",
    "search for nothing that is there": "/search.json?q=nowhere-to-be-found",
    "fixes": "/fixes/",
}
PEOPLE: Final = ("everything", "some")
"""Who sees all applications, and who sees four of forty."""


def ask(repeats: int) -> Sample:
    """Time every page for both people: `times` in milliseconds and the number of `statements`, by page and person."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from seamark.interfaces.cli.server import settle
    from seamark.store.models import User

    settle()
    times: dict[str, list[float]] = {}
    statements: dict[str, int] = {}
    for name in PEOPLE:
        client = Client(HTTP_HOST="localhost")
        client.force_login(User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend")
        for label, address in ADDRESSES.items():
            with CaptureQueriesContext(connection) as asked:
                answer = client.get(address)
            if answer.status_code != 200:
                raise RuntimeError(f"{label} was answered with {answer.status_code}")
            key = f"{label}, {name}"
            statements[key] = len(asked)
            taken = times[key] = []
            for _ in range(repeats):
                start = time.perf_counter()
                client.get(address)
                taken.append((time.perf_counter() - start) * 1000)
    return {"times": times, "statements": statements}
