"""Reads a bundle's files out of a git repository, near or far, without a working tree and without running anything of its choice."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from seamark.core.errors import RemoteFailure
from seamark.governance.policy.document import MOST
from seamark.governance.policy.model import Source

TIMEOUT: Final = 120.0
"""Seconds that git may take for one step."""
_LARGEST: Final = 32 * 1024 * 1024
"""Bytes of an answer."""
_REMOTE: Final = re.compile(r"https://[A-Za-z0-9.-]+(:\d{1,5})?/[A-Za-z0-9._~/+-]+")
_BRANCH: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
_COMMIT: Final = re.compile(rb"[0-9a-f]{40,64}")
_HEAD: Final = "refs/seamark/bundle"


class Checkout(NamedTuple):
    """The files of a bundle at a commit."""

    commit: str
    sources: list[Source]


def read_repository(location: str, cache: Path, *, branch: str = "", path: str = "", token: str = "") -> Checkout:
    """Return the YAML files below a path of a repository, at the newest commit of a branch.

    `location` is an https address without a password, or the path of a repository on this machine; `cache` is a folder of ours for what
    was fetched. Raises `RemoteFailure`.
    """
    local = _is_local(location)
    if not local and not _REMOTE.fullmatch(location):
        raise RemoteFailure(
            f"{location!r} is neither an https address (without user and password) nor a repository here",
            permanent=True,
        )
    if branch and (not _BRANCH.fullmatch(branch) or ".." in branch):
        raise RemoteFailure(f"{branch!r} is no name of a branch", permanent=True)
    address, repository = _place(location, cache)
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (repository / "HEAD").is_file():
        _git(None, ["init", "--quiet", "--bare", "--template=", str(repository)])
    wanted = f"refs/heads/{branch}" if branch else "HEAD"
    # The file protocol refuses shallow copies of what is on this machine only where it takes its short cut: the address avoids that.
    source = f"file://{address}" if local else address
    _git(
        repository, ["fetch", "--quiet", "--depth", "1", "--no-tags", "--no-recurse-submodules", "--force", "--", source, f"+{wanted}:{_HEAD}"],
        transport="file" if local else "https", token=token,
    )  # fmt: skip
    commit = _git(repository, ["rev-parse", "--verify", "--quiet", f"{_HEAD}^{{commit}}"]).strip()
    if not _COMMIT.fullmatch(commit):
        raise RemoteFailure(f"{location} has no commit on {branch or 'its default branch'}", permanent=True)
    return Checkout(commit.decode(), _sources(repository, commit.decode(), path.strip("/")))


def read_kept(location: str, cache: Path, commit: str, path: str) -> str:
    """Return a file as it was at a commit that was fetched before; nothing is fetched. Raises `RemoteFailure`."""
    repository = _place(location, cache)[1]
    if not (repository / "HEAD").is_file() or not _COMMIT.fullmatch(commit.encode()):
        raise RemoteFailure(f"{location} was not fetched yet", permanent=True)
    return _git(repository, ["cat-file", "blob", f"{commit}:{path}"]).decode("utf-8", "replace")


def author_of(location: str, cache: Path, commit: str) -> str:
    """Return the address of the author of a commit that was fetched before, in small letters. Raises `RemoteFailure`."""
    repository = _place(location, cache)[1]
    if not (repository / "HEAD").is_file() or not _COMMIT.fullmatch(commit.encode()):
        raise RemoteFailure(f"{location} was not fetched yet", permanent=True)
    told = _git(repository, ["show", "--no-patch", "--no-notes", "--format=%ae", commit])
    return told.decode("utf-8", "replace").strip().casefold()


def _is_local(location: str) -> bool:
    return bool(location) and Path(location).is_dir()


def _place(location: str, cache: Path) -> tuple[str, Path]:
    """Return where a repository is, and where what was fetched of it is kept."""
    address = str(Path(location).resolve()) if _is_local(location) else location
    return address, cache / f"{hashlib.sha256(address.encode()).hexdigest()[:32]}.git"


def _sources(repository: Path, commit: str, path: str) -> list[Source]:
    listed = _git(repository, ["ls-tree", "-r", "-z", "-l", "--full-tree", commit])
    found: list[Source] = []
    for row in listed.split(b"\0"):
        head, _, raw = row.partition(b"\t")
        # Mode, sort, object, size. Links and submodules are no files.
        words = head.split()
        if len(words) != 4 or words[0] not in {b"100644", b"100755"}:
            continue
        name = raw.decode("utf-8", "replace")
        inside = f"{path}/" if path else ""
        if not name.startswith(inside) or not name.endswith((".yaml", ".yml")):
            continue
        if any(part.startswith(".") for part in name.removeprefix(inside).split("/")):
            continue
        if len(found) == MOST:
            raise RemoteFailure(f"There are more than {MOST:,} files of policies", permanent=True)
        size = int(words[3]) if words[3].isdigit() else 0
        text = _git(repository, ["cat-file", "blob", words[2].decode()]) if size <= 4 * 1024 * 1024 else b" " * size
        found.append(Source(name.removeprefix(inside), text.decode("utf-8", "replace")))
    if not found:
        raise RemoteFailure(f"There are no policies (*.yaml) in {path or 'the repository'}", permanent=True)
    return sorted(found)


def _git(repository: Path | None, arguments: Sequence[str], *, transport: str = "", token: str = "") -> bytes:
    settings = {
        "core.hooksPath": "/dev/null", "core.fsmonitor": "false", "protocol.allow": "never", "credential.helper": "",
        "http.followRedirects": "false", "transfer.fsckObjects": "true", "fetch.recurseSubmodules": "false", "gc.auto": "0",
    }  # fmt: skip
    if transport:
        settings[f"protocol.{transport}.allow"] = "always"
    if token and transport == "https":
        # In the environment, not among the arguments, which every user of the machine can read.
        settings["http.extraHeader"] = (
            "Authorization: Basic " + base64.b64encode(f"x-access-token:{token}".encode()).decode()
        )
    command = ["git", *(["--git-dir", str(repository)] if repository is not None else []), *arguments]
    try:
        done = subprocess.run(
            command,
            env=_environment(settings),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except FileNotFoundError:
        raise RemoteFailure("There is no git on this machine", permanent=True) from None
    except subprocess.TimeoutExpired:
        raise RemoteFailure(f"git did not answer within {TIMEOUT:.0f} seconds", permanent=False) from None
    if done.returncode != 0 or len(done.stdout) > _LARGEST:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = (
            told[0].removeprefix("fatal: ")[:300]
            if told
            else "it says too much"
            if done.returncode == 0
            else "it says nothing"
        )
        raise RemoteFailure(f"The bundle's repository cannot be read: {reason}", permanent=False)
    return done.stdout


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    told = {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for number, (name, value) in enumerate(settings.items()):
        told |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return kept | told
