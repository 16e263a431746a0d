"""Bundles: policies that are in force together, compiled and checked as a whole."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import date
from fnmatch import translate
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from seamark.core.errors import SeamarkError
from seamark.governance.policy import message
from seamark.governance.policy.acting import contradictions
from seamark.governance.policy.condition import Condition, InvalidCondition
from seamark.governance.policy.document import MOST, Written, read
from seamark.governance.policy.facts import Application, Facts, examples_from
from seamark.governance.policy.model import (
    Document,
    Effect,
    InvalidPolicies,
    Metadata,
    Mistake,
    Mode,
    Selector,
    Source,
    Spec,
    Stage,
    Type,
)

_ENCODER: Final = msgspec.json.Encoder(order="deterministic")
_WITH_NEW: Final = frozenset({"finding", "issue", "component"})
_WITH_AGE: Final = frozenset({"finding", "issue"})


class Policy:
    """One policy, ready to be asked."""

    def __init__(self, document: Document, condition: Condition, file: str = "") -> None:
        self.document = document
        self.condition = condition
        self.file = file
        self.metadata: Metadata = document.metadata
        self.spec: Spec = document.spec
        self.name = document.metadata.name
        self.subject = condition.subject
        """The group of facts that it is about."""
        self.grace_days = int(document.spec.grace.removesuffix("d"))
        self.template = document.spec.message or f"{document.spec.description or self.name}: {{{self.subject}.ref}}"
        self.content = _ENCODER.encode(document)
        """The document as JSON, the same for the same policy however it is laid out."""
        self.digest = hashlib.sha256(self.content).hexdigest()
        """SHA-256 of the content: the policy's version."""

    def mode(self, day: date) -> Mode:
        """Return the mode that is in force on a day."""
        begun = [(since, mode) for mode, since in self.spec.schedule.items() if since <= day]
        return max(begun, key=lambda one: (one[0], list(Mode).index(one[1])))[1] if begun else self.spec.mode

    def enforced(self) -> Policy:
        """Return the policy as if it were enforced already, for asking what that would mean."""
        spec = replace(self.spec, mode=Mode.ENFORCE, schedule={})
        return Policy(replace(self.document, spec=spec), self.condition, self.file)

    def blocking_at(self, stage: Stage) -> Policy:
        """Return the policy as if it blocked at a stage, for asking what that would mean."""
        spec = replace(self.spec, stages={**self.spec.stages, stage: Effect.BLOCK})
        return Policy(replace(self.document, spec=spec), self.condition, self.file)

    def effect(self, stage: Stage, day: date) -> Effect:
        """Return what a violation comes to at a stage on a day, before grace and exceptions."""
        wanted = self.spec.stages.get(stage, Effect.OFF)
        match self.mode(day):
            case Mode.OFF:
                return Effect.OFF
            case Mode.LOG:
                return Effect.OFF if wanted is Effect.OFF else Effect.LOG
            case Mode.WARN:
                return Effect.WARN if wanted is Effect.BLOCK else wanted
        return wanted

    def applies_to(self, application: Application | None) -> bool | None:
        """Tell whether the policy is for an application; None where what its selector asks for is not known."""
        selector = self.spec.applies_to
        if selector == Selector():
            return True
        names = [name for name in (application.name, application.ref) if name] if application is not None else None
        units = application.units if application is not None else None
        if units is None and application is not None and application.unit is not None:
            units = (application.unit,)
        answers = [
            _fits(patterns, known)
            for patterns, known in (
                (selector.applications, names),
                (selector.units, units),
                (selector.tags, application.tags if application is not None else None),
            )
            if patterns
        ]
        if selector.exclude:
            left_out = _fits(selector.exclude, names)
            answers.append(None if left_out is None else not left_out)
        if False in answers:
            return False
        return None if None in answers else True


class Bundle:
    """Policies with distinct names, in the order of their names."""

    def __init__(self, policies: Iterable[Policy], commit: str = "", name: str = "") -> None:
        self.policies = tuple(sorted(policies, key=lambda one: one.name))
        self.commit = commit
        """The commit that they come from; empty where they are in no repository."""
        self.name = name

    @classmethod
    def compile(cls, sources: Iterable[Source], *, commit: str = "", name: str = "") -> Bundle:
        """Return the policies of some files. Raises `InvalidPolicies` with all that is wrong with any of them."""
        bundle, mistakes = examine(sources, commit=commit, name=name)
        if mistakes:
            raise InvalidPolicies(tuple(mistakes))
        return bundle

    @classmethod
    def restore(cls, contents: Iterable[tuple[str, str]], *, commit: str = "") -> Bundle:
        """Return the policies of some files and contents, as `Policy.content` gives them; they were examined when they were kept.

        Raises `InvalidPolicies` for one that this version no longer takes, and for a name that stands there twice.
        """
        found: dict[str, Policy] = {}
        for file, content in contents:
            document = msgspec.json.decode(content, type=Document)
            name = document.metadata.name
            if name in found:
                raise InvalidPolicies(
                    (Mistake(file, 0, 0, f"there is another policy {name} in {found[name].file}", name),)
                )
            try:
                found[name] = Policy(document, Condition(document.spec.match), file)
            except InvalidCondition as error:
                raise InvalidPolicies(
                    tuple(Mistake(file, 0, 0, one.message, name) for one in error.objections)
                ) from None
        return cls(found.values(), commit)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the policies' digests: two bundles with the same one decide alike."""
        lines = "".join(f"{one.name} {one.digest}\n" for one in self.policies)
        return hashlib.sha256(lines.encode()).hexdigest()

    def named(self, name: str) -> Policy | None:
        """Return the policy of a name."""
        return next((one for one in self.policies if one.name == name), None)


def examine(sources: Iterable[Source], *, commit: str = "", name: str = "") -> tuple[Bundle, list[Mistake]]:
    """Return those policies of some files that are right, and all that is wrong with the others, in the order of the files."""
    policies: dict[str, Policy] = {}
    mistakes: list[Mistake] = []
    for source in sources:
        found, wrong = read(source)
        mistakes += wrong
        for written in found:
            policy, wrong = _compiled(written)
            mistakes += wrong
            earlier = policies.get(written.document.metadata.name)
            if earlier is not None:
                mistakes.append(
                    written.mistake(f"there is another policy {earlier.name} in {earlier.file}", "metadata", "name")
                )
            elif len(policies) >= MOST:
                mistakes.append(written.mistake(f"a bundle has at most {MOST:,} policies"))
                return Bundle(policies.values(), commit, name), mistakes
            elif policy is not None:
                policies[policy.name] = policy
    return Bundle(policies.values(), commit, name), mistakes


def starter() -> list[Source]:
    """Return the files of the starter bundle."""
    folder = files("seamark.governance.policy").joinpath("starter")
    found = [Source(one.name, one.read_text("utf-8")) for one in folder.iterdir() if one.name.endswith(".yaml")]
    return sorted(found)


def read_folder(folder: Path) -> list[Source]:
    """Return the YAML files of a folder and those below it, in the order of their paths; one file is taken as it is.

    Links are not followed. Raises `SeamarkError` where there is nothing to read.
    """
    if folder.is_file():
        paths = [folder]
    else:
        found = (path for pattern in ("*.yaml", "*.yml") for path in folder.rglob(pattern))
        paths = sorted(path for path in found if path.is_file() and not _linked(path, folder))
    if not paths:
        raise SeamarkError(f"There are no policies (*.yaml) in {folder}")
    if len(paths) > MOST:
        raise SeamarkError(f"There are more than {MOST:,} files in {folder}")
    return [Source(path.name if path == folder else path.relative_to(folder).as_posix(), _text(path)) for path in paths]


def _linked(path: Path, folder: Path) -> bool:
    inner = path
    while inner != folder:
        if inner.is_symlink() or inner.name.startswith("."):
            return True
        inner = inner.parent
    return False


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            # What is longer than any policy is refused by its length alone.
            return file.read(4 * 1024 * 1024).decode("utf-8")
    except UnicodeDecodeError:
        raise SeamarkError(f"{path} is not UTF-8 text") from None
    except OSError as error:
        raise SeamarkError(f"{path} cannot be read: {error.strerror}") from None


def _fits(patterns: Iterable[str], known: Iterable[str] | None) -> bool | None:
    """Tell whether one of some names fits one of some patterns; None where the names are not known."""
    if known is None:
        return None
    names = [name.casefold() for name in known]
    return any(re.fullmatch(translate(pattern.casefold()), name) for pattern in patterns for name in names)


def _compiled(written: Written) -> tuple[Policy | None, list[Mistake]]:
    document, spec = written.document, written.document.spec
    try:
        condition = Condition(spec.match)
    except InvalidCondition as error:
        return None, [
            Mistake(written.file, *written.place_in(one.at, "spec", "match"), one.message, document.metadata.name)
            for one in error.objections
        ]
    policy = Policy(document, condition, written.file)
    mistakes = [
        Mistake(written.file, *written.place_in(at, "spec", "message"), sentence, policy.name)
        for at, sentence in message.wrong_facts(spec.message)
    ]
    mistakes += _misfits(written, policy)
    for number, example in enumerate(spec.examples):
        mistakes += _wrong_example(written, policy, number, example.facts)
    return (None if mistakes else policy), mistakes


def _misfits(written: Written, policy: Policy) -> list[Mistake]:
    """Return what does not go together."""
    spec, found = policy.spec, []
    acts = spec.type in {Type.SLA, Type.TRIAGE}
    if not acts and not spec.stages:
        found.append(written.mistake(f"a {spec.type.value} policy needs stages, such as {{deploy: block}}", "spec"))
    for kind, part in ((Type.SLA, spec.sla), (Type.TRIAGE, spec.triage)):
        if spec.type is kind and part is None:
            found.append(written.mistake(f"a policy of type {kind.value} needs the key {kind.value}", "spec"))
        if spec.type is not kind and part is not None:
            found.append(written.mistake(f"{kind.value} is for policies of type {kind.value} only", "spec", kind.value))
    if acts and policy.subject not in {"issue", "finding"}:
        found.append(
            written.mistake(
                f"a policy of type {spec.type.value} is about issues, and this one is about {policy.subject}",
                "spec",
                "match",
            )
        )
    found += [written.mistake(sentence, "spec", spec.type.value, *path) for sentence, path in contradictions(spec)]
    if spec.new_only and policy.subject not in _WITH_NEW:
        found.append(
            written.mistake(
                f"newOnly is for findings, issues and components, and this policy is about {policy.subject}",
                "spec",
                "newOnly",
            )
        )
    if policy.grace_days and policy.subject not in _WITH_AGE:
        found.append(
            written.mistake(f"grace is for issues, and this policy is about {policy.subject}", "spec", "grace")
        )
    return found


def _wrong_example(written: Written, policy: Policy, number: int, content: object) -> list[Mistake]:
    path = ("spec", "examples", number, "facts")
    try:
        facts: Facts = examples_from(content)
    except msgspec.ValidationError as error:
        return [written.mistake(f"these facts are not right: {error}", *path)]
    if facts.subject != policy.subject:
        about = facts.subject or "nothing"
        return [
            written.mistake(
                f"these facts are about {about}, and the policy about {policy.subject}: it never looks at them", *path
            )
        ]
    return []
