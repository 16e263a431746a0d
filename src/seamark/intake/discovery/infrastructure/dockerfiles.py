"""Dockerfiles: their stages, with what each is based on, copies in, opens and runs as. Pure: text in, values out."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Final

from msgspec import Struct, field

MOST_INSTRUCTIONS: Final = 5_000
_LONGEST: Final = 100_000
_HEREDOC: Final = re.compile(r"<<(-?)([\"']?)([A-Za-z_][A-Za-z0-9_]{0,63})\2")
_VARIABLE: Final = re.compile(
    r"\\?\$(?:([A-Za-z_][A-Za-z0-9_]{0,99})|\{([A-Za-z_][A-Za-z0-9_]{0,99})(?:(:?[-+])([^{}]{0,300}))?\})"
)


class Copy(Struct, frozen=True):
    """A COPY or ADD: what it takes, from the build context or (`stage` set) from a stage or an image."""

    sources: tuple[str, ...]
    target: str
    stage: str
    line: int


class Stage(Struct, kw_only=True):
    """One FROM with what follows it; commands as lists where they are given so, else as one text."""

    line: int
    base: str
    """The reference or stage that it starts from, build arguments filled in where they are known."""
    name: str = ""
    platform: str = ""
    user: str = ""
    workdir: str = ""
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    ports: list[str] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    healthcheck: bool = False


class Dockerfile(Struct):
    """What a Dockerfile builds. The last stage is what comes out."""

    stages: list[Stage]
    arguments: dict[str, str]
    """Build arguments with the defaults that are given before the first stage."""

    def chain(self, stage: Stage) -> list[Stage]:
        """Return the stages that one stands on, itself first, the one with a base from outside last."""
        found = [stage]
        while (below := self.named(found[-1].base, found[-1])) is not None and below not in found:
            found.append(below)
        return found

    def named(self, name: str, before: Stage | None = None) -> Stage | None:
        """Return the stage of a name or number that stands before another, None where there is none."""
        end = next((index for index, each in enumerate(self.stages) if each is before), len(self.stages))
        for index in range(end - 1, -1, -1):
            if name and (self.stages[index].name == name.lower() or str(index) == name):
                return self.stages[index]
        return None


def read_dockerfile(text: str) -> Dockerfile:
    """Return the stages of a Dockerfile, none where it has no FROM. Reads what the builder's reference documents."""
    found = Dockerfile([], {})
    scope: dict[str, str] = {}
    for line, word, rest in _instructions(text):
        if word == "FROM":
            scope = dict(found.arguments)
            if (stage := _from(line, rest, scope)) is not None:
                below = found.named(stage.base)
                if below is not None:
                    _inherit(stage, below)
                found.stages.append(stage)
                scope = {**stage.variables}
        elif word == "ARG":
            for each in _words(rest):
                name, equals, value = each.partition("=")
                if not found.stages:
                    found.arguments[name] = fill(value, found.arguments) if equals else ""
                else:
                    scope[name] = fill(value, scope) if equals else found.arguments.get(name, "")
        elif found.stages:
            _instruction(found.stages[-1], line, word, rest, scope)
    return found


def _from(line: int, rest: str, scope: dict[str, str]) -> Stage | None:
    words = rest.split()
    platform = ""
    while words and words[0].startswith("--"):
        if words[0].lower().startswith("--platform="):
            platform = fill(words[0].partition("=")[2], scope)
        words.pop(0)
    if not words:
        return None
    name = words[2].lower() if len(words) > 2 and words[1].upper() == "AS" else ""
    base = fill(words[0].strip("\"'"), scope)
    return Stage(line=line, base=base, name=name, platform=platform)


def _inherit(stage: Stage, below: Stage) -> None:
    stage.user, stage.workdir, stage.healthcheck = below.user, below.workdir, below.healthcheck
    stage.entrypoint, stage.command = below.entrypoint, below.command
    stage.ports, stage.volumes = list(below.ports), list(below.volumes)
    stage.variables, stage.labels = dict(below.variables), dict(below.labels)


def _instruction(stage: Stage, line: int, word: str, rest: str, scope: dict[str, str]) -> None:
    if word == "ENV":
        for name, value in _pairs(rest):
            stage.variables[name] = scope[name] = fill(value, scope)
    elif word == "LABEL":
        for name, value in _pairs(rest):
            stage.labels[name] = fill(value, scope)
    elif word == "USER":
        stage.user = fill(rest.strip(), scope)
    elif word == "WORKDIR":
        stage.workdir = fill(rest.strip(), scope)
    elif word == "EXPOSE":
        stage.ports += [each for each in fill(rest, scope).split() if each not in stage.ports][:200]
    elif word == "VOLUME":
        stage.volumes += (_exec(rest) or rest.split())[:200]
    elif word == "ENTRYPOINT":
        stage.entrypoint = _exec(rest) or [rest.strip()]
    elif word == "CMD":
        stage.command = _exec(rest) or [rest.strip()]
    elif word == "HEALTHCHECK":
        stage.healthcheck = rest.strip().upper() != "NONE"
    elif word in {"COPY", "ADD"}:
        _copy(stage, line, rest, scope)


def _copy(stage: Stage, line: int, rest: str, scope: dict[str, str]) -> None:
    source = ""
    words = rest.split()
    while words and words[0].startswith("--"):
        if words[0].startswith("--from="):
            source = fill(words[0].removeprefix("--from="), scope)
        words.pop(0)
    paths = _exec(" ".join(words)) or [each.strip("\"'") for each in words]
    if len(paths) > 1:
        taken = tuple(fill(each, scope) for each in paths[:-1] if not each.startswith("<<"))
        stage.copies.append(Copy(taken, fill(paths[-1], scope), source, line))


def _exec(rest: str) -> list[str]:
    """Return the words of the JSON form, none where the rest of an instruction is in the other form."""
    if not rest.lstrip().startswith("["):
        return []
    try:
        found = json.loads(rest)
    except (ValueError, RecursionError):
        return []
    return [str(each) for each in found] if isinstance(found, list) else []


def _words(rest: str) -> list[str]:
    try:
        return shlex.split(rest[:_LONGEST])
    except ValueError:
        return rest.split()


def _pairs(rest: str) -> Iterator[tuple[str, str]]:
    words = _words(rest)
    if words and "=" not in words[0]:  # the old form: one name, and the rest is its value
        yield words[0], rest.strip().partition(" ")[2].strip()
        return
    for each in words:
        name, equals, value = each.partition("=")
        if equals:
            yield name, value


def fill(text: str, scope: dict[str, str]) -> str:
    """Return a text with its variables replaced by what is known of them; those that are not known stay as they are written."""

    def value(match: re.Match[str]) -> str:
        known = scope.get(match[1] or match[2], "")
        if match[0].startswith("\\"):
            return match[0][1:]
        if (match[3] or "").endswith("+"):
            return match[4] if known else ""
        return known or (match[4] if match[3] else match[0])

    return _VARIABLE.sub(value, text[:_LONGEST])[:_LONGEST] if "$" in text else text


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, instruction in capitals and the rest of each instruction, lines that go on joined, here-documents left out."""
    escape, lines, at, count = _escape(text), text.split("\n"), 0, 0
    while at < len(lines) and count < MOST_INSTRUCTIONS:
        start = at
        parts: list[str] = []
        size = 0
        while at < len(lines):
            each = lines[at].strip()
            at += 1
            if each.startswith("#") or (parts and not each):
                if not parts:
                    start = at
                continue
            goes_on = each.endswith(escape)
            part = each[:-1] if goes_on else each
            size += len(part)
            if size < _LONGEST:
                parts.append(part)
            if not goes_on:
                break
        word, _, rest = " ".join(parts).strip().partition(" ")
        if not word:
            continue
        count += 1
        word = word.upper()
        if word in {"RUN", "COPY", "ADD"}:
            at = _after_heredocs(rest, lines, at)
        yield start + 1, word, rest.strip()


def _after_heredocs(rest: str, lines: list[str], at: int) -> int:
    """Return the line after the here-documents that an instruction opens; one that is never closed opens none."""
    for match in list(_HEREDOC.finditer(rest))[:20]:
        end = next(
            (
                i
                for i in range(at, len(lines))
                if (lines[i].lstrip("\t") if match[1] else lines[i]).rstrip() == match[3]
            ),
            -1,
        )
        at = end + 1 if end >= 0 else at
    return at


def _escape(text: str) -> str:
    for each in text.split("\n", 10)[:10]:
        name, equals, value = each.lstrip("# \t").partition("=")
        if not each.startswith("#") or not equals:
            break
        if name.strip().lower() == "escape":
            return "`" if value.strip() == "`" else "\\"
    return "\\"
