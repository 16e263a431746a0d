"""Tickets as GitLab Issues.

What was opened is found by a search of titles and descriptions, which GitLab answers from its database, and among the newest issues with the label `seamark`,
should the search be served by an index. Comments carry their mark hidden.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.caller import Caller
from seamark.response.actions.asking import Service, dig, rows_at, service_caller, words_at
from seamark.response.actions.contract import Act, Change, Done, Role, Ticket
from seamark.response.actions.marking import LABEL, hidden, hidden_in, is_marked, is_ours, mark
from seamark.response.actions.numbered import Numbered
from seamark.response.actions.rendering.document import line
from seamark.response.actions.rendering.writers import Markdown
from seamark.response.actions.signing import decoded, demand_token, header
from seamark.response.actions.tickets import KEPT, body_of, fresh, labels_of, more_at, named_priority, perform

_NAME: Final = "GitLab"
_TEXT: Final = 500_000
"""Characters; GitLab takes 1,048,576."""
_TITLE: Final = 255


class Settings(Struct, frozen=True, kw_only=True):
    """A project's issues."""

    project: str
    """Path or number."""
    token: str
    """Of the project or a person, with the scope `api`."""
    url: str = "https://gitlab.com"
    priorities: tuple[str, ...] = ()
    """Labels for priority 0 to 4, such as `priority::1`; empty sets none."""
    confidential: bool = True
    secret: str = ""
    """Of the webhook."""


class GitLab:
    """The channel."""

    name, title, role = "gitlab", "GitLab Issues", Role.TICKET
    settings: type[Struct] = Settings
    secrets = frozenset({"token", "secret"})

    def caller(self, settings: Settings, transport: Any = None) -> Caller:
        """Return a caller for the API."""
        return service_caller(f"{settings.url.rstrip('/')}/api/v4", {"PRIVATE-TOKEN": settings.token}, _NAME, transport)

    def check(self, settings: Settings, caller: Caller) -> str:
        """Say as whom and in which project issues are opened."""
        desk = GitLabDesk(settings, caller)
        me = desk.service.ask("GET", "/user").body
        project = desk.service.ask("GET", desk.home).body
        if words_at(project, "issues_access_level") == "disabled":
            raise RemoteFailure(f"{settings.project} has no issues; switch them on in its settings", permanent=True)
        return f"As {words_at(me, 'username')} in {words_at(project, 'path_with_namespace')}"

    def own(self, settings: Settings, caller: Caller) -> str:  # noqa: ARG002 - the contract's
        """Return the id by which changes name ourselves."""
        return words_at(Service(caller, _NAME).ask("GET", "/user").body, "id")

    def perform(self, act: Act, settings: Settings, caller: Caller) -> Done:
        """Do an act once."""
        return perform(act, GitLabDesk(settings, caller), _NAME)

    def changes(self, settings: Settings, caller: Caller, references: tuple[str, ...], since: str) -> list[Change]:
        """Return what others did since a time. Deleted issues are in no list: the next act tells."""
        desk = GitLabDesk(settings, caller)
        wanted, found = set(references), []
        for issue in desk.pages(f"{desk.home}/issues", {"updated_after": since, "labels": LABEL, "scope": "all"}):
            reference = words_at(issue, "iid")
            if reference not in wanted:
                continue
            where = f"{desk.home}/issues/{reference}"
            for event in desk.pages(f"{where}/resource_state_events", {}):
                found += _of_state(event, reference)
            for event in desk.pages(f"{where}/resource_label_events", {}):
                found += _of_label(event, reference, settings)
            for note in desk.pages(f"{where}/notes", {"sort": "asc"}):
                found += _of_note(note, reference)
        return fresh(found, since, self.own(settings, caller))

    def verify(self, settings: Settings, headers: Mapping[str, str], body: bytes, now: float) -> list[Change]:  # noqa: ARG002 - the contract's
        """Return what a webhook says. GitLab sends the secret itself and no time: changes have ids, so that one sent again is taken once."""
        demand_token(settings.secret, header(headers, "X-Gitlab-Token"), _NAME)
        event = decoded(body, _NAME)
        project = dig(event, "project")
        names = {words_at(project, "path_with_namespace").casefold(), words_at(project, "id")}
        return pushed(event) if settings.project.casefold() in names else []


class GitLabDesk(Numbered):
    """One project's issues."""

    def __init__(self, settings: Settings, caller: Caller) -> None:
        super().__init__(Service(caller, _NAME), f"/projects/{quote(settings.project, safe='')}")
        self.settings = settings

    def find(self, key: str) -> Done | None:
        """Return the issue with the key's mark."""
        common: dict[str, str | int] = {
            "labels": LABEL,
            "scope": "all",
            "state": "all",
            "per_page": 100,
            "order_by": "created_at",
        }
        for params in ({**common, "search": mark(key)}, common):
            for issue in rows_at(self.service.ask("GET", f"{self.home}/issues", params=params).body):
                if is_marked(words_at(issue, "description"), key):
                    return self._done(issue, found=True)
        return None

    def open(self, ticket: Ticket, key: str) -> Done:
        """Open an issue."""
        body = {
            **self._fields(ticket, hidden(key)), "labels": ",".join([LABEL, *self._labels(ticket)]),
            "confidential": self.settings.confidential, **ticket.fields,
        }  # fmt: skip
        return self._done(self.service.ask("POST", f"{self.home}/issues", body).body)

    def update(self, reference: str, ticket: Ticket) -> Done:
        """Bring an issue up to date. Its mark and the labels of others stay."""
        issue = self._ask("GET", reference).body
        body = {**self._fields(ticket, hidden_in(words_at(issue, "description"))), **ticket.fields}
        if labels := self._labels(ticket):
            body["add_labels"] = ",".join(labels)
        replaced = () if ticket.priority == KEPT else self.settings.priorities
        if removed := [one for one in replaced if one not in labels]:
            body["remove_labels"] = ",".join(removed)
        return self._done(self._ask("PUT", reference, "", body).body)

    def move(self, reference: str, *, closed: bool) -> Done:
        """Close an issue or open it again."""
        issue = self._ask("GET", reference).body
        if (words_at(issue, "state") == "closed") is closed:
            return self._done(issue, found=True)
        return self._done(self._ask("PUT", reference, "", {"state_event": "close" if closed else "reopen"}).body)

    def comment(self, reference: str, text: str, key: str) -> Done:
        """Add a note, unless one carries the key."""
        issue = self._ask("GET", reference).body
        for one in self.pages(self._at(reference, "/notes"), {"sort": "desc"}):
            if not dig(one, "system") and is_marked(words_at(one, "body"), key):
                return self._done(issue, found=True)
        self._ask("POST", reference, "/notes", {"body": f"{Markdown().write(text, _TEXT)}\n\n{hidden(key)}"})
        return self._done(issue)

    def _fields(self, ticket: Ticket, tail: str) -> dict[str, Any]:
        text = Markdown().write(body_of(ticket), _TEXT, more_at(ticket.url))
        fields: dict[str, Any] = {
            "title": line(ticket.title, _TITLE),
            "description": f"{text}\n\n{tail}" if tail else text,
        }
        if ticket.due:
            fields["due_date"] = ticket.due
        if ticket.assignee and (person := self._person(ticket.assignee)):
            fields["assignee_ids"] = [person]
        return fields

    def _person(self, email: str) -> int:
        """Return the number of the project's one member with an address; 0 for nobody."""
        found = rows_at(self.service.ask("GET", "/users", params={"search": line(email, 200)}).body)
        number = dig(found, 0, "id") if len(found) == 1 else None
        if not isinstance(number, int):
            return 0
        return number if self.service.ask("GET", f"{self.home}/members/all/{number}", allow=(404,)).ok else 0

    def _labels(self, ticket: Ticket) -> list[str]:
        priority = named_priority(ticket, self.settings.priorities)
        # A comma parts labels.
        return [*filter(None, [priority]), *(one.replace(",", " ") for one in labels_of(ticket, 255))]

    def _done(self, issue: Any, *, found: bool = False) -> Done:
        reference = words_at(issue, "iid")
        if not reference:
            raise self.service.strange("no number of the issue")
        return Done(reference=reference, url=words_at(issue, "web_url"), found=found)


def pushed(event: dict[str, Any]) -> list[Change]:
    """Return what a webhook's event says."""
    kind, row = words_at(event, "object_kind"), dig(event, "object_attributes")
    author, email = words_at(event, "user", "id"), words_at(event, "user", "email")
    if not isinstance(row, dict):
        return []
    if kind == "note" and words_at(row, "noteable_type") == "Issue":
        reference, text = words_at(event, "issue", "iid"), words_at(row, "note")
        what, value, id = "comment", text, f"comment:{words_at(row, 'id')}"
        if is_ours(text):
            return []
    elif kind in {"issue", "work_item"} and words_at(row, "action") in {"close", "reopen"}:
        reference, action = words_at(row, "iid"), words_at(row, "action")
        what, value = "status", "closed" if action == "close" else "open"
        id = f"{action}:{words_at(row, 'updated_at')}"
    else:
        return []
    at = words_at(row, "updated_at") or words_at(row, "created_at")
    at = at.replace(" UTC", "+00:00").replace(" ", "T", 1)
    # An address that a person keeps to themselves is sent as this word.
    email = "" if email == "[REDACTED]" else email
    return [
        Change(id=f"{reference}:{id}", reference=reference, at=at, author=author, author_email=email, kind=what, value=value)
    ]  # fmt: skip


def _of_state(event: dict[str, Any], reference: str) -> list[Change]:
    states = {"closed": "closed", "opened": "open", "reopened": "open"}
    value = states.get(words_at(event, "state"))
    return [_change(event, reference, "state", "status", value)] if value else []


def _of_label(event: dict[str, Any], reference: str, settings: Settings) -> list[Change]:
    name = words_at(event, "label", "name")
    if words_at(event, "action") != "add" or name not in settings.priorities:
        return []
    return [_change(event, reference, "label", "priority", str(settings.priorities.index(name)))]


def _of_note(note: dict[str, Any], reference: str) -> list[Change]:
    text = words_at(note, "body")
    if dig(note, "system") or is_ours(text):
        return []
    return [_change({**note, "user": dig(note, "author")}, reference, "comment", "comment", text)]


def _change(row: dict[str, Any], reference: str, of: str, kind: str, value: str) -> Change:
    return Change(
        id=f"{reference}:{of}:{words_at(row, 'id')}", reference=reference, at=words_at(row, "created_at"),
        author=words_at(row, "user", "id"), kind=kind, value=value,
    )  # fmt: skip
