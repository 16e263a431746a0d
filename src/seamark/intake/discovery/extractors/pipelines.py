"""Pipelines: jobs, actions, secrets and permissions, what they build and deploy, and the scanners they run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from seamark.core.assets import AssetKind, AssetRef, Found, Relation, RelationKind, image_name
from seamark.intake.discovery.code.services import services
from seamark.intake.discovery.code.signs import is_aside
from seamark.intake.discovery.infrastructure.builds import builds_of
from seamark.intake.discovery.pipelines import github
from seamark.intake.discovery.pipelines.commands import read_commands
from seamark.intake.discovery.pipelines.others import READERS, TEKTON
from seamark.intake.discovery.pipelines.reading import Built, Deployed, Reading, scanners_in, strings, values_of
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree, folder_of, joined

NAME: Final = "pipelines"
_MOST: Final = 1_000


@extractor(NAME, title="Pipelines: what they build, deploy and check")
def extract(tree: Tree) -> Iterator[Found | Relation]:
    """Yield every pipeline, the images it builds and the services those are built from."""
    read = dict(_readings(tree))
    for reading in read.values():
        for step in reading.steps:
            for each in read_commands(step):
                if isinstance(each, Built):
                    reading.built.append(each)
                else:
                    reading.deployed.append(_expanded(tree, each))
            reading.scanners += [one for one in scanners_in(step.text) if one not in reading.scanners]
    shared = _shared(tree, read)
    for path, reading in read.items():
        pipeline = tree.ref(AssetKind.PIPELINE, path)
        yield Found(
            ref=pipeline, name=reading.name or path.rpartition("/")[2], origin=NAME, at=f"{path}:1", facts=_facts(reading)
        )  # fmt: skip
        for each in {
            (_name(one), one.dockerfile, one.context): one for one in reversed(reading.built[:_MOST])
        }.values():
            yield from _built(tree, pipeline, path, each, shared)
        for action in {one["name"]: one for one in reading.actions}.values():
            if action["name"].startswith("docker://"):
                image = AssetRef(AssetKind.IMAGE, image_name(action["name"].removeprefix("docker://")))
                yield Relation(
                    kind=RelationKind.RUNS, source=pipeline, target=image, origin=NAME, at=f"{path}:{action['line']}"
                )


def _readings(tree: Tree) -> Iterator[tuple[str, Reading]]:
    seen: set[str] = set()
    for path in tree.matching(*github.PATTERNS):
        found = next((github.read(each.value, tree.text(path) or "") for each in tree.documents(path)), None)
        seen.add(path)
        if found is not None:
            yield path, found
    for patterns, reader in READERS:
        for path in tree.matching(*patterns):
            if path not in seen and not is_aside(path) and (reading := reader(tree, path)) is not None:
                seen.add(path)
                yield path, reading
    for path in tree.matching("*.yaml", "*.yml"):
        if (
            path not in seen
            and ("tekton" in path or "pipeline" in path)
            and (reading := TEKTON(tree, path)) is not None
        ):
            yield path, reading


def _expanded(tree: Tree, deployed: Deployed) -> Deployed:
    """What a Skaffold file says to deploy, in place of the file."""
    if deployed.tool != "skaffold" or not deployed.paths or not tree.has(deployed.paths[0]):
        return deployed
    path = deployed.paths[0]
    found: dict[str, None] = {}
    for document in tree.documents(path):
        for word in ("paths", "rawYaml", "chartPath", "manifests"):
            for value in values_of(document.value, word):
                found |= dict.fromkeys(
                    joined(folder_of(path), each.rstrip("*").rstrip("/"))
                    for each in strings(value)
                    if "://" not in each
                )
    return replace(deployed, paths=tuple(each for each in found if each) or deployed.paths)


def _name(built: Built) -> str:
    """Return an image's name where all of it is known, empty otherwise: of a tag nothing need be known."""
    written = built.image.strip().lower()
    if not written:
        return ""
    name = image_name(written.partition("${")[0] if ":${" in written else written)
    name = name.rstrip(":")
    return name if name and not set("${}()<>*\" '") & set(name) and "/" not in {name[0], name[-1]} else ""


def _dockerfile(tree: Tree, built: Built) -> str:
    """Return the Dockerfile of a build, empty where it is none of the tree."""
    if built.tool in {"ko", "jib", "pack"}:
        return ""
    files = builds_of(tree).dockerfiles
    if built.dockerfile:
        beside = f"{built.context}/{built.dockerfile}" if built.context not in {"", "."} else built.dockerfile
        return next((each for each in (built.dockerfile, beside) if each in files), "")
    folder = "" if built.context in {"", "."} else f"{built.context}/"
    return next((folder + name for name in ("Dockerfile", "Containerfile") if folder + name in files), "")


def _shared(tree: Tree, read: dict[str, Reading]) -> set[str]:
    """Return the names under which several Dockerfiles' images go, told apart by their tags: they name no image of their own."""
    files: defaultdict[str, set[str]] = defaultdict(set)
    for reading in read.values():
        for each in reading.built:
            if name := _name(each):
                files[name].add(_dockerfile(tree, each) or each.context)
    return {name for name, several in files.items() if len(several) > 1}


def _built(tree: Tree, pipeline: AssetRef, path: str, built: Built, shared: set[str]) -> Iterator[Found | Relation]:
    name, dockerfile, at = _name(built), _dockerfile(tree, built), f"{path}:{built.line}"
    builds = builds_of(tree)
    build = builds.of_dockerfile(dockerfile) if dockerfile else None
    if name and name not in shared:
        image = AssetRef(AssetKind.IMAGE, name)
    elif dockerfile:
        image = builds.image(dockerfile)
    else:
        return
    facts: dict[str, Any] = {"dockerfile": dockerfile} if dockerfile else {}
    if built.context:
        facts["context"] = built.context
    yield Found(ref=image, origin=NAME, at=at, confidence=0.95, facts=facts)
    yield Relation(kind=RelationKind.BUILDS, source=pipeline, target=image, origin=NAME, at=at)
    service = builds.service(build) if build is not None else None
    if service is None and built.context:
        folder = "" if built.context == "." else built.context
        known = tree.once(services)
        # Without a Dockerfile of the tree only a service that stands in the context itself is surely what is built.
        service = known.by_folder[folder].ref if folder in known.by_folder else None
    if service is not None:
        yield Relation(kind=RelationKind.BUILT_FROM, source=image, target=service, origin=NAME, at=at, confidence=0.95)


def _facts(reading: Reading) -> dict[str, Any]:
    unpinned = sum(1 for each in reading.actions if not each["pinned"])
    facts: dict[str, Any] = {
        "system": reading.system, "triggers": reading.triggers, "jobs": reading.jobs[:_MOST], "actions": reading.actions[:_MOST], "actions_unpinned": unpinned,
        "secrets": reading.secrets, "permissions": reading.permissions, "environments": reading.environments, "runners": reading.runners, "images": reading.images,
        "scanners": sorted(set(reading.scanners)), "includes": reading.includes, "deploys": [_deployed(each) for each in reading.deployed[:_MOST]],
        "builds": list(dict.fromkeys(each.image or each.dockerfile or each.context for each in reading.built))[:_MOST],
    }  # fmt: skip
    return {name: value for name, value in facts.items() if value not in (None, [], {}, "", 0)}


def _deployed(deployed: Deployed) -> dict[str, Any]:
    told = {
        "tool": deployed.tool,
        "paths": list(deployed.paths),
        "target": deployed.target,
        "image": deployed.image,
        "line": deployed.line,
    }
    return {name: value for name, value in told.items() if value}
