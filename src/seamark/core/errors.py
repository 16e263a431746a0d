"""The failures that people are expected to meet: each one is a sentence that says what to do."""

from __future__ import annotations


class SeamarkError(Exception):
    """Any failure that Seamark foresees. `str(error)` is one sentence for people."""


class UnreadableReport(SeamarkError):
    """A report that cannot be read; nothing of it was taken.

    `where` is a JSON path (`$.runs[0].results`), a line (`line 12`) or empty; `hint` is the command or
    step that makes a good report.
    """

    def __init__(self, reason: str, *, where: str = "", hint: str = "") -> None:
        self.reason = reason
        self.where = where
        self.hint = hint
        super().__init__(reason)

    def __str__(self) -> str:
        """Put reason, place and hint into one line."""
        place = f" at {self.where}" if self.where else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.reason}{place}{hint}"


class UnknownFormat(UnreadableReport):
    """No parser recognises the report, or several do: `candidates` names those."""

    def __init__(self, reason: str, *, candidates: tuple[str, ...] = (), hint: str = "") -> None:
        self.candidates = candidates
        super().__init__(reason, hint=hint)


class BrokenPlugin(SeamarkError):
    """A parser or another plug-in is wrongly declared. Loud on purpose: it is never skipped."""


class StoreUnavailable(SeamarkError):
    """The database is away, locked, full or of another version."""


class ImportRefused(SeamarkError):
    """An import that cannot be carried out as asked (unknown application, bad reference, no right)."""


class InvalidQuery(SeamarkError):
    """A query that cannot be understood; `position` is the 0-based offset of the first wrong character."""

    def __init__(self, reason: str, *, position: int = 0) -> None:
        self.position = position
        super().__init__(reason)


class NotFound(SeamarkError):
    """What was asked for does not exist, or may mean several things; `hint` names what is near."""

    def __init__(self, reason: str, *, hint: str = "") -> None:
        self.hint = hint
        super().__init__(f"{reason}; {hint}" if hint else reason)


class InvalidSetting(SeamarkError):
    """A setting has a value that is not allowed; the message names the allowed ones."""


class RemoteFailure(SeamarkError):
    """Another service refused or did not answer. `permanent` says that trying again makes no sense, `retry_after` how many seconds it asked for."""

    def __init__(self, reason: str, *, permanent: bool, retry_after: float = 0.0) -> None:
        self.permanent, self.retry_after = permanent, retry_after
        super().__init__(reason)


class Gone(RemoteFailure):
    """What was asked for is not there any more at the other service."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, permanent=True)


class NotAllowed(SeamarkError):
    """Something that this person may not do, or that cannot be done as asked; nothing was changed."""
