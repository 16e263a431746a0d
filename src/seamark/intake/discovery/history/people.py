"""Who is one person under several names and addresses, and who is no person at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Final

import yaml

from seamark.core.assets import AssetKind, AssetRef
from seamark.intake.discovery.history.log import Person

_NOREPLY: Final = re.compile(r"(?:\d+\+|\d+-)?([a-z0-9][\w.-]*)@users\.noreply\.[\w.-]+")
_CO_AUTHOR: Final = re.compile(
    r"^co-authored-by:[ \t]*([^<\n]{0,200})<([^<>\s]{1,300})>[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)


_APPROVER: Final = re.compile(
    r"^(?:reviewed-by|acked-by|approved-by|signed-off-by):[ \t]*([^<\n]{0,200})<([^<>\s]{1,300})>[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)  # fmt: skip


@cache
def _bots() -> tuple[re.Pattern[str], re.Pattern[str]]:
    told = yaml.safe_load(files("seamark.intake.discovery.history").joinpath("bots.yaml").read_text("utf-8"))
    return re.compile("|".join(told["names"])), re.compile("|".join(told["addresses"]))


def is_bot(person: Person) -> bool:
    """Tell whether an author is a program, by name and address; see `bots.yaml`."""
    names, addresses = _bots()
    return bool(names.search(person.name.lower()) or addresses.search(person.email))


def co_authors(message: str) -> list[Person]:
    """Return whom a commit's message names beside its author."""
    return [Person(name.strip(), email.lower()) for name, email in _CO_AUTHOR.findall(message)[:20]]


def approvers(message: str) -> list[Person]:
    """Return who a commit's message says has looked at the change or let it in; the author's own sign-off is among them."""
    return [Person(name.strip(), email.lower()) for name, email in _APPROVER.findall(message)[:20]]


def login_of(email: str) -> str:
    """Return the login that a host's no-reply address tells, empty for other addresses."""
    found = _NOREPLY.fullmatch(email)
    return found[1] if found else ""


def simplified(name: str) -> str:
    """Return a name or login without case, blanks and marks, its words in order, as people vary them."""
    return "".join(sorted(re.findall(r"[^\W_]+", name.lower())))


class People:
    """Joins the identities of one person: the same address, the same full name, or the same login.

    A name has two words at least, is long, or has a digit; `alex` joins nobody.
    """

    def __init__(self, persons: Iterable[Person]) -> None:
        self._parent: dict[str, str] = {}
        self._persons: dict[str, set[Person]] = {}
        everyone = sorted(set(persons), key=lambda person: (person.email, person.name))
        for person in everyone:
            self._join(f"mail {person.email}", *self._marks(person))
        for person in everyone:
            self._persons.setdefault(self._root(f"mail {person.email}"), set()).add(person)
        self._named: dict[str, str] = {}
        for root, group in self._persons.items():
            for person in group:
                for word in (login_of(person.email), person.email.partition("@")[0], simplified(person.name)):
                    if len(word) > 2:
                        self._named.setdefault(simplified(word), root)
        for root, group in self._persons.items():
            for login in sorted({login_of(person.email) for person in group} - {""}):
                self._named[simplified(login)] = root

    def key(self, person: Person) -> str:
        """Return what stands for a person: equal for all identities of one."""
        return self._root(f"mail {person.email}")

    def login(self, key: str) -> str:
        """Return the login at the repository's host, empty where no address tells it."""
        return min(
            (login_of(person.email) for person in self._persons.get(key, ()) if login_of(person.email)), default=""
        )

    def known_as(self, key: str) -> Person:
        """Return the identity to show: a real address before one that takes no mail, then the longest name."""
        group = self._persons.get(key)
        if not group:
            return Person("", key.partition(" ")[2])
        return min(group, key=lambda person: (bool(login_of(person.email)), -len(person.name), person.email))

    def find(self, word: str) -> str:
        """Return the key of whom a login (`@ada`) or an address means, empty where nobody is known by it."""
        if "@" in word[1:]:
            known = f"mail {word.lower()}"
            if known in self._parent:
                return self._root(known)
            word = word.partition("@")[0]
        return self._named.get(simplified(word), "")

    @staticmethod
    def _marks(person: Person) -> list[str]:
        words = re.findall(r"[^\W_]+", person.name.lower())
        login, name = login_of(person.email), "".join(sorted(words))
        telling = len(words) > 1 or len(name) > 7 or bool(re.search(r"[a-z]\w*\d", name))
        return [
            *([f"name {name}"] if telling and len(name) > 4 else []),
            *([f"name {simplified(login)}"] if login else []),
        ]

    def _root(self, key: str) -> str:
        while (above := self._parent.get(key, key)) != key:
            self._parent[key] = self._parent.get(above, above)
            key = above
        return key

    def _join(self, first: str, *others: str) -> None:
        self._parent.setdefault(first, first)
        for other in others:
            self._parent.setdefault(other, other)
            self._parent[self._root(other)] = self._root(first)


def person_ref(word: str) -> AssetRef:
    """Return the asset of a person: an e-mail address in lower case, or `@login`."""
    bare = word.strip().removeprefix("@")
    return AssetRef(AssetKind.PERSON, bare.lower() if "@" in bare else f"@{bare}")


def team_ref(word: str) -> AssetRef:
    """Return the asset of a team: its name without `@`."""
    return AssetRef(AssetKind.TEAM, word.strip().lstrip("@"))


def owner_ref(word: str) -> AssetRef:
    """Return team or person as owners' files write them: `@acme/web` is a team, `@ada` and `ada@acme.example` persons, `@@developer` a role."""
    if word.startswith("@@"):
        return AssetRef(AssetKind.TEAM, f"role:{word[2:]}")
    return team_ref(word) if "/" in word else person_ref(word)
