"""A score to check anywhere: facts, weights and receipt in one document, and whether they agree. Pure.

Nothing but this document and the engine is needed, no database and no network: who holds it can say whether the score is what the
facts and the profile give.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from seamark import __version__
from seamark.analysis.risk.engine import ENGINE, receipt
from seamark.analysis.risk.facts import Facts
from seamark.analysis.risk.profile import Profile, load_profile
from seamark.analysis.risk.receipt import Part, Receipt
from seamark.core.errors import InvalidSetting, UnreadableReport

FORMAT: Final = "seamark.dev/receipt"
VERSION: Final = 1
MOST_BYTES: Final = 4 * 1024 * 1024
"""A receipt has some kilobytes."""


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document."""

    format: str = FORMAT
    version: int = VERSION
    seamark: str = __version__
    """The version of Seamark that wrote it."""
    engine: int = ENGINE
    """The engine that worked it out; another one may come to another score."""
    issue: str
    """Its reference, as in `SM-12`."""
    facts: Facts
    profile: Profile
    receipt: Receipt


class Difference(Struct, frozen=True):
    """One thing that the document says and that its facts and profile do not give."""

    what: str
    """As in `epss, points`, `score`, `priority`."""
    stated: str
    worked_out: str


def account(issue: str, facts: Facts, profile: Profile) -> Account:
    """Return the document of an issue's score."""
    return Account(issue=issue, facts=facts, profile=profile, receipt=receipt(facts, profile))


def write_account(one: Account) -> bytes:
    """Return the document as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(one), indent=2) + b"\n"


def read_account(content: bytes) -> Account:
    """Return the document. Raises `UnreadableReport` where it is none, is broken, or knows more than this version does."""
    if len(content) > MOST_BYTES:
        raise UnreadableReport("That is too large for a receipt")
    try:
        told: Any = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableReport(f"That is no JSON: {error}") from None
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise UnreadableReport("That is no receipt; `seamark receipt show SM-12` writes one")
    if told.get("version") != VERSION:
        raise UnreadableReport(
            f"That is version {told.get('version')!r} of the format, and {VERSION} is what can be read"
        )
    facts = told.get("facts")
    if isinstance(facts, dict) and (unknown := sorted(set(facts) - set(Facts.__struct_fields__))):
        raise UnreadableReport(f"The receipt has facts that this version does not know: {', '.join(unknown)[:200]}")
    try:
        found = msgspec.convert(told, Account)
        load_profile(told["profile"])
    except (msgspec.ValidationError, InvalidSetting, RecursionError) as error:
        raise UnreadableReport(f"The receipt is broken: {error}") from None
    return found


def verify(one: Account) -> tuple[Difference, ...]:
    """Work the score out anew, and return all that differs: parts, sum, score, priority, and the words beside them."""
    stated, now = one.receipt, receipt(one.facts, one.profile)
    found = _parts(stated.parts, now.parts)
    if (total := sum(part.points for part in stated.parts)) != stated.score:
        found.append(Difference("sum of the parts", _tenths(total), _tenths(stated.score)))
    for what, left, right in (
        ("score", _tenths(stated.score), _tenths(now.score)),
        ("priority", f"P{stated.priority}", f"P{now.priority}"),
        ("reason", stated.reason, now.reason),
        ("profile", stated.profile, now.profile),
        ("unknown", "; ".join(stated.unknown), "; ".join(now.unknown)),
        ("what would change it", _moves(stated), _moves(now)),
    ):
        if left != right:
            found.append(Difference(what, left, right))
    return tuple(found)


def _parts(stated: tuple[Part, ...], now: tuple[Part, ...]) -> list[Difference]:
    found = []
    theirs, ours = _keyed(stated), _keyed(now)
    for key in dict.fromkeys((*ours, *theirs)):
        left, right = theirs.get(key), ours.get(key)
        name = key[0] if key[1] == 1 else f"{key[0]} ({key[1]})"
        if left is None or right is None:
            found.append(Difference(name, _line(left), _line(right)))
            continue
        for field in ("points", "label", "detail", "source"):
            a, b = getattr(left, field), getattr(right, field)
            if a != b:
                shown = (_tenths(a), _tenths(b)) if field == "points" else (a, b)
                found.append(Difference(f"{name}, {field}", *shown))
    if not found and theirs.keys() == ours.keys() and list(theirs) != list(ours):
        found.append(Difference("order of the parts", ", ".join(k for k, _ in theirs), ", ".join(k for k, _ in ours)))
    return found


def _keyed(parts: tuple[Part, ...]) -> dict[tuple[str, int], Part]:
    """Return parts by factor and how often it stood there already: two ceilings may hold one after the other."""
    seen: dict[str, int] = {}
    keyed = {}
    for part in parts:
        seen[part.factor] = seen.get(part.factor, 0) + 1
        keyed[part.factor, seen[part.factor]] = part
    return keyed


def _line(part: Part | None) -> str:
    return f"{part.label} {_tenths(part.points)}" if part else "nothing"


def _moves(one: Receipt) -> str:
    return "; ".join(f"{sentence}: {_tenths(tenths)}" for sentence, tenths in one.counterfactuals)


def _tenths(points: int) -> str:
    return f"{points / 10:.1f}" if abs(points) < 10**9 else str(points)
