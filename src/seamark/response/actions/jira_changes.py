"""What happened to tickets in Jira, from its change log by asking and from its webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from urllib.parse import quote

from seamark.response.actions.asking import Service, dig, rows_at, words_at
from seamark.response.actions.contract import MARKER, Change
from seamark.response.actions.marking import is_ours
from seamark.response.actions.rendering.adf import words_of
from seamark.response.actions.tickets import fresh, moment

_STATES: Final = {"new": "open", "undefined": "open", "indeterminate": "in_progress", "done": "closed"}
_BATCH: Final = 100
_PAGES: Final = 10


class Told(Protocol):
    """What of the settings changes are read with."""

    @property
    def data_center(self) -> bool:
        """Whether the site is no Cloud."""

    @property
    def priorities(self) -> tuple[str, ...]:
        """Names for priority 0 to 4."""


def search(
    service: Service, api: str, settings: Told, jql: str, fields: Sequence[str], most: int
) -> list[dict[str, Any]]:
    """Return at most `most` issues of a JQL query."""
    body: dict[str, Any] = {"jql": jql, "fields": list(fields), "maxResults": most}
    path = f"{api}/search" if settings.data_center else f"{api}/search/jql"
    if settings.data_center:
        # A key that is not there any more is no reason to refuse the others.
        body["validateQuery"] = False
    return rows_at(service.ask("POST", path, body).body, "issues")


def polled(
    service: Service, api: str, home: str, settings: Told, references: tuple[str, ...], since: str, own: str
) -> list[Change]:
    """Return what happened to tickets since an ISO time, oldest first."""
    start = datetime.fromisoformat(since)
    found: list[Change] = []
    categories: dict[str, str] | None = None
    for at in range(0, len(references), _BATCH):
        batch = references[at : at + _BATCH]
        there = _issues(service, api, settings, batch)
        missing = [one for one in batch if one not in there]
        if missing:
            # A project that may no longer be seen is a failure of the connection, not of its tickets.
            service.ask("GET", home)
            now = datetime.now(UTC).isoformat()
            found += [Change(id=f"{one}:deleted", reference=one, at=now, author="", kind="deleted") for one in missing]
        for reference, issue in there.items():
            if moment(words_at(issue, "fields", "updated")) < start:
                continue
            if categories is None:
                categories = _categories(service, api)
            for history in _histories(service, api, settings, reference):
                found += _of_history(history, reference, issue, categories, settings)
            found += _comments(service, api, reference)
    return fresh(found, since, own)


def pushed(event: dict[str, Any], settings: Told) -> list[Change]:
    """Return what a webhook says."""
    kind, issue = words_at(event, "webhookEvent"), dig(event, "issue")
    reference = words_at(issue, "key")
    at = datetime.fromtimestamp(int(event.get("timestamp", 0)) / 1000, UTC).isoformat()
    if not reference:
        return []
    if kind == "jira:issue_deleted":
        author, email = _who(dig(event, "user"))
        return [
            Change(
                id=f"{reference}:deleted", reference=reference, at=at, author=author, author_email=email, kind="deleted"
            )
        ]
    if kind == "comment_created":
        comment = dig(event, "comment")
        return _comment(comment, reference) if isinstance(comment, dict) else []
    if kind != "jira:issue_updated":
        return []
    # The webhook names the status that the issue has now, with its category.
    status = words_at(issue, "fields", "status", "id")
    categories = {status: words_at(issue, "fields", "status", "statusCategory", "key")}
    log = dig(event, "changelog")
    history = {"id": words_at(log, "id"), "author": dig(event, "user"), "created": at, "items": rows_at(log, "items")}
    return _of_history(history, reference, issue, categories, settings)


def words(comment: Any) -> str:
    """Return what a comment says."""
    return words_of(dig(comment, "body"))


def key_of(comment: Any) -> str:
    """Return the key that a comment has as a property, empty for none."""
    found = (one for one in rows_at(comment, "properties") if one.get("key") == MARKER)
    return next((words_at(one, "value", "key") for one in found), "")


def _issues(service: Service, api: str, settings: Told, batch: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the tickets that are there, by key. Cloud's bulk fetch reads no index that lags behind."""
    fields = ["updated", "status", "assignee", "priority", "resolution"]
    if settings.data_center:
        keys = ", ".join('"' + one.replace("\\", "").replace('"', "") + '"' for one in batch)
        issues = search(service, api, settings, f"key in ({keys})", fields, most=len(batch))
    else:
        body = {"issueIdsOrKeys": list(batch), "fields": fields}
        issues = rows_at(service.ask("POST", f"{api}/issue/bulkfetch", body).body, "issues")
    return {words_at(one, "key"): one for one in issues}


def _categories(service: Service, api: str) -> dict[str, str]:
    """Return the category of each status, by the status's id."""
    rows = rows_at(service.ask("GET", f"{api}/status").body)
    return {words_at(one, "id"): words_at(one, "statusCategory", "key") for one in rows}


def _histories(service: Service, api: str, settings: Told, reference: str) -> list[dict[str, Any]]:
    where = f"{api}/issue/{quote(reference, safe='')}"
    if settings.data_center:
        body = service.ask("GET", where, params={"expand": "changelog", "fields": "updated"}).body
        return rows_at(body, "changelog", "histories")
    found: list[dict[str, Any]] = []
    for page in range(_PAGES):
        body = service.ask("GET", f"{where}/changelog", params={"startAt": page * _BATCH, "maxResults": _BATCH}).body
        found += rows_at(body, "values")
        if dig(body, "isLast") is not False:
            break
    return found


def _of_history(
    history: dict[str, Any], reference: str, issue: Any, categories: dict[str, str], settings: Told
) -> list[Change]:  # fmt: skip
    author, email = _who(history.get("author"))
    items = {words_at(one, "field"): one for one in rows_at(history, "items")}
    found = []
    for kind in ("status", "assignee", "priority"):
        if kind not in items:
            continue
        value = _value(kind, items, issue, categories, settings)
        if value is not None:
            found.append(
                Change(
                    id=f"{reference}:{words_at(history, 'id')}:{kind}", reference=reference, at=_iso(words_at(history, "created")),
                    author=author, author_email=email, kind=kind, value=value,
                )
            )  # fmt: skip
    return found


def _value(kind: str, items: dict[str, Any], issue: Any, categories: dict[str, str], settings: Told) -> str | None:
    item = items[kind]
    if kind == "status":
        state = _STATES.get(categories.get(words_at(item, "to"), ""))
        resolution = words_at(items.get("resolution"), "toString").lower()
        return f"closed:{resolution}" if state == "closed" and resolution else state
    if kind == "assignee":
        person = dig(issue, "fields", "assignee")
        is_same = words_at(item, "to") in {
            words_at(person, "accountId"),
            words_at(person, "name"),
            words_at(person, "key"),
        }
        return words_at(person, "emailAddress") if is_same else ""
    name = words_at(item, "toString")
    return str(settings.priorities.index(name)) if name in settings.priorities else None


def _comments(service: Service, api: str, reference: str) -> list[Change]:
    where = f"{api}/issue/{quote(reference, safe='')}/comment"
    body = service.ask("GET", where, params={"orderBy": "-created", "maxResults": 100, "expand": "properties"}).body
    return [change for one in rows_at(body, "comments") for change in _comment(one, reference)]


def _comment(comment: dict[str, Any], reference: str) -> list[Change]:
    """Return a comment, unless it is one of ours."""
    if key_of(comment) or is_ours(words(comment)):
        return []
    author, email = _who(comment.get("author"))
    return [
        Change(
            id=f"{reference}:comment:{words_at(comment, 'id')}", reference=reference, at=_iso(words_at(comment, "created")), author=author,
            author_email=email, kind="comment", value=words(comment),
        )
    ]  # fmt: skip


def _who(person: Any) -> tuple[str, str]:
    return words_at(person, "accountId") or words_at(person, "name"), words_at(person, "emailAddress")


def _iso(text: str) -> str:
    return moment(text).isoformat()
