"""Names of people, groups, roles and places on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from seamark.core.errors import NotAllowed, NotFound
from seamark.interfaces.cli.database import application_named, user_named

if TYPE_CHECKING:
    from seamark.governance.access.places import Place
    from seamark.store.models import Application, Group, User


@contextmanager
def told() -> Iterator[None]:
    """Tell of what is refused in one line."""
    try:
        yield
    except (NotAllowed, NotFound) as error:
        raise click.ClickException(str(error)) from None


def group_named(name: str) -> Group:
    """Return the group of a name, in any case. Raises `ClickException`."""
    from seamark.governance.access import reading
    from seamark.store.access import everything

    found = reading.groups(everything()).filter(name__iexact=name).first()
    if found is None:
        raise click.ClickException(f"There is no group {name!r}; `seamark group add` makes one")
    return found


def place_named(unit: str, application: str) -> Place:
    """Return the place that options name; everything where they name none. Raises `ClickException`."""
    from seamark.governance.access import reading
    from seamark.store.access import everything

    with told():
        return reading.place(everything(), unit, application)


def holder_named(user: str, group: str) -> User | Group:
    """Return the user or the group that options name. Raises `UsageError` where they name none or both."""
    if bool(user) == bool(group):
        raise click.UsageError("Name a user with --user or a group with --group")
    return user_named(user) if user else group_named(group)


def applications_named(names: Sequence[str]) -> list[Application]:
    """Return the applications of names. Raises `ClickException`."""
    return [application_named(name) for name in names]


def placed(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where a role holds."""
    unit = click.option("--unit", default="", metavar="NAME", help="In this business unit and those below it.")
    application = click.option("--application", default="", metavar="NAME", help="On this application only.")
    return unit(application(command))


def held_by(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say who holds a role."""
    user = click.option("--user", default="", metavar="NAME", help="A person or a service account.")
    group = click.option("--group", default="", metavar="NAME", help="A group.")
    return user(group(command))
