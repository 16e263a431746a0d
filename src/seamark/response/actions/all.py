"""The channels by name: our own, and those that other packages bring."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import msgspec

from seamark.core.errors import BrokenPlugin
from seamark.core.plugins import brought
from seamark.response.actions.apprise import Apprise
from seamark.response.actions.azure_boards import AzureBoards
from seamark.response.actions.contract import Channel, Role
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

GROUP: Final = "seamark.channels"
"""The group of entry points under which another package names its channels: each a class without parameters, or a channel."""
_ALL: Final[tuple[Channel, ...]] = (
    Jira(), GitHub(), GitLab(), AzureBoards(), ServiceNow(), Linear(), Slack(), Teams(), Email(), PagerDuty(), Opsgenie(), Apprise(),
)  # fmt: skip
_DOES: Final = ("caller", "check", "perform", "changes", "verify")


@cache
def channels() -> dict[str, Channel]:
    """Return every channel by its name. Raises `BrokenPlugin` for one that cannot be loaded or is none; none is skipped."""
    found = {one.name: one for one in _ALL}
    for place, one in brought("channel", GROUP, _channel):
        if one.name in found:
            raise BrokenPlugin(f"Two channels are called {one.name!r}; one is brought by {place}")
        found[one.name] = one
    return found


def _channel(told: Any) -> Channel:
    one: Channel = told() if isinstance(told, type) else told
    if wrong := _lacks(one):
        raise BrokenPlugin(f"it {wrong}")
    return one


def _lacks(one: Any) -> str:
    """Return what keeps a plug-in from being a channel, empty where nothing does."""
    if not isinstance(getattr(one, "name", None), str) or not one.name.replace("_", "").isalnum() or len(one.name) > 40:
        return "has no name of at most 40 letters, digits and underscores"
    if not isinstance(getattr(one, "title", None), str) or not one.title:
        return "has no title"
    if not isinstance(getattr(one, "role", None), Role):
        return "does not say by `role` whether it takes tickets or messages"
    settings = getattr(one, "settings", None)
    if not (isinstance(settings, type) and issubclass(settings, msgspec.Struct)):
        return "has no `settings` of the type msgspec.Struct"
    fields = {each.name for each in msgspec.structs.fields(settings)}
    secrets = getattr(one, "secrets", None)
    if not isinstance(secrets, frozenset) or not secrets <= fields:
        return "names `secrets` that are no fields of its settings"
    missing = next((name for name in _DOES if not callable(getattr(one, name, None))), "")
    return f"has no method {missing}" if missing else ""
