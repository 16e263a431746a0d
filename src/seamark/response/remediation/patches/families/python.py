"""Python: calls that have a safe form beside them."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from typing import Final

from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit
from seamark.response.remediation.patches.registry import Job, codemod

FILES: Final = r"[^/]+\.py"
_SIGNS: Final = re.compile(r"[|&;<>()$`*?#~\[\]{}\\!\n]")
_SECRET: Final = re.compile(r"passw|secret|token|sign|auth|credential|hmac|session|salt|crypt", re.IGNORECASE)
_VERBS: Final = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request"})


def _tree(source: Source) -> ast.Module:
    try:
        return ast.parse(source.text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UnsafeEdit(f"{source.path} is no Python that can be read.") from None


class _Code:
    """A file's calls, by the full names of what they call, as its imports say."""

    def __init__(self, job: Job) -> None:
        self.job, self.source = job, job.source
        self.tree = _tree(job.source)
        self.starts = [0]
        for line in self.source.text.removeprefix("\ufeff").split("\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.lines = self.source.text.removeprefix("\ufeff").split("\n")
        self.names = dict(self._imports())

    def _imports(self) -> Iterator[tuple[str, str]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for each in node.names:
                    yield (
                        each.asname or each.name.partition(".")[0],
                        each.name if each.asname else each.name.partition(".")[0],
                    )
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for each in node.names:
                    yield each.asname or each.name, f"{node.module}.{each.name}"

    def called(self, node: ast.expr) -> str:
        """Return the full name of what an expression names, empty for what is computed."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, "")
        if isinstance(node, ast.Attribute):
            above = self.called(node.value)
            return f"{above}.{node.attr}" if above else ""
        return ""

    def calls(self) -> Iterator[tuple[ast.Call, str]]:
        """Yield the calls on the lines of the finding with the full names of what they call."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and self.job.covers(node.lineno, node.end_lineno or node.lineno):
                yield node, self.called(node.func)

    def at(self, line: int, column: int) -> int:
        """Return the character of a place in the tree: lines from 1, columns in bytes."""
        mark = len(self.source.text) - len(self.source.text.removeprefix("\ufeff"))
        return mark + self.starts[line - 1] + len(self.lines[line - 1].encode()[:column].decode("utf-8", "ignore"))

    def replace(self, node: ast.expr, text: str) -> Splice:
        """Return the piece that writes something else in the place of an expression."""
        return self.source.splice(
            self.at(node.lineno, node.col_offset), self.at(node.end_lineno or 0, node.end_col_offset or 0), text
        )

    def written(self, node: ast.expr) -> str:
        """Return an expression as it is written."""
        return self.source.text[
            self.at(node.lineno, node.col_offset) : self.at(node.end_lineno or 0, node.end_col_offset or 0)
        ]

    def add_argument(self, node: ast.Call, text: str) -> Splice:
        """Return the piece that adds an argument at the end of a call."""
        if any(keyword.arg is None for keyword in node.keywords):
            raise UnsafeEdit(
                f"{self.source.path} hands over arguments in a dictionary on line {node.lineno}, which may have this one."
            )
        end = self.at(node.end_lineno or 0, node.end_col_offset or 0) - 1
        last = [*node.args, *(each.value for each in node.keywords)]
        if not last:
            start = self.at(node.func.end_lineno or 0, node.func.end_col_offset or 0)
            if self.source.text[start : end + 1].replace(" ", "") != "()":
                raise UnsafeEdit(
                    f"{self.source.path} writes the call on line {node.lineno} in a way that is not edited."
                )
            return self.source.splice(end, end, text)
        final = max(last, key=lambda each: (each.end_lineno or 0, each.end_col_offset or 0))
        at = self.at(final.end_lineno or 0, final.end_col_offset or 0)
        if not re.fullmatch(r"[\s,]*", self.source.text[at:end]) or isinstance(final, ast.GeneratorExp):
            raise UnsafeEdit(f"{self.source.path} writes the call on line {node.lineno} in a way that is not edited.")
        return self.source.splice(at, at, f", {text}")


def _keyword(node: ast.Call, name: str) -> ast.expr | None:
    return next((each.value for each in node.keywords if each.arg == name), None)


def _is(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


@codemod(
    "python-yaml-load",
    title="Load YAML without objects",
    files=FILES,
    about=("yaml-objects",),
    note="Files with Python's own tags are refused from now on.",
)
def yaml_load(job: Job) -> Iterator[Splice]:
    """Call safe_load instead of load."""
    code = _Code(job)
    for node, name in code.calls():
        short = name.removeprefix("yaml.")
        if (
            short not in {"load", "load_all", "unsafe_load", "full_load", "unsafe_load_all", "full_load_all"}
            or name == short
        ):
            continue
        loader = _keyword(node, "Loader") or (node.args[1] if len(node.args) > 1 else None)
        if loader is not None and code.called(loader) in {"yaml.SafeLoader", "yaml.CSafeLoader"}:
            continue
        if loader is not None and code.called(loader) not in {
            "yaml.Loader",
            "yaml.FullLoader",
            "yaml.UnsafeLoader",
            "yaml.CLoader",
        }:
            raise UnsafeEdit(f"{job.source.path} loads with a loader of its own on line {node.lineno}.")
        stream = _keyword(node, "stream") or (node.args[0] if node.args else None)
        if not isinstance(node.func, ast.Attribute) or stream is None or isinstance(stream, ast.Starred):
            raise UnsafeEdit(f"{job.source.path} calls load by another name on line {node.lineno}.")
        inside = code.written(node)
        if "#" in inside and loader is not None:
            raise UnsafeEdit(f"{job.source.path} has comments in the call on line {node.lineno}.")
        safe = "safe_load_all" if short.endswith("_all") else "safe_load"
        if loader is None:
            end = code.at(node.func.end_lineno or 0, node.func.end_col_offset or 0)
            yield job.source.splice(end - len(node.func.attr), end, safe)
        else:
            yield code.replace(node, f"{code.written(node.func.value)}.{safe}({code.written(stream)})")


@codemod(
    "python-mktemp",
    title="Make the temporary file at once",
    files=FILES,
    about=("temporary-file",),
    note="The file is there now: what makes a folder of that name, or expects that there is none, has to change.",
)
def mktemp(job: Job) -> Iterator[Splice]:
    """Replace tempfile.mktemp() by a file that is made and stays."""
    code = _Code(job)
    for node, name in code.calls():
        if name != "tempfile.mktemp":
            continue
        if (
            not isinstance(node.func, ast.Attribute)
            or any(isinstance(each, ast.Starred) for each in node.args)
            or any(each.arg is None for each in node.keywords)
        ):
            raise UnsafeEdit(f"{job.source.path} calls mktemp in a way that is not edited on line {node.lineno}.")
        told = [
            f"{key}={code.written(value)}" for key, value in zip(("suffix", "prefix", "dir"), node.args, strict=False)
        ]
        told += [f"{each.arg}={code.written(each.value)}" for each in node.keywords]
        yield code.replace(
            node, f"{code.written(node.func.value)}.NamedTemporaryFile({', '.join([*told, 'delete=False'])}).name"
        )


@codemod(
    "python-hash",
    title="Say that a hash protects nothing",
    files=FILES,
    about=("weak-hash",),
    note="Merge it only where the hash protects nothing: a cache key, an ETag. It needs Python 3.9.",
)
def weak_hash(job: Job) -> Iterator[Splice]:
    """Mark MD5 and SHA-1 as not used for security, where nothing around says that they are."""
    code = _Code(job)
    for node, name in code.calls():
        new = (
            name == "hashlib.new"
            and node.args
            and isinstance(node.args[0], ast.Constant)
            and str(node.args[0].value).lower() in {"md5", "sha1", "md4"}
        )
        if not (name in {"hashlib.md5", "hashlib.sha1"} or new) or _is(_keyword(node, "usedforsecurity"), False):
            continue
        if _SECRET.search(_around(code, node)):
            raise UnsafeEdit(
                f"{job.source.path} seems to protect something by a weak hash on line {node.lineno}: use SHA-256, or a password hash for passwords."
            )
        if (said := _keyword(node, "usedforsecurity")) is not None:
            yield code.replace(said, "False")
        else:
            yield code.add_argument(node, "usedforsecurity=False")


def _around(code: _Code, wanted: ast.Call) -> str:
    """Return the code of the innermost function around a call with the names of those around it; the call's own lines outside of functions."""
    first, last = wanted.lineno, wanted.end_lineno or wanted.lineno
    names: list[str] = []
    start, end = first, last
    for each in ast.walk(code.tree):
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and each.lineno <= first <= (
            each.end_lineno or 0
        ):
            names.append(each.name)
            if not isinstance(each, ast.ClassDef):
                start, end = each.lineno, each.end_lineno or last  # outer ones come first
    return "\n".join([*names, *code.lines[start - 1 : end]])


@codemod(
    "python-verify",
    title="Check certificates",
    files=FILES,
    about=("certificate-validation",),
    note="A server with a certificate of one's own authority needs `verify` to name that authority's file.",
)
def verify(job: Job) -> Iterator[Splice]:
    """Set verify=False to True, and make contexts of TLS that check."""
    code = _Code(job)
    for node, name in code.calls():
        said = _keyword(node, "verify")
        if said is not None and _is(said, False):
            yield code.replace(said, "True")
        elif name == "ssl._create_unverified_context" and isinstance(node.func, ast.Attribute):
            if node.args or node.keywords:
                raise UnsafeEdit(f"{job.source.path} makes a context of TLS with arguments on line {node.lineno}.")
            yield code.replace(node, f"{code.written(node.func.value)}.create_default_context()")


@codemod("python-shell", title="Run a program without a shell", files=FILES, about=("command-injection",))
def shell(job: Job) -> Iterator[Splice]:
    """Split a literal command into words where it needs no shell."""
    code = _Code(job)
    for node, name in code.calls():
        said = _keyword(node, "shell")
        if not name.startswith("subprocess.") or not _is(said, True) or said is None:
            continue
        given = node.args[0] if node.args else _keyword(node, "args")
        if not isinstance(given, ast.Constant) or not isinstance(given.value, str):
            raise UnsafeEdit(f"{job.source.path} computes the command on line {node.lineno}.")
        try:
            words = shlex.split(given.value)
        except ValueError:
            words = []
        if (
            _SIGNS.search(given.value)
            or not words
            or "=" in words[0]
            or words[0] in {"cd", "export", "source", ".", "alias", "ulimit", "set", "type"}
        ):
            raise UnsafeEdit(f"{job.source.path} needs a shell for the command on line {node.lineno}.")
        yield code.replace(given, "[" + ", ".join(_literal(word) for word in words) + "]")
        yield code.replace(said, "False")


def _literal(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


@codemod(
    "python-debug",
    title="Turn the debugger off",
    files=FILES,
    about=("debug-mode",),
    note="Set it from the environment where developers want it.",
)
def debug(job: Job) -> Iterator[Splice]:
    """Set debug=True to False in the call that starts a server."""
    code = _Code(job)
    for node, _ in code.calls():
        said = _keyword(node, "debug")
        if (
            said is not None
            and _is(said, True)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"run", "run_simple"}
        ):
            yield code.replace(said, "False")


@codemod(
    "python-timeout",
    title="Give requests an end",
    files=FILES,
    about=("request-without-timeout",),
    note="Thirty seconds, unless `timeout` is given; slow services may need more.",
)
def timeout(job: Job) -> Iterator[Splice]:
    """Add a timeout to calls of requests."""
    code = _Code(job)
    seconds = job.given.get("timeout", "30")
    if not re.fullmatch(r"[0-9]{1,4}(?:\.[0-9])?", seconds):
        raise UnsafeEdit(f"{seconds!r} is no number of seconds.")
    for node, name in code.calls():
        if not name.startswith("requests.") or name.removeprefix("requests.") not in _VERBS:
            continue
        said = _keyword(node, "timeout")
        if said is None:
            yield code.add_argument(node, f"timeout={seconds}")
        elif _is(said, None):
            yield code.replace(said, seconds)
