"""RubyGems' compact index, as Bundler reads it. Versions that were yanked are not in it."""

from __future__ import annotations

from urllib.parse import quote

from seamark.intake.connectors.registries.door import Door
from seamark.intake.connectors.registries.release import Need, Release


class Rubygems:
    """One line a version: `1.2.0 rack:>= 2.0&< 4|checksum:…,ruby:>= 2.7`."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def releases(self, name: str) -> tuple[Release, ...] | None:
        """Return the versions for every platform; None where the gem is not there. Raises `RemoteFailure`."""
        found = self._lines(name)
        if found is None:
            return None
        return tuple(Release(version=version, runtime=_ruby(about)) for version, (_, about) in found.items())

    def needs(self, name: str, version: str) -> tuple[Need, ...] | None:
        """Return what a version needs to run."""
        line = (self._lines(name) or {}).get(version)
        if line is None:
            return None
        pairs = (one.partition(":") for one in line[0].split(",") if one)
        return tuple(Need(gem.strip(), wanted.replace("&", ", ").strip()) for gem, _, wanted in pairs if gem.strip())

    def _lines(self, name: str) -> dict[str, tuple[str, str]] | None:
        text = self._door.text(f"info/{quote(name, safe='')}")
        if text is None:
            return None
        found = {}
        for line in text.splitlines():
            version, _, rest = line.partition(" ")
            # What has a hyphen is built for one platform.
            if version and version[0].isdigit() and "-" not in version:
                needs, _, about = rest.partition("|")
                found[version] = (needs, about)
        return found


def _ruby(about: str) -> str:
    told = next((one.partition(":")[2] for one in about.split(",") if one.startswith("ruby:")), "")
    return f"Ruby {told.replace('&', ', ')}" if told and told != ">= 0" else ""
