"""Kubernetes manifests, applied as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from seamark.core.assets import Found, Listing, Relation
from seamark.intake.discovery.infrastructure.kube.deployed import read_cluster
from seamark.intake.discovery.infrastructure.kube.objects import Object, read_objects
from seamark.intake.discovery.infrastructure.kustomizations import NAMES, kustomizations_of
from seamark.intake.discovery.infrastructure.places import environment_of
from seamark.intake.discovery.infrastructure.values import documents
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree, folder_of

_NAME: Final = "kubernetes"
_LOOKS: Final = re.compile(r"^[ \t]*[\"']?apiVersion[\"']?[ \t]*:", re.MULTILINE)
_KIND: Final = re.compile(r"^[ \t]*[\"']?kind[\"']?[ \t]*:", re.MULTILINE)
_TEMPLATE: Final = re.compile(r"^[ \t-]*\{\{|^[ \t]*\{%|:[ \t]+\{\{|\$\{\{", re.MULTILINE)


@extractor(_NAME, title="Kubernetes manifests: workloads, ways in, secrets")
def extract(tree: Tree) -> Iterator[Found | Relation | Listing]:
    """Yield what the manifests outside of charts and kustomizations say together."""
    yield from read_cluster(tree, _objects(tree))


def _objects(tree: Tree) -> Iterator[Object]:
    charts = tuple(f"{folder_of(path)}/templates/".lstrip("/") for path in tree.matching("Chart.yaml"))
    claimed = kustomizations_of(tree).claimed
    for path in tree.matching("*.yaml", "*.yml", "*.json"):
        if path in claimed or path.rpartition("/")[2] in NAMES or path.startswith(charts):
            continue
        text = tree.text(path)
        if text is None or not _LOOKS.search(text) or not _KIND.search(text):
            continue
        if _TEMPLATE.search(text):
            continue  # written for a template engine that is not known
        environment = environment_of(folder_of(path))
        for document in documents(tree, path):
            yield from read_objects(document.value, path=path, line=document.line, environment=environment)
