"""Frameworks as data: families of controls, and for each control what shows how it stands. Knows no database."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache, cached_property
from importlib.resources import files
from typing import Final

import msgspec
from msgspec import Struct

from seamark.core.errors import SeamarkError
from seamark.governance.compliance.check import checks as shipped_checks
from seamark.governance.compliance.texts import content_of
from seamark.governance.compliance.words import Need, needs, reasons

LARGEST: Final = 1_000_000
"""Bytes of one framework."""
MOST: Final = 2_000
"""Controls of one framework."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,58}[a-z0-9]")
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._()/&:-]{0,58}")
_LONGEST: Final = 300
_MOST_DAYS: Final = 3 * 366


class InvalidFramework(SeamarkError):
    """A framework that cannot be used; the message says all that is wrong."""


class Control(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A control: what shows how it stands is `checks`, a `need` of evidence by hand, both, or `none` with the reason."""

    id: str
    """As the framework's publisher numbers it."""
    title: str
    """What it asks for, in our own words."""
    checks: tuple[str, ...] = ()
    """Names of checks, all of which have to pass."""
    need: str = ""
    """What somebody has to show by hand: a word of `words.yaml`, or a sentence."""
    days: int = 0
    """With a sentence in `need`: after how many days it has to be renewed."""
    none: str = ""
    """Why nothing covers it: a word of `words.yaml`, or a sentence."""
    like: tuple[str, ...] = ()
    """For frameworks of one's own: controls that ask for the same, as `framework/control`."""

    @property
    def evidence(self) -> Need | None:
        """Return what somebody has to show by hand; None where nothing."""
        if not self.need:
            return None
        return needs().get(self.need) or Need(what=self.need, days=self.days)

    @property
    def reason(self) -> str:
        """Return why nothing covers it; empty for a control that something covers."""
        return reasons().get(self.none, self.none)


class Family(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Controls that belong together."""

    id: str
    title: str
    controls: tuple[Control, ...]


class Framework(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """A framework as its file has it."""

    name: str
    """As applications name it in their scope: `pci-dss-4`."""
    title: str
    version: str
    publisher: str
    url: str = ""
    source: str
    """Where the ids come from, how they were verified, and what is left out."""
    families: tuple[Family, ...]

    @cached_property
    def controls(self) -> dict[str, Control]:
        """Return all controls by id, in order."""
        return {one.id: one for family in self.families for one in family.controls}

    @cached_property
    def family_of(self) -> dict[str, Family]:
        """Return each control's family."""
        return {one.id: family for family in self.families for one in family.controls}

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of the content: the version that evidence and packs name."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


def read(text: str, checks: Collection[str]) -> Framework:
    """Return the framework that a YAML text is; `checks` are the names that there are. Raises `InvalidFramework`."""
    if len(text.encode("utf-8", "replace")) > LARGEST:
        raise InvalidFramework(f"A framework may take {LARGEST:,} bytes at most")
    framework = _converted(text)
    wrong = list(_wrong(framework, frozenset(checks)))
    if wrong:
        more = f" … and {len(wrong) - 20} more" if len(wrong) > 20 else ""
        raise InvalidFramework("; ".join(wrong[:20]) + more)
    return framework


@cache
def shipped() -> Mapping[str, Framework]:
    """Return the frameworks that come with the product, by name."""
    folder = files("seamark.governance.compliance").joinpath("frameworks")
    found = [
        read(one.read_text("utf-8"), shipped_checks().keys())
        for one in sorted(folder.iterdir(), key=lambda one: one.name)
        if one.name.endswith(".yaml")
    ]
    return {one.name: one for one in found}


def _converted(text: str) -> Framework:
    try:
        return msgspec.convert(content_of(text), Framework, strict=False)
    except (ValueError, RecursionError) as error:
        raise InvalidFramework(f"This is no framework: {error}") from None


def _wrong(framework: Framework, checks: frozenset[str]) -> Iterator[str]:
    if not _NAME.fullmatch(framework.name):
        yield "the name has 3 to 60 small letters, digits, dots and dashes"
    for told in ("title", "version", "publisher", "source"):
        if not getattr(framework, told).strip():
            yield f"{told} is empty"
    every = [one for family in framework.families for one in family.controls]
    if not 1 <= len(every) <= MOST:
        yield f"a framework has 1 to {MOST:,} controls"
    if framework.url and not framework.url.startswith("https://"):
        yield "url begins with https://"
    for texts in (framework.title, framework.version, framework.publisher, *(one.title for one in framework.families)):
        if len(texts) > _LONGEST or not texts.isprintable():
            yield f"{texts[:60]!r} is no single line of at most {_LONGEST} characters"
    seen: set[str] = set()
    for one in every:
        if one.id in seen:
            yield f"{one.id} stands there twice"
        seen.add(one.id)
        yield from (f"{one.id[:60]}: {sentence}" for sentence in _wrong_control(one, checks))


def _wrong_control(one: Control, checks: frozenset[str]) -> Iterator[str]:
    if not _ID.fullmatch(one.id):
        yield "an id has at most 59 letters, digits, blanks and . _ ( ) / & : -"
    if not one.title.strip() or len(one.title) > _LONGEST or not one.title.isprintable():
        yield f"the title is a line of at most {_LONGEST} characters"
    if unknown := sorted(set(one.checks) - checks):
        yield f"there is no check {', '.join(unknown)}"
    if bool(one.none) == bool(one.checks or one.need):
        yield "a control has checks or a need of evidence, or says in `none` why not; not both"
    if one.need and one.need not in needs():
        if " " not in one.need.strip() or len(one.need) > _LONGEST:
            yield f"{one.need[:60]!r} is no need that is known, and no sentence"
        elif not 1 <= one.days <= _MOST_DAYS:
            yield f"a need in a sentence has `days`, 1 to {_MOST_DAYS}"
    if one.none and one.none not in reasons() and (" " not in one.none.strip() or len(one.none) > _LONGEST):
        yield f"{one.none[:60]!r} is no reason that is known, and no sentence"
