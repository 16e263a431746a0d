"""`yarn.lock`, of yarn 1 and of its later versions: read line by line, since files of megabytes are usual."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct, field

from seamark.intake.discovery.extractors.packages.draft import Draft, Hashes, integrity
from seamark.intake.discovery.extractors.packages.read import mapping, word
from seamark.intake.discovery.tree import Tree

_SCOPES: Final = {"dependencies": "runtime", "optionalDependencies": "optional", "devDependencies": "development"}
_SHA1 = re.compile(r"#([0-9a-f]{40})$")


class Entry(Struct):
    """One package of the lock, as it is written."""

    specs: list[str]
    fields: dict[str, str] = field(default_factory=dict)
    needs: dict[str, str] = field(default_factory=dict)


def read(tree: Tree, draft: Draft, own: Mapping[str, dict[str, Any]]) -> bool:
    """Fill a draft from its lock, and tell whether it could be read. `own` are the manifests of the workspace by folder."""
    text = tree.text(draft.path)
    if text is None:
        return False
    entries = list(_entries(text))
    if (
        not any("version" in entry.fields for entry in entries)
        and "yarn lockfile" not in text
        and "__metadata" not in text
    ):
        tree.trouble(draft.path, "is no lock of yarn")
        return False
    by_spec: dict[str, str] = {}
    by_name: dict[str, dict[str, None]] = {}
    refs = []
    for entry in entries:
        ref = _add(draft, entry)
        refs.append(ref)
        for spec in entry.specs:
            by_spec[spec] = ref
            by_name.setdefault(_name(spec), {})[ref] = None

    def meant(name: str, wanted: str) -> str:
        for spec in (f"{name}@{wanted}", f"{name}@npm:{wanted}"):
            if spec in by_spec:
                return by_spec[spec]
        # A root manifest may override the range that a package asks for.
        others = by_name.get(name, {})
        return next(iter(others)) if len(others) == 1 else ""

    for entry, ref in zip(entries, refs, strict=True):
        draft.depend(ref, (meant(name, wanted) for name, wanted in entry.needs.items()))
    for manifest in own.values():
        for group, scope in _SCOPES.items():
            for name, wanted in mapping(manifest.get(group)).items():
                draft.direct(meant(name, word(wanted)), scope)
    draft.spread_scopes()
    for ref in draft.internal:
        draft.direct(ref)
    return True


def _entries(text: str) -> Iterator[Entry]:
    entry: Entry | None = None
    section = ""
    long = ""
    for line in text.split("\n"):
        body = line.strip()
        if not body or body[0] == "#":
            continue
        depth = len(line) - len(line.lstrip(" "))
        if depth == 0:
            if body.startswith("? "):
                long = body[2:]
                continue
            if not body.endswith(":"):
                continue
            if entry is not None:
                yield entry
            head = long or body.removesuffix(":")
            long, section = "", ""
            entry = Entry(_specs(head)) if head != "__metadata" else None
        elif entry is not None and depth == 2:
            key, value = _pair(body)
            section = "" if value else key
            if value:
                entry.fields[key] = value
        elif entry is not None and section in _SCOPES and body[0] != "-":
            key, value = _pair(body)
            entry.needs[key] = value
    if entry is not None:
        yield entry


def _specs(head: str) -> list[str]:
    """Return the ranges that an entry answers: quoted one by one by yarn 1, as one text later."""
    return [each for part in head.split(",") if (each := part.strip().strip('"'))]


def _pair(body: str) -> tuple[str, str]:
    if body[0] == '"':
        key, _, rest = body[1:].partition('"')
    else:
        key, _, rest = body.partition(" ")
        key = key.rstrip(":")
    return key, rest.lstrip(": ").strip().strip('"')


def _name(spec: str) -> str:
    head, at, _ = spec[1:].partition("@")
    return spec[0] + head if at else spec


def _add(draft: Draft, entry: Entry) -> str:
    if not entry.specs:
        return ""
    resolution = entry.fields.get("resolution", "")
    spec = resolution or entry.specs[0]
    name = _name(spec)
    wanted = spec[len(name) + 1 :]
    if not resolution and wanted.startswith("npm:") and "@" in wanted[5:]:
        name = wanted[4:].rpartition("@")[0]
    version = entry.fields.get("version", "")
    own = wanted.startswith(("workspace:", "link:", "portal:")) or entry.fields.get("linkType") == "soft"
    hashes: Hashes = integrity(entry.fields.get("integrity", ""))
    if not hashes and (sha1 := _SHA1.search(entry.fields.get("resolved", ""))):
        hashes = (("sha1", sha1[1]),)
    if own and wanted == "workspace:.":
        return ""
    return draft.add(name, "" if own and version == "0.0.0-use.local" else version, hashes=hashes, internal=own)
