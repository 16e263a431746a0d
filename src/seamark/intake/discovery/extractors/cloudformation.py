"""CloudFormation and SAM templates: resources, data stores, functions, who reaches them, and from where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from seamark.core.assets import Found, Listing, Relation
from seamark.intake.discovery.infrastructure.builds import builds_of
from seamark.intake.discovery.infrastructure.cloud.report import Reporter
from seamark.intake.discovery.infrastructure.cloudformation import is_template, read_template
from seamark.intake.discovery.infrastructure.places import environment_of, key_lines
from seamark.intake.discovery.infrastructure.terraform import Resource
from seamark.intake.discovery.infrastructure.values import first_document
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree

_NAME: Final = "cloudformation"
_LOOKS: Final = re.compile(r"[\"']?Type[\"']?[ \t]*:[ \t]*[\"']?(?:AWS|Alexa)::[A-Za-z0-9]+::")
_RESOURCES: Final = re.compile(
    r"^[ \t]*[\"']?Resources[\"']?[ \t]*:|\{\s*\"Resources\"|,\s*\"Resources\"", re.MULTILINE
)


@extractor(_NAME, title="CloudFormation and SAM: resources, data stores, exposure, access")
def extract(tree: Tree) -> Iterator[Found | Relation | Listing]:
    """Yield the resources of each template."""
    builds = builds_of(tree)
    for path in tree.matching("*.yaml", "*.yml", "*.json", "*.template"):
        text = tree.text(path)
        if text is None or not _RESOURCES.search(text) or not _LOOKS.search(text):
            continue
        content = first_document(tree, path)
        if not is_template(content):
            continue
        resources: dict[str, Resource] = {}
        for each in read_template(content, path, key_lines(text, "Resources")):
            each.environment = environment_of(path)
            resources.setdefault(each.address, each)
        yield from Reporter(tree, builds, list(resources.values()), _NAME).read()
