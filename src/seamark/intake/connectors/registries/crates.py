"""Cargo's sparse index."""

from __future__ import annotations

import msgspec
from msgspec import Struct, field

from seamark.intake.connectors.registries.door import Door
from seamark.intake.connectors.registries.release import Need, Release


class _Dependency(Struct):
    name: str
    req: str = ""
    optional: bool = False
    kind: str | None = None
    package: str | None = None


class _Line(Struct):
    vers: str
    deps: list[_Dependency] = field(default_factory=list)
    yanked: bool = False
    cksum: str = ""
    rust_version: str | None = None


_decode = msgspec.json.Decoder(_Line).decode


class Crates:
    """One line of JSON a version."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._read: dict[str, dict[str, _Line] | None] = {}

    def releases(self, name: str) -> tuple[Release, ...] | None:
        """Return all versions; None where the crate is not there. Raises `RemoteFailure`, `MsgspecError`."""
        found = self._lines(name)
        if found is None:
            return None
        return tuple(
            Release(version=one.vers, yanked="yes" if one.yanked else "", runtime=f"Rust {one.rust_version}" if one.rust_version else "")
            for one in found.values()
        )  # fmt: skip

    def needs(self, name: str, version: str) -> tuple[Need, ...] | None:
        """Return what a version always needs to run."""
        line = (self._lines(name) or {}).get(version)
        if line is None:
            return None
        return tuple(Need(one.package or one.name, one.req) for one in line.deps if not one.optional and one.kind in {None, "normal"})  # fmt: skip

    def hashes(self, name: str, version: str) -> tuple[tuple[str, str], ...]:
        """Return what a lock keeps of a version."""
        line = (self._lines(name) or {}).get(version)
        return (("sha256", line.cksum), ("checksum", line.cksum)) if line is not None and line.cksum else ()

    def _lines(self, name: str) -> dict[str, _Line] | None:
        if name not in self._read:
            text = self._door.text(path_of(name))
            self._read[name] = None if text is None else {line.vers: line for one in text.splitlines() if one.strip() and (line := _decode(one))}  # fmt: skip
        return self._read[name]


def path_of(name: str) -> str:
    """Return where the index keeps a crate: `1/a`, `2/ab`, `3/a/abc`, `se/rd/serde`."""
    low = name.lower()
    if len(low) <= 2:
        return f"{len(low)}/{low}"
    return f"3/{low[0]}/{low}" if len(low) == 3 else f"{low[:2]}/{low[2:4]}/{low}"
