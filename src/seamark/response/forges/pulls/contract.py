"""What opening pull requests asks of a forge, whichever it is."""

from __future__ import annotations

import base64
from typing import Any, Literal, Protocol

from msgspec import Struct

State = Literal["open", "merged", "closed"]
Checks = Literal["green", "red", "running", "none", "unknown"]


class Home(Struct, frozen=True, kw_only=True):
    """A repository at its forge, and what it is reached with."""

    api: str
    name: str
    """`owner/name`; on Azure DevOps `project/repository`."""
    token: str = ""
    app: str = ""
    """Id of a GitHub App, with `installation` and `key` in place of a token."""
    installation: str = ""
    key: str = ""

    def __repr__(self) -> str:
        return f"Home({self.api!r}, {self.name!r})"


class Pull(Struct, frozen=True, kw_only=True):
    """A pull request as its forge has it."""

    number: str
    url: str
    state: State
    branch: str
    title: str = ""
    body: str = ""
    head: str = ""
    """The commit at its tip; may be shortened."""
    elsewhere: bool = False
    """Whether the branch is another repository's."""


class Draft(Struct, frozen=True, kw_only=True):
    """A pull request to open."""

    title: str
    body: str
    branch: str
    base: str
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    """People, or `group/team`, by the names that the forge has for them."""


class Standing(Struct, frozen=True, kw_only=True):
    """How a pull request stands."""

    state: State
    head: str
    checks: Checks = "unknown"
    mergeable: bool | None = None
    """None where the forge does not say."""
    objections: tuple[str, ...] = ()
    """Who asked for changes or voted against it."""


class Pulls(Protocol):
    """A repository's pull requests. Every method raises `RemoteFailure`."""

    def close_connections(self) -> None:
        """Close the connections to the forge."""
        ...

    def login(self) -> tuple[str, str]:
        """Return user and password for git."""
        ...

    def default_branch(self) -> str:
        """Return the name of the default branch."""
        ...

    def of_branch(self, branch: str) -> list[Pull]:
        """Return the pull requests from a branch of this repository, of all states, newest first."""
        ...

    def all_open(self) -> list[Pull]:
        """Return the open pull requests."""
        ...

    def open(self, draft: Draft) -> Pull:
        """Open one. Labels and reviewers that the forge does not take are left out."""
        ...

    def change(self, number: str, title: str, body: str) -> None:
        """Give one another title and text."""
        ...

    def comments(self, number: str) -> list[str]:
        """Return the texts of its comments."""
        ...

    def comment(self, number: str, text: str) -> None:
        """Add a comment."""
        ...

    def close(self, number: str) -> None:
        """Close one without merging it."""
        ...

    def standing(self, number: str) -> Standing:
        """Return how one stands."""
        ...

    def merge(self, number: str, head: str) -> None:
        """Merge one whose tip is still a commit."""
        ...


def basic(user: str, password: str) -> str:
    """Return the value of an `Authorization` header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def rows(body: Any, under: str = "") -> list[dict[str, Any]]:
    """Return the objects of a list in an answer, whatever the answer is."""
    found = body.get(under) if under and isinstance(body, dict) else body
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def dig(body: Any, *path: str) -> Any:
    """Return what stands at a path of keys, None where nothing does."""
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def word(body: Any, *path: str) -> str:
    """Return a text or number at a path of keys as text."""
    found = dig(body, *path)
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def checks_of(words: list[str], good: frozenset[str], waiting: frozenset[str]) -> Checks:
    """Return what single checks come to: one that is neither good nor waiting is bad."""
    if not words:
        return "none"
    if any(one not in good | waiting for one in words):
        return "red"
    return "running" if any(one in waiting for one in words) else "green"
