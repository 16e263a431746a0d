"""Workflows of GitHub, Gitea and Forgejo: actions and reusable workflows, pinned to a commit with the tag in a comment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import yaml

from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit
from seamark.response.remediation.editors.notation.yaml_ import Entry, entries, loaded, read_yaml, set_scalar, span
from seamark.response.remediation.editors.registry import Work, editor

COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_COMMENT: Final = re.compile(
    r"(?P<gap>[ \t]+)#(?P<space>[ \t]*)(?P<before>(?:tag=|ratchet:\S*@|pin@)?)(?P<tag>v?[0-9][\w.-]*|main|master)?(?P<rest>[^\r\n]*)"
)
_USES: Final = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?P<path>/[^@\s]*)?@(?P<ref>\S+)")


@editor(
    "actions", title="Actions of workflows", files=r"[^/]+\.ya?ml", ecosystems=("githubactions",), kinds=(ChangeKind.ACTION_PIN,), read=loaded
)  # fmt: skip
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Move an action to a tag, or to the commit of one where that is known (`commit`, or as the version itself)."""
    source = work.source(path)
    roots = read_yaml(source)
    for entry in entries(roots):
        if entry.path[-1] != "uses" or not isinstance(entry.node, yaml.ScalarNode):
            continue
        found = _USES.fullmatch(entry.value)
        if found is not None and found["name"].lower() == "/".join(work.change.name.lower().split("/")[:2]):
            yield from _pinned(work, source, roots, entry, found)


def _pinned(work: Work, source: Source, roots: list[yaml.Node], entry: Entry, found: re.Match[str]) -> Iterator[Splice]:
    change = work.change
    _, end = span(source, entry.node)
    comment = _COMMENT.match(source.text, end, source.end_of_line(end))
    tag_now = comment["tag"] if comment is not None and comment["tag"] else ""
    if change.from_version and change.from_version.removeprefix("v") not in {
        found["ref"].removeprefix("v"),
        tag_now.removeprefix("v"),
    }:
        return
    commit, tag = target(work)
    where = f"{source.path} on line {entry.node.start_mark.line + 1}"
    if COMMIT.fullmatch(found["ref"]) and not commit:
        raise UnsafeEdit(f"{where} pins {change.name} to a commit, and that of {change.to_version} is not known.")
    new = f"{found['name']}{found['path'] or ''}@{commit or tag}"
    if new != entry.value:
        yield set_scalar(source, roots, entry.node, new)
    if not commit or not tag:
        if comment is not None and comment["tag"]:
            raise UnsafeEdit(
                f"{where} says in a comment that {change.name} is {comment['tag']}, and the tag of the new commit is not known."
            )
        return
    yield from _comment(source, end, comment, tag)


def target(work: Work) -> tuple[str, str]:
    """Return the commit and the tag that a change leads to, each empty where it is not known."""
    wanted = work.change.to_version
    given = work.known("commit", "sha")
    if COMMIT.fullmatch(wanted):
        return wanted, work.known("tag")
    if given and not COMMIT.fullmatch(given):
        raise UnsafeEdit(f"{given!r} is no commit.")
    return given, wanted


def _comment(source: Source, end: int, comment: re.Match[str] | None, tag: str) -> Iterator[Splice]:
    if comment is None:
        if source.text[end : source.end_of_line(end)].strip():
            raise UnsafeEdit(
                f"{source.path} goes on behind an action on line {source.line(end)}, where its tag would have to stand in a comment."
            )
        yield source.splice(end, end, f" # {tag}")
    elif comment["tag"]:
        if comment["tag"] != tag:
            yield source.splice(*comment.span("tag"), tag)
    else:
        at = comment.start("before")
        yield source.splice(
            at, at, ("" if comment["space"] else " ") + tag + ("" if source.text[at : at + 1].isspace() else " ")
        )
