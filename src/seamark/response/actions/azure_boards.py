"""Tickets as work items of Azure Boards (Services and Server, REST 7.1).

What was opened is found by a tag that stands for the key: WIQL is answered from the database, so it is seen at once. Comments carry their mark in
small print, for Azure takes comments of HTML out.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.caller import Answer, Caller
from seamark.response.actions.asking import Service, dig, rows_at, service_caller, words_at
from seamark.response.actions.contract import Act, Change, Done, Role, Ticket
from seamark.response.actions.marking import LABEL, is_marked, is_ours, label, mark
from seamark.response.actions.numbered import NUMBER, numbered
from seamark.response.actions.rendering.document import line
from seamark.response.actions.rendering.writers import Html
from seamark.response.actions.signing import decoded, demand_basic, header
from seamark.response.actions.tickets import KEPT, body_of, fresh, labels_of, level, moment, more_at, perform

_NAME: Final = "Azure Boards"
_VERSION: Final = {"api-version": "7.1"}
_COMMENTS: Final = {"api-version": "7.1-preview.4"}
_PATCH: Final = {"Content-Type": "application/json-patch+json"}
_TEXT: Final = 200_000
_TITLE: Final = 255
_STATES: Final = {
    "Proposed": "open",
    "InProgress": "in_progress",
    "Resolved": "in_progress",
    "Completed": "closed",
    "Removed": "closed:removed",
}
_CLOSED: Final = ("Completed", "Removed")
_OPEN: Final = ("Proposed", "InProgress")


class Settings(Struct, frozen=True, kw_only=True):
    """A project's work items."""

    url: str
    """`https://dev.azure.com/ORGANISATION`, or a server's collection."""
    project: str
    token: str
    """A personal access token that may read and write work items."""
    type: str = "Issue"
    """Work item type: Issue, Bug, Task, Product Backlog Item …"""
    closed_state: str = ""
    """Empty takes the type's first state of the category Completed."""
    open_state: str = ""
    due_field: str = ""
    """Such as `Microsoft.VSTS.Scheduling.DueDate`, where the type has it."""
    area: str = ""
    user: str = "seamark"
    """Of the service hook's basic authentication."""
    secret: str = ""
    """Its password."""


class AzureBoards:
    """The channel."""

    name, title, role = "azure_boards", "Azure Boards", Role.TICKET
    settings: type[Struct] = Settings
    secrets = frozenset({"token", "secret"})

    def caller(self, settings: Settings, transport: Any = None) -> Caller:
        """Return a caller for the organisation."""
        basic = base64.b64encode(f":{settings.token}".encode()).decode()
        return service_caller(settings.url, {"Authorization": f"Basic {basic}"}, _NAME, transport)

    def check(self, settings: Settings, caller: Caller) -> str:
        """Say in which project, with which states, work items are opened."""
        desk = AzureDesk(settings, caller)
        states = [words_at(one, "name") for one in desk.states()]
        return f"In {settings.project}, as {settings.type} with the states {', '.join(states)}"

    def own(self, settings: Settings, caller: Caller) -> str:
        """Return the id by which changes name ourselves."""
        answer = AzureDesk(settings, caller).ask("GET", "/_apis/connectionData", params={"api-version": "7.1-preview"})
        return words_at(answer.body, "authenticatedUser", "id")

    def perform(self, act: Act, settings: Settings, caller: Caller) -> Done:
        """Do an act once."""
        return perform(act, AzureDesk(settings, caller), _NAME)

    def changes(self, settings: Settings, caller: Caller, references: tuple[str, ...], since: str) -> list[Change]:
        """Return what others did since a time, and which work items are not there any more."""
        desk, found = AzureDesk(settings, caller), []
        categories = {words_at(one, "name"): words_at(one, "category") for one in desk.states()}
        for reference, changed in desk.changed(references).items():
            if not changed:
                now = datetime.now(UTC).isoformat()
                found.append(Change(id=f"{reference}:deleted", reference=reference, at=now, author="", kind="deleted"))
            elif moment(changed) >= moment(since):
                for update in rows_at(desk.item("GET", reference, "/updates").body, "value"):
                    fields = dig(update, "fields")
                    at = words_at(fields, "System.ChangedDate", "newValue") or words_at(update, "revisedDate")
                    found += _of_fields(
                        fields, reference, words_at(update, "id"), at, dig(update, "revisedBy"), categories
                    )
                for comment in desk.comments(reference):
                    found += _of_comment(comment, reference)
        return fresh(found, since, self.own(settings, caller))

    def verify(self, settings: Settings, headers: Mapping[str, str], body: bytes, now: float) -> list[Change]:
        """Return what a service hook says. Azure sends a name and a password, and the event's time."""
        demand_basic(settings.user, settings.secret, header(headers, "Authorization"), _NAME)
        return pushed(decoded(body, _NAME), now)


class AzureDesk:
    """One project's work items."""

    def __init__(self, settings: Settings, caller: Caller) -> None:
        self.settings, self.service = settings, Service(caller, _NAME)
        self.home = f"/{quote(settings.project, safe='')}/_apis/wit"

    def find(self, key: str) -> Done | None:
        """Return the work item with the key's tag."""
        # The label is hexadecimal: nothing of the key itself stands in the query.
        query = (
            "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project "  # noqa: S608
            f"AND [System.Tags] CONTAINS '{label(key)}' ORDER BY [System.Id] ASC"
        )
        found = self.ask("POST", f"{self.home}/wiql", {"query": query}, params={**_VERSION, "$top": 1}).body
        number = words_at(found, "workItems", 0, "id")
        return self._done(number, found=True) if number else None

    def open(self, ticket: Ticket, key: str) -> Done:
        """Open a work item."""
        fields = {**self._fields(ticket), "System.Tags": "; ".join([LABEL, label(key), *_tags(ticket)])}
        if self.settings.area:
            fields["System.AreaPath"] = self.settings.area
        path = f"{self.home}/workitems/${quote(self.settings.type, safe='')}"
        made = self._write("POST", path, {**fields, **ticket.fields}, "")
        return self._done(words_at(made.body, "id"))

    def update(self, reference: str, ticket: Ticket) -> Done:
        """Bring a work item up to date; tags of others stay."""
        fields = self._fields(ticket)
        if tags := _tags(ticket):
            there = words_at(self.item("GET", reference).body, "fields", "System.Tags")
            known = [one.strip() for one in there.split(";") if one.strip()]
            fields["System.Tags"] = "; ".join(dict.fromkeys([*known, *tags]))
        self._write("PATCH", self._path(reference), {**fields, **ticket.fields}, reference)
        return self._done(reference)

    def move(self, reference: str, *, closed: bool) -> Done:
        """Set the state that closes a work item or opens it again."""
        state = words_at(self.item("GET", reference).body, "fields", "System.State")
        states = self.states()
        category = next((words_at(one, "category") for one in states if words_at(one, "name") == state), "")
        if (category in _CLOSED) is closed:
            return self._done(reference, found=True)
        self._write("PATCH", self._path(reference), {"System.State": self._state(states, closed=closed)}, reference)
        return self._done(reference)

    def comment(self, reference: str, text: str, key: str) -> Done:
        """Add a comment, unless one carries the key."""
        if any(is_marked(words_at(one, "text"), key) for one in self.comments(reference)):
            return self._done(reference, found=True)
        words = f"{Html().write(text, _TEXT)}<p><small>{mark(key)}</small></p>"
        self.item("POST", reference, "/comments", {"text": words}, params=_COMMENTS)
        return self._done(reference)

    def states(self) -> list[dict[str, Any]]:
        """Return the states of the type, each with its category."""
        path = f"{self.home}/workitemtypes/{quote(self.settings.type, safe='')}/states"
        return rows_at(self.ask("GET", path, params=_VERSION).body, "value")

    def changed(self, references: tuple[str, ...]) -> dict[str, str]:
        """Return when work items were changed last, empty for those that are not there."""
        found: dict[str, str] = {}
        for at in range(0, len(references), 200):
            batch = [one for one in references[at : at + 200] if NUMBER.fullmatch(one)]
            body = {
                "ids": [int(one) for one in batch],
                "fields": ["System.Id", "System.ChangedDate"],
                "errorPolicy": "omit",
            }
            rows = rows_at(self.ask("POST", f"{self.home}/workitemsbatch", body, params=_VERSION).body, "value")
            there = {words_at(one, "id"): words_at(one, "fields", "System.ChangedDate") for one in rows}
            found |= {one: there.get(one, "") for one in batch}
        return found

    def comments(self, reference: str) -> list[dict[str, Any]]:
        """Return the newest comments."""
        params: dict[str, str | int] = {**_COMMENTS, "$top": 200, "order": "desc"}
        return rows_at(self.item("GET", reference, "/comments", params=params).body, "comments")

    def item(
        self, method: str, reference: str, path: str = "", body: Any = None, *, params: Mapping[str, str | int] = _VERSION
    ) -> Answer:  # fmt: skip
        """Ask for a work item."""
        return self.ask(method, f"{self._path(reference)}{path}", body, params=params, gone=f"#{reference}")

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """Ask for anything. Azure answers a token that is no good with a page to sign in at."""
        home = f"/_apis/projects/{quote(self.settings.project, safe='')}" if more.get("gone") else ""
        answer = self.service.ask(method, path, body, home=home, **more)
        if answer.status == 203 or (answer.body is None and "<html" in answer.text[:2000].lower()):
            raise self.service.refused(Answer(401, None, "", {}))
        return answer

    def _write(self, method: str, path: str, fields: Mapping[str, Any], reference: str) -> Answer:
        for names in (fields, {name: value for name, value in fields.items() if name != "System.AssignedTo"}):
            body = [{"op": "add", "path": f"/fields/{name}", "value": value} for name, value in names.items()]
            allow = (400,) if "System.AssignedTo" in names else ()
            answer = self.ask(
                method, path, body, params=_VERSION, headers=_PATCH, allow=allow, gone=f"#{reference}" if reference else ""
            )  # fmt: skip
            # Somebody whom the project does not know is no reason to write nothing.
            if answer.ok:
                break
        return answer

    def _state(self, states: list[dict[str, Any]], *, closed: bool) -> str:
        named = self.settings.closed_state if closed else self.settings.open_state
        if named:
            return named
        for category in _CLOSED[:1] if closed else _OPEN:
            for one in states:
                if words_at(one, "category") == category:
                    return words_at(one, "name")
        raise RemoteFailure(
            f"{self.settings.type} has no state that is {'completed' if closed else 'open'}", permanent=True
        )

    def _fields(self, ticket: Ticket) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "System.Title": line(ticket.title, _TITLE), "System.Description": Html().write(body_of(ticket), _TEXT, more_at(ticket.url)),
        }  # fmt: skip
        if ticket.priority != KEPT:
            fields["Microsoft.VSTS.Common.Priority"] = min(level(ticket.priority) + 1, 4)
        if ticket.due and self.settings.due_field:
            fields[self.settings.due_field] = f"{ticket.due}T23:59:59Z"
        if ticket.assignee:
            fields["System.AssignedTo"] = line(ticket.assignee, 200)
        return fields

    def _path(self, reference: str) -> str:
        return f"{self.home}/workItems/{numbered(reference, 'a work item')}"

    def _done(self, reference: str, *, found: bool = False) -> Done:
        if not reference:
            raise self.service.strange("no number of the work item")
        url = f"{self.settings.url.rstrip('/')}/{quote(self.settings.project, safe='')}/_workitems/edit/{reference}"
        return Done(reference=reference, url=url, found=found)


def pushed(event: dict[str, Any], now: float) -> list[Change]:
    """Return what a service hook's event says; one of another time than now is refused."""
    kind, row = words_at(event, "eventType"), dig(event, "resource")
    at = words_at(event, "createdDate")
    # An event that Azure sends late again is found by asking.
    if not at or abs(moment(at).timestamp() - now) > 900:
        return []
    if kind == "workitem.deleted":
        reference = words_at(row, "id")
        return [Change(id=f"{reference}:deleted", reference=reference, at=at, author="", kind="deleted")]
    if kind == "workitem.updated":
        # Categories of states are not in the event; the state's name decides where it is a common one.
        named = {
            "New": "Proposed",
            "To Do": "Proposed",
            "Approved": "Proposed",
            "Active": "InProgress",
            "Doing": "InProgress",
        }
        categories = {
            **named,
            "Committed": "InProgress",
            "Closed": "Completed",
            "Done": "Completed",
            "Removed": "Removed",
        }
        return _of_fields(
            dig(row, "fields"), words_at(row, "workItemId"), words_at(row, "id"), at, dig(row, "revisedBy"), categories
        )
    return []


def _of_fields(
    fields: Any, reference: str, id: str, at: str, person: Any, categories: Mapping[str, str]
) -> list[Change]:  # fmt: skip
    found = []
    for name, kind in (
        ("System.State", "status"),
        ("System.AssignedTo", "assignee"),
        ("Microsoft.VSTS.Common.Priority", "priority"),
    ):
        if dig(fields, name) is None:
            continue
        new = dig(fields, name, "newValue")
        if kind == "status":
            value = _STATES.get(categories.get(str(new), ""), "")
        elif kind == "assignee":
            value = words_at(new, "uniqueName")
        else:
            value = str(min(max(int(new) - 1, 0), 4)) if isinstance(new, int) else ""
        if value or kind == "assignee":
            author, email = words_at(person, "id"), words_at(person, "uniqueName")
            found.append(
                Change(
                    id=f"{reference}:{id}:{kind}",
                    reference=reference,
                    at=at,
                    author=author,
                    author_email=email,
                    kind=kind,
                    value=value,
                )
            )
    return found


def _of_comment(comment: dict[str, Any], reference: str) -> list[Change]:
    text = _words(words_at(comment, "text"))
    if is_ours(text):
        return []
    return [
        Change(
            id=f"{reference}:comment:{words_at(comment, 'id')}", reference=reference, at=words_at(comment, "createdDate"),
            author=words_at(comment, "createdBy", "id"), author_email=words_at(comment, "createdBy", "uniqueName"), kind="comment", value=text,
        )
    ]  # fmt: skip


def _words(text: str) -> str:
    """Return what HTML says, its blocks in lines."""
    parted = re.sub(r"(?i)<(?:br|/p|/div|/li)[^<>]{0,200}>", "\n", text[:_TEXT])
    return html.unescape(re.sub(r"<[^<>]{0,1000}>", "", parted)).replace("\xa0", " ").strip()


def _tags(ticket: Ticket) -> list[str]:
    """Return labels; commas and semicolons part tags."""
    return [re.sub(r"[,;]", " ", one) for one in labels_of(ticket, 200, 30)]
