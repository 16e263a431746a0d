"""Checks: questions with yes or no that are asked of each record of facts, or of the installation; and what answers come to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files
from typing import Final, get_args

import msgspec
from msgspec import Struct

from seamark.core.errors import SeamarkError
from seamark.governance.compliance.installation import FACTS, Installation
from seamark.governance.compliance.outcome import Answers, Outcome, of_answers
from seamark.governance.compliance.texts import content_of
from seamark.governance.policy.condition import Condition, InvalidCondition
from seamark.governance.policy.facts import SUBJECTS, KindWord

ESTATE: Final = frozenset({"deployment", "build"})
"""Groups of facts about what runs: they cross applications, and are asked about all at once only."""
INSTALLATION: Final = "installation"
"""What a check is about that asks this installation itself, not an application."""
_KINDS: Final = frozenset(get_args(KindWord))


class Limit(Struct, frozen=True, forbid_unknown_fields=True):
    """A question to the installation: a fact of `Installation` with its bounds."""

    fact: str
    at_least: float | None = None
    at_most: float | None = None

    def answer(self, facts: Installation) -> bool | None:
        """Return yes, no, or None where the fact is not known."""
        value = getattr(facts, self.fact)
        if value is None:
            return None
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    @property
    def words(self) -> str:
        """Return the question as people read it: `installation.ledger_signed_days <= 2`."""
        bounds = ((">=", self.at_least), ("<=", self.at_most))
        return " && ".join(f"installation.{self.fact} {sign} {value:g}" for sign, value in bounds if value is not None)


class Written(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A check as its file has it."""

    name: str
    title: str
    """The question."""
    ask: str = ""
    """CEL over facts, as in policies: true is yes. Empty with `limits`."""
    where: str = ""
    """CEL: which records are asked; empty for all. A record of which that cannot be decided counts as not known."""
    looked: tuple[str, ...] = ()
    """Kinds of scan of which one has to have looked before the absence of problems says anything."""
    limits: tuple[Limit, ...] = ()
    """Questions to the installation, all of which have to be answered with yes."""
    enough: float = 100.0
    """Percentage of yes from which it passes."""
    partly: float = 80.0
    """Percentage of yes from which it passes in part."""


class InvalidCheck(SeamarkError):
    """A check that cannot be used."""


class Check:
    """A check, ready to be asked."""

    def __init__(self, written: Written) -> None:
        """Compile it. Raises `InvalidCheck` with what is wrong."""
        self.written = written
        self.name, self.title, self.looked = written.name, written.title, written.looked
        if bool(written.ask) == bool(written.limits) or (written.limits and (written.where or written.looked)):
            raise InvalidCheck(f"{self.name}: a check has `ask`, or `limits` alone")
        if not 0 < written.partly <= written.enough <= 100:
            raise InvalidCheck(f"{self.name}: 0 < partly <= enough <= 100")
        if unknown := sorted(set(self.looked) - _KINDS):
            raise InvalidCheck(f"{self.name}: there is no kind of scan {', '.join(unknown)}")
        if unknown := sorted({one.fact for one in written.limits} - FACTS.keys()):
            raise InvalidCheck(f"{self.name}: the installation has no fact {', '.join(unknown)}")
        try:
            self.condition = Condition(written.ask) if written.ask else None
            self.where = Condition(written.where) if written.where else None
        except InvalidCondition as error:
            raise InvalidCheck(f"{self.name}: {error}") from None

    @cached_property
    def about(self) -> str:
        """Return the group of facts that it is about, or `installation`."""
        if self.condition is None:
            return INSTALLATION
        uses = {group for condition in (self.condition, self.where) if condition for group, _ in condition.uses}
        return next(one for one in SUBJECTS if one in uses)

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """Return the facts that it looks at, as `issue.severity`, sorted."""
        if self.condition is None:
            return tuple(sorted(f"{INSTALLATION}.{one.fact}" for one in self.written.limits))
        told = {use for condition in (self.condition, self.where) if condition for use in condition.uses}
        return tuple(sorted(f"{group}.{field}" for group, field in told))

    @property
    def question(self) -> str:
        """Return what is asked, as it can be computed: CEL, with what it is asked of."""
        if self.condition is None:
            return " && ".join(one.words for one in self.written.limits)
        return f"{self.written.ask}  where  {self.written.where}" if self.written.where else self.written.ask

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of the content: the check's version."""
        return hashlib.sha256(msgspec.json.encode(self.written, order="deterministic")).hexdigest()

    def ask_installation(self, facts: Installation) -> bool | None:
        """Ask the installation: no where one bound is missed, None where that depends on what is not known."""
        told = [one.answer(facts) for one in self.written.limits]
        return False if False in told else None if None in told else True

    def outcome(self, answers: Answers) -> Outcome:
        """Return what answers come to."""
        return of_answers(answers, self.written.enough, self.written.partly)


def read(text: str) -> list[Check]:
    """Return the checks of a YAML text. Raises `InvalidCheck`."""
    try:
        written = msgspec.convert(content_of(text), list[Written], strict=False)
    except ValueError as error:
        raise InvalidCheck(f"These are no checks: {error}") from None
    return [Check(one) for one in written]


@cache
def checks() -> Mapping[str, Check]:
    """Return the checks that come with the product, by name."""
    folder = files("seamark.governance.compliance").joinpath("checks")
    found: dict[str, Check] = {}
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        for each in read(one.read_text("utf-8")) if one.name.endswith(".yaml") else ():
            if each.name in found:
                raise InvalidCheck(f"There are two checks {each.name}")
            found[each.name] = each
    return found
