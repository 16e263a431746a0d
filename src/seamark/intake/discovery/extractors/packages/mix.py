"""Elixir: `mix.exs`, which is read and not run, and `mix.lock`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from seamark.core.assets import Found, Listing
from seamark.intake.discovery.extractors.packages.draft import Draft, without_password
from seamark.intake.discovery.extractors.packages.members import beside
from seamark.intake.discovery.extractors.packages.read import script_at
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree

_MOST_FUNCTIONS: Final = 20
_COMMENT = re.compile(r'("(?:[^"\\\n]++|\\.)*+"?)|#[^\n{]*')
_FUNCTION = re.compile(r"\bdefp?[ \t]++(\w++)(?:\(\))?\s*+(?:do\b|,\s*+do:)")
_NEED = re.compile(r"\{\s*+:(\w+)\s*+,\s*+([^{}]*+)(?:\{[^{}]*+\}[^{}]*+)*+\}")
_TEXT = re.compile(r'"([^"]*)"')
_ADDRESS = re.compile(r'\b(?:git|github|url):\s*+"([^"]*)"')
_FROM_TREE = re.compile(r"\b(?:path:|in_umbrella:\s*+true)")
_ONLY = re.compile(r"\bonly:\s*+(\[[^\]]{0,300}+\]|:\w+)")
_ATOM = re.compile(r":(\w+)")
_EXACT = re.compile(r"(?:==\s*)?(\d+\.\d+\.\d+[\w.+-]*)").fullmatch
_SAID = re.compile(r'\b(app|version):\s*+(?::(\w+)|"([^"]*)"|@(\w+))')
_ATTRIBUTE = re.compile(r'^[ \t]*+@(\w++)[ \t]++"([^"\n]*)"', re.MULTILINE)
_LICENCES = re.compile(r"\blicenses:\s*+\[([^\]]{0,300}+)\]")
_LOCKED = re.compile(r'"([\w.-]+)":\s*+\{:(hex|git|path),\s*+(.*)').match
_HEX = re.compile(r':"?([\w.-]+)"?,\s*+"([^"]*)",\s*+"([0-9a-f]*)"').match
_OUTER = re.compile(r'"([0-9a-f]{64})"\},?$')
_INNER = re.compile(r"\{:(\w+),\s*+")


@extractor("hex", title="Elixir packages (Mix, Hex)")
def extract(tree: Tree) -> Iterator[Found | Listing]:
    """Yield the manifests and locks of Elixir packages."""
    locks = frozenset(tree.matching("mix.lock"))
    drafts: dict[str, Draft] = {}
    for path in tree.matching("mix.exs"):
        if (text := script_at(tree, path)) is not None:
            drafts[path] = draft = _manifest(tree, path, text)
            draft.facts["lock"] = beside(path, "mix.lock", locks)
            yield from draft.tell()
    for path in sorted(locks):
        yield from _lock(tree, path, drafts.get(path.removesuffix("lock") + "exs"))


def _manifest(tree: Tree, path: str, text: str) -> Draft:
    draft = Draft(tree, path, "hex", origin="hex")
    text = _COMMENT.sub(lambda each: each[1] or "", text)
    attributes = dict(_ATTRIBUTE.findall(text))
    for found in _SAID.finditer(text):
        fact = "name" if found[1] == "app" else "version"
        draft.facts.setdefault(fact, found[2] or found[3] or attributes.get(found[4] or "", ""))
    said = _LICENCES.search(text)
    draft.facts["licence"] = " OR ".join(_TEXT.findall(said[1])) if said else ""
    starts = [found for found in _FUNCTION.finditer(text) if "deps" in found[1]]
    for start in starts[:_MOST_FUNCTIONS]:
        end = text.find("\n  end", start.end())
        for found in _NEED.finditer(text, start.end(), end if end > 0 else len(text)):
            options = found[2]
            if not _FROM_TREE.search(options):
                wanted = options.lstrip()
                range_ = _TEXT.match(wanted)
                asked = range_[1] if range_ else ""
                address = _ADDRESS.search(options)
                exact = _EXACT(asked)
                draft.require(found[1], exact[1] if exact else "", wanted=asked or (without_password(address[1]) if address else ""), scope=_scope(options))  # fmt: skip
    return draft


def _scope(options: str) -> str:
    only = _ONLY.search(options)
    kept = set(_ATOM.findall(only[1])) if only else set()
    if not kept or "prod" in kept:
        return "optional" if re.search(r"\boptional:\s*+true", options) else "runtime"
    return "test" if kept == {"test"} else "development"


def _lock(tree: Tree, path: str, manifest: Draft | None) -> Iterator[Found | Listing]:
    text = tree.text(path)
    if text is None:
        return
    draft = Draft(tree, path, "hex", origin="hex", locked=True)
    refs: dict[str, str] = {}
    inner: dict[str, list[str]] = {}
    for line in text.split("\n"):
        found = _LOCKED(line.strip())
        if not found:
            continue
        app, rest = found[1], found[3]
        package = _HEX(rest) if found[2] == "hex" else None
        if package:
            # The last text is the digest of the whole package, where the lock is of a newer version.
            digest = _OUTER.search(rest)
            refs[app] = draft.add(package[1], package[2], hashes=(("sha256", digest[1]),) if digest else ())
            inner[app] = _INNER.findall(rest)
        else:
            refs[app] = draft.add(app, internal=found[2] == "path")
    for app, needs in inner.items():
        draft.depend(refs[app], (refs.get(need, "") for need in needs))
    if manifest is not None:
        draft.facts |= {fact: manifest.facts.get(fact) for fact in ("name", "version")}
        for part in manifest.parts.values():
            draft.direct(refs.get(part.name, ""), part.scope)
    draft.spread_scopes()
    yield from draft.tell()
