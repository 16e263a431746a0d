"""Package manifests and lock files, an ecosystem a module: what a tree's own code depends on."""

from seamark.intake.discovery.extractors.packages import (
    cargo,
    cocoapods,
    composer,
    gem,
    golang,
    gradle,
    maven,
    mix,
    npm,
    nuget,
    pub,
    pypi,
    swift,
)

__all__ = ["cargo", "cocoapods", "composer", "gem", "golang", "gradle", "maven", "mix", "npm", "nuget", "pub", "pypi", "swift"]  # fmt: skip
