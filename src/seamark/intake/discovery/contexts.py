"""The `seamark.yaml` files of a tree: of several the nearest counts, and their data stores are found where they are declared."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from seamark.core.assets import AssetKind, AssetRef
from seamark.core.errors import SeamarkError
from seamark.intake.discovery.context import ApplicationContext, DataStore, Service, read_context
from seamark.intake.discovery.tree import Tree, folder_of, joined

NAMES: Final = ("seamark.yaml", "seamark.yml")
MOST_FILES: Final = 1_000
LARGEST: Final = 1_000_000
_RESOURCE: Final = re.compile(r'^[ \t]{0,100}resource[ \t]+"([\w-]{1,200})"[ \t]+"([\w-]{1,200})"', re.MULTILINE)


class Placed(Struct, frozen=True):
    """A context, the file it stands in, and that file's text."""

    path: str
    text: str
    context: ApplicationContext

    @property
    def folder(self) -> str:
        """Return the folder that it speaks of."""
        return folder_of(self.path)

    def folder_of(self, service: Service) -> str:
        """Return a service's folder, relative to the tree's root."""
        return joined(self.folder, service.path)

    def line(self, *words: str) -> str:
        """Return the place of the last of several words that follow each other: `seamark.yaml:12`."""
        position = 0
        for word in words:
            found = re.compile(rf"(?<![\w.-]){re.escape(word)}(?![\w-])").search(self.text, position)
            if found is None:
                break
            position = found.start()
        return f"{self.path}:{self.text.count(chr(10), 0, position) + 1}"


class Contexts:
    """The contexts of a tree, by folder."""

    def __init__(self, placed: list[Placed]) -> None:
        self.placed = placed
        self._by_folder = {each.folder: each for each in reversed(placed)}

    def of(self, path: str) -> Placed | None:
        """Return the context that counts for a file or folder: the nearest above it."""
        while path and path not in self._by_folder:
            path = folder_of(path)
        return self._by_folder.get(path)


def read_contexts(tree: Tree) -> Contexts:
    """Read all contexts of a tree; one that is wrong is told as trouble, and counts for nothing."""
    found = []
    for path in list(tree.matching(*NAMES))[:MOST_FILES]:
        text = tree.text(path)
        if text is None or len(text) > LARGEST:
            tree.trouble(path, "is no text, or larger than 1 MB")
            continue
        try:
            found.append(Placed(path, text, read_context(text)))
        except SeamarkError as error:
            line = re.search(r"line (\d+)\)?$", str(error))
            tree.trouble(f"{path}:{line[1]}" if line else path, str(error))
    return Contexts(found)


class StoreRefs:
    """The assets of the data stores that contexts name."""

    def __init__(self, tree: Tree, contexts: Contexts | None = None) -> None:
        self._tree = tree
        self._contexts = contexts or read_contexts(tree)
        self._declared: dict[str, list[str]] | None = None

    def named(self, name: str) -> AssetRef | None:
        """Return the asset of a data store that any context of the tree names, None where none does."""
        for placed in self._contexts.placed:
            for store in placed.context.spec.data_stores:
                if store.name == name:
                    return self.ref(placed, store)
        return None

    def ref(self, placed: Placed, store: DataStore) -> AssetRef:
        """Return a data store's asset: its declaration in the tree, the identifier that a cloud gave it, or the context's own word."""
        resource = (store.resource or "").strip()
        if resource.startswith(("arn:", "/subscriptions/")) or "://" in resource:
            return AssetRef(AssetKind.DATA_STORE, resource)
        path, hash_, inner = resource.partition("#")
        if hash_ and (inside := joined(placed.folder, path)):
            return self._tree.ref(AssetKind.DATA_STORE, inside, inner)
        folders = self._folders().get(resource, [])
        if folders:
            nearest = min(
                folders,
                key=lambda folder: (not f"{folder}/".startswith(f"{placed.folder}/" if placed.folder else ""), folder),
            )
            return self._tree.ref(AssetKind.DATA_STORE, nearest, resource)
        return self._tree.ref(AssetKind.DATA_STORE, placed.path, store.name)

    def _folders(self) -> dict[str, list[str]]:
        """Return where Terraform resources are declared, by address."""
        if self._declared is None:
            self._declared = {}
            for path in self._tree.matching("*.tf", "*.tofu"):
                for kind, name in _RESOURCE.findall(self._tree.text(path) or ""):
                    folders = self._declared.setdefault(f"{kind}.{name}", [])
                    if folder_of(path) not in folders:
                        folders.append(folder_of(path))
        return self._declared
