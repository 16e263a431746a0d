"""What a client does: send reports, read what is to be done first, triage it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote

import msgspec

from seamark.client.calls import Connection, failure_of
from seamark.client.shapes import Application, Bulk, Done, Finding, Fix, Issue, Job, Outlook, shaped
from seamark.core.errors import RemoteFailure, UnreadableReport

Shape = TypeVar("Shape")
_POLLS = (0.2, 0.5, 1.0, 2.0)
_PATIENCE = 3600.0
_PAGE = 500
_STATES = frozenset({"queued", "running", "done", "failed"})


class Client(Connection):
    """A Seamark server, for who has a token of it.

    Every call raises `RemoteFailure` where the server does not answer or refuses; its `permanent` says that trying again makes no sense.
    """

    def issues(self, query: str = "", *, fields: str = "", limit: int | None = None) -> Iterator[Issue]:
        """Yield the issues that a query asks for, in its order, page by page. Raises `InvalidQuery`."""
        for row in self.rows("/issues", {"q": query, "fields": fields}, limit=limit):
            yield shaped(row, Issue)

    def issue(self, reference: str) -> dict[str, Any]:
        """Return an issue in full, as the API documents it. Raises `NotFound`."""
        return self.get(f"/issues/{quote(reference, safe='')}")

    def findings(self, reference: str) -> list[Finding]:
        """Return what each tool says of an issue. Raises `NotFound`."""
        return shaped(self.issue(reference).get("findings"), list[Finding])

    def applications(self) -> Iterator[Application]:
        """Yield the applications that one may see."""
        for row in self.rows("/applications"):
            yield shaped(row, Application)

    def fixes(self, *, application: str = "") -> Iterator[Fix]:
        """Yield the changes that remove most risk; `application` is a slug."""
        for row in self.rows("/fixes", {"application": application}):
            yield shaped(row, Fix)

    def rows(
        self, path: str, params: Mapping[str, str | int] | None = None, *, limit: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows of any list, page by page; `limit` is the most of them."""
        given = {name: value for name, value in (params or {}).items() if value != ""}
        after, left = "", limit
        while left is None or left > 0:
            size = _PAGE if left is None else min(left, _PAGE)
            page = self.get(path, {**given, "limit": size, **({"after": after} if after else {})})
            items = shaped(page.get("items"), list[dict[str, Any]])
            yield from items
            left = None if left is None else left - len(items)
            after = str(page.get("next") or "")
            if not after or not items:
                return

    def count(self, query: str = "") -> tuple[int, bool]:
        """Return how many issues a query finds, and whether there are more than that. Raises `InvalidQuery`."""
        count = self.get("/issues", {"q": query, "fields": "id", "limit": 1}).get("count")
        told = shaped(count, dict[str, Any])
        return int(told.get("number", 0)), bool(told.get("more"))

    def send(
        self,
        path: Path,
        target: Mapping[str, Any],
        progress: Callable[[int], None] = lambda _: None,
        *,
        source: bytes | None = None,
    ) -> dict[str, Any]:
        """Send a report, with what the checkout that was scanned adds, and return the outcome of its import.

        Raises, besides `RemoteFailure`, what the server says of the report: `UnreadableReport`, `UnknownFormat`, `ImportRefused`.
        """
        fields = {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in target.items()}
        # Servers that know no such part pass over it.
        more: dict[str, Any] = {"source": ("source.json", source, "application/json")} if source is not None else {}
        with _opened(path) as file:

            def files() -> dict[str, Any]:
                file.seek(0)
                return {"report": (path.name, file), **more}

            made = _an_import(self.upload("/imports", files, fields))
        finished = self._wait(made, progress)
        if finished["state"] == "failed":
            raise failure_of(str(finished.get("failure") or ""), str(finished.get("error") or "The import failed"))
        outcome: dict[str, Any] = finished["result"]
        return outcome

    def _wait(self, answer: dict[str, Any], progress: Callable[[int], None]) -> dict[str, Any]:
        started, turn = time.monotonic(), 0
        while answer["state"] in {"queued", "running"}:
            if time.monotonic() - started > _PATIENCE:
                raise RemoteFailure(
                    "The server has not finished the import within an hour; it goes on there", permanent=False
                )
            self.sleep(_POLLS[min(turn, len(_POLLS) - 1)])
            turn += 1
            answer = _an_import(self.get(f"/imports/{answer['id']}"))
            progress(answer["progress"])
        return answer

    def preview(self, bulk: Bulk) -> Outlook:
        """Return what a change of many issues would do."""
        return shaped(self.write("POST", "/triage/preview", bulk), Outlook)

    def triage(self, bulk: Bulk) -> Done | Job:
        """Change many issues: at once, or by a job where there are very many."""
        answer = self.write("POST", "/triage", bulk)
        return shaped(answer, Job) if "kind" in answer else shaped(answer, Done)

    def undo(self, changes: list[str]) -> int:
        """Take changes back and return how many issues were put back."""
        return shaped(self.write("POST", "/triage/undo", {"changes": changes}).get("issues"), int)

    def job(self, reference: str) -> Job:
        """Return how far a job is. Raises `NotFound`."""
        return shaped(self.get(f"/jobs/{quote(reference, safe='')}"), Job)

    def write(self, method: str, path: str, body: Any = None, *, etag: str = "") -> dict[str, Any]:
        """Return what any write answers; with `etag` it is refused where the object has changed since that was read."""
        return self.ask_to(method, path, msgspec.to_builtins(body), headers={"If-Match": etag} if etag else None)


def _an_import(answer: dict[str, Any]) -> dict[str, Any]:
    if answer.get("state") not in _STATES:
        raise RemoteFailure(
            "The server's answer is not one of Seamark's; is SEAMARK_URL a Seamark server?", permanent=True
        )
    return answer


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise UnreadableReport("There is no such file") from None
    except OSError as error:
        raise UnreadableReport(f"The file cannot be read: {error.strerror or error}") from None
    with file:
        yield file
