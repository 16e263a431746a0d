"""Lock files brought up to date by the ecosystem's own tool, in a copy of the manifests: no scripts, bounded, with nothing of our own.

Only manifests and locks are copied. Configuration of the repository's (`.npmrc`, `.yarnrc.yml`, `.cargo/config.toml`, `pip.conf`) stays
away, since it can name programs to run; so do the sources.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.clusters.process import answer
from seamark.response.remediation.change import Change
from seamark.response.remediation.project import Project

SECONDS: Final = 180.0
MEMORY: Final = 4 * 1024**3
_MOST: Final = 4 * 1024**2
_KEPT: Final = (
    "PATH", "LANG", "HOME", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS", "PIP_INDEX_URL", "PIP_CERT", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "GOPROXY", "GONOSUMDB", "GOPRIVATE", "CARGO_HOME",
    "RUSTUP_HOME", "PYENV_ROOT",
)  # fmt: skip
_LIMITED: Final = """
import os, resource, sys
memory, seconds = int(sys.argv[1]), int(sys.argv[2])
for what, most in ((resource.RLIMIT_DATA, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_FSIZE, 512 * 1024**2), (resource.RLIMIT_CORE, 0)):
    resource.setrlimit(what, (most, most))
os.execvpe(sys.argv[3], sys.argv[3:], os.environ)
"""
_NAME = re.compile(r"[A-Za-z0-9@._/~:-]+").fullmatch
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+!~_-]*").fullmatch
_MARKS: Final = {"cargo": (("src/lib.rs", b""), ("src/main.rs", b"fn main() {}\n"))}


class Tool(NamedTuple):
    """A program that keeps locks."""

    program: str
    words: tuple[str, ...]
    """Brings a lock up to date with manifests that changed."""
    each: tuple[str, ...] = ()
    """Moves one package in the lock only; `{name}` and `{version}` are filled in. None where it cannot."""


TOOLS: Final[Mapping[str, Tool]] = {
    "npm": Tool("npm", ("install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"), ("update", "{name}", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund")),
    "pnpm": Tool("pnpm", ("install", "--lockfile-only", "--ignore-scripts", "--ignore-pnpmfile"), ("update", "{name}", "--lockfile-only", "--ignore-scripts", "--ignore-pnpmfile", "--depth", "Infinity")),
    "yarn": Tool("yarn", ("install", "--mode=update-lockfile")),
    "uv": Tool("uv", ("lock", "--no-build", "--no-config"), ("lock", "--no-build", "--no-config", "--upgrade-package", "{name}=={version}")),
    "poetry": Tool("poetry", ("lock", "--no-interaction", "--no-plugins")),
    "go": Tool("go", ("mod", "download")),
    "cargo": Tool("cargo", ("update", "--workspace"), ("update", "-p", "{name}@{before}", "--precise", "{version}")),
    "bundler": Tool("bundle", ("lock", "--conservative"), ("lock", "--conservative", "--update", "{name}")),
    "composer": Tool("composer", ("update", "--lock", "--no-install", "--no-scripts", "--no-plugins", "--no-interaction"), ("update", "{name}", "--with", "{name}:{version}", "--no-install", "--no-scripts", "--no-plugins", "--no-interaction")),
}  # fmt: skip
"""By manager. pip and Maven have no lock to bring up to date. What runs code of packages to read their metadata is kept from it
(`--no-build`); Poetry has no such switch, and is left out unless it is trusted."""
RUNS_CODE: Final = frozenset({"poetry", "bundler"})
"""Managers whose manifests are programs, or that may build packages to read what they need."""


class Relocked(NamedTuple):
    """What came of it."""

    files: dict[str, bytes]
    """The files as they are now, changed or not."""
    done: bool
    words: str
    """What was run, or why nothing was."""


def relock(
    files: Mapping[str, bytes], project: Project, changes: tuple[Change, ...], *, trust: bool = False, seconds: float = SECONDS, memory: int = MEMORY
) -> Relocked:  # fmt: skip
    """Return the files after the project's manager has brought its lock up to date with them.

    `files` are all manifests and locks, by path from the root; `changes` are those to packages that only the lock names. `trust`
    allows managers that may run code of what they read. It is the caller's word that the network may be used.
    """
    tool = TOOLS.get(project.manager)
    if tool is None or not project.lock:
        return Relocked(
            dict(files),
            False,
            f"{project.manager or project.ecosystem} keeps no lock that could be brought up to date here",
        )
    if project.manager in RUNS_CODE and not trust:
        return Relocked(dict(files), False, f"{tool.program} may run code of what it reads; --trust allows that")
    program = shutil.which(tool.program)
    if program is None:
        return Relocked(dict(files), False, f"{tool.program} is not installed")
    commands = [list(tool.words)] if any(one.manifests != (project.lock,) for one in changes) or not changes else []
    for one in changes:
        if one.manifests == (project.lock,):
            if not tool.each:
                return Relocked(dict(files), False, f"{tool.program} cannot move a package of the lock alone")
            if not _NAME(one.name) or not _VERSION(one.to_version) or one.name.startswith("-"):
                return Relocked(
                    dict(files), False, f"{one.name} {one.to_version} is no name and version to hand to a program"
                )
            commands.append(
                [word.format(name=one.name, version=one.to_version, before=one.from_version) for word in tool.each]
            )
    with tempfile.TemporaryDirectory(prefix="seamark-fix-") as folder:
        root = Path(folder)
        _laid_out(root, files, project)
        at = root / Path(project.lock).parent
        try:
            for words in commands:
                run_limited([program, *words], at, root, seconds, memory)
        except RemoteFailure as error:
            return Relocked(dict(files), False, str(error))
        found = {path: (root / path).read_bytes() if (root / path).is_file() and not (root / path).is_symlink() else data for path, data in files.items()}  # fmt: skip
    told = "; ".join(" ".join((tool.program, *words)) for words in commands)
    return Relocked(found, True, told)


def _laid_out(root: Path, files: Mapping[str, bytes], project: Project) -> None:
    for path, data in files.items():
        place = root / path
        if not place.resolve().is_relative_to(root.resolve()):
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        if path.endswith("Cargo.toml"):
            for name, stub in _MARKS.get(project.ecosystem, ()):
                (place.parent / name).parent.mkdir(exist_ok=True)
                (place.parent / name).write_bytes(stub)


def run_limited(words: list[str], at: Path, root: Path, seconds: float = SECONDS, memory: int = MEMORY) -> None:
    """Run a program in the folder `at` within its limits, with scratch below `root`. Raises `RemoteFailure` with its last complaint."""
    scratch = root / ".seamark"
    scratch.mkdir(exist_ok=True)
    variables = {name: os.environ[name] for name in _KEPT if name in os.environ}
    variables |= {
        "CI": "1", "NO_COLOR": "1", "TMPDIR": str(scratch), "npm_config_cache": str(scratch / "npm"), "npm_config_update_notifier": "false",
        "npm_config_loglevel": "error", "XDG_CACHE_HOME": str(scratch / "cache"), "XDG_CONFIG_HOME": str(scratch / "config"), "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=mod", "GOCACHE": str(scratch / "go"), "GOMODCACHE": str(scratch / "gomod"), "UV_CACHE_DIR": str(scratch / "uv"), "UV_NO_PROGRESS": "1",
        "YARN_ENABLE_SCRIPTS": "0", "YARN_IGNORE_PATH": "1", "COMPOSER_HOME": str(scratch / "composer"),
    }  # fmt: skip
    limited = [sys.executable, "-I", "-c", _LIMITED, str(memory), str(int(seconds) * 2), *words]
    # The environment is emptied by `env`: what `answer` passes on is not for programs that read a stranger's files.
    emptied = [shutil.which("env") or "env", "-i", *(f"{name}={value}" for name, value in variables.items()), *limited]
    answer(emptied, timeout=seconds, most=_MOST, folder=str(at))
