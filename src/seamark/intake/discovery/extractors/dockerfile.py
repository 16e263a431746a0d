"""Dockerfiles: the images they build, what those are based on, and the sources that get into them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from seamark.core.assets import Found, Listing, Relation, RelationKind
from seamark.intake.discovery.infrastructure.builds import builds_of
from seamark.intake.discovery.infrastructure.dockerfiles import Dockerfile, Stage
from seamark.intake.discovery.infrastructure.images import read_image
from seamark.intake.discovery.infrastructure.places import environment_of
from seamark.intake.discovery.infrastructure.values import without_empty
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree, folder_of

_NAME = "dockerfile"
_SOURCE = ("org.opencontainers.image.source", "org.label-schema.vcs-url")


@extractor(_NAME, title="Dockerfiles: images, what they are based on and built from")
def extract(tree: Tree) -> Iterator[Found | Relation | Listing]:
    """Yield the image of each Dockerfile with its base image, and the service that it is built from."""
    builds = builds_of(tree)
    for path, read in builds.dockerfiles.items():
        image, build = builds.image(path), builds.of_dockerfile(path)
        last = read.stages[-1]
        chain = read.chain(last)
        base = read_image(chain[-1].base)
        at = f"{path}:{last.line}"
        facts = {"dockerfile": path, **_facts(read, last, chain)}
        if build is not None:
            facts["context"] = build.context or "."
        yield Found(ref=image, name=_title(path), origin=_NAME, at=at, facts=without_empty(facts))
        if base is not None:
            where = f"{path}:{chain[-1].line}"
            yield Found(ref=base.ref, name=base.ref.key, origin=_NAME, at=where, facts=base.facts)
            yield Relation(kind=RelationKind.BASED_ON, source=image, target=base.ref, origin=_NAME, at=where)
        if build is not None:
            service = builds.service(build)
            yield Relation(
                kind=RelationKind.BUILT_FROM, source=image, target=service, origin=_NAME, at=build.at or at, confidence=build.confidence
            )  # fmt: skip


def _title(path: str) -> str:
    return folder_of(path).rpartition("/")[2] or path


def _facts(read: Dockerfile, last: Stage, chain: list[Stage]) -> dict[str, Any]:
    based = chain[-1].base
    others = [each for each in read.stages if each not in chain]
    building = [each.base for each in others if read.named(each.base, each) is None]
    # A stage may also be copied from straight out of an image.
    building += [
        copy.stage for stage in read.stages for copy in stage.copies if copy.stage and read.named(copy.stage) is None
    ]
    image = read_image(based)
    user = last.user.partition(":")[0]
    return {
        "base_image": based,
        "base_tag": image.tag if image else "",
        "base_digest": image.digest if image else "",
        "build_images": list(dict.fromkeys(each for each in building if each != "scratch")),
        "stages": [without_empty({"name": each.name, "base": each.base, "line": each.line}) for each in read.stages],
        "platform": last.platform,
        "ports": [_port(each) for each in last.ports],
        "user": last.user,
        "run_as_root": user in {"root", "0"} if user else None,
        "entrypoint": last.entrypoint,
        "command": last.command,
        "workdir": last.workdir,
        "volumes": last.volumes,
        "variables": sorted(last.variables),
        "healthcheck": last.healthcheck,
        "source": next((last.labels[each] for each in _SOURCE if each in last.labels), ""),
        "copies": sorted(
            {source for stage in chain for copy in stage.copies if not copy.stage for source in copy.sources}
        )[:100],
        "environment": environment_of(read_name(last, others)),
    }


def read_name(last: Stage, others: list[Stage]) -> str:
    """Return the name of the last stage where there are others to tell it from: `production`, `dev`."""
    return last.name if others else ""


def _port(text: str) -> int | str:
    number, _, protocol = text.partition("/")
    return (
        int(number)
        if number.isascii() and number.isdigit() and len(number) < 6 and protocol.lower() in {"", "tcp"}
        else text
    )
