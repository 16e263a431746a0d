"""Tickets as GitHub Issues, with a token or as an app's installation.

What was opened is found by the search for its mark in the text; the search's index lags behind, so the newest issues with the label `seamark`, which
are listed from the database itself, are looked through as well. Comments carry their mark hidden.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import httpx2
from msgspec import Struct

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.caller import Caller
from seamark.response.actions.asking import Service, dig, rows_at, service_caller, words_at
from seamark.response.actions.contract import Act, Change, Done, Role, Ticket
from seamark.response.actions.installation import Installation
from seamark.response.actions.marking import LABEL, hidden, hidden_in, is_marked, is_ours, mark
from seamark.response.actions.numbered import NUMBER, Numbered
from seamark.response.actions.rendering.document import line
from seamark.response.actions.rendering.writers import Markdown
from seamark.response.actions.signing import decoded, demand_hmac, header
from seamark.response.actions.tickets import KEPT, body_of, fresh, labels_of, more_at, named_priority, perform

_NAME: Final = "GitHub"
_VERSION: Final = {"X-GitHub-Api-Version": "2022-11-28", "Accept": "application/vnd.github+json"}
_TEXT: Final = 60_000
"""Characters; GitHub takes 65,536."""
_TITLE: Final = 250
_REPOSITORY: Final = re.compile(r"[\w.-]+/[\w.-]+")


class Settings(Struct, frozen=True, kw_only=True):
    """A repository's issues."""

    repository: str
    """`owner/name`."""
    token: str = ""
    """A fine-grained token with the right to write issues; empty where an app is used."""
    url: str = "https://api.github.com"
    """Of GitHub Enterprise Server: `https://HOST/api/v3`."""
    app: str = ""
    """The app's client id or number."""
    app_slug: str = ""
    """The app's name in addresses: what it does is signed `SLUG[bot]`."""
    installation: str = ""
    key: str = ""
    """The app's private key, PEM."""
    priorities: tuple[str, ...] = ()
    """Labels for priority 0 to 4; empty sets none."""
    secret: str = ""
    """Of the webhook."""


class GitHub:
    """The channel."""

    name, title, role = "github", "GitHub Issues", Role.TICKET
    settings: type[Struct] = Settings
    secrets = frozenset({"token", "key", "secret"})

    def caller(self, settings: Settings, transport: Any = None) -> Caller:
        """Return a caller for the API."""
        if not settings.app:
            return service_caller(
                settings.url, {"Authorization": f"Bearer {settings.token}", **_VERSION}, _NAME, transport
            )
        if not NUMBER.fullmatch(settings.installation):
            raise RemoteFailure("The installation of the GitHub App is told by its number", permanent=True)
        inner = transport or httpx2.HTTPTransport()
        way = Installation(settings.url, settings.app, settings.installation, settings.key, inner)
        return service_caller(settings.url, _VERSION, _NAME, way)

    def check(self, settings: Settings, caller: Caller) -> str:
        """Say in which repository issues are opened."""
        desk = GitHubDesk(settings, caller)
        found = desk.service.ask("GET", desk.home).body
        if dig(found, "has_issues") is False:
            raise RemoteFailure(f"{settings.repository} has no issues; switch them on in its settings", permanent=True)
        return f"As {self.own(settings, caller)} in {words_at(found, 'full_name')}"

    def own(self, settings: Settings, caller: Caller) -> str:
        """Return the id by which changes name ourselves."""
        service = Service(caller, _NAME)
        if settings.app:
            return f"{settings.app_slug}[bot]"
        return words_at(service.ask("GET", "/user").body, "login")

    def perform(self, act: Act, settings: Settings, caller: Caller) -> Done:
        """Do an act once."""
        return perform(act, GitHubDesk(settings, caller), _NAME)

    def changes(self, settings: Settings, caller: Caller, references: tuple[str, ...], since: str) -> list[Change]:
        """Return what others did since a time. A deleted issue is in no list of GitHub's: the webhook and the next act tell."""
        desk = GitHubDesk(settings, caller)
        wanted, found = set(references), []
        for issue in desk.pages(f"{desk.home}/issues", {"since": since, "state": "all", "labels": LABEL}):
            reference = words_at(issue, "number")
            if reference in wanted and dig(issue, "pull_request") is None:
                for event in desk.pages(f"{desk.home}/issues/{reference}/events", {}):
                    found += _of_event(event, reference, issue, settings)
        for comment in desk.pages(f"{desk.home}/issues/comments", {"since": since}):
            reference = words_at(comment, "issue_url").rpartition("/")[2]
            if reference in wanted:
                found += _of_comment(comment, reference)
        return fresh(found, since, self.own(settings, caller))

    def verify(self, settings: Settings, headers: Mapping[str, str], body: bytes, now: float) -> list[Change]:  # noqa: ARG002 - the contract's
        """Return what a webhook says. GitHub signs no time: each change has an id, so that one sent again is taken once."""
        demand_hmac(settings.secret, body, header(headers, "X-Hub-Signature-256"), _NAME)
        event = decoded(body, _NAME)
        if words_at(event, "repository", "full_name").casefold() != settings.repository.casefold():
            return []
        return pushed(header(headers, "X-GitHub-Event"), event, settings)


class GitHubDesk(Numbered):
    """One repository's issues."""

    def __init__(self, settings: Settings, caller: Caller) -> None:
        if not _REPOSITORY.fullmatch(settings.repository):
            raise RemoteFailure(f"{settings.repository!r} is no repository; it is told as owner/name", permanent=True)
        super().__init__(Service(caller, _NAME), f"/repos/{settings.repository}")
        self.settings = settings

    def find(self, key: str) -> Done | None:
        """Return the issue with the key's mark."""
        query = f'"{mark(key)}" in:body repo:{self.settings.repository} is:issue label:{LABEL}'
        answer = self.service.ask("GET", "/search/issues", params={"q": query, "per_page": 20}, allow=(422,))
        found = self._marked(rows_at(answer.body, "items"), key)
        if found is not None:
            return found
        newest: dict[str, str | int] = {
            "labels": LABEL, "state": "all", "sort": "created", "direction": "desc", "per_page": 100
        }  # fmt: skip
        return self._marked(rows_at(self.service.ask("GET", f"{self.home}/issues", params=newest).body), key)

    def open(self, ticket: Ticket, key: str) -> Done:
        """Open an issue."""
        body = {**self._fields(ticket, key), "labels": [LABEL, *self._labels(ticket)], **ticket.fields}
        return self._done(self.service.ask("POST", f"{self.home}/issues", body).body)

    def update(self, reference: str, ticket: Ticket) -> Done:
        """Bring an issue up to date. Its mark and the labels of others stay."""
        issue = self._ask("GET", reference).body
        kept = hidden_in(words_at(issue, "body"))
        body = {**self._fields(ticket, ""), **ticket.fields}
        body["body"] += f"\n\n{kept}" if kept else ""
        replaced = () if ticket.priority == KEPT else self.settings.priorities
        others = [name for one in rows_at(issue, "labels") if (name := words_at(one, "name")) not in replaced]
        body["labels"] = list(dict.fromkeys([*others, *self._labels(ticket)]))
        return self._done(self._ask("PATCH", reference, "", body).body)

    def move(self, reference: str, *, closed: bool) -> Done:
        """Close an issue or open it again."""
        issue = self._ask("GET", reference).body
        if (words_at(issue, "state") == "closed") is closed:
            return self._done(issue, found=True)
        body = (
            {"state": "closed", "state_reason": "completed"}
            if closed
            else {"state": "open", "state_reason": "reopened"}
        )
        return self._done(self._ask("PATCH", reference, "", body).body)

    def comment(self, reference: str, text: str, key: str) -> Done:
        """Add a comment, unless one carries the key."""
        self._ask("GET", reference)
        for one in self.pages(self._at(reference, "/comments"), {}):
            if is_marked(words_at(one, "body"), key):
                return Done(reference=reference, url=words_at(one, "html_url"), found=True)
        body = {"body": f"{Markdown().write(text, _TEXT)}\n\n{hidden(key)}"}
        made = self._ask("POST", reference, "/comments", body).body
        return Done(reference=reference, url=words_at(made, "html_url"))

    def _marked(self, rows: list[dict[str, Any]], key: str) -> Done | None:
        found = next((one for one in rows if is_marked(words_at(one, "body"), key) and "pull_request" not in one), None)
        return self._done(found, found=True) if found is not None else None

    def _fields(self, ticket: Ticket, key: str) -> dict[str, Any]:
        text = Markdown().write(body_of(ticket), _TEXT, more_at(ticket.url))
        fields: dict[str, Any] = {
            "title": line(ticket.title, _TITLE),
            "body": f"{text}\n\n{hidden(key)}" if key else text,
        }
        if ticket.assignee and (login := self._login(ticket.assignee)):
            fields["assignees"] = [login]
        return fields

    def _login(self, email: str) -> str:
        """Return who has made an address public; empty for nobody, or somebody who may not have issues here."""
        found = self.service.ask(
            "GET", "/search/users", params={"q": f"{line(email, 200)} in:email"}, allow=(422,)
        ).body
        people = rows_at(found, "items")
        login = words_at(people[0], "login") if len(people) == 1 else ""
        may = login and self.service.ask("GET", f"{self.home}/assignees/{quote(login, safe='')}", allow=(404,)).ok
        return login if may else ""

    def _labels(self, ticket: Ticket) -> list[str]:
        priority = named_priority(ticket, self.settings.priorities)
        return [*filter(None, [priority]), *labels_of(ticket, 50)]

    def _done(self, issue: Any, *, found: bool = False) -> Done:
        reference = words_at(issue, "number")
        if not reference:
            raise self.service.strange("no number of the issue")
        return Done(reference=reference, url=words_at(issue, "html_url"), found=found)


def pushed(kind: str, event: dict[str, Any], settings: Settings) -> list[Change]:
    """Return what a webhook's event says."""
    issue, action = dig(event, "issue"), words_at(event, "action")
    reference, author = words_at(issue, "number"), words_at(event, "sender", "login")
    at = words_at(issue, "updated_at")
    if not reference or not isinstance(issue, dict):
        return []
    if kind == "issue_comment" and action == "created":
        comment = dig(event, "comment")
        return _of_comment(comment, reference) if isinstance(comment, dict) else []
    if kind != "issues":
        return []
    if action == "deleted":
        return [Change(id=f"{reference}:deleted", reference=reference, at=at, author=author, kind="deleted")]
    row = {
        "event": action, "id": f"{action}:{at}", "created_at": at, "actor": dig(event, "sender"), "label": dig(event, "label"),
    }  # fmt: skip
    return _of_event(row, reference, issue, settings)


def _of_event(event: dict[str, Any], reference: str, issue: dict[str, Any], settings: Settings) -> list[Change]:
    what, label = words_at(event, "event"), words_at(event, "label", "name")
    value: str | None = None
    kind = "status"
    if what == "closed":
        reason = (words_at(event, "state_reason") or words_at(issue, "state_reason")).replace("_", " ")
        value = f"closed:{reason}" if reason else "closed"
    elif what == "reopened":
        value = "open"
    elif what in {"assigned", "unassigned"}:
        # Addresses of people are not in what GitHub tells; whose login it is, the mapping of accounts knows.
        kind, value = "assignee", ""
    elif what == "labeled" and label in settings.priorities:
        kind, value = "priority", str(settings.priorities.index(label))
    if value is None:
        return []
    return [
        Change(
            id=f"{reference}:{words_at(event, 'id')}", reference=reference, at=words_at(event, "created_at"),
            author=words_at(event, "actor", "login"), kind=kind, value=value,
        )
    ]  # fmt: skip


def _of_comment(comment: dict[str, Any], reference: str) -> list[Change]:
    text = words_at(comment, "body")
    if is_ours(text):
        return []
    return [
        Change(
            id=f"{reference}:comment:{words_at(comment, 'id')}", reference=reference, at=words_at(comment, "created_at"),
            author=words_at(comment, "user", "login"), kind="comment", value=text,
        )
    ]  # fmt: skip
