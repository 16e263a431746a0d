"""Far sides that run, with a connection to each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from seamark.response.actions.all import channels
from seamark.response.actions.contract import Act, Change, Done, Message, Ticket, Verb

from .fakes.azure import FakeAzure
from .fakes.far import Far, Impatient
from .fakes.github import FakeGitHub
from .fakes.gitlab import FakeGitLab
from .fakes.jira import FakeJira
from .fakes.linear import FakeLinear
from .fakes.messages import FakeOpsgenie, FakePagerDuty, FakeSlack, FakeTeams
from .fakes.servicenow import FakeServiceNow

SECRET = "secret-of-call-backs"
MADE: dict[str, tuple[str, Callable[[], Far], Callable[[str], dict[str, Any]]]] = {
    "jira": ("jira", FakeJira, lambda url: {"url": url, "project": "PAY", "user": "seamark@example.org"}),
    "jira-data-center": ("jira", lambda: FakeJira(cloud=False), lambda url: {"url": url, "project": "PAY", "data_center": True}),
    "github": ("github", FakeGitHub, lambda url: {"url": url, "repository": "acme/pay", "priorities": ("P0", "P1", "P2", "P3", "P4")}),
    "gitlab": ("gitlab", FakeGitLab, lambda url: {"url": url, "project": "acme/pay", "priorities": ("P0", "P1", "P2", "P3", "P4")}),
    "azure_boards": ("azure_boards", FakeAzure, lambda url: {"url": url, "project": "Pay"}),
    "servicenow": ("servicenow", FakeServiceNow, lambda url: {"url": url, "user": "seamark"}),
    "linear": ("linear", FakeLinear, lambda url: {"url": url, "team": "PAY"}),
    "slack": ("slack", FakeSlack, lambda url: {"url": url, "channel": "C0123456789"}),
    "teams": (
        "teams", FakeTeams, lambda url: {"webhook": f"{url}/workflows/1/triggers/manual/paths/invoke?api-version=2016-06-01&sig=secret", "token": None},
    ),
    "pagerduty": ("pagerduty", FakePagerDuty, lambda url: {"url": url, "routing_key": "R" * 32, "token": None}),
    "opsgenie": ("opsgenie", FakeOpsgenie, lambda url: {"url": url}),
}  # fmt: skip
TICKETS = [name for name in MADE if name not in {"slack", "teams", "pagerduty", "opsgenie"}]
MESSAGES = [name for name in MADE if name not in TICKETS]


def ticket(**more: Any) -> Ticket:
    fields = {
        "title": "Update log4j-core to 2.17.1", "text": "It is **urgent**.\n\n- one\n- two\n", "priority": 0, "due": "2026-12-01",
        "labels": ("security",), "assignee": "anna@example.org", "url": "https://seamark.example/fixes/7",
    }  # fmt: skip
    return Ticket(**{**fields, **more})


def message(**more: Any) -> Message:
    fields = {
        "title": "log4j-core is exploited", "text": "Your application **payments** is affected.", "facts": (("Until", "2026-12-01"), ("Fix", "2.17.1")),
        "url": "https://seamark.example/issues/SM-7", "urgent": True,
    }  # fmt: skip
    return Message(**{**fields, **more})


@dataclass
class Line:
    """A connection to a far side."""

    name: str
    channel: Any
    far: Any
    settings: Any
    wait: float = 5.0
    way: Any = None
    made: Any = None

    def caller(self) -> Any:
        if self.made is None:
            self.way = Impatient()
            self.made = self.channel.caller(self.settings, self.way)
        self.way.seconds = self.wait
        return self.made

    def do(self, act: Act) -> Done:
        return self.channel.perform(act, self.settings, self.caller())

    def open(self, key: str = "fix:7:open", **more: Any) -> Done:
        return self.do(Act(verb=Verb.OPEN, key=key, ticket=ticket(**more)))

    def update(self, reference: str, **more: Any) -> Done:
        return self.do(Act(verb=Verb.UPDATE, key="fix:7:update", reference=reference, ticket=ticket(**more)))

    def move(self, verb: Verb, reference: str, comment: str = "", key: str = "") -> Done:
        return self.do(Act(verb=verb, key=key or f"fix:7:{verb}", reference=reference, comment=comment))

    def send(self, key: str = "news:1", reference: str = "", **more: Any) -> Done:
        return self.do(Act(verb=Verb.SEND, key=key, reference=reference, message=message(**more)))

    def changes(self, *references: str, since: str = "2026-11-22T12:00:00+00:00") -> list[Change]:
        return self.channel.changes(self.settings, self.caller(), references, since)

    def end(self) -> None:
        if self.made is not None:
            self.made.close()
        self.made = None


Connect = Callable[..., Line]


@pytest.fixture
def connect() -> Iterator[Connect]:
    with ExitStack() as stack:

        def made(name: str, **more: Any) -> Line:
            kind, far_of, settings_of = MADE[name]
            far = stack.enter_context(far_of())
            channel = channels()[kind]
            fields = {"token": far.token, **settings_of(far.url), **more}
            for one in ("secret",):
                if one in channel.settings.__struct_fields__:
                    fields.setdefault(one, SECRET)
            settings = channel.settings(**{key: value for key, value in fields.items() if value is not None})
            line = Line(name, channel, far, settings)
            stack.callback(line.end)
            return line

        yield made
