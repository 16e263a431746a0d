"""What git says of a working tree: which files are its own, and where it comes from."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from seamark.intake.discovery.git import answer

OTHERS_CODE: Final = frozenset("node_modules bower_components vendor site-packages __pycache__ venv".split())  # noqa: SIM905 - reads better
"""Folders with other people's code: they stay out even where git tracks them."""
_SCP: Final = re.compile(r"(?:[^@/:]+@)?([\w.-]+):(?!//)(.+)")
_MOST_SEEN: Final = 2_000_000


def tracked_files(root: Path, most: int, hidden: Collection[str] = ()) -> tuple[list[str], bool] | None:
    """Return the regular files of a git work tree that are tracked or not ignored, in order, and whether these are all.

    None where the folder is no work tree, or git ignores all that is in it.
    """
    listed = answer(root, ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "."])
    if not listed:
        return None
    found: list[str] = []
    last_folder, kept = None, True
    for path in sorted({os.fsdecode(name) for name in listed[:_MOST_SEEN] if name}):
        folder = path.rpartition("/")[0]
        if folder != last_folder:
            last_folder, kept = folder, _kept(folder, hidden)
        if not kept or not _is_regular(root, path):
            continue
        if len(found) == most:
            return found, False
        found.append(path)
    return found, True


def _kept(folder: str, hidden: Collection[str]) -> bool:
    parts = folder.split("/") if folder else ()
    return all(part not in OTHERS_CODE and (not part.startswith(".") or part in hidden) for part in parts)


def _is_regular(root: Path, path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(root / path).st_mode)
    except (OSError, ValueError):
        return False


def repository_key(root: Path, given: str = "") -> str:
    """Return a repository's natural key: what is given, else git's remote `origin` as `host/owner/name`, else the folder's name.

    A folder inside a work tree is told by its own name: the remote names the whole. Credentials of the address are left out.
    """
    if given.strip():
        return given.strip().strip("/")
    root = root.resolve()
    if answer(root, ["rev-parse", "--show-prefix"]) == [b"\n"]:
        url = (
            b"".join(answer(root, ["config", "--local", "--get", "remote.origin.url"]) or [])
            .decode("utf-8", "replace")
            .strip()
        )
        if key := _of_address(url):
            return key
    return root.name or "repository"


def _of_address(url: str) -> str:
    if "://" in url:
        try:
            parts = urlsplit(url)
            host, path = parts.hostname or "", parts.path
        except ValueError:
            return ""
    elif found := _SCP.fullmatch(url):
        host, path = found[1], found[2]
    else:
        return ""
    path = path.strip("/").removesuffix(".git").strip("/")
    return f"{host.lower()}/{path}" if host and path else ""
