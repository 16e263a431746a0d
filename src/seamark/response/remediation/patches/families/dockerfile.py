"""Dockerfiles: users, packages, pipes and what is copied in."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Final

from seamark.response.remediation.editors.notation.docker import Instruction, instructions
from seamark.response.remediation.editors.notation.source import Splice, UnsafeEdit
from seamark.response.remediation.editors.references import split
from seamark.response.remediation.patches.registry import Job, codemod

FILES: Final = r"(?:[^/]+[.-])?(?i:dockerfile|containerfile)(?:[.-][^/]+)?"
USER: Final = "10001:10001"
"""A number needs no entry in the image, and Kubernetes can see that it is not root."""
_ARCHIVE: Final = re.compile(r"\.(?:tar|tgz|tbz2?|txz|tar\.[a-z0-9]+|gz|bz2|xz|zst)\b", re.IGNORECASE)
_SIGNS: Final = re.compile(r"[|&;<>()$`*?#~\[\]{}\\'\"!]")
_WITH_BASH: Final = re.compile(
    r"(?:.*/)?(?:debian|ubuntu|buildpack-deps|python|node|golang|rust|ruby|php|openjdk|eclipse-temurin|fedora|rockylinux|almalinux|amazonlinux|centos)(?::|$)"
)


def _at(job: Job, *words: str) -> Iterator[tuple[Instruction, str]]:
    """Yield the instructions of some sorts that a finding is about, with their arguments."""
    text = job.source.text
    for each in instructions(text):
        if each.word in words and job.covers(job.source.line(each.line), job.source.line(each.end)):
            yield each, text[each.start : each.end]


@codemod(
    "dockerfile-user", title="Run as somebody else than root", files=FILES, about=("docker-root",),
    note="What the program writes has to belong to the user, and ports below 1024 may need another number.",
)  # fmt: skip
def user(job: Job) -> Iterator[Splice]:
    """Set a user at the end of the last stage, or replace root there."""
    source, found = job.source, list(instructions(job.source.text))
    last_from = max((number for number, each in enumerate(found) if each.word == "FROM"), default=-1)
    if last_from < 0:
        raise UnsafeEdit(f"{source.path} has no FROM.")
    stage = found[last_from + 1 :]
    wanted = job.given.get("user") or USER
    if not re.fullmatch(r"[\w.-]+(?::[\w.-]+)?", wanted) or wanted.partition(":")[0] in {"0", "root"}:
        raise UnsafeEdit(f"{wanted!r} is no user that fits.")
    users = [each for each in stage if each.word == "USER"]
    if users:
        said = source.text[users[-1].start : users[-1].end].strip()
        if said.partition(":")[0] in {"root", "0"}:
            yield source.splice(users[-1].start, users[-1].end, wanted)
        return
    ends = [each for each in stage if each.word in {"CMD", "ENTRYPOINT"}]
    if ends:
        yield source.splice(ends[0].line, ends[0].line, f"USER {wanted}{source.newline}")
    else:
        end = len(source.text)
        gap = "" if source.text.endswith("\n") else source.newline
        yield source.splice(end, end, f"{gap}USER {wanted}{source.newline}")


@codemod("dockerfile-tag", title="Name the base image by the given tag", files=FILES, about=("docker-latest",))
def tag(job: Job) -> Iterator[Splice]:
    """Give a base image without a tag, or with `latest`, the given tag or digest."""
    stages: set[str] = set()
    for each in instructions(job.source.text):
        found = re.compile(r"(?:--\S+\s+)*(?P<image>\S+)(?:\s+[Aa][Ss]\s+(?P<name>\S+))?").match(
            job.source.text, each.start, each.end
        )
        if each.word != "FROM" or found is None:
            continue
        name, said, digest = split(found["image"])
        if (
            found["image"].lower() not in stages | {"scratch"}
            and "$" not in name
            and not digest
            and said in {"", "latest"}
            and job.covers(job.source.line(each.line), job.source.line(each.end))
        ):
            wanted = job.given.get("digest") or job.need("tag", f"which tag of {name} to use has to be given")
            mark = "@" if wanted.startswith("sha256:") else ":"
            if (
                not re.fullmatch(r"sha256:[0-9a-f]{64}|[\w][\w.-]{0,127}(?:@sha256:[0-9a-f]{64})?", wanted)
                or wanted == "latest"
            ):
                raise UnsafeEdit(f"{wanted!r} is no tag that stays the same.")
            yield job.source.splice(*found.span("image"), f"{name}{mark}{wanted}")
        stages.add((found["name"] or "").lower())


@codemod("dockerfile-copy", title="Copy files with COPY", files=FILES, about=("docker-add",))
def copy(job: Job) -> Iterator[Splice]:
    """Replace ADD where it only copies: addresses and archives are something else."""
    for each, rest in _at(job, "ADD"):
        if re.search(r"://|git@|--(?:checksum|keep-git-dir)|<<", rest) or _ARCHIVE.search(rest) or "*" in rest:
            raise UnsafeEdit(
                f"{job.source.path} fetches or unpacks with ADD on line {job.source.line(each.line)}, which COPY does not."
            )
        at = job.source.text.upper().index("ADD", each.line)
        yield job.source.splice(at, at + 3, "COPY")


def _refuse_other_forms(job: Job, each: Instruction, rest: str) -> None:
    if rest.lstrip().startswith("[") or "<<" in rest:
        raise UnsafeEdit(
            f"{job.source.path} runs commands on line {job.source.line(each.line)} in a form that is not edited."
        )


@codemod(
    "dockerfile-no-recommends",
    title="Install no recommended packages",
    files=FILES,
    about=("docker-no-recommends",),
    note="A package that came along as a recommendation may have to be named.",
)
def no_recommends(job: Job) -> Iterator[Splice]:
    """Add --no-install-recommends to apt-get install."""
    return _with_option(job, r"\bapt(?:-get)?\s+(?:-\S+\s+)*install\b", "--no-install-recommends")


def _with_option(job: Job, call: str, option: str) -> Iterator[Splice]:
    """Add an option to the calls that a regular expression finds, behind it, where they have it not."""
    for each, rest in _at(job, "RUN"):
        for found in re.finditer(call, rest):
            command = re.compile(r"[^&|;]*").match(rest, found.start())
            if command is None or option not in command[0]:
                _refuse_other_forms(job, each, rest)
                at = each.start + found.end()
                yield job.source.splice(at, at, f" {option}")


@codemod(
    "dockerfile-apt-lists",
    title="Remove the package lists",
    files=FILES,
    rules={"hadolint": ("DL3009",)},
)
def apt_lists(job: Job) -> Iterator[Splice]:
    """Remove what apt-get update fetched, at the end of the same instruction."""
    for each, rest in _at(job, "RUN"):
        if not re.search(r"\bapt-get\s+(?:-\S+\s+)*(?:update|install)\b", rest) or "/var/lib/apt/lists" in rest:
            continue
        _refuse_other_forms(job, each, rest)
        if re.search(r"\|\||;|(?<!&)&(?!&)|#", rest):
            raise UnsafeEdit(
                f"{job.source.path} chains commands on line {job.source.line(each.line)} in a way that is not edited."
            )
        if not re.search(r"\binstall\b", rest):
            raise UnsafeEdit(
                f"{job.source.path} fetches the package lists on line {job.source.line(each.line)} for a later instruction: join the two first."
            )
        several = "\n" in rest
        joint = f" \\{job.source.newline}{_indent_of_last(rest)}&& " if several else " && "
        yield job.source.splice(each.end, each.end, f"{joint}rm -rf /var/lib/apt/lists/*")


def _indent_of_last(rest: str) -> str:
    found = re.match(r"[ \t]*", rest[rest.rfind("\n") + 1 :])
    return found[0] if found else ""


@codemod("dockerfile-pip-cache", title="Keep no cache of pip", files=FILES, rules={"hadolint": ("DL3042",)})
def pip_cache(job: Job) -> Iterator[Splice]:
    """Add --no-cache-dir to pip install."""
    return _with_option(job, r"\bpip3?\s+install\b", "--no-cache-dir")


@codemod(
    "dockerfile-command",
    title="Start the program without a shell",
    files=FILES,
    rules={"hadolint": ("DL3025",), "kics": ("b86987e1-6397-4619-81d5-8807f2387c79",)},
)
def command(job: Job) -> Iterator[Splice]:
    """Write CMD and ENTRYPOINT as a list where the command needs no shell."""
    for each, rest in _at(job, "CMD", "ENTRYPOINT"):
        if rest.lstrip().startswith("["):
            continue
        if _SIGNS.search(rest) or "=" in rest.split()[0]:
            raise UnsafeEdit(f"{job.source.path} needs a shell for its command on line {job.source.line(each.line)}.")
        yield job.source.splice(each.start, each.end, json.dumps(shlex.split(rest)))


@codemod("dockerfile-pipe", title="Fail where a part of a pipe fails", files=FILES, about=("docker-pipe-fail",))
def pipe(job: Job) -> Iterator[Splice]:
    """Set a shell with pipefail before the first pipe of a stage, where the base image has bash."""
    base = ""
    done = False
    for each in instructions(job.source.text):
        rest = job.source.text[each.start : each.end]
        if each.word == "FROM":
            base, done = re.sub(r"--\S+\s+", "", rest).split()[0], False
        elif each.word == "SHELL":
            done = True
        elif (
            each.word == "RUN"
            and not done
            and re.search(r"(?<!\|)\|(?!\|)", rest)
            and job.covers(job.source.line(each.line), job.source.line(each.end))
        ):
            if not _WITH_BASH.match(base) or "alpine" in base:
                raise UnsafeEdit(f"{job.source.path} stands on {base}, which may have no bash.")
            if "pipefail" in rest:
                continue
            done = True
            yield job.source.splice(
                each.line, each.line, f'SHELL ["/bin/bash", "-o", "pipefail", "-c"]{job.source.newline}'
            )


@codemod("dockerfile-health", title="Say how its health is seen", files=FILES, about=("docker-health",))
def health(job: Job) -> Iterator[Splice]:
    """Add the given health check before the command of the last stage."""
    found = list(instructions(job.source.text))
    last_from = max((number for number, each in enumerate(found) if each.word == "FROM"), default=-1)
    stage = found[last_from + 1 :]
    if any(each.word == "HEALTHCHECK" for each in stage):
        return
    wanted = job.need("command", "how the program's health is seen has to be given, as a command")
    line = f"HEALTHCHECK CMD {wanted}"
    ends = [each for each in stage if each.word in {"CMD", "ENTRYPOINT"}]
    at = ends[0].line if ends else len(job.source.text)
    gap = job.source.newline if not ends and not job.source.text.endswith("\n") else ""
    yield job.source.splice(at, at, f"{gap}{line}{job.source.newline}")


@codemod("dockerfile-sudo", title="Run commands without sudo", files=FILES, about=("docker-sudo",))
def sudo(job: Job) -> Iterator[Splice]:
    """Take sudo away where root runs the commands anyhow."""
    root = True
    for each in instructions(job.source.text):
        rest = job.source.text[each.start : each.end]
        if each.word == "FROM":
            root = True
        elif each.word == "USER":
            root = rest.strip().partition(":")[0] in {"root", "0"}
        elif each.word == "RUN" and job.covers(job.source.line(each.line), job.source.line(each.end)):
            for found in re.finditer(r"(?:^|(?<=&&)|(?<=;)|(?<=\|))\s*(sudo\s+)(?![-\s])", rest):
                if not root:
                    raise UnsafeEdit(
                        f"{job.source.path} runs line {job.source.line(each.line)} as another user, who may need sudo."
                    )
                yield job.source.splice(each.start + found.start(1), each.start + found.end(1), "")
