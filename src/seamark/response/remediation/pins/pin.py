"""One thing that files take from elsewhere at a version, and who knows which versions there are."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from seamark.core.assets import image_name
from seamark.response.remediation.change import Change, ChangeKind

ECOSYSTEMS: Final = {
    ChangeKind.IMAGE: "docker", ChangeKind.ACTION_PIN: "githubactions", ChangeKind.MODULE: "terraform", ChangeKind.CHART: "helm",
}  # fmt: skip
"""What each sort of pin is of."""
HELD: Final = {ChangeKind.IMAGE: "digest", ChangeKind.ACTION_PIN: "commit"}
"""What holds a version for good, in the words of editors' `integrity`."""


class Pin(Struct, frozen=True, order=True, kw_only=True):
    """An image, action, module, provider or chart at one version, with all places that name it so."""

    kind: ChangeKind
    name: str
    """As editors take it: an image without tag, `owner/name`, a module's source, a provider's address, a chart behind its repository."""
    version: str = ""
    """Tag, revision or the version asked for; empty where none is."""
    held: str = ""
    """Digest or commit, empty where nothing holds the version."""
    places: tuple[tuple[str, int], ...] = ()
    """Path and line."""
    beside: tuple[str, ...] = ()
    """Locks that keep the version as well."""

    @property
    def ecosystem(self) -> str:
        """Return what it is of: `docker`, `githubactions`, `terraform`, `helm`."""
        return ECOSYSTEMS[self.kind]

    @property
    def package(self) -> str:
        """Return the key under which advisories know it."""
        return package_of(self.kind, self.name)

    @property
    def files(self) -> tuple[str, ...]:
        """Return the files to change."""
        return tuple(dict.fromkeys((*(path for path, _ in self.places), *self.beside)))

    @property
    def shown(self) -> str:
        """Return the version for people."""
        return self.version or (self.held[:19] if self.held else "latest" if self.kind is ChangeKind.IMAGE else "")

    def change(self, version: str, known: tuple[tuple[str, str], ...] = ()) -> Change:
        """Return what an editor has to do to move it. `known` is what holds the new version."""
        before = self.version or (self.held if self.kind is not ChangeKind.IMAGE else "latest")
        if self.kind is ChangeKind.IMAGE and not self.version and self.held:
            before = self.held
        return Change(
            ecosystem=self.ecosystem, name=self.name, from_version=before, to_version=version, manifests=self.files, kind=self.kind, integrity=known,
        )  # fmt: skip


def package_of(kind: ChangeKind, name: str) -> str:
    """Return the key of what is pinned: the name in small letters, without a scheme and without a folder in a repository."""
    if kind is ChangeKind.IMAGE:
        return f"docker/{image_name(name).lower()}"
    plain = name.removeprefix("git::").partition("://")[2] or name
    return f"{ECOSYSTEMS[kind]}/{plain.partition('//')[0].removesuffix('.git').lower()}"
