"""One change to the files of a repository, as a plan asks for it and an editor makes it."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class ChangeKind(StrEnum):
    """The sorts of change."""

    BUMP = "bump"
    """Another version of a package that a manifest or lock file names itself."""
    OVERRIDE = "override"
    """A version forced on a package that others pull in: npm's `overrides`, a constraint, Maven's `dependencyManagement`."""
    IMAGE = "image"
    """Another tag or digest of a container image."""
    ACTION_PIN = "action_pin"
    """Another revision of a workflow's action."""
    MODULE = "module"
    """Another version of a Terraform or OpenTofu module or provider."""
    CHART = "chart"
    """Another version of a Helm chart."""


class Change(Struct, frozen=True, kw_only=True):
    """One change. An editor makes it wherever `manifests` name the package at `from_version`, and nowhere else."""

    ecosystem: str
    """A package URL type (`npm`, `pypi`, `maven`, `golang`, `gem`, `nuget`, `cargo`, `composer`), or `docker`, `githubactions`, `terraform`, `helm`."""
    manager: str = ""
    """The program that keeps the files: `npm`, `pnpm`, `yarn`, `pip`, `poetry`, `uv`, `maven`, `gradle` …; empty where the files tell."""
    name: str
    """Name with its namespace (`@babel/core`, `org.apache.logging.log4j/log4j-core`), an image without tag, an action `owner/name`."""
    from_version: str
    """What is there now, as it is installed (a lock file's version); empty where nothing names one."""
    to_version: str
    """What shall be there: a version, a tag, or a digest `sha256:…` (with a tag: `3.20@sha256:…`)."""
    manifests: tuple[str, ...]
    """Paths of the files to change, relative to the root of the repository, with forward slashes: manifests and lock files."""
    kind: ChangeKind = ChangeKind.BUMP
    integrity: tuple[tuple[str, str], ...] = ()
    """What a lock file keeps of the new version, where it is known: pairs such as (`integrity`, `sha512-…`), (`resolved`, an address), (`sha256`, hexadecimal), in the lock file's own words."""
