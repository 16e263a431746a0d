"""A change that a model wrote, with what is known of it."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

State = Literal["passed", "failed", "not run"]
DIFF: Final = "diff"
"""The check that a diff applies and does nothing that it may not."""
PARSES: Final = "parses"
GONE: Final = "finding gone"
NOTHING_NEW: Final = "nothing new"
TESTS: Final = "tests"


class Check(Struct, frozen=True):
    """One step of the verification."""

    name: str
    state: State
    why: str
    """A sentence without its end."""


class Drafted(Struct, frozen=True, kw_only=True):
    """What came of asking a model."""

    path: str
    model: str
    prompt: str
    """SHA-256 of what was sent."""
    tokens: int = 0
    diff: str = ""
    """Against the file without its secrets; empty where nothing is left of the answer."""
    digest: str = ""
    """SHA-256 of the file that it was written against."""
    checks: tuple[Check, ...] = ()
    remarks: tuple[str, ...] = ()
    """What a reader should look at."""

    @property
    def usable(self) -> bool:
        """Tell whether there is a change that no check speaks against."""
        return bool(self.diff) and not self.failures

    @property
    def verified(self) -> bool:
        """Tell whether a scan has shown that the finding is gone and nothing came, and nothing else failed."""
        passed = {one.name for one in self.checks if one.state == "passed"}
        return self.usable and {DIFF, GONE, NOTHING_NEW} <= passed

    @property
    def failures(self) -> list[str]:
        """Return why it is not usable."""
        return [one.why for one in self.checks if one.state == "failed"]


def sentence(checks: tuple[Check, ...]) -> str:
    """Return what was verified, in a sentence."""
    told = "; ".join(f"{one.name}: {one.state} ({one.why})" for one in checks)
    scanned = any(one.name == GONE and one.state == "passed" for one in checks)
    return f"{'' if scanned else 'Not verified by a scan. '}{told}."


def header(drafted: Drafted) -> str:
    """Return the lines above the diff that say where it comes from; programs that apply diffs skip them."""
    model = "".join(sign if sign.isprintable() else " " for sign in drafted.model)
    return f"# Machine-made: written by the model {model}, prompt {drafted.prompt[:16]}. Read it before you apply it.\n# {sentence(drafted.checks)}\n"
