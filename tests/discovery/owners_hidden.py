"""What a repository says of its owners where CODEOWNERS is taken away: its newest tree, unpacked without that file, and the resolver asked.

Names of files are kept, contents of those up to `LARGEST` that the clone has. What comes out is gone with the folder.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from seamark.core.assets import AssetKind, AssetRef
from seamark.intake.discovery.git import answer, output
from seamark.intake.discovery.history.log import History
from seamark.intake.discovery.history.people import People
from seamark.intake.discovery.owners.resolve import Resolver
from seamark.intake.discovery.tree import Tree

LARGEST = 50_000
PIECE = 400
SAID = frozenset({"seamark.yaml", "catalog", "owners", "maintainers"})
"""Sources that stand before history."""
HIDDEN = ("CODEOWNERS", "CODEOWNERS-manual")


def said_owners(repository: Path, paths: Iterable[str]) -> dict[str, list[AssetRef]]:
    """Return whom files other than CODEOWNERS name for paths of the newest commit, the first most; paths without any are left out.

    Whom they name for the repository as a whole is left out, as the owners of everything are among the labels.
    """
    with TemporaryDirectory() as folder:
        unpack(repository, Path(folder))
        # Without a history: what people did is the other half of the measurement.
        resolver = Resolver(Tree(Path(folder), ""), history=History((), complete=True, counted=True))
        whole = {each.ref for each in resolver.of_path("").ranked if each.origin in SAID}
        found = {
            path: [each.ref for each in resolver.of_path(path).ranked if each.origin in SAID and each.ref not in whole]
            for path in paths
        }
    return {path: refs for path, refs in found.items() if refs}


def unpack(repository: Path, folder: Path) -> None:
    """Write the newest tree into an empty folder; what is too large, no plain file, or not in the clone becomes an empty file."""
    listed = answer(repository, ["ls-tree", "-r", "-z", "-l", "HEAD"]) or []
    small: dict[str, str] = {}
    for row in listed:
        head, _, name = row.decode("utf-8", "replace").partition("\t")
        if not name or name.rpartition("/")[2] in HIDDEN or ".." in name.split("/") or ".git" in name.split("/"):
            continue
        mode, _, blob, length = head.split()
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
        if mode.startswith("100") and length.isdigit() and int(length) <= LARGEST:
            small[name] = blob
    names = list(small)
    for at in range(0, len(names), PIECE):
        piece = names[at : at + PIECE]
        told = (
            output(repository, ["cat-file", "--batch"], "".join(f"{small[name]}\n" for name in piece).encode()) or b""
        )
        place = 0
        for name in piece:
            answered = told[place : told.find(b"\n", place)]
            place += len(answered) + 1
            words = answered.split()
            if len(words) == 3:
                size = int(words[2])
                (folder / name).write_bytes(told[place : place + size])
                place += size + 1


def names_one(ref: AssetRef, owners: Iterable[str], people: People) -> bool:
    """Tell whether an answer is one of the owners as CODEOWNERS writes them: the same team, login or address, or the same person by history."""
    key = ref.key.lower()
    for owner in owners:
        if ref.kind is AssetKind.TEAM:
            if "/" in owner and owner.rpartition("/")[2].lower() == key.rpartition("/")[2]:
                return True
        elif "/" not in owner and (
            owner.lower().lstrip("@") == key.lstrip("@")
            or (people.find(owner) and people.find(owner) == people.find(ref.key))
        ):
            return True
    return False
