"""The needs of evidence and the reasons for covering nothing that controls share, so that each is said once and in the same words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from seamark.governance.compliance.texts import content_of


class Need(Struct, frozen=True, forbid_unknown_fields=True):
    """Evidence that somebody gives by hand."""

    what: str
    days: int
    """After how many days it has to be renewed."""


class _Words(Struct, frozen=True, forbid_unknown_fields=True):
    needs: dict[str, Need]
    reasons: dict[str, str]


@cache
def _words() -> _Words:
    text = files("seamark.governance.compliance").joinpath("words.yaml").read_text("utf-8")
    return msgspec.convert(content_of(text), _Words, strict=False)


def needs() -> Mapping[str, Need]:
    """Return the sorts of evidence by hand, by their words."""
    return _words().needs


def reasons() -> Mapping[str, str]:
    """Return the reasons for covering nothing, by their words."""
    return _words().reasons
