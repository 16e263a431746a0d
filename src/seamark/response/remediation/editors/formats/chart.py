"""`Chart.yaml` and `requirements.yaml` of Helm: the versions of charts that a chart stands on."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.notation.source import Splice, UnsafeEdit
from seamark.response.remediation.editors.notation.yaml_ import child, loaded, read_yaml, set_scalar, text_of
from seamark.response.remediation.editors.registry import Work, editor
from seamark.response.remediation.editors.requirement import raised


@editor(
    "chart",
    title="Dependencies of Helm charts",
    files=r"Chart\.ya?ml|requirements\.ya?ml",
    kinds=(ChangeKind.CHART,),
    read=loaded,
)
def edits(work: Work, path: str) -> Iterator[Splice]:
    """Raise a chart that this one stands on. A lock beside it has a digest that only Helm makes, and is not left behind."""
    source, change = work.source(path), work.change
    roots = read_yaml(source)
    found = [node for root in roots for node in _dependencies(root) if _called(node, change.name)]
    for node in found:
        version = child(node, "version")
        if version is None:
            raise UnsafeEdit(f"{path} asks for no version of {change.name}.")
        new = raised(
            text_of(version), ecosystem="helm", name=change.name, current=change.from_version, wanted=change.to_version
        )
        if new is None:
            continue
        for lock in ("Chart.lock", "requirements.lock"):
            if work.beside(path, lock) in change.manifests and work.beside(path, lock):
                raise UnsafeEdit(f"{lock} keeps a digest that only Helm makes; run helm dependency update.")
        yield set_scalar(source, roots, version, new)


def _dependencies(root: yaml.Node) -> list[yaml.Node]:
    found = child(root, "dependencies")
    return list(found.value) if isinstance(found, yaml.SequenceNode) else []


def _called(node: yaml.Node, name: str) -> bool:
    """Tell whether a dependency is the chart: by its name, with the repository in front where the change says it."""
    place, _, short = name.rpartition("/")
    repository = text_of(child(node, "repository")).partition("://")[2].strip("/")
    return text_of(child(node, "name")) == short and (
        not place or not repository or place.partition("://")[2] in repository or repository.endswith(place)
    )
