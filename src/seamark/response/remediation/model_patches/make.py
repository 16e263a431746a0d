"""From a finding to a prompt, and from an answer to the changed file; every step refuses rather than guesses."""

from __future__ import annotations

import json
import tomllib
from hashlib import sha256
from typing import Final

from msgspec import Struct

from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation
from seamark.response.remediation.editors.notation.source import Source, UnsafeEdit, source
from seamark.response.remediation.model_patches import diff, guards
from seamark.response.remediation.model_patches.drafted import DIFF, PARSES, Check
from seamark.response.remediation.model_patches.prompt import LINES, Prompt, Subject, prompt_of
from seamark.response.remediation.model_patches.redaction import Redacted, redacted
from seamark.response.remediation.model_patches.reply import diff_in
from seamark.response.remediation.patches.patch import parses

LARGEST: Final = 1_000_000
"""Bytes of a file that a model is asked about."""
CREDENTIALS: Final = frozenset({256, 257, 259, 260, 312, 321, 522, 526, 540, 547, 615, 798, 1391})
"""Weaknesses whose very place is a secret."""
_EVERYWHERE: Final = (1, 2**31)


class Asked(Struct, frozen=True):
    """A finding in its file, and what a model is told of it."""

    subject: Subject
    own: Source
    text: Redacted
    prompt: Prompt


class Taken(Struct, frozen=True, kw_only=True):
    """What an answer makes of the file."""

    diff: str
    """Against the file without its secrets."""
    before: str
    after: str
    """The file's text, secrets in their places."""
    data: bytes
    checks: tuple[Check, ...]
    remarks: tuple[str, ...]


def subject_of(tool: str, one: Finding) -> Subject:
    """Return a finding as a subject. Raises `UnsafeEdit` for those that no model is asked about."""
    if one.kind is Kind.SECRET or one.secret:
        raise UnsafeEdit("A secret is made worthless by people, not by a change of its file.")
    if one.component is not None:
        raise UnsafeEdit("A vulnerable package is cleared by another version: `seamark fix plan`.")
    if not isinstance(one.location, CodeLocation) or not one.location.path:
        raise UnsafeEdit("The finding names no file.")
    return Subject(
        tool=tool, rule=one.rule, title=one.title, location=one.location, cwe=one.cwes[0] if one.cwes else None
    )


def ask(subject: Subject, data: bytes, *, lines: int = LINES) -> Asked:
    """Return what a model would be asked. Raises `UnsafeEdit` where the file is too large, no text, or changed since."""
    own, text = _without_secrets(subject, data)
    return Asked(subject, own, text, prompt_of(subject, text, lines=lines))


def take(asked: Asked, reply: str) -> Taken:
    """Return what an answer makes of the file. Raises `UnsafeEdit` for every answer that is not one small diff of its place."""
    shown = asked.prompt.first, asked.prompt.last
    return _made(asked.subject, asked.own, asked.text, diff_in(reply), shown)


def again(subject: Subject, data: bytes, kept: str) -> Taken:
    """Return what a diff that was kept makes of the file as it is now. Raises `UnsafeEdit` where its lines are there no more."""
    own, text = _without_secrets(subject, data)
    return _made(subject, own, text, kept, _EVERYWHERE)


def digest_of(data: bytes) -> str:
    """Return what a file is recognised by."""
    return sha256(data).hexdigest()


def _without_secrets(subject: Subject, data: bytes) -> tuple[Source, Redacted]:
    path = subject.location.path
    if len(data) > LARGEST:
        raise UnsafeEdit(f"{path} is larger than {LARGEST // 1_000_000} MB.")
    own = source(path, data)
    at = subject.location.line
    hidden = (at, subject.location.end_line or at) if at is not None and subject.cwe in CREDENTIALS else None
    return own, redacted(path, own.text, hidden)


def _made(subject: Subject, own: Source, text: Redacted, told: str, shown: tuple[int, int]) -> Taken:
    path = subject.location.path
    change = diff.read(told)
    guards.check_file(change, path)
    made = diff.apply(change, text.text)
    guards.check(change, path, text.text, made, shown)
    after = text.restored(made.text)
    return Taken(
        diff=diff.write(path, text.text, made.text), before=own.text, after=after, data=own.encoded(after),
        checks=(Check(DIFF, "passed", "every line that it shows stands in the file"), _parsed(path, own.text, after)),
        remarks=guards.remarks(change),
    )  # fmt: skip


def _parsed(path: str, before: str, after: str) -> Check:
    """Return whether the file can be parsed as before. Raises `UnsafeEdit` where it cannot be any more."""
    if not _parses(path, before):
        return Check(PARSES, "not run", "the file could not be parsed before")
    if not _parses(path, after):
        raise UnsafeEdit(f"{path} could not be parsed any more after the change.")
    return Check(PARSES, "passed", "the file is as well formed as before")


def _parses(path: str, text: str) -> bool:
    try:
        match path.rpartition(".")[2].lower():
            case "json":
                json.loads(text)
            case "toml":
                tomllib.loads(text)
    except (ValueError, RecursionError):
        return False
    return parses(path, text)
