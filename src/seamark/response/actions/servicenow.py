"""Tickets in ServiceNow by its Table API: incidents, or another table of tasks such as Vulnerability Response's.

What was opened is found by its correlation id, exactly and at once. Notes carry their mark in their text and are found in the journal.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct, field

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.caller import Answer, Caller
from seamark.response.actions.asking import Service, rows_at, service_caller, words_at
from seamark.response.actions.contract import Act, Change, Done, Role, Ticket
from seamark.response.actions.marking import digest, is_marked, is_ours, mark
from seamark.response.actions.rendering.document import line
from seamark.response.actions.rendering.writers import Journal
from seamark.response.actions.signing import decoded, demand_recent, demand_token, header
from seamark.response.actions.tickets import KEPT, body_of, fresh, level, more_at, perform

_NAME: Final = "ServiceNow"
_TITLE: Final = 160
_TEXT: Final = 4_000
"""Characters of a description or note, the length that the fields of tasks have."""
_SYS_ID: Final = re.compile(r"[0-9a-f]{32}")
_TABLE: Final = re.compile(r"[a-z][a-z0-9_]{1,79}")
_BATCH: Final = 50
_CLOSING: Final = {"close_code": "Solution provided", "close_notes": "Resolved: Seamark sees it no longer."}
_IMPACT: Final = (("1", "1"), ("1", "2"), ("2", "2"), ("2", "3"), ("3", "3"))
"""Impact and urgency, from which ServiceNow computes the priority of an incident."""


class Settings(Struct, frozen=True, kw_only=True):
    """A table of an instance."""

    url: str
    """`https://INSTANCE.service-now.com`."""
    token: str
    """The user's password, or an OAuth token where no user is named."""
    user: str = ""
    table: str = "incident"
    """`incident`, or a table with the same kind of fields, such as `sn_vul_vulnerable_item`."""
    key_field: str = "correlation_id"
    comment_field: str = "work_notes"
    state_field: str = "state"
    closed_states: tuple[str, ...] = ("6", "7", "8")
    """Values of the state that count as closed; the first is set on closing."""
    progress_states: tuple[str, ...] = ("2", "3")
    open_state: str = "2"
    """Set on opening again."""
    closing: dict[str, str] = field(default_factory=lambda: dict(_CLOSING))
    """Fields that are set on closing, which many instances demand."""
    impact: bool = True
    """Whether the priority is told as impact and urgency; else as `priority` from 1 to 5."""
    group: str = ""
    """Assignment group, by its sys_id."""
    secret: str = ""
    """What the instance's business rule sends in `X-Seamark-Secret`, with its time in `X-Seamark-Time`."""


class ServiceNow:
    """The channel."""

    name, title, role = "servicenow", "ServiceNow", Role.TICKET
    settings: type[Struct] = Settings
    secrets = frozenset({"token", "secret"})

    def caller(self, settings: Settings, transport: Any = None) -> Caller:
        """Return a caller for the instance."""
        basic = base64.b64encode(f"{settings.user}:{settings.token}".encode()).decode()
        word = f"Basic {basic}" if settings.user else f"Bearer {settings.token}"
        return service_caller(settings.url, {"Authorization": word}, _NAME, transport)

    def check(self, settings: Settings, caller: Caller) -> str:
        """Say which table is written to."""
        desk = ServiceNowDesk(settings, caller)
        desk.service.ask(
            "GET", desk.home, params={"sysparm_limit": 1, "sysparm_fields": f"sys_id,{settings.key_field}"}
        )
        return f"As {settings.user or 'the owner of the token'} in {settings.table}"

    def own(self, settings: Settings, caller: Caller) -> str:  # noqa: ARG002 - the contract's
        """Return the id by which changes name ourselves."""
        return settings.user

    def perform(self, act: Act, settings: Settings, caller: Caller) -> Done:
        """Do an act once."""
        return perform(act, ServiceNowDesk(settings, caller), _NAME)

    def changes(self, settings: Settings, caller: Caller, references: tuple[str, ...], since: str) -> list[Change]:
        """Return what others did since a time, and which tickets are not there any more."""
        desk, found = ServiceNowDesk(settings, caller), []
        first = datetime.fromisoformat(since).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        for at in range(0, len(references), _BATCH):
            batch = [one for one in references[at : at + _BATCH] if _SYS_ID.fullmatch(one)]
            rows = {words_at(one, "sys_id"): one for one in desk.rows(f"sys_idIN{','.join(batch)}")}
            now = datetime.now(UTC).isoformat()
            found += [
                Change(id=f"{one}:deleted", reference=one, at=now, author="", kind="deleted")
                for one in batch
                if one not in rows
            ]
            for reference, row in rows.items():
                if words_at(row, "sys_updated_on") >= first:
                    found += _of_row(row, reference, settings)
            for note in desk.journal(f"element_idIN{','.join(batch)}^sys_created_on>={first}"):
                found += _of_note(note)
        return fresh(found, since, self.own(settings, caller))

    def verify(self, settings: Settings, headers: Mapping[str, str], body: bytes, now: float) -> list[Change]:
        """Return what a business rule sent: the row, `sys_id` and all. ServiceNow signs nothing itself; the rule sends the secret and the time."""
        demand_token(settings.secret, header(headers, "X-Seamark-Secret"), _NAME)
        demand_recent(header(headers, "X-Seamark-Time"), now, _NAME)
        row = decoded(body, _NAME)
        reference = words_at(row, "sys_id")
        if not _SYS_ID.fullmatch(reference):
            return []
        if words_at(row, "operation") == "delete":
            at = datetime.fromtimestamp(now, UTC).isoformat()
            return [
                Change(
                    id=f"{reference}:deleted",
                    reference=reference,
                    at=at,
                    author=words_at(row, "sys_updated_by"),
                    kind="deleted",
                )
            ]
        return _of_row(row, reference, settings)


class ServiceNowDesk:
    """One table's rows."""

    def __init__(self, settings: Settings, caller: Caller) -> None:
        if not all(
            map(_TABLE.fullmatch, (settings.table, settings.key_field, settings.comment_field, settings.state_field))
        ):
            raise RemoteFailure("Names of tables and fields have small letters, digits and underscores", permanent=True)
        self.settings, self.service = settings, Service(caller, _NAME)
        self.home = f"/api/now/table/{settings.table}"

    def find(self, key: str) -> Done | None:
        """Return the row with the key's correlation id."""
        rows = self.rows(f"{self.settings.key_field}={digest(key)}^ORDERBYsys_created_on", limit=1)
        return self._done(rows[0], found=True) if rows else None

    def open(self, ticket: Ticket, key: str) -> Done:
        """Open a row."""
        body = {**self._fields(ticket), self.settings.key_field: digest(key)}
        if self.settings.key_field == "correlation_id":
            body["correlation_display"] = "Seamark"
        if self.settings.group:
            body["assignment_group"] = self.settings.group
        return self._result(self.service.ask("POST", self.home, {**body, **ticket.fields}))

    def update(self, reference: str, ticket: Ticket) -> Done:
        """Bring a row's fields up to date."""
        return self._result(self._ask("PATCH", reference, {**self._fields(ticket), **ticket.fields}))

    def move(self, reference: str, *, closed: bool) -> Done:
        """Set the state that closes a row or opens it again."""
        row = self._ask("GET", reference)
        is_closed = words_at(row.body, "result", self.settings.state_field) in self.settings.closed_states
        if is_closed is closed:
            return self._result(row, found=True)
        state = self.settings.closed_states[0] if closed else self.settings.open_state
        return self._result(
            self._ask(
                "PATCH", reference, {self.settings.state_field: state, **(self.settings.closing if closed else {})}
            )
        )

    def comment(self, reference: str, text: str, key: str) -> Done:
        """Add a note, unless the journal has one with the key."""
        row = self._ask("GET", reference)
        query = f"element_id={reference}^element={self.settings.comment_field}^valueLIKE{mark(key)}"
        if any(is_marked(words_at(one, "value"), key) for one in self.journal(query)):
            return self._result(row, found=True)
        note = f"{Journal().write(text, _TEXT - 200)}\n\n{mark(key)}"
        return self._result(self._ask("PATCH", reference, {self.settings.comment_field: note}))

    def rows(self, query: str, limit: int = _BATCH) -> list[dict[str, Any]]:
        """Return rows of the table."""
        params: dict[str, str | int] = {
            "sysparm_query": query,
            "sysparm_limit": limit,
            "sysparm_exclude_reference_link": "true",
        }
        return rows_at(self.service.ask("GET", self.home, params=params).body, "result")

    def journal(self, query: str) -> list[dict[str, Any]]:
        """Return notes of rows, the oldest first."""
        params: dict[str, str | int] = {"sysparm_query": f"{query}^ORDERBYsys_created_on", "sysparm_limit": 500}
        return rows_at(self.service.ask("GET", "/api/now/table/sys_journal_field", params=params).body, "result")

    def _fields(self, ticket: Ticket) -> dict[str, Any]:
        number = level(ticket.priority)
        fields: dict[str, Any] = {
            "short_description": line(ticket.title, _TITLE), "description": Journal().write(body_of(ticket), _TEXT, more_at(ticket.url)),
        }  # fmt: skip
        if ticket.priority != KEPT:
            names = ("impact", "urgency") if self.settings.impact else ("priority",)
            fields |= zip(names, _IMPACT[number] if self.settings.impact else (str(number + 1),), strict=True)
        if ticket.due:
            fields["due_date"] = f"{ticket.due} 23:59:59"
        if ticket.assignee and (person := self._person(ticket.assignee)):
            fields["assigned_to"] = person
        return fields

    def _person(self, email: str) -> str:
        """Return the one active user of an address; empty for nobody."""
        # A caret would begin another condition.
        query = f"email={line(email, 100).replace('^', '')}^active=true"
        params: dict[str, str | int] = {"sysparm_query": query, "sysparm_fields": "sys_id", "sysparm_limit": 2}
        found = rows_at(self.service.ask("GET", "/api/now/table/sys_user", params=params).body, "result")
        return words_at(found, 0, "sys_id") if len(found) == 1 else ""

    def _ask(self, method: str, reference: str, body: Any = None) -> Answer:
        if not _SYS_ID.fullmatch(reference):
            raise RemoteFailure(f"{reference[:40]!r} is no sys_id", permanent=True)
        where = f"{self.home}/{quote(reference, safe='')}"
        params = {"sysparm_exclude_reference_link": "true"}
        return self.service.ask(method, where, body, params=params, gone=reference, home=f"{self.home}?sysparm_limit=1")

    def _result(self, answer: Answer, *, found: bool = False) -> Done:
        row = answer.body.get("result") if isinstance(answer.body, dict) else None
        return self._done(row, found=found)

    def _done(self, row: Any, *, found: bool = False) -> Done:
        reference = words_at(row, "sys_id")
        if not reference:
            raise self.service.strange("no sys_id")
        # The page is not shown inside the navigator's frame of another address.
        url = f"{self.settings.url.rstrip('/')}/nav_to.do?uri={quote(f'{self.settings.table}.do?sys_id={reference}', safe='')}"
        return Done(reference=reference, url=url, found=found)


def _of_row(row: dict[str, Any], reference: str, settings: Settings) -> list[Change]:
    """Return the state that a row is in: ServiceNow tells what is, not what changed; the same again is the same change."""
    state, count = words_at(row, settings.state_field), words_at(row, "sys_mod_count")
    if not state:
        return []
    code = words_at(row, "close_code").lower()
    is_closed = state in settings.closed_states
    value = (
        (f"closed:{code}" if code else "closed")
        if is_closed
        else "in_progress"
        if state in settings.progress_states
        else "open"
    )
    return [
        Change(
            id=f"{reference}:{count}:status", reference=reference, at=_iso(words_at(row, "sys_updated_on")),
            author=words_at(row, "sys_updated_by"), kind="status", value=value,
        )
    ]  # fmt: skip


def _of_note(note: dict[str, Any]) -> list[Change]:
    text, reference = words_at(note, "value"), words_at(note, "element_id")
    if is_ours(text) or words_at(note, "element") not in {"comments", "work_notes"}:
        return []
    return [
        Change(
            id=f"{reference}:comment:{words_at(note, 'sys_id')}", reference=reference, at=_iso(words_at(note, "sys_created_on")),
            author=words_at(note, "sys_created_by"), kind="comment", value=text,
        )
    ]  # fmt: skip


def _iso(text: str) -> str:
    """Return a time of the Table API, which is UTC."""
    return f"{text.replace(' ', 'T')}+00:00" if text else datetime.now(UTC).isoformat()
