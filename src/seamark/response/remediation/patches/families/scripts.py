"""JavaScript, TypeScript, Go and Java: literals that turn protection off, and calls with a safe form beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from seamark.intake.discovery.syntax import field, find, language_of, parse, text
from seamark.response.remediation.editors.notation.source import Splice, UnsafeEdit
from seamark.response.remediation.patches.registry import Job, codemod

SCRIPTS: Final = r"[^/]+\.(?:[cm]?[jt]s|[jt]sx)"
GO: Final = r"[^/]+\.go"
JAVA: Final = r"[^/]+\.java"


def _nodes(job: Job, *types: str) -> Iterator[Node]:
    """Yield the nodes of some types on the lines of the finding."""
    language = language_of(job.source.path)
    root = parse(job.source.utf8, language).root_node
    if root.has_error:
        raise UnsafeEdit(f"{job.source.path} has code that cannot be read.")
    for node in find(root, language, *types):
        if job.covers(node.start_point.row + 1, node.end_point.row + 1):
            yield node


def _replace(job: Job, node: Node, written: str) -> Splice:
    return job.source.splice(job.source.at(node.start_byte), job.source.at(node.end_byte), written)


@codemod(
    "script-certificates",
    title="Check certificates",
    files=SCRIPTS,
    about=("certificate-validation",),
    note="A server with a certificate of one's own authority needs `ca` to hold that authority's.",
)
def certificates(job: Job) -> Iterator[Splice]:
    """Set rejectUnauthorized and strictSSL to true."""
    for node in _nodes(job, "pair"):
        value = field(node, "value")
        if (
            value is not None
            and text(field(node, "key")).strip("'\"") in {"rejectUnauthorized", "strictSSL"}
            and text(value) == "false"
        ):
            yield _replace(job, value, "true")


@codemod("script-inner-html", title="Set text as text", files=SCRIPTS, about=("cross-site-scripting",))
def inner_html(job: Job) -> Iterator[Splice]:
    """Set textContent instead of innerHTML where a literal without markup is set."""
    for node in _nodes(job, "assignment_expression"):
        left, right = field(node, "left"), field(node, "right")
        name = field(left, "property")
        if name is None or right is None or text(name) != "innerHTML":
            continue
        if right.type != "string" or re.search(r"[<&\\]", text(right)):
            raise UnsafeEdit(f"{job.source.path} sets markup or computed text on line {node.start_point.row + 1}.")
        yield _replace(job, name, "textContent")


@codemod(
    "script-buffer",
    title="Make buffers by what they are made from",
    files=SCRIPTS,
    rules={"eslint": ("security/detect-new-buffer", "detect-new-buffer", "node/no-deprecated-api")},
)
def buffer(job: Job) -> Iterator[Splice]:
    """Replace `new Buffer(…)` by Buffer.from or Buffer.alloc where the argument tells which."""
    for node in _nodes(job, "new_expression"):
        arguments = field(node, "arguments")
        if text(field(node, "constructor")) != "Buffer" or arguments is None or not arguments.named_children:
            continue
        first = arguments.named_children[0].type
        if first not in {"string", "template_string", "array", "number"}:
            raise UnsafeEdit(
                f"{job.source.path} makes a buffer of something that may be a number on line {node.start_point.row + 1}."
            )
        yield _replace(job, node, ("Buffer.alloc" if first == "number" else "Buffer.from") + text(arguments))


@codemod(
    "script-random-bytes",
    title="Take bytes that cannot be guessed",
    files=SCRIPTS,
    rules={
        "eslint": ("security/detect-pseudorandombytes", "detect-pseudorandombytes"),
        "semgrep": ("detect-pseudorandombytes",),
    },
)
def random_bytes(job: Job) -> Iterator[Splice]:
    """Call randomBytes instead of pseudoRandomBytes."""
    for node in _nodes(job, "member_expression"):
        name = field(node, "property")
        if name is not None and text(name) == "pseudoRandomBytes":
            yield _replace(job, name, "randomBytes")


@codemod(
    "go-tls",
    title="Check certificates, and speak TLS 1.2 at least",
    files=GO,
    about=("certificate-validation",),
    note="A server with a certificate of one's own authority needs RootCAs.",
)
def go_tls(job: Job) -> Iterator[Splice]:
    """Set InsecureSkipVerify to false, and a lowest version where there is none."""
    for node in _nodes(job, "composite_literal"):
        if text(field(node, "type")) != "tls.Config":
            continue
        body = field(node, "body")
        told = {
            text(each.named_children[0]): each.named_children[1]
            for each in (body.named_children if body is not None else ())
            if each.type == "keyed_element"
        }
        skip = told.get("InsecureSkipVerify")
        if skip is not None and text(skip) == "true":
            yield _replace(job, skip, "false")
        elif skip is None and "MinVersion" not in told and body is not None:
            start = job.source.at(body.start_byte) + 1
            more = "" if not body.named_children else ", "
            if body.named_children and body.named_children[0].start_point.row != body.start_point.row:
                indent = job.source.indent(job.source.at(body.named_children[0].start_byte))
                yield job.source.splice(start, start, f"{job.source.newline}{indent}MinVersion: tls.VersionTLS12,")
            else:
                yield job.source.splice(start, start, f"MinVersion: tls.VersionTLS12{more}")


_MODES: Final = {
    "g301": ("0750", {"Mkdir", "MkdirAll"}),
    "g302": ("0600", {"OpenFile", "Chmod"}),
    "g306": ("0600", {"WriteFile"}),
}


@codemod(
    "go-file-mode",
    title="Keep files from others",
    files=GO,
    about=("file-permissions",),
    note="Programs of other users cannot read them any more.",
)
def go_mode(job: Job) -> Iterator[Splice]:
    """Take the rights of others from files and folders that are made with a literal mode."""
    for node in _nodes(job, "call_expression"):
        called, arguments = text(field(node, "function")), field(node, "arguments")
        package, _, name = called.partition(".")
        if package not in {"os", "ioutil"} or arguments is None or not arguments.named_children:
            continue
        mode = next((wanted for wanted, names in _MODES.values() if name in names), "")
        last = arguments.named_children[-1]
        if not mode or last.type != "int_literal" or not re.fullmatch(r"0o?[0-7]{3,4}", text(last)):
            continue
        said = int(text(last).removeprefix("0o") if text(last).startswith("0o") else text(last), 8)
        wanted = said & int(mode, 8)
        if wanted != said:
            prefix = "0o" if text(last).startswith("0o") else "0"
            yield _replace(job, last, f"{prefix}{wanted:03o}")


@codemod(
    "java-cookie",
    title="Keep a cookie from scripts and plain connections",
    files=JAVA,
    about=("cookie-secure", "cookie-script"),
    note="A page that is served without TLS does not get the cookie any more.",
)
def java_cookie(job: Job) -> Iterator[Splice]:
    """Call setSecure and setHttpOnly with true."""
    wanted = "setSecure" if job.about == "cookie-secure" else "setHttpOnly"
    for node in _nodes(job, "method_invocation"):
        arguments = field(node, "arguments")
        if text(field(node, "name")) == wanted and arguments is not None and text(arguments) == "(false)":
            yield _replace(job, arguments, "(true)")
