"""Secrets in code: how to make them worthless, how to take them out of the file and of the history, and how to keep others out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit, source, spliced
from seamark.response.remediation.patches.patch import Patched, well_formed

SHORTEST: Final = 6
_NAME: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,99}")


class Kind(Struct, frozen=True):
    """A sort of secret: how it is recognised, and where it is made anew."""

    name: str
    pattern: str
    """Fits what rules call it and what it looks like."""
    revoke: str
    hook: str = ""
    """A regular expression of its form, for a rule that keeps it out; empty where it has none."""


KINDS: Final = (
    Kind("AWS access key", r"aws|AKIA|ASIA", "Make a second access key for the user in IAM, put it where it is used, set the old one inactive, watch for a day, and delete it. Look through CloudTrail for what the key did.", r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    Kind("GitHub token", r"github|gh[pousr]_|github_pat_", "Revoke the token in the settings of whoever made it, and make a new one that may do less and expires; better still, use a GitHub App. Look through the audit log.", r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{82})\b"),
    Kind("GitLab token", r"gitlab|glpat-", "Revoke the token on the page of access tokens (of the user, project or group), and make a new one that expires.", r"\bglpat-[A-Za-z0-9_-]{20}\b"),
    Kind("Slack token", r"slack|xox[abprs]-", "Revoke the token (auth.revoke, or by installing the app anew), and put the new one in place.", r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    Kind("Stripe key", r"stripe|[rs]k_live_", "Roll the key on the page of API keys, with a time at which the old one ends.", r"\b[rs]k_live_[A-Za-z0-9]{24,}\b"),
    Kind("Google API key", r"google|gcp|AIza", "Make a new key with restrictions, put it in place, and delete the old one. For service accounts make a new key and delete the old one, or use workload identity.", r"\bAIza[A-Za-z0-9_-]{35}\b"),
    Kind("private key", r"private.?key|BEGIN [A-Z ]*PRIVATE KEY|CKV_SECRET_13", "Make a new pair of keys, put the public one in place of the old, revoke the certificates of the old one, and take it out of authorized_keys.", r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    Kind("JSON Web Token secret", r"jwt", "Make a new signing key, accept the old one for as long as the longest token is valid only if nobody else can have it, and let people sign in again otherwise."),
    Kind("database password", r"database|postgres|mysql|mongo|jdbc|dsn|connection.?string", "Make a second account with a new password, move the program over, and drop the first one. Look through the connections that were made with it."),
)  # fmt: skip
OTHER: Final = Kind(
    "secret",
    "",
    "Make a new one where the old one was made, put it in place, and make the old one worthless. Look through the records of the service for uses that were not yours.",
)


class Playbook(Struct, frozen=True, kw_only=True):
    """What to do about a secret that was committed, in this order."""

    kind: str
    steps: tuple[str, ...]
    """Sentences."""
    purge: str
    """Commands that take the secret out of the history; people run them, after they made it worthless."""
    protection: str
    """A rule for a pre-receive hook or a push protection, as TOML that gitleaks reads; empty where the secret has no form of its own."""


def playbook(rule: str, path: str, looks_like: str = "") -> Playbook:
    """Return what to do about a secret. `looks_like` is its beginning or masked form; the secret itself is not needed and not kept."""
    said = f"{rule} {looks_like}"
    kind = next((each for each in KINDS if re.search(each.pattern, said, re.IGNORECASE)), OTHER)
    return Playbook(
        kind=kind.name,
        steps=(
            f"Treat the {kind.name} as known to others from the moment it was pushed: taking it out of the file does not help.",
            kind.revoke,
            f"Take it out of {path}, and read it from the environment or a store of secrets.",
            "Where the repository was ever public, or the secret cannot be made worthless at once: take it out of the history, and tell everybody to clone anew.",
            "Turn on push protection, so that the next one does not come in.",
        ),
        purge=purge(path),
        protection=protection(kind),
    )


def purge(path: str) -> str:
    """Return the commands that take a secret out of every commit. Its text goes into a file that is not committed."""
    return "\n".join((
        "git clone --mirror <repository> purge && cd purge",
        "printf '%s\\n' '<the secret>==>REMOVED' > ../secrets.txt",
        "git filter-repo --replace-text ../secrets.txt",
        f"git log --all --oneline -S '<the secret>' -- {shlex.quote(path)}   # prints nothing now",
        "git push --force --mirror",
        "shred -u ../secrets.txt",
        "# Forks, caches of pull requests and clones still have it: ask the forge to remove what nothing leads to any more.",
    ))  # fmt: skip


def protection(kind: Kind) -> str:
    """Return a rule that finds such a secret before it is pushed, empty where it has no form of its own."""
    if not kind.hook:
        return ""
    name = re.sub(r"[^a-z0-9]+", "-", kind.name.lower()).strip("-")
    return f"[[rules]]\nid = \"{name}\"\ndescription = \"{kind.name}\"\nregex = '''{kind.hook}'''\n"


def remove(secret: str, files: Mapping[str, bytes], path: str, variable: str) -> Patched:
    """Return the files with a secret replaced by what reads it from the environment, in the file's own language.

    The program gets the variable from whoever starts it. Raises `UnsafeEdit` where the secret is not there, is part of a longer text, or the
    language has no form that is sure.
    """
    if path not in files or not _NAME.fullmatch(variable) or len(secret) < SHORTEST:
        raise UnsafeEdit(
            f"{path} is not among the files, {variable!r} is no name of a variable, or the secret is too short to be found surely."
        )
    own = source(path, files[path])
    places = [each.start() for each in re.finditer(re.escape(secret), own.text)]
    if not places:
        raise UnsafeEdit(f"{path} does not hold the secret any more.")
    after = spliced(own.text, [_read(own, at, secret, variable) for at in places])
    after = _with_import(path, after)
    well_formed(path, own.text, after)
    return Patched(
        files={**files, path: own.encoded(after)}, name="secret-removal", title="Read the secret from the environment",
        note=f"The secret is still in the history: make it worthless first. Set {variable} where the program is started.",
    )  # fmt: skip


_READS: Final = {
    ".py": 'os.environ["{name}"]', ".js": "process.env.{name}", ".mjs": "process.env.{name}", ".cjs": "process.env.{name}", ".ts": "process.env.{name}",
    ".go": 'os.Getenv("{name}")', ".java": 'System.getenv("{name}")', ".rb": 'ENV.fetch("{name}")',
}  # fmt: skip


def _read(own: Source, at: int, secret: str, variable: str) -> Splice:
    name = own.path.rpartition("/")[2]
    ending = name[name.rfind(".") :] if "." in name else ""
    if ending in {".env", ".properties", ".ini"} or name.startswith(".env"):
        line_start = own.start_of_line(at)
        if (
            own.text[line_start:at].rstrip("\"' ").endswith("=")
            and own.text[at + len(secret) : own.end_of_line(at)].strip("\"' ") == ""
        ):
            value = own.text.index("=", line_start) + 1
            return own.splice(value, own.end_of_line(at), "")
        raise UnsafeEdit(f"{own.path} holds the secret within a longer value on line {own.line(at)}.")
    quote, end = own.text[at - 1 : at], at + len(secret)
    template = _READS.get(ending)
    if (
        template is None
        or quote not in {'"', "'"}
        or own.text[end : end + 1] != quote
        or own.text[at - 2 : at - 1] in {quote, "f", "b", "r", "F", "B", "R"}
    ):
        raise UnsafeEdit(f"{own.path} holds the secret on line {own.line(at)} in a way that is not edited.")
    return own.splice(at - 1, end + 1, template.format(name=variable))


def _with_import(path: str, text: str) -> str:
    """Return Python code with `import os` where it is missing; other languages that would need an import are left to people."""
    if path.endswith(".go") and '"os"' not in text:
        raise UnsafeEdit(f"{path} does not import os, which reading the environment needs.")
    if not path.endswith(".py") or re.search(r"^import os\b|^import .*\bos\b", text, re.MULTILINE):
        return text
    found = re.search(r"^(?:import|from) (?!__future__)\S+", text, re.MULTILINE)
    if found is None:
        raise UnsafeEdit(f"{path} has no imports beside which os could be imported.")
    newline = "\r\n" if "\r\n" in text else "\n"
    return text[: found.start()] + f"import os{newline}" + text[found.start() :]
