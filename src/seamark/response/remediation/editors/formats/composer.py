"""`composer.json`, and `composer.lock` where the source of the new version is known."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any, Final

from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.notation.json_ import Json, add_member, plain, read_json, set_string
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit, spliced
from seamark.response.remediation.editors.registry import Work, editor
from seamark.response.remediation.editors.requirement import raised

_COUNTS: Final = (
    "name", "version", "require", "require-dev", "conflict", "replace", "provide", "minimum-stability", "prefer-stable", "repositories", "extra",
)  # fmt: skip
"""What of a manifest bears on what is installed."""


@editor(
    "composer", title="composer.json", files=r"composer\.json", ecosystems=("composer",), kinds=(ChangeKind.BUMP, ChangeKind.OVERRIDE), read=plain
)  # fmt: skip
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Raise a package; an override of one that is not named is asked for as well."""
    source, change = work.source(path), work.change
    root = read_json(source)
    named = False
    for group in ("require", "require-dev"):
        requirements = root.get(group)
        for name, node in requirements.pairs() if requirements else ():
            if name.lower() != change.name.lower():
                continue
            named = True
            new = raised(
                node.string, ecosystem="composer", name=name, current=change.from_version, wanted=change.to_version
            )
            if new is not None:
                yield set_string(source, node, new)
    if change.kind is ChangeKind.OVERRIDE and not named:
        inner = root.get("require")
        value = f"^{change.to_version}"
        yield (
            add_member(source, inner, change.name, value)
            if inner
            else add_member(source, root, "require", {change.name: value})
        )


@editor(
    "composer-lock",
    title="composer.lock",
    files=r"composer\.lock",
    ecosystems=("composer",),
    kinds=(ChangeKind.BUMP, ChangeKind.OVERRIDE),
    read=plain,
)
def lock_edits(work: Work, path: str) -> Iterator[Splice]:
    """Replace version, commit and archive of a package, and bring the hash of the manifest up to date."""
    source, change = work.source(path), work.change
    root = read_json(source)
    pieces: list[Splice] = []
    for group in ("packages", "packages-dev"):
        packages = root.get(group)
        for entry in packages.items if packages else ():
            name, version = entry.get("name"), entry.get("version")
            if name is None or version is None or name.string.lower() != change.name.lower():
                continue
            if version.string.removeprefix("v") == change.from_version.removeprefix("v"):
                pieces += _package(work, source, entry, version)
    yield from pieces
    if pieces:
        yield from _hash(work, source, root)


def _package(work: Work, source: Source, entry: Json, version: Json) -> Iterator[Splice]:
    change, commit = work.change, work.known("reference", "commit")
    old = entry.get("source", "reference") or entry.get("dist", "reference")
    if not re.fullmatch(r"[0-9a-f]{40,64}", commit) or old is None or not old.string:
        raise UnsafeEdit(
            f"{source.path} keeps commits, and that of {change.name} {change.to_version} is not known; run composer update {change.name} --no-install."
        )
    yield set_string(
        source, version, ("v" if version.string.startswith("v") else "") + change.to_version.removeprefix("v")
    )
    for way in (("source", "reference"), ("dist", "reference"), ("dist", "url")):
        node = entry.get(*way)
        if node is not None and node.string:
            if old.string not in node.string:
                raise UnsafeEdit(
                    f"{source.path} takes {change.name} from an address that does not follow from its commit."
                )
            yield set_string(source, node, node.string.replace(old.string, commit))
    shasum = entry.get("dist", "shasum")
    if shasum is not None and shasum.string:
        given = work.known("shasum")
        if not given:
            raise UnsafeEdit(
                f"{source.path} keeps the checksum of an archive, and that of {change.name} {change.to_version} is not known."
            )
        yield set_string(source, shasum, given)
    time = entry.get("time")
    if time is not None and work.known("time"):
        yield set_string(source, time, work.known("time"))


def _hash(work: Work, source: Source, root: Json) -> Iterator[Splice]:
    digest, manifest = root.get("content-hash"), work.beside(source.path, "composer.json")
    if digest is None or manifest not in work.change.manifests:
        return
    own = work.source(manifest)
    if digest.string != content_hash(own.text):
        raise UnsafeEdit(f"{source.path} does not belong to the composer.json beside it; run composer update --lock.")
    after = spliced(own.text, edits(work, manifest))
    if after != own.text:
        yield set_string(source, digest, content_hash(after))


def content_hash(text: str) -> str:
    """Return the hash that Composer keeps of a manifest: of those parts that bear on what is installed, written as PHP writes JSON."""
    found: dict[str, Any] = json.loads(text.removeprefix("\ufeff"))
    counts: dict[str, Any] = {key: found[key] for key in _COUNTS if key in found}
    platform = found.get("config", {}).get("platform") if isinstance(found.get("config"), dict) else None
    if platform is not None:
        counts["config"] = {"platform": platform}
    written = json.dumps(_as_php(dict(sorted(counts.items()))), separators=(",", ":")).replace("/", "\\/")
    return hashlib.md5(written.encode(), usedforsecurity=False).hexdigest()


def _as_php(value: Any) -> Any:
    """Return a value as PHP holds it: an empty object is an empty list there."""
    if isinstance(value, dict):
        return {key: _as_php(each) for key, each in value.items()} or []
    return [_as_php(each) for each in value] if isinstance(value, list) else value
