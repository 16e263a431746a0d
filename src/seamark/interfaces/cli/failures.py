"""From failures to one sentence and an exit code: nobody who uses the command line is shown a traceback."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

import click

from seamark.core.errors import SeamarkError, UnknownFormat, UnreadableReport

FAILED, WRONG, UNKNOWN, STOPPED = 1, 2, 3, 130
STOPPED_SENTENCE = "seamark: stopped; nothing was half-done"


def refuse_broken_text(arguments: Sequence[str]) -> None:
    """Refuse arguments that are not Unicode and name no file: no name, query or password is meant so."""
    for argument in arguments:
        if not _encodable(argument) and not os.path.lexists(argument):
            shown = argument.encode("utf-8", "replace").decode()
            raise click.UsageError(f"The argument {shown!r} is not UTF-8 text, and there is no file of that name.")


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def explain(error: Exception) -> tuple[str, int]:
    """Return the sentence for a failure, and the exit code."""
    if isinstance(error, SeamarkError):
        code = UNKNOWN if isinstance(error, UnknownFormat) else WRONG if isinstance(error, UnreadableReport) else FAILED
        return str(error), code
    if (sentence := _of_database(error)) is not None:
        return sentence, FAILED
    if isinstance(error, OSError):
        if error.errno == errno.ENOSPC:
            return "There is no space left on the device that is written to; nothing was half-done", FAILED
        where = f" ({error.filename})" if error.filename else ""
        return f"The operating system refuses: {error.strerror or error}{where}", FAILED
    if isinstance(error, MemoryError):
        return "There is not enough memory for that; nothing was half-done", FAILED
    return (
        f"This is a mistake in Seamark, please report it: {type(error).__name__}: {error} (SEAMARK_DEBUG=1 shows where)",
        FAILED,
    )


def _of_database(error: Exception) -> str | None:
    """Return the sentence for a failure of the database, None for others. Django is not loaded just to find out."""
    if "django.db" not in sys.modules:
        return None
    from django.db import Error, OperationalError

    from seamark.core.errors import StoreUnavailable
    from seamark.pipeline.imports import guarded

    if isinstance(error, OperationalError):
        try:
            with guarded():
                raise error
        except StoreUnavailable as known:
            return str(known)
    if isinstance(error, Error):
        reason = str(error).strip().split("\n", 1)[0]
        return f"The database cannot be used ({reason}); nothing was half-done"
    return None


def leave_closed_pipe() -> None:
    """Let Python end quietly after the reader of our output has left, as `head` does."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(nowhere, stream.fileno())
        except (AttributeError, OSError, ValueError):
            continue
