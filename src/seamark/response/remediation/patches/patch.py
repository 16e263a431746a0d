"""Clearing a finding by a patch: the one that knows its rule, made once, and the result parsed."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from msgspec import Struct

from seamark.core.location import CodeLocation
from seamark.intake.discovery.syntax import language_of, parse
from seamark.response.remediation.editors.notation import yaml_
from seamark.response.remediation.editors.notation.docker import instructions
from seamark.response.remediation.editors.notation.source import UnsafeEdit, source, spliced
from seamark.response.remediation.patches.registry import Codemod, Job, codemods


class Patched(Struct, frozen=True, kw_only=True):
    """What a patch made of the files."""

    files: dict[str, bytes]
    """All files, changed or not."""
    name: str
    title: str
    """What was done, for people."""
    note: str = ""
    """What to know before it is merged, empty where there is nothing."""


def patches_for(tool: str, rule: str, path: str) -> list[Codemod]:
    """Return the patches that clear a tool's finding in a file, none where that is not mechanical."""
    return [each for each in codemods() if each.clears(tool, rule, path)]


def patch(
    tool: str, rule: str, files: Mapping[str, bytes], location: CodeLocation, given: Mapping[str, str] | None = None
) -> Patched:
    """Return the files with a finding cleared.

    `given` tells what only people or registries know (`cidr`, `user`, `commit:actions/checkout@v4` …, see docs/patches.md). Raises
    `UnsafeEdit` where there is no patch for the rule, the patch is not sure, or the finding is not there any more: nothing is changed then.
    """
    if location.path not in files:
        raise UnsafeEdit(f"{location.path} is not among the files.")
    found = patches_for(tool, rule, location.path)
    if not found:
        raise UnsafeEdit(f"There is no patch for {rule} of {tool} in {location.path.rpartition('/')[2]}.")
    own = source(location.path, files[location.path])
    if location.line is not None and location.line > own.text.count("\n") + 1:
        raise UnsafeEdit(f"{location.path} has no line {location.line}: it was changed after the finding.")
    for each in found:
        job = Job(own, location, given or {}, each.clears(tool, rule, location.path))
        after = spliced(own.text, each.fix(job))
        if after != own.text:
            well_formed(location.path, own.text, after)
            return Patched(
                files={**files, location.path: own.encoded(after)}, name=each.name, title=each.title, note=each.note
            )
    raise UnsafeEdit(f"{location.path} has nothing that {found[0].name} would change at the place of the finding.")


def well_formed(path: str, before: str, after: str) -> None:
    """Raise `UnsafeEdit` where a file could be parsed before a change and cannot be any more."""
    if parses(path, before) and not parses(path, after):
        raise UnsafeEdit(f"{path} could not be parsed any more after the change.")


def parses(path: str, text: str) -> bool:
    """Tell whether a text is well formed in the language of its file; for languages that are not known it always is."""
    language = language_of(path)
    if language == "python":
        try:
            ast.parse(text.removeprefix("\ufeff"))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
        return True
    if language == "yaml":
        try:
            yaml_.loaded(text)
        except ValueError:
            return False
        return True
    if not language and "dockerfile" in path.rpartition("/")[2].lower():
        return any(each.word == "FROM" for each in instructions(text))
    return not language or not parse(text.encode(), language).root_node.has_error
