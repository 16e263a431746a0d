"""The YAML of policies that are kept, and a change to one that is kept elsewhere as a patch."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml
from msgspec import Struct

from seamark.core.errors import SeamarkError
from seamark.governance.policy.bundle import read_folder, starter
from seamark.governance.policy.document import read
from seamark.governance.policy.kept.git import read_kept
from seamark.governance.policy.kept.sync import Kept
from seamark.governance.policy.model import Source
from seamark.store import models
from seamark.store.models.policies import BundleKind

_KEYS: Final = ("apiVersion", "kind", "metadata", "spec")


class Proposal(Struct, frozen=True, kw_only=True):
    """A change to a policy of a bundle that is kept elsewhere."""

    bundle: str
    file: str
    """The file that it changes, within the repository or folder."""
    text: str
    """The whole file as it shall be."""
    patch: str
    """Unified diff, as `git apply` takes it; empty where nothing is changed."""
    commands: tuple[str, ...]
    """What to type in a checkout."""


def dump(content: str) -> str:
    """Return a policy that is kept as JSON as YAML."""
    document: dict[str, Any] = msgspec.json.decode(content)
    ordered = {key: document[key] for key in _KEYS if key in document}
    text: str = yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True, width=110)
    return text


def text_of(kept: Kept, cache: Path) -> str:
    """Return a version as YAML: as it was written where that is still to be had, else made from what is kept."""
    if kept.text:
        return kept.text
    source = _file(kept, cache)
    return (_part(source, kept.name) if source is not None else "") or dump(kept.content)


def difference(before: str, after: str, name_before: str, name_after: str) -> str:
    """Return how one text differs from another, as a unified diff; empty where it does not."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), _ended(after).splitlines(keepends=True), name_before, name_after
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def proposal(bundle: models.Bundle, name: str, text: str, kept: Kept | None, cache: Path) -> Proposal:
    """Return a change to a policy of a bundle that is kept elsewhere, or a new one for it, as a patch."""
    inside = f"{bundle.path.strip('/')}/" if bundle.path.strip("/") else ""
    source = _file(kept, cache) if kept is not None else None
    if source is None:
        file = f"{inside}{kept.file if kept is not None else f'{name}.yaml'}"
        before, after, old = (
            (dump(kept.content) if kept is not None else ""),
            text,
            f"a/{file}" if kept is not None else "/dev/null",
        )
    else:
        file, old = f"{inside}{source.name}", f"a/{inside}{source.name}"
        before, after = source.text, source.text.replace(_part(source, name) or source.text, _ended(text), 1)
    patch = difference(before, after, old, f"b/{file}")
    if bundle.kind == BundleKind.GIT:
        commands: tuple[str, ...] = (
            f"git switch -c policy-{name}{f' origin/{bundle.branch}' if bundle.branch else ''}", f"git apply {name}.patch",
            f"git commit -am 'Policy {name}'" if old != "/dev/null" else f"git add {file} && git commit -m 'Policy {name}'",
            f"git push -u origin policy-{name}",
        )  # fmt: skip
    else:
        commands = (f"patch -p1 -d {bundle.location} < {name}.patch", f"seamark policy sync {bundle.name}")
    return Proposal(bundle=bundle.name, file=file, text=after, patch=patch, commands=commands)


def _ended(text: str) -> str:
    return text if text.endswith("\n") or not text else f"{text}\n"


def _file(kept: Kept, cache: Path) -> Source | None:
    """Return the file that a version came from; None where it is no longer to be had as it was."""
    if kept.kind == BundleKind.STARTER:
        return next((one for one in starter() if one.name == kept.file and _holds(one, kept)), None)
    row = models.Bundle.objects.filter(name=kept.bundle).first()
    if row is None or kept.kind == BundleKind.SERVER:
        return None
    try:
        if row.kind == BundleKind.GIT:
            found = read_kept(row.location, cache, kept.commit, f"{row.path.strip('/')}/{kept.file}".lstrip("/"))
            source = Source(kept.file, found)
        else:
            source = next(
                (one for one in read_folder(Path(row.location)) if one.name == kept.file), Source(kept.file, "")
            )
    except SeamarkError:
        return None
    return source if _holds(source, kept) else None


def _holds(source: Source, kept: Kept) -> bool:
    """Tell whether a file still has this very version."""
    found = next((one for one in read(source)[0] if one.document.metadata.name == kept.name), None)
    return found is not None and msgspec.json.encode(found.document, order="deterministic").decode() == kept.content


def _part(source: Source, name: str) -> str:
    """Return what a file says of one policy: all of it where it has no other."""
    found, _ = read(source)
    one = next((each for each in found if each.document.metadata.name == name), None)
    if one is None or len(found) == 1:
        return source.text if one is not None else ""
    return source.text[one.node.start_mark.index : one.node.end_mark.index]
