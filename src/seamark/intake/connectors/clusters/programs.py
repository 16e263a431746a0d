"""Asks a cloud through its own command line, which has the credentials: read-only commands, without a shell, bounded."""

from __future__ import annotations

import json
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.clusters.process import answer
from seamark.intake.discovery.infrastructure.values import plain

_MOST_BYTES: Final = 256 * 1024**2
_MOST_COMMANDS: Final = 5_000
_MOST_SECONDS: Final = 1_800.0


class Program:
    """One command line. `timeout` is in seconds, of one command; commands that nobody answered are told in `problems`."""

    def __init__(
        self, name: str, options: Sequence[str] = (), variables: Mapping[str, str] | None = None, *, timeout: float = 180.0,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        found = shutil.which(name)
        if found is None:
            raise RemoteFailure(f"{name} is not installed, or not on the PATH", permanent=True)
        self.path = found
        self._name, self._options, self._variables = name, list(options), dict(variables or {})
        self._timeout, self._progress = timeout, progress
        self._end, self._left = time.monotonic() + _MOST_SECONDS, _MOST_COMMANDS
        self.problems: defaultdict[str, list[str]] = defaultdict(list)
        """What was asked for and not answered, by service."""

    def must(self, *words: str) -> Any:
        """Return what a command prints. Raises `RemoteFailure`."""
        self._progress(" ".join(words))
        self._left -= 1
        if self._left < 0 or time.monotonic() > self._end:
            raise RemoteFailure("there was no time left to ask for it", permanent=False)
        told = answer(
            [self.path, *words, *self._options], timeout=self._timeout, most=_MOST_BYTES, variables=self._variables
        )
        try:
            # What there is nothing of, some commands say by saying nothing.
            return json.loads(told) if told.strip() else None
        except (ValueError, RecursionError):
            raise RemoteFailure(f"{self._name} prints no JSON", permanent=True) from None

    def ask(self, service: str, *words: str, fine: Sequence[str] = ()) -> Any | None:
        """Return what a command prints, None where it fails: that is kept as a problem of the service.

        `fine` are words in complaints that are answers: "there is no such policy".
        """
        return self._asked(service, words, fine)[1]

    def _asked(self, service: str, words: Sequence[str], fine: Sequence[str]) -> tuple[bool, Any]:
        """Return whether a command answered, and what."""
        try:
            return True, self.must(*words)
        except RemoteFailure as failure:
            if not any(word in str(failure) for word in fine):
                self.fault(service, " ".join(each for each in words if not each.startswith("--"))[:100], str(failure))
            return False, None

    def fault(self, service: str, what: str, why: str) -> None:
        """Keep that something of a service is not known."""
        if len(self.problems[service]) < 20:
            self.problems[service].append(f"{what}: {why}")

    def rows(self, service: str, name: str, *words: str) -> tuple[dict[str, Any] | None, list[Any]]:
        """Return an answer whose field `name` is a list, and the list. Where it fails, None and an empty one."""
        answered, value = self._asked(service, words, ())
        if not answered:
            return None, []
        if value is None or value == {}:
            value = {name: []}
        if not isinstance(value, dict) or not isinstance(value.get(name), list):
            self.fault(service, " ".join(words[:2]), f"it answers without {name}")
            return None, []
        return value, value[name]

    def table(self, service: str, *words: str, fine: Sequence[str] = ()) -> list[Any] | None:
        """Return an answer that is a list itself, None where it fails; `fine` as in `ask`, and None as well."""
        answered, value = self._asked(service, words, fine)
        if answered and value is not None and not isinstance(value, list):
            self.fault(service, " ".join(words[:2]), "it answers something that is no list")
            return None
        return (value or []) if answered else None


def document(name: str, value: Any) -> tuple[str, bytes]:
    """Return a value as a file for the reader of dumps."""
    return name, json.dumps(value).encode()


def word(value: Any) -> str:
    """Return a text that may stand as a word of a command: none that would be taken for an option."""
    text = plain(value)
    return "" if text.startswith("-") or not text.isprintable() or len(text) > 2_000 else text
