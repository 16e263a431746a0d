"""Tickets in Jira Cloud (REST v3, ADF) and Jira Data Center (REST v2, wiki markup).

What was opened is found by a label that stands for the key. Jira's search lags behind by seconds, so the outbox has to wait that long before it asks
again; the issue's property `seamark-key` says the key itself. Comments carry the key as a property and as their last line: not every Jira gives
properties back with the list of comments.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.caller import Caller
from seamark.response.actions import jira_changes as told
from seamark.response.actions.asking import Service, rows_at, service_caller, words_at
from seamark.response.actions.contract import MARKER, Act, Change, Done, Role, Ticket
from seamark.response.actions.marking import LABEL, is_marked, label, mark
from seamark.response.actions.rendering.adf import adf
from seamark.response.actions.rendering.document import line
from seamark.response.actions.rendering.writers import Wiki
from seamark.response.actions.signing import decoded, demand_hmac, demand_recent, header
from seamark.response.actions.tickets import body_of, labels_of, more_at, named_priority, perform

_NAME: Final = "Jira"
_TITLE: Final = 255
_TEXT: Final = 32_000
_LABELS: Final = 30
_SPACE: Final = re.compile(r"\s+")
_CATEGORIES: Final = {True: ("done",), False: ("new", "undefined", "indeterminate")}


class Settings(Struct, frozen=True, kw_only=True):
    """A project in Jira. With `user` it is Cloud's e-mail and API token (or Data Center's name and password), without it a personal access token."""

    url: str
    project: str
    token: str
    user: str = ""
    data_center: bool = False
    issue_type: str = "Task"
    priorities: tuple[str, ...] = ("Highest", "High", "Medium", "Low", "Lowest")
    """Names for priority 0 to 4; empty leaves priorities alone."""
    closed_status: str = ""
    """The status that closes; empty takes a transition to any status that is done."""
    open_status: str = ""
    resolution: str = ""
    """Set on closing where the transition asks for one; empty takes the first that it offers."""
    secret: str = ""
    """Of the webhook."""


class Jira:
    """The channel."""

    name, title, role = "jira", "Jira", Role.TICKET
    settings: type[Struct] = Settings
    secrets = frozenset({"token", "secret"})

    def caller(self, settings: Settings, transport: Any = None) -> Caller:
        """Return a caller for the site."""
        if settings.user:
            basic = base64.b64encode(f"{settings.user}:{settings.token}".encode()).decode()
            headers = {"Authorization": f"Basic {basic}"}
        else:
            headers = {"Authorization": f"Bearer {settings.token}"}
        return service_caller(settings.url, headers, _NAME, transport)

    def check(self, settings: Settings, caller: Caller) -> str:
        """Say as whom and in which project tickets are opened."""
        desk = JiraDesk(settings, caller)
        me = desk.service.ask("GET", f"{desk.api}/myself").body
        project = desk.service.ask("GET", desk.home).body
        types = [words_at(one, "name") for one in rows_at(project, "issueTypes")]
        if settings.issue_type not in types:
            raise RemoteFailure(
                f"The project has no issue type {settings.issue_type}; it has {', '.join(types)}", permanent=True
            )
        return f"As {words_at(me, 'displayName')} in {words_at(project, 'name')} ({settings.project})"

    def own(self, settings: Settings, caller: Caller) -> str:
        """Return the id by which changes name ourselves."""
        me = Service(caller, _NAME).ask("GET", f"{_api(settings)}/myself").body
        return words_at(me, "accountId") or words_at(me, "name")

    def perform(self, act: Act, settings: Settings, caller: Caller) -> Done:
        """Do an act once."""
        return perform(act, JiraDesk(settings, caller), _NAME)

    def changes(self, settings: Settings, caller: Caller, references: tuple[str, ...], since: str) -> list[Change]:
        """Return what others did since a time, and which tickets are not there any more."""
        desk = JiraDesk(settings, caller)
        return told.polled(desk.service, desk.api, desk.home, settings, references, since, self.own(settings, caller))

    def verify(self, settings: Settings, headers: Mapping[str, str], body: bytes, now: float) -> list[Change]:
        """Return what a webhook says. Jira signs with `X-Hub-Signature` and sends its time in milliseconds."""
        demand_hmac(settings.secret, body, header(headers, "X-Hub-Signature"), _NAME)
        event = decoded(body, _NAME)
        demand_recent(event.get("timestamp"), now, _NAME, unit=0.001)
        return told.pushed(event, settings)


class JiraDesk:
    """One project's tickets."""

    def __init__(self, settings: Settings, caller: Caller) -> None:
        self.settings, self.service = settings, Service(caller, _NAME)
        self.api = _api(settings)
        self.home = f"{self.api}/project/{quote(settings.project, safe='')}"

    def find(self, key: str) -> Done | None:
        """Return the ticket with the key's label."""
        jql = f'project = "{_quoted(self.settings.project)}" AND labels = "{label(key)}" ORDER BY created ASC'
        found = told.search(self.service, self.api, self.settings, jql, ["status"], most=1)
        return self._done(words_at(found, 0, "key"), found=True) if found else None

    def open(self, ticket: Ticket, key: str) -> Done:
        """Open a ticket."""
        fields = {
            **self._fields(ticket), "project": {"key": self.settings.project}, "issuetype": {"name": self.settings.issue_type},
            "labels": [LABEL, label(key), *_labels(ticket)],
        }  # fmt: skip
        body: dict[str, Any] = {"fields": {**fields, **ticket.fields}}
        if not self.settings.data_center:
            body["properties"] = [{"key": MARKER, "value": key}]
        made = self.service.ask("POST", f"{self.api}/issue", body).body
        reference = words_at(made, "key")
        if not reference:
            raise self.service.strange("no key of the new issue")
        return self._done(reference)

    def update(self, reference: str, ticket: Ticket) -> Done:
        """Bring a ticket's fields up to date; labels are added, those of others stay."""
        body: dict[str, Any] = {"fields": {**self._fields(ticket), **ticket.fields}}
        if added := [{"add": one} for one in _labels(ticket)]:
            body["update"] = {"labels": added}
        self._ask("PUT", reference, "", body)
        return self._done(reference)

    def move(self, reference: str, *, closed: bool) -> Done:
        """Take the transition that closes a ticket or opens it again."""
        issue = self._ask("GET", reference, "", params={"fields": "status,resolution"}).body
        status = words_at(issue, "fields", "status", "statusCategory", "key")
        if (status == "done") is closed:
            return self._done(reference, found=True)
        offered = rows_at(
            self._ask("GET", reference, "/transitions", params={"expand": "transitions.fields"}).body, "transitions"
        )
        chosen = self._transition(offered, closed=closed)
        body: dict[str, Any] = {"transition": {"id": words_at(chosen, "id")}}
        choices = [words_at(one, "name") for one in rows_at(chosen, "fields", "resolution", "allowedValues")]
        if closed and choices:
            wanted = self.settings.resolution
            body["fields"] = {"resolution": {"name": wanted if wanted in choices else choices[0]}}
        self._ask("POST", reference, "/transitions", body)
        return self._done(reference)

    def comment(self, reference: str, text: str, key: str) -> Done:
        """Add a comment, unless one has the key as a property."""
        params: dict[str, str | int] = {"orderBy": "-created", "maxResults": 100, "expand": "properties"}
        there = self._ask("GET", reference, "/comment", params=params).body
        for one in rows_at(there, "comments"):
            if is_marked(told.words(one), key) or told.key_of(one) == key:
                return self._done(reference, found=True)
        body = {"body": self._marked(text, key), "properties": [{"key": MARKER, "value": {"key": key}}]}
        self._ask("POST", reference, "/comment", body)
        return self._done(reference)

    def _transition(self, offered: list[dict[str, Any]], *, closed: bool) -> dict[str, Any]:
        named = self.settings.closed_status if closed else self.settings.open_status
        for one in offered:
            if named and named.casefold() in {words_at(one, "to", "name").casefold(), words_at(one, "name").casefold()}:
                return one
        for category in () if named else _CATEGORIES[closed]:
            for one in offered:
                if words_at(one, "to", "statusCategory", "key") == category:
                    return one
        names = ", ".join(f"{words_at(one, 'name')} (to {words_at(one, 'to', 'name')})" for one in offered) or "none"
        wanted = named or ("a status that is done" if closed else "a status that is not done")
        raise RemoteFailure(f"Jira offers no transition to {wanted}; there are: {names[:300]}", permanent=True)

    def _fields(self, ticket: Ticket) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "summary": line(ticket.title, _TITLE),
            "description": self._text(body_of(ticket), ticket.url),
        }
        if priority := named_priority(ticket, self.settings.priorities):
            fields["priority"] = {"name": priority}
        if ticket.due:
            fields["duedate"] = ticket.due
        if ticket.assignee and (person := self._person(ticket.assignee)):
            fields["assignee"] = person
        return fields

    def _person(self, email: str) -> dict[str, str]:
        """Return the one person of an address who may have tickets of the project; empty where that is not exactly one."""
        by = "username" if self.settings.data_center else "query"
        found = self.service.ask(
            "GET", f"{self.api}/user/assignable/search", params={"project": self.settings.project, by: email, "maxResults": 10}
        ).body  # fmt: skip
        people = [one for one in rows_at(found) if words_at(one, "emailAddress").casefold() in {"", email.casefold()}]
        if len(people) != 1:
            return {}
        field, name = ("name", "name") if self.settings.data_center else ("accountId", "accountId")
        return {field: words_at(people[0], name)}

    def _text(self, text: str, url: str = "") -> Any:
        return Wiki().write(text, _TEXT, more_at(url)) if self.settings.data_center else adf(text, more_at(url))

    def _marked(self, text: str, key: str) -> Any:
        if self.settings.data_center:
            return f"{Wiki().write(text, _TEXT)}\n\n{{color:#8993a4}}{mark(key)}{{color}}"
        return adf(text, tail=mark(key))

    def _ask(
        self, method: str, reference: str, path: str, body: Any = None, *, params: Mapping[str, str | int] | None = None
    ) -> Any:
        where = f"{self.api}/issue/{quote(reference, safe='')}{path}"
        return self.service.ask(method, where, body, params=params, gone=reference, home=self.home)

    def _done(self, reference: str, *, found: bool = False) -> Done:
        url = f"{self.settings.url.rstrip('/')}/browse/{quote(reference, safe='')}"
        return Done(reference=reference, url=url, found=found)


def _api(settings: Settings) -> str:
    return "/rest/api/2" if settings.data_center else "/rest/api/3"


def _labels(ticket: Ticket) -> list[str]:
    """Return labels, which have no spaces in Jira."""
    return [_SPACE.sub("-", one) for one in labels_of(ticket, 255, _LABELS)]


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
