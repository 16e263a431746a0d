"""Small trees with package files, and what an extractor says of them in one line a package."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seamark.core.assets import Found, Listing
from seamark.intake.discovery.extractors import packages
from seamark.intake.discovery.registry import Extract
from seamark.intake.discovery.tree import Tree

REPOSITORY = "github.com/acme/shop"
EXTRACTORS: dict[str, Extract] = {
    ("hex" if name == "mix" else name): getattr(packages, name).extract for name in packages.__all__
}


@dataclass
class Told:
    """What an extractor says of one file."""

    facts: dict[str, Any]
    listing: Listing | None = None

    @property
    def rows(self) -> list[str]:
        """A package a line: purl without its beginning, scope, and `direct` where it is."""
        assert self.listing is not None
        return [
            " ".join(filter(None, (each.purl.removeprefix("pkg:"), each.scope, "direct" if each.direct else "")))
            for each in self.listing.components
        ]

    @property
    def edges(self) -> dict[str, tuple[str, ...]]:
        assert self.listing is not None
        return {each.ref: each.targets for each in self.listing.edges}

    def hashes(self, ref: str) -> tuple[tuple[str, str], ...]:
        assert self.listing is not None
        return next(each.hashes for each in self.listing.components if each.ref == ref)


def plant(root: Path, files: dict[str, str]) -> Tree:
    """Write files and return the tree with them."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(textwrap.dedent(content).lstrip("\n").encode("utf-8", "surrogatepass"))
    return Tree(root, REPOSITORY)


def told(tree: Tree, name: str) -> dict[str, Told]:
    """Return what an extractor says, by the files' paths; every listing has its manifest."""
    found: dict[str, Told] = {}
    listings: list[Listing] = []
    for fact in EXTRACTORS[name](tree):
        if isinstance(fact, Found):
            path = fact.ref.key.removeprefix(f"{REPOSITORY}//")
            assert fact.origin == name
            assert fact.at == path
            assert path not in found
            found[path] = Told(fact.facts)
        else:
            assert isinstance(fact, Listing)
            listings.append(fact)
    for listing in listings:
        found[listing.manifest.key.removeprefix(f"{REPOSITORY}//")].listing = listing
        sound(listing)
    return found


def sound(listing: Listing) -> None:
    """Check what holds for every listing: refs name one package each, and edges lead to packages."""
    refs = [each.ref for each in listing.components]
    assert len(set(refs)) == len(refs)
    known = {*refs, ""}
    direct: set[str] = set()
    for edge in listing.edges:
        assert edge.targets
        assert edge.ref in known
        assert known.issuperset(edge.targets)
        assert edge.ref not in edge.targets
        direct |= set(edge.targets) if edge.ref == "" else set()
    assert {each.ref for each in listing.components if each.direct} == direct
    assert all(each.scope in {"runtime", "development", "test", "optional", ""} for each in listing.components)
