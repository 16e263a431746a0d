"""One change by a model, from the question to the last check. Nothing is written to the tree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from seamark.intake.connectors.completions import Completion
from seamark.pipeline.model_patches import files
from seamark.pipeline.model_patches.rescan import rescan
from seamark.pipeline.model_patches.tried import run_tests
from seamark.response.remediation.editors.notation.source import UnsafeEdit
from seamark.response.remediation.model_patches import make
from seamark.response.remediation.model_patches.drafted import DIFF, TESTS, Check, Drafted
from seamark.response.remediation.model_patches.prompt import Prompt, Subject

Send = Callable[[Prompt], Completion]
"""Sends a prompt, within the limits of a day. Raises `RemoteFailure`, `NotAllowed`."""


class Question(Struct, frozen=True):
    """What would be sent, and about which file."""

    asked: make.Asked
    data: bytes


def question(root: Path, subject: Subject, *, lines: int) -> Question:
    """Return what would be sent about a finding in a working tree. Raises `UnsafeEdit`, `NotAllowed`."""
    here = files.placed(subject, root)
    data = files.read(root, here.location.path)
    return Question(make.ask(here, data, lines=lines), data)


def draft(root: Path, given: Question, send: Send, *, model: str, test: str = "") -> tuple[Drafted, bytes]:
    """Ask a model, check what it answers, and return that with the changed file; the file as it was where nothing is left of the answer.

    `test` is the command that a person gave to run the tests. Raises `RemoteFailure`, `NotAllowed`.
    """
    asked = given.asked
    subject, prompt = asked.subject, asked.prompt
    answered = send(prompt)
    told = Drafted(
        path=subject.location.path, model=model, prompt=prompt.digest, tokens=answered.tokens, digest=make.digest_of(given.data)
    )  # fmt: skip
    try:
        taken = make.take(asked, answered.text)
    except UnsafeEdit as error:
        return replace(told, checks=(Check(DIFF, "failed", str(error).removesuffix(".")),)), given.data
    checks = (*taken.checks, *rescan(root, subject, taken.before, taken.after, taken.data))
    if test:
        checks = (*checks, run_tests(root, subject.location.path, taken.data, test))
    else:
        checks = (*checks, Check(TESTS, "not run", "nobody gave a command that runs them"))
    return replace(told, diff=taken.diff, checks=checks, remarks=taken.remarks), taken.data
