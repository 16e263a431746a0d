"""Git over the network, on a repository that nobody vouches for: into a folder of its own, with no programs, filters or hooks of its choice.

The host is looked at by the same guard as all calls, and git connects to the very address that was. Tokens are handed over in the
environment, never in words that other users of the machine see. Changes are written as objects: every byte that is not changed stays.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.clusters.process import answer
from seamark.intake.connectors.guard import check_url
from seamark.response.actions.door import Door, door
from seamark.response.forges.pulls.contract import basic

SECONDS: Final = 300.0
_MOST: Final = 64_000_000
_LARGEST: Final = 2_000_000_000
"""Bytes of files that a working tree may have."""
_BLOCKS: Final = "4194304"
"""Blocks of 512 bytes that git may write into one file."""
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BRANCH: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}")
_PLAIN: Final = "* -text -eol -ident -filter -working-tree-encoding -export-ignore -export-subst\n"
"""Attributes that win over those of the tree: files come as they are."""
_NEVER: Final = (
    ("core.hooksPath", "/dev/null"), ("core.fsmonitor", "false"), ("core.symlinks", "false"), ("core.protectNTFS", "true"),
    ("core.protectHFS", "true"), ("core.autocrlf", "false"), ("core.attributesFile", "/dev/null"), ("core.askPass", ""),
    ("credential.helper", ""), ("protocol.allow", "never"), ("http.followRedirects", "false"), ("fetch.fsckObjects", "true"),
    ("transfer.credentialsInUrl", "die"), ("submodule.recurse", "false"), ("gc.auto", "0"), ("maintenance.auto", "false"), ("push.gpgSign", "false"),
    ("core.pager", "cat"), ("advice.detachedHead", "false"),
)  # fmt: skip


class Author(NamedTuple):
    """Who commits, and with which key (SSH, as OpenSSH writes private ones) commits are signed; empty for none."""

    name: str
    email: str
    key: str = ""


class Commit(NamedTuple):
    """What a commit says."""

    tree: str
    parents: tuple[str, ...]
    email: str
    message: str


class Repository:
    """A repository far away, and what was fetched of it. Every method raises `RemoteFailure`."""

    def __init__(
        self, folder: Path, url: str, login: tuple[str, str], internal: Collection[str] = (), *, through: Door | None = None
    ) -> None:  # fmt: skip
        """Take an empty folder to work in, the address without a password, and user and password."""
        check_url(url, internal)
        parts = urlsplit(url)
        if parts.query or parts.fragment:
            raise RemoteFailure("The address of a repository ends with its path", permanent=True)
        self._url, self._scheme = url, parts.scheme
        self._git, self._index, self._scratch = folder / "git", folder / "index", folder / "scratch"
        self._scratch.mkdir()
        host, port = parts.hostname or "", parts.port or {"https": 443, "http": 80}[parts.scheme]
        address = (through or door(tuple(internal)))(host, port)
        shown = f"[{address}]" if ":" in address else address
        self._far = [
            (f"protocol.{parts.scheme}.allow", "always"), ("http.curloptResolve", f"{host}:{port}:{shown}"),
            *([("http.extraHeader", f"Authorization: {basic(*login)}")] if login[1] else []),
        ]  # fmt: skip
        self._run("init", "--bare", "--quiet", "--template=", str(self._git), bare=True)
        (self._git / "info").mkdir(exist_ok=True)
        (self._git / "info/attributes").write_text(_PLAIN)

    def tips(self, *branches: str) -> dict[str, str]:
        """Return the commits at the tips of branches; those that are not there are left out."""
        wanted = [f"refs/heads/{_branch(one)}" for one in branches]
        told = self._run("ls-remote", "--refs", self._url, *wanted, far=True).decode("utf-8", "replace")
        found = (line.split("\t", 1) for line in told.splitlines() if "\t" in line)
        return {name.removeprefix("refs/heads/"): commit for commit, name in found if name in wanted and _COMMIT.fullmatch(commit)}  # fmt: skip

    def fetch(self, branch: str, depth: int = 1) -> str:
        """Fetch a branch's last commits, and return the one at its tip."""
        wanted = f"refs/heads/{_branch(branch)}"
        words = (
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-recurse-submodules",
            f"--depth={depth}",
            "--no-write-fetch-head",
        )
        self._run(*words, self._url, f"+{wanted}:refs/far/{branch}", far=True)
        return self._run("rev-parse", "--verify", f"refs/far/{branch}^{{commit}}").decode().strip()

    def read(self, commit: str) -> Commit:
        """Return what a commit that was fetched says."""
        told = self._run("show", "-s", "--no-show-signature", "--format=%T%x00%P%x00%ce%x00%B", _commit(commit)).decode(
            "utf-8", "replace"
        )
        tree, parents, email, message = told.split("\0", 3)
        return Commit(tree, tuple(parents.split()), email, message)

    def checkout(self, commit: str, folder: Path) -> None:
        """Write the files of a commit into an empty folder. Links come as small files, submodules as empty folders."""
        size = sum(
            int(one) for one in re.findall(rb" +(\d+)\t", self._run("ls-tree", "-r", "-l", "-z", _commit(commit)))
        )
        if size > _LARGEST:
            raise RemoteFailure(f"The repository has more than {_LARGEST // 10**9} GB of files", permanent=True)
        self._run("read-tree", commit)
        self._run("checkout-index", "--all", "--quiet", tree=folder)

    def commit(
        self, parent: str, files: Mapping[str, bytes], message: str, author: Author, when: datetime, *, adding: bool = False
    ) -> str:  # fmt: skip
        """Write a commit that replaces regular files of its parent's, and return it; the same words give the same commit.

        With `adding` files may be new. Raises `RemoteFailure` for a path that is no regular file there.
        """
        modes = self._modes(parent)
        self._run("read-tree", _commit(parent))
        for at, (path, data) in enumerate(sorted(files.items())):
            mode = modes.get(path, "100644" if adding else "")
            if mode not in {"100644", "100755"}:
                raise RemoteFailure(f"{path} is no regular file of the repository", permanent=True)
            draft = self._scratch / f"blob-{at}"
            draft.write_bytes(data)
            blob = self._run("hash-object", "-w", "--no-filters", str(draft)).decode().strip()
            draft.unlink()
            self._run("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}")
        tree = self._run("write-tree").decode().strip()
        draft = self._scratch / "message"
        draft.write_text(message, "utf-8")
        stamp = f"{int(when.timestamp())} +0000"
        who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in (("NAME", author.name), ("EMAIL", author.email), ("DATE", stamp))}  # fmt: skip
        signing = self._signing(author)
        words = ("commit-tree", tree, "-p", parent, "-F", str(draft), *(("-S",) if signing else ()))
        return self._run(*words, more=signing, variables=who).decode().strip()

    def difference(self, before: str, after: str) -> bytes:
        """Return what a commit changes against another, the same wherever the same is changed to the same."""
        return self._run(
            "diff-tree", "-r", "-z", "--no-renames", "--full-index", "--raw", _commit(before), _commit(after)
        )

    def push(self, branch: str, commit: str, expected: str) -> None:
        """Set a far branch to a commit, provided that it is still at `expected`; empty: not there."""
        self._push(branch, f"{_commit(commit)}:refs/heads/{branch}", expected)

    def delete(self, branch: str, expected: str) -> None:
        """Remove a far branch, provided that it is still at `expected`."""
        self._push(branch, f":refs/heads/{branch}", _commit(expected))

    def _push(self, branch: str, words: str, expected: str) -> None:
        lease = f"--force-with-lease=refs/heads/{_branch(branch)}:{_commit(expected) if expected else ''}"
        self._run("push", "--quiet", "--no-verify", "--no-recurse-submodules", lease, self._url, words, far=True)

    def _modes(self, commit: str) -> dict[str, str]:
        found = {}
        for one in self._run("ls-tree", "-r", "-z", "--full-tree", _commit(commit)).split(b"\0"):
            about, _, path = one.partition(b"\t")
            if path:
                found[path.decode("utf-8", "surrogateescape")] = about.split(b" ")[0].decode()
        return found

    def _signing(self, author: Author) -> list[tuple[str, str]]:
        if not author.key:
            return []
        place = self._scratch / "key"
        if not place.exists():
            handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(author.key.replace("\r\n", "\n").rstrip("\n") + "\n")
        return [("gpg.format", "ssh"), ("user.signingKey", str(place))]

    def _run(
        self, *words: str, far: bool = False, bare: bool = False, tree: Path | None = None, more: Collection[tuple[str, str]] = (),
        variables: Mapping[str, str] | None = None,
    ) -> bytes:  # fmt: skip
        settings = [*_NEVER, *(self._far if far else ()), *more]
        told = {
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": self._scheme if far else "none", "GIT_INDEX_FILE": str(self._index), "LC_ALL": "C", "HOME": str(self._scratch),
            "GIT_CONFIG_COUNT": str(len(settings)), **(variables or {}),
        }  # fmt: skip
        for at, (name, value) in enumerate(settings):
            told |= {f"GIT_CONFIG_KEY_{at}": name, f"GIT_CONFIG_VALUE_{at}": value}
        told |= {} if bare else {"GIT_DIR": str(self._git)}
        told |= {"GIT_WORK_TREE": str(tree)} if tree is not None else {}
        # What is set for the whole server is not for this repository.
        foreign = [
            part
            for name in os.environ
            if name.startswith(("GIT_", "SSH_")) and name not in told
            for part in ("-u", name)
        ]
        limited = ["sh", "-c", 'ulimit -f "$0" && exec "$@"', _BLOCKS, "git", *words]
        begin = ["env", *foreign, *limited]
        try:
            return answer(begin, timeout=SECONDS, most=_MOST, variables=told, folder=str(tree or self._scratch))
        except RemoteFailure as error:
            raise RemoteFailure(f"git {words[0]}{str(error).removeprefix('env')}", permanent=error.permanent) from None


def _branch(name: str) -> str:
    if not _BRANCH.fullmatch(name) or ".." in name or "//" in name or name.endswith(("/", ".", ".lock")):
        raise RemoteFailure(f"{name[:100]!r} is no name of a branch", permanent=True)
    return name


def _commit(name: str) -> str:
    if not _COMMIT.fullmatch(name):
        raise RemoteFailure(f"{name[:100]!r} is no commit", permanent=True)
    return name
