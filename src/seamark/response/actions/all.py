"""The channels by name."""

from __future__ import annotations

from typing import Final

from seamark.response.actions.apprise import Apprise
from seamark.response.actions.azure_boards import AzureBoards
from seamark.response.actions.contract import Channel
from seamark.response.actions.email import Email
from seamark.response.actions.github import GitHub
from seamark.response.actions.gitlab import GitLab
from seamark.response.actions.jira import Jira
from seamark.response.actions.linear import Linear
from seamark.response.actions.opsgenie import Opsgenie
from seamark.response.actions.pagerduty import PagerDuty
from seamark.response.actions.servicenow import ServiceNow
from seamark.response.actions.slack import Slack
from seamark.response.actions.teams import Teams

_ALL: Final[tuple[Channel, ...]] = (
    Jira(), GitHub(), GitLab(), AzureBoards(), ServiceNow(), Linear(), Slack(), Teams(), Email(), PagerDuty(), Opsgenie(), Apprise(),
)  # fmt: skip


def channels() -> dict[str, Channel]:
    """Return every channel by its name."""
    return {one.name: one for one in _ALL}
