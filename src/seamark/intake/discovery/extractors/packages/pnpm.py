"""`pnpm-lock.yaml`, versions 5 to 9."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from seamark.intake.discovery.extractors.packages.blocks import blocks
from seamark.intake.discovery.extractors.packages.draft import Draft, integrity
from seamark.intake.discovery.extractors.packages.read import mapping, word
from seamark.intake.discovery.tree import Tree

_SCOPES: Final = {"devDependencies": "development", "optionalDependencies": "optional", "dependencies": "runtime"}


def read(tree: Tree, draft: Draft, own: Mapping[str, dict[str, Any]]) -> bool:  # noqa: ARG001 - the lock names what each member wants
    """Fill a draft from its lock, and tell whether it could be read."""
    text = tree.text(draft.path)
    if text is None:
        return False
    found = blocks(text)
    if "lockfileVersion" not in found and "packages" not in found:
        tree.trouble(draft.path, "is no lock of pnpm")
        return False
    old = word(found.get("lockfileVersion")).startswith(("5", "4", "3"))
    packages = mapping(found.get("packages"))
    refs: dict[str, str] = {}
    for key, entry in packages.items():
        refs[_plain(key)] = refs[key] = _add(draft, key, mapping(entry), old=old)
    for key, entry in (mapping(found.get("snapshots")) or packages).items():
        ref = refs.get(key) or refs.get(_plain(key), "")
        for name, version in _wanted(mapping(entry), ("dependencies", "optionalDependencies")):
            draft.depend(ref, (_meant(name, version, refs, old=old),))
    members = [mapping(each) for each in mapping(found.get("importers")).values()] or [found]
    for member in members:
        for group, scope in _SCOPES.items():
            for name, version in _wanted(member, (group,)):
                draft.direct(_meant(name, version, refs, old=old), scope)
    draft.spread_scopes()
    return True


def _plain(key: str) -> str:
    """Return a package's key without the peers that it was resolved with: `react-dom@18.2.0(react@18.2.0)`."""
    return key.partition("(")[0]


def _add(draft: Draft, key: str, entry: dict[str, Any], *, old: bool) -> str:
    name, version = _named(key, old=old)
    source = mapping(entry.get("resolution"))
    own = version.startswith(("file:", "link:")) and word(source.get("type")) == "directory"
    if ":" in version or "/" in version:
        # An address: the package's own manifest was read for its name and version.
        version = word(entry.get("version"))
    return draft.add(
        word(entry.get("name")) or name,
        word(entry.get("version")) or version,
        hashes=integrity(word(source.get("integrity"))),
        internal=own,
    )


def _named(key: str, *, old: bool) -> tuple[str, str]:
    key = _plain(key).removeprefix("/")
    if old and "@" not in key[1:]:
        name, _, version = key.rpartition("/")
        return name, version.partition("_")[0]
    if old and key.count("/") > key.startswith("@"):
        # Peers after `_` may hold a sign of their own: `/@babel/x/7.1.0_@babel+core@7.2.0`.
        parts = key.split("/")
        cut = 2 if key.startswith("@") else 1
        return "/".join(parts[:cut]), parts[cut].partition("_")[0]
    name, at, version = key[1:].partition("@")
    return (key[0] + name, version) if at else (key, "")


def _wanted(entry: dict[str, Any], groups: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for group in groups:
        for name, given in mapping(entry.get(group)).items():
            yield name, word(given.get("version") if isinstance(given, dict) else given)


def _meant(name: str, version: str, refs: dict[str, str], *, old: bool) -> str:
    """Return the ref of the package that a name and resolved version lead to, empty for links into the workspace."""
    if version.startswith("link:"):
        return ""
    short = _plain(version)
    tries: tuple[str, ...]
    if old:
        short = short.partition("_")[0] if not short.startswith("/") else short
        tries = (f"/{name}/{version}", f"/{name}/{short}", version)
    else:
        tries = (f"{name}@{version}", f"{name}@{short}", f"/{name}@{version}", f"/{name}@{short}", version, short)
    return next((refs[each] for each in tries if each in refs), "")
