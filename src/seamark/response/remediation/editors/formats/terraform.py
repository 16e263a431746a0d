"""Terraform and OpenTofu: versions of modules and providers, and the providers' lock file where their hashes are known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.notation import hcl
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit, lines
from seamark.response.remediation.editors.registry import Work, editor
from seamark.response.remediation.editors.requirement import raised


@editor(
    "terraform",
    title="Modules and providers of Terraform and OpenTofu",
    files=r"[^/]+\.(?:tf|tofu)",
    ecosystems=("terraform",),
    kinds=(ChangeKind.MODULE,),
    read=lines,
)
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Raise a module by its source or a provider by its address."""
    source = work.source(path)
    for block in hcl.blocks(hcl.read_hcl(source)):
        if block.type == "module":
            yield from _module(work, source, block)
        elif block.type == "terraform":
            for inner in hcl.blocks(block.body):
                if inner.type == "required_providers":
                    yield from _providers(work, source, inner.body)


def _module(work: Work, source: Source, block: hcl.Block) -> Iterator[Splice]:
    change = work.change
    told = hcl.attributes(block.body)
    address = hcl.string(told.get("source"))
    name, mark, query = address.partition("?")
    if _plain_name(name) != _plain_name(change.name):
        return
    where = f"{source.path} on line {source.line(source.at(block.node.start_byte))}"
    if mark:
        found = re.search(r"(?:^|&)ref=(?P<ref>[^&]+)", query)
        if found is None:
            raise UnsafeEdit(f"{where} takes the module {change.name} from a repository without saying which revision.")
        v = "v" if found["ref"].startswith("v") and not change.to_version.startswith("v") else ""
        if change.from_version and found["ref"].removeprefix("v") != change.from_version.removeprefix("v"):
            return
        new = query[: found.start("ref")] + (v + change.to_version) + query[found.end("ref") :]
        if new != query:
            yield hcl.set_string(source, told["source"], f"{name}?{new}")
        return
    version = told.get("version")
    if version is None:
        raise UnsafeEdit(f"{where} asks for no version of the module {change.name}.")
    yield from _raised(work, source, version, where)


def _plain_name(name: str) -> str:
    plain = re.sub(r"^(?:git::|hg::)?(?:[a-z+]+://)?(?:[^@/]+@)?", "", name.strip()).removesuffix(".git")
    return re.sub(r"\.git(?=//)", "", plain).replace(":", "/").lower()


def _providers(work: Work, source: Source, body: Node) -> Iterator[Splice]:
    for name, node in hcl.attributes(body).items():
        told = hcl.members(node)
        where = f"{source.path} on line {source.line(source.at(node.start_byte))}"
        address = hcl.string(told["source"]) if told.get("source") is not None else f"hashicorp/{name}"
        if not _same_provider(address, work.change.name):
            continue
        version = told.get("version") if told else node
        if version is None:
            raise UnsafeEdit(f"{where} asks for no version of the provider {work.change.name}.")
        yield from _raised(work, source, version, where)


def _same_provider(address: str, name: str) -> bool:
    return address.lower().split("/")[-2:] == name.lower().split("/")[-2:]


def _raised(work: Work, source: Source, node: Node, where: str) -> Iterator[Splice]:
    change, written = work.change, hcl.string(node)
    if not written:
        raise UnsafeEdit(f"{where} computes the version of {change.name}.")
    new = raised(
        written, ecosystem="terraform", name=change.name, current=change.from_version, wanted=change.to_version
    )
    if new is not None:
        yield hcl.set_string(source, node, new)


@editor(
    "terraform-lock",
    title=".terraform.lock.hcl",
    files=r"\.terraform\.lock\.hcl",
    ecosystems=("terraform",),
    kinds=(ChangeKind.MODULE,),
    read=lines,
)
def lock_edits(work: Work, path: str) -> Iterator[Splice]:
    """Replace version and hashes of a provider, and the constraint where the manifest's is raised."""
    source, change = work.source(path), work.change
    for block in hcl.blocks(hcl.read_hcl(source)):
        told = hcl.attributes(block.body)
        if (
            block.type != "provider"
            or not _same_provider(block.labels[0] if block.labels else "", change.name)
            or "version" not in told
        ):
            continue
        if hcl.string(told["version"]) != change.from_version:
            continue
        given = [
            *(f"h1:{each.removeprefix('h1:')}" for each in work.all_known("h1")),
            *(f"zh:{each.removeprefix('zh:')}" for each in work.all_known("zh")),
        ]
        hashes = told.get("hashes")
        if not given and hashes is not None:
            raise UnsafeEdit(
                f"{path} keeps hashes, and those of {change.name} {change.to_version} are not known; run terraform init -upgrade."
            )
        yield hcl.set_string(source, told["version"], change.to_version)
        if hashes is not None:
            yield _hashes(source, hashes, given)
        constraint = told.get("constraints")
        if constraint is not None and any(each.endswith((".tf", ".tofu")) for each in change.manifests):
            yield from _raised(work, source, constraint, path)


def _hashes(source: Source, node: Node, given: list[str]) -> Splice:
    start, end = source.at(node.start_byte), source.at(node.end_byte)
    text = source.newline.join(("[", *(f'    "{each}",' for each in given), "  ]"))
    return source.splice(start, end, text, max(len(given), source.text.count("\n", start, end)) + 2)
