"""`Pipfile`, and `Pipfile.lock` where the hashes of the new version are known."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator
from typing import Any, Final

from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.notation import json_, toml_
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit, spliced
from seamark.response.remediation.editors.pep508 import normal
from seamark.response.remediation.editors.registry import Work, editor
from seamark.response.remediation.editors.requirement import raised

_NO_PACKAGES: Final = frozenset({"source", "requires", "scripts", "pipenv", "pipfile"})


@editor(
    "pipfile",
    title="Pipfile",
    files="Pipfile",
    ecosystems=("pypi",),
    kinds=(ChangeKind.BUMP, ChangeKind.OVERRIDE),
    read=toml_.plain,
)
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Raise a package; an override of one that is not named is added to `[packages]`."""
    source = work.source(path)
    document = toml_.read_toml(source)
    named = False
    for way, node in document.values:
        if len(way) < 2 or way[0] in _NO_PACKAGES or normal(str(way[1])) != normal(work.change.name):
            continue
        if len(way) == 3 and way[2] != "version":
            continue
        named = True
        version = node if node.members is None else dict(node.members).get(("version",))
        if version is None or version.string is None:
            raise UnsafeEdit(f"{path} takes {work.change.name} from an address or a folder, not by its version.")
        change = work.change
        if version.string == "*":
            yield toml_.set_string(source, version, f">={change.to_version}")
            continue
        new = raised(
            version.string, ecosystem="pypi", name=change.name, current=change.from_version, wanted=change.to_version
        )
        if new is not None:
            yield toml_.set_string(source, version, new)
    if work.change.kind is ChangeKind.OVERRIDE and not named:
        table = document.table("packages")
        if table is None:
            raise UnsafeEdit(f"{path} has no [packages].")
        at = source.end_of_line(table.end)
        yield source.splice(at, at, f'{source.newline}{json.dumps(work.change.name)} = ">={work.change.to_version}"')


@editor(
    "pipfile-lock",
    title="Pipfile.lock",
    files=r"Pipfile\.lock",
    ecosystems=("pypi",),
    kinds=(ChangeKind.BUMP, ChangeKind.OVERRIDE),
    read=json_.plain,
)
def lock_edits(work: Work, path: str) -> Iterator[Splice]:
    """Pin the new version with its hashes, and bring the hash of the Pipfile up to date."""
    source, change = work.source(path), work.change
    root = json_.read_json(source)
    pieces = []
    for group, packages in root.pairs():
        for name, entry in packages.pairs() if group != "_meta" else ():
            version = entry.get("version")
            if normal(name) != normal(change.name) or version is None or version.string != f"=={change.from_version}":
                continue
            pieces += [json_.set_string(source, version, f"=={change.to_version}"), _hashes(work, source, entry)]
    yield from pieces
    if pieces:
        yield from _meta(work, source, root)


def _hashes(work: Work, source: Source, entry: json_.Json) -> Splice:
    given, hashes = work.all_known("sha256"), entry.get("hashes")
    if not given or hashes is None or not hashes.items:
        raise UnsafeEdit(
            f"{source.path} keeps hashes, and those of {work.change.name} {work.change.to_version} are not known; run pipenv lock."
        )
    first, last = hashes.items[0], hashes.items[-1]
    gap = source.text[hashes.start + 1 : first.start]
    text = f",{gap}".join(f'"sha256:{each}"' for each in sorted(given))
    return source.splice(first.start, last.end, text, max(len(given), len(hashes.items)))


def _meta(work: Work, source: Source, root: json_.Json) -> Iterator[Splice]:
    digest, manifest = root.get("_meta", "hash", "sha256"), work.beside(source.path, "Pipfile")
    if digest is None:
        return
    if not manifest:
        raise UnsafeEdit(f"{source.path} keeps the hash of its Pipfile, which is not among the files.")
    own = work.source(manifest)
    if digest.string != pipfile_hash(own.text):
        raise UnsafeEdit(f"{source.path} does not belong to the Pipfile beside it; run pipenv lock.")
    after = spliced(own.text, edits(work, manifest)) if manifest in work.change.manifests else own.text
    if after != own.text:
        yield json_.set_string(source, digest, pipfile_hash(after))


def pipfile_hash(text: str) -> str:
    """Return the hash that pipenv keeps of a Pipfile: of what it says, without its layout."""
    found: dict[str, Any] = tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    data: dict[str, Any] = {
        "_meta": {"sources": found.get("source", []), "requires": found.get("requires", {})},
        "default": found.get("packages", {}),
        "develop": found.get("dev-packages", {}),
    }
    data |= {key: value for key, value in found.items() if key not in _NO_PACKAGES | {"packages", "dev-packages"}}
    return hashlib.sha256(json.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
