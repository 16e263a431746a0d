"""Ruby: `Gemfile`, `*.gemspec`, neither of which is run, and `Gemfile.lock`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from seamark.core.assets import Found, Listing
from seamark.intake.discovery.extractors.packages.draft import Draft
from seamark.intake.discovery.extractors.packages.members import beside
from seamark.intake.discovery.extractors.packages.read import script_at
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree, folder_of

_LOCKS: Final = ("Gemfile.lock", "gems.locked")
_GEM = re.compile(r"""gem[ (]\s*+["']([^"']+)["'](.*)""").match
_GROUP = re.compile(r"group[ (](.*?)\bdo\b").match
_WORD = re.compile(r""":(\w+)|["'](\w+)["']""")
_INLINE_GROUP = re.compile(r"""(?::groups?\s*+=>|\bgroups?:)\s*+(\[[^\]]{0,300}+\]|:\w+|["']\w+["'])""")
_FROM_TREE = re.compile(r"""(?::path\s*+=>|\bpath:)""")
_TEXTS = re.compile(r"""\s*+,\s*+["']([^"']+)["']""")
_OPENS = re.compile(r"(?:[\w.() ,:=>'\"]+ )?do(?: \|\w+\|)?$|(?:if|unless|case|begin)\b").match
_SPEC = re.compile(r"""\w+\.add_(runtime_|development_)?dependency[ (]\s*+["']([^"']+)["'](.*)""").match
_SAID = re.compile(r"""\w+\.(name|version|licen[sc]e)\s*+=\s*+["']([^"']+)["']""").match
_EXACT = re.compile(r"=?\s*(\d[\w.]*)").fullmatch
_LOCKED = re.compile(
    r"(\S+) \((\S+?)(?:-(?:x86|x64|arm|aarch64|java|universal|ruby|mswin|mingw|jruby)[\w.-]*)?\)"
).fullmatch
_SUM = re.compile(r"(\S+) \((\S+)\) sha256=([0-9a-f]{64})").fullmatch
_TESTS: Final = frozenset({"test", "tests", "spec", "cucumber"})


class Need(Struct, frozen=True):
    """A gem that a file asks for."""

    name: str
    wanted: str
    scope: str


@extractor("gem", title="Ruby gems")
def extract(tree: Tree) -> Iterator[Found | Listing]:
    """Yield the manifests and locks of Ruby gems."""
    files = frozenset(tree.matching(*_LOCKS))
    drafts: dict[str, Draft] = {}
    for path in tree.matching("Gemfile", "gems.rb", "*.gemspec"):
        if (text := script_at(tree, path)) is None:
            continue
        draft = Draft(tree, path, "gem", origin="gem")
        if path.endswith(".gemspec"):
            draft.facts |= _said(text)
            needs = list(_specified(text))
        else:
            draft.facts["lock"] = beside(path, "Gemfile.lock", files) or beside(path, "gems.locked", files)
            needs = list(_asked(text))
        for need in needs:
            exact = _EXACT(need.wanted)
            draft.require(need.name, exact[1] if exact else "", wanted=need.wanted, scope=need.scope)
        drafts.setdefault(folder_of(path), draft)
        yield from draft.tell()
    for path in sorted(files):
        yield from _lock(tree, path, drafts.get(folder_of(path)))


def _asked(text: str) -> Iterator[Need]:
    """Yield the gems of a `Gemfile`, with the groups that they stand in."""
    opened: list[str] = []
    for raw in text.split("\n"):
        line = raw.partition(" #")[0].strip()
        if not line or line[0] == "#":
            continue
        if found := _GEM(line):
            if _FROM_TREE.search(found[2]):
                continue
            inline = _INLINE_GROUP.search(found[2])
            groups = _names(inline[1]) if inline else [each for group in opened for each in _names(group)]
            yield Need(found[1], ", ".join(_texts(found[2])), _scope(groups))
        elif group := _GROUP(line):
            opened.append(group[1])
        elif _OPENS(line) and len(opened) < 100:
            opened.append("")
        elif line == "end" and opened:
            opened.pop()


def _names(text: str) -> list[str]:
    return [one or other for one, other in _WORD.findall(text)]


def _texts(rest: str) -> list[str]:
    """Return the texts that follow a name up to the first option: a range may be given in parts."""
    found = []
    place = 0
    while text := _TEXTS.match(rest, place):
        found.append(text[1])
        place = text.end()
    return found


def _scope(groups: list[str]) -> str:
    if not groups or not {"default", "production", "assets"}.isdisjoint(groups):
        return "runtime"
    if _TESTS.issuperset(groups):
        return "test"
    return "runtime" if not {"test", "development", "ci", "lint", "doc", "docs"} & set(groups) else "development"


def _specified(text: str) -> Iterator[Need]:
    for line in text.split("\n"):
        if found := _SPEC(line.strip()):
            scope = "development" if found[1] == "development_" else "runtime"
            yield Need(found[2], ", ".join(_texts(found[3])), scope)


def _said(text: str) -> dict[str, str]:
    pairs = (found for line in text.split("\n") if (found := _SAID(line.strip())))
    return {"licence" if found[1].startswith("licen") else found[1]: found[2] for found in pairs}


def _lock(tree: Tree, path: str, manifest: Draft | None) -> Iterator[Found | Listing]:
    text = tree.text(path)
    if text is None:
        return
    draft = Draft(tree, path, "gem", origin="gem", locked=True)
    scopes = {part.name: part.scope for part in manifest.parts.values()} if manifest is not None else {}
    refs: dict[str, str] = {}
    needs: list[tuple[str, str]] = []
    wanted: list[str] = []
    section = name = ""
    for line in text.split("\n"):
        depth, body = len(line) - len(line.lstrip(" ")), line.strip()
        if depth == 0 and body:
            section = body
        elif section in {"GEM", "GIT", "PATH", "PLUGIN SOURCE"} and depth == 4 and (found := _LOCKED(body)):
            name = found[1]
            # One gem may stand there once a platform.
            refs[name] = draft.add(name, found[2], internal=section == "PATH")
        elif section in {"GEM", "GIT", "PATH", "PLUGIN SOURCE"} and depth == 6:
            needs.append((name, body.partition(" ")[0]))
        elif section == "DEPENDENCIES" and depth == 2:
            wanted.append(body.partition(" ")[0].rstrip("!"))
        elif section == "CHECKSUMS" and (found := _SUM(body)) and f"{found[1]}@{found[2]}" in draft.parts:
            draft.parts[f"{found[1]}@{found[2]}"].hashes = (("sha256", found[3]),)
    for source, target in needs:
        draft.depend(refs.get(source, ""), (refs.get(target, ""),))
    for each in wanted:
        draft.direct(refs.get(each, ""), scopes.get(each, "runtime"))
    draft.spread_scopes()
    yield from draft.tell()
