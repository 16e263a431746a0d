"""Who an answer of AWS speaks of: account and region, from its ARNs or from the caller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from seamark.core.errors import UnreadableReport
from seamark.intake.dumps.dump import Said

ARN: Final = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]{1,40}:([a-z0-9-]{0,30}):([0-9]{12}|):[^\s]{1,400}")
_ZONE: Final = re.compile(r"([a-z]{2}(?:-[a-z]+)+-[0-9]+)[a-z]")
_GIVEN: Final = re.compile(r"([^/\s]{1,100})(?:/([a-z0-9-]{1,30}))?")


class Where(Struct, frozen=True, order=True):
    """An account and a region; what is not known is empty."""

    account: str = ""
    region: str = ""


def where(said: Said, *hints: Any) -> Where:
    """Return whose an answer is, by the first ARN among the hints, else by the caller. Raises `UnreadableReport` where nobody says it."""
    given = _GIVEN.fullmatch(said.account)
    account, region = (given[1], given[2] or "") if given else ("", "")
    for hint in hints:
        if isinstance(hint, str) and (found := ARN.fullmatch(hint)) is not None and found[2]:
            return Where(found[2], found[1] or region)
    for hint in hints:
        if isinstance(hint, str) and (found := _ZONE.fullmatch(hint)) is not None:
            region = found[1]
    numbers = [hint for hint in hints if isinstance(hint, str) and re.fullmatch(r"[0-9]{12}", hint)]
    account = numbers[0] if numbers else account
    if not account:
        raise UnreadableReport(
            "Nothing in it says which AWS account this is", hint="name it with --account 123456789012/eu-west-1"
        )
    return Where(account, region)


def arns(value: Any) -> Iterator[str]:
    """Yield the ARNs in a list of texts."""
    for each in value if isinstance(value, list) else ():
        if isinstance(each, str) and ARN.fullmatch(each):
            yield each


def is_cut(value: dict[str, Any]) -> bool:
    """Tell whether an answer goes on in another one."""
    return any(value.get(name) for name in ("NextToken", "nextToken", "NextMarker", "Marker"))
