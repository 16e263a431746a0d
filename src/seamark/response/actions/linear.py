"""Tickets in Linear, by GraphQL.

Issues and comments are made with an id that is derived from the key, so the same one cannot be made twice, and it is found without a search.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

from seamark.core.errors import Gone, RemoteFailure
from seamark.intake.connectors.caller import Answer, Caller
from seamark.response.actions.asking import Service, dig, named_pause, rows_at, service_caller, told, words_at
from seamark.response.actions.contract import Act, Change, Done, Role, Ticket
from seamark.response.actions.marking import hidden, is_ours, uuid_of
from seamark.response.actions.rendering.document import line
from seamark.response.actions.rendering.writers import Markdown
from seamark.response.actions.signing import decoded, demand_hmac, demand_recent, header
from seamark.response.actions.tickets import KEPT, body_of, fresh, level, more_at, perform

_NAME: Final = "Linear"
_TEXT: Final = 60_000
_TITLE: Final = 255
_CLOSED: Final = ("completed", "canceled", "duplicate")
_OPEN: Final = ("unstarted", "backlog", "triage", "started")
_STATES: Final = {
    "started": "in_progress",
    "completed": "closed",
    "canceled": "closed:canceled",
    "duplicate": "closed:duplicate",
}
_BATCH: Final = 40

_ISSUE: Final = "id identifier url trashed state { type } labels { nodes { id } }"
QUERIES: Final = {
    "me": "query { viewer { id name organization { name } } }",
    "team": "query($id: String!) { team(id: $id) { id name states { nodes { id name type position } } labels { nodes { id name } } } }",
    "find": f"query($id: ID!) {{ issues(filter: {{ id: {{ eq: $id }} }}, includeArchived: true) {{ nodes {{ {_ISSUE} }} }} }}",
    "person": "query($email: String!) { users(filter: { email: { eq: $email } }) { nodes { id } } }",
    "open": f"mutation($input: IssueCreateInput!) {{ issueCreate(input: $input) {{ success issue {{ {_ISSUE} }} }} }}",
    "update": f"mutation($id: String!, $input: IssueUpdateInput!) {{ issueUpdate(id: $id, input: $input) {{ success issue {{ {_ISSUE} }} }} }}",
    "said": "query($id: ID!) { comments(filter: { id: { eq: $id } }, includeArchived: true) { nodes { id } } }",
    "say": "mutation($input: CommentCreateInput!) { commentCreate(input: $input) { success comment { id } } }",
    "changes": """query($ids: [ID!]!) { issues(filter: { id: { in: $ids } }, includeArchived: true, first: 50) { nodes {
        id trashed updatedAt
        history(first: 50) { nodes { id createdAt actor { id email } toState { type } fromAssignee { id } toAssignee { id email } toPriority } }
        comments(first: 50) { nodes { id body createdAt user { id email } } } } } }""",
}


class Settings(Struct, frozen=True, kw_only=True):
    """A team's issues."""

    team: str
    """Its id, or its key such as ENG."""
    token: str
    """An API key, or an OAuth token."""
    url: str = "https://api.linear.app"
    closed_state: str = ""
    """A state's name; empty takes the team's first of the type completed."""
    open_state: str = ""
    secret: str = ""
    """Of the webhook."""


class Linear:
    """The channel."""

    name, title, role = "linear", "Linear", Role.TICKET
    settings: type[Struct] = Settings
    secrets = frozenset({"token", "secret"})

    def caller(self, settings: Settings, transport: Any = None) -> Caller:
        """Return a caller for the API. Keys are sent as they are, OAuth tokens behind a word."""
        word = settings.token if settings.token.startswith("lin_api_") else f"Bearer {settings.token}"
        return service_caller(settings.url, {"Authorization": word}, _NAME, transport)

    def check(self, settings: Settings, caller: Caller) -> str:
        """Say as whom and in which team issues are opened."""
        desk = LinearDesk(settings, caller)
        me, team = dig(desk.ask("me", {}), "viewer"), desk.team()
        return f"As {words_at(me, 'name')} in {words_at(me, 'organization', 'name')}, team {words_at(team, 'name')}"

    def own(self, settings: Settings, caller: Caller) -> str:
        """Return the id by which changes name ourselves."""
        return words_at(LinearDesk(settings, caller).ask("me", {}), "viewer", "id")

    def perform(self, act: Act, settings: Settings, caller: Caller) -> Done:
        """Do an act once."""
        return perform(act, LinearDesk(settings, caller), _NAME)

    def changes(self, settings: Settings, caller: Caller, references: tuple[str, ...], since: str) -> list[Change]:
        """Return what others did since a time, and which issues are not there any more."""
        desk, found = LinearDesk(settings, caller), []
        for at in range(0, len(references), _BATCH):
            batch = references[at : at + _BATCH]
            rows = {
                words_at(one, "id"): one
                for one in rows_at(desk.ask("changes", {"ids": list(batch)}), "issues", "nodes")
            }
            for reference in batch:
                issue = rows.get(reference)
                if issue is None or dig(issue, "trashed"):
                    now = datetime.now(UTC).isoformat()
                    found.append(
                        Change(id=f"{reference}:deleted", reference=reference, at=now, author="", kind="deleted")
                    )
                    continue
                for row in rows_at(issue, "history", "nodes"):
                    found += _of_history(row, reference)
                for comment in rows_at(issue, "comments", "nodes"):
                    found += _of_comment(comment, reference, dig(comment, "user"))
        return fresh(found, since, self.own(settings, caller))

    def verify(self, settings: Settings, headers: Mapping[str, str], body: bytes, now: float) -> list[Change]:
        """Return what a webhook says. Linear signs the body, in which its time stands in milliseconds."""
        demand_hmac(settings.secret, body, header(headers, "Linear-Signature"), _NAME, prefix="")
        event = decoded(body, _NAME)
        demand_recent(event.get("webhookTimestamp"), now, _NAME, unit=0.001)
        return pushed(event)


class LinearDesk:
    """One team's issues."""

    def __init__(self, settings: Settings, caller: Caller) -> None:
        self.settings, self.service = settings, Service(caller, _NAME)

    def find(self, key: str) -> Done | None:
        """Return the issue with the key's id."""
        found = rows_at(self.ask("find", {"id": uuid_of(key)}), "issues", "nodes")
        return self._done(found[0], found=True) if found else None

    def open(self, ticket: Ticket, key: str) -> Done:
        """Open an issue."""
        team = self.team()
        body = {**self._fields(ticket, team), "id": uuid_of(key), "teamId": words_at(team, "id"), **ticket.fields}
        return self._done(dig(self.ask("open", {"input": body}), "issueCreate", "issue"))

    def update(self, reference: str, ticket: Ticket) -> Done:
        """Bring an issue up to date; labels of others stay."""
        issue = self._issue(reference)
        body = self._fields(ticket, self.team())
        known = [words_at(one, "id") for one in rows_at(issue, "labels", "nodes")]
        if "labelIds" in body:
            body["labelIds"] = list(dict.fromkeys([*known, *body["labelIds"]]))
        return self._changed(reference, {**body, **ticket.fields})

    def move(self, reference: str, *, closed: bool) -> Done:
        """Set the state that closes an issue or opens it again."""
        issue = self._issue(reference)
        if (words_at(issue, "state", "type") in _CLOSED) is closed:
            return self._done(issue, found=True)
        named = self.settings.closed_state if closed else self.settings.open_state
        states = sorted(rows_at(self.team(), "states", "nodes"), key=lambda one: float(words_at(one, "position") or 0))
        kinds = _CLOSED[:1] if closed else _OPEN
        chosen = [one for one in states if words_at(one, "name").casefold() == named.casefold()] if named else [
            one for kind in kinds for one in states if words_at(one, "type") == kind
        ]  # fmt: skip
        if not chosen:
            raise RemoteFailure(f"The team has no state {named or kinds[0]}", permanent=True)
        return self._changed(reference, {"stateId": words_at(chosen[0], "id")})

    def comment(self, reference: str, text: str, key: str) -> Done:
        """Add a comment, unless the one with the key's id is there."""
        issue, id = self._issue(reference), uuid_of(key)
        if rows_at(self.ask("said", {"id": id}), "comments", "nodes"):
            return self._done(issue, found=True)
        words = f"{Markdown().write(text, _TEXT)}\n\n{hidden(key)}"
        self.ask("say", {"input": {"id": id, "issueId": words_at(issue, "id"), "body": words}})
        return self._done(issue)

    def team(self) -> dict[str, Any]:
        """Return the team with its states and labels."""
        found = dig(self.ask("team", {"id": self.settings.team}), "team")
        if not isinstance(found, dict):
            raise RemoteFailure(
                f"Linear knows no team {self.settings.team}, or the token may not see it", permanent=True
            )
        return found

    def ask(self, name: str, variables: Mapping[str, Any]) -> Any:
        """Return the data of a query. Raises `RemoteFailure`: Linear tells most refusals in a body of their own."""
        answer = self.service.ask(
            "POST", "/graphql", {"query": QUERIES[name], "variables": dict(variables)}, allow=(400,)
        )
        errors = rows_at(answer.body, "errors")
        if errors:
            raise self._refused(errors, answer)
        if not answer.ok or not isinstance(dig(answer.body, "data"), dict):
            raise self.service.refused(answer) if not answer.ok else self.service.strange("no data")
        return answer.body["data"]

    def _refused(self, errors: list[dict[str, Any]], answer: Answer) -> RemoteFailure:
        code = words_at(errors, 0, "extensions", "code").upper()
        said = words_at(errors, 0, "extensions", "userPresentableMessage") or told(errors)
        if code == "RATELIMITED":
            pause = named_pause(answer.headers, datetime.now(UTC).timestamp())
            return RemoteFailure(f"Linear asks to slow down ({said})", permanent=False, retry_after=pause)
        if code in {"AUTHENTICATION_ERROR", "FORBIDDEN"}:
            return self.service.refused(Answer(401 if code[0] == "A" else 403, {"message": said}, "", {}))
        passing = code in {"INTERNAL_SERVER_ERROR", "INTERNAL_ERROR", "LOCK_TIMEOUT"}
        return RemoteFailure(f"Linear refuses ({said})", permanent=not passing)

    def _issue(self, reference: str) -> dict[str, Any]:
        found = rows_at(self.ask("find", {"id": reference}), "issues", "nodes")
        if not found or dig(found[0], "trashed"):
            raise Gone(f"{reference} is not there any more at {_NAME}")
        return found[0]

    def _changed(self, reference: str, fields: Mapping[str, Any]) -> Done:
        return self._done(dig(self.ask("update", {"id": reference, "input": dict(fields)}), "issueUpdate", "issue"))

    def _fields(self, ticket: Ticket, team: dict[str, Any]) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "title": line(ticket.title, _TITLE), "description": Markdown().write(body_of(ticket), _TEXT, more_at(ticket.url)),
        }  # fmt: skip
        if ticket.priority != KEPT:
            # 0 is no priority in Linear, 1 urgent, 4 low.
            fields["priority"] = min(level(ticket.priority) + 1, 4)
        if ticket.due:
            fields["dueDate"] = ticket.due
        wanted = {one.casefold() for one in ticket.labels}
        labels = [
            words_at(one, "id")
            for one in rows_at(team, "labels", "nodes")
            if words_at(one, "name").casefold() in wanted
        ]
        if labels:
            fields["labelIds"] = labels
        if ticket.assignee:
            people = rows_at(self.ask("person", {"email": ticket.assignee}), "users", "nodes")
            fields |= {"assigneeId": words_at(people[0], "id")} if len(people) == 1 else {}
        return fields

    def _done(self, issue: Any, *, found: bool = False) -> Done:
        reference = words_at(issue, "id")
        if not reference:
            raise self.service.strange("no id of the issue")
        return Done(reference=reference, url=words_at(issue, "url"), found=found)


def pushed(event: dict[str, Any]) -> list[Change]:
    """Return what a webhook's event says."""
    kind, action, row = words_at(event, "type"), words_at(event, "action"), dig(event, "data")
    actor, at = dig(event, "actor"), words_at(event, "createdAt")
    if kind == "Comment" and action == "create" and isinstance(row, dict):
        return _of_comment(row, words_at(row, "issueId") or words_at(row, "issue", "id"), actor)
    if kind != "Issue" or not isinstance(row, dict):
        return []
    reference, who = words_at(row, "id"), (words_at(actor, "id"), words_at(actor, "email"))
    if action == "remove" or dig(row, "trashed"):
        return [_change(f"{reference}:deleted", reference, at, who, "deleted", "")]
    before = dig(event, "updatedFrom")
    found = []
    if dig(before, "stateId"):
        found.append(
            _change(
                f"{reference}:{at}:status",
                reference,
                at,
                who,
                "status",
                _STATES.get(words_at(row, "state", "type"), "open"),
            )
        )
    if isinstance(before, dict) and "assigneeId" in before:
        found.append(
            _change(f"{reference}:{at}:assignee", reference, at, who, "assignee", words_at(row, "assignee", "email"))
        )
    if isinstance(before, dict) and "priority" in before:
        found.append(
            _change(f"{reference}:{at}:priority", reference, at, who, "priority", _priority(dig(row, "priority")))
        )
    return found


def _of_history(row: dict[str, Any], reference: str) -> list[Change]:
    at, id = words_at(row, "createdAt"), f"{reference}:{words_at(row, 'id')}"
    who = (words_at(row, "actor", "id"), words_at(row, "actor", "email"))
    found = []
    if kind := words_at(row, "toState", "type"):
        found.append(_change(f"{id}:status", reference, at, who, "status", _STATES.get(kind, "open")))
    if dig(row, "toAssignee") or dig(row, "fromAssignee"):
        found.append(_change(f"{id}:assignee", reference, at, who, "assignee", words_at(row, "toAssignee", "email")))
    if isinstance(dig(row, "toPriority"), int | float):
        found.append(_change(f"{id}:priority", reference, at, who, "priority", _priority(dig(row, "toPriority"))))
    return found


def _of_comment(comment: dict[str, Any], reference: str, person: Any) -> list[Change]:
    text = words_at(comment, "body")
    # Linear may take the mark out of what it shows; whose comment it is tells as well.
    if is_ours(text):
        return []
    id, who = words_at(comment, "id"), (words_at(person, "id"), words_at(person, "email"))
    return [_change(f"{reference}:comment:{id}", reference, words_at(comment, "createdAt"), who, "comment", text)]


def _change(id: str, reference: str, at: str, who: tuple[str, str], kind: str, value: str) -> Change:
    return Change(id=id, reference=reference, at=at, author=who[0], author_email=who[1], kind=kind, value=value)


def _priority(number: Any) -> str:
    return str(int(number) - 1) if isinstance(number, int | float) and 1 <= number <= 4 else "4"
