"""What builds which image: Dockerfiles with the context and the names that compose, Skaffold and Bake files give them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from fnmatch import translate
from functools import cached_property
from typing import Final
from weakref import WeakKeyDictionary

from msgspec import Struct
from msgspec.structs import replace

from seamark.core.assets import AssetKind, AssetRef, image_name
from seamark.intake.discovery.infrastructure.composefiles import Project, read_projects
from seamark.intake.discovery.infrastructure.dockerfiles import Dockerfile, read_dockerfile
from seamark.intake.discovery.infrastructure.values import documents, mapping, plain, sequence
from seamark.intake.discovery.tree import Tree, folder_of, joined

PATTERNS: Final = ("Dockerfile", "Dockerfile[.-]*", "*.Dockerfile", "*.dockerfile", "dockerfile", "Containerfile", "Containerfile[.-]*", "*.Containerfile")  # fmt: skip
_NO_DOCKERFILE: Final = (".dockerignore", ".md", ".j2", ".tmpl", ".tpl", ".template", ".erb", ".jinja", ".jinja2", ".py", ".sh", ".yml", ".yaml", ".json", ".txt", ".bak", ".orig")  # fmt: skip
_TOOLING: Final = frozenset(
    [
        "docker",
        ".docker",
        "dockerfiles",
        "dockerfile",
        "containers",
        "container",
        "images",
        "image",
        "build",
        "ci",
        "deploy",
        "deployment",
        "deployments",
        "ops",
        "infra",
        ".devcontainer",
        "packaging",
        "hack",
    ]
)
_PUBLIC: Final = frozenset(
    [
        "nginx",
        "alpine",
        "ubuntu",
        "debian",
        "busybox",
        "node",
        "python",
        "golang",
        "ruby",
        "php",
        "httpd",
        "traefik",
        "haproxy",
        "caddy",
        "vault",
        "consul",
        "grafana",
        "prometheus",
        "envoy",
        "curl",
        "java",
        "openjdk",
    ]
)
_WORD: Final = re.compile(r"[^a-z0-9]+")
_MOST: Final = 2_000


class Build(Struct, frozen=True, kw_only=True):
    """One image that the tree can build."""

    dockerfile: str
    """Empty where buildpacks or the like do it."""
    context: str
    """The folder that is given to the builder, `""` for the root."""
    folder: str
    """The folder with the sources that get in: the service's."""
    images: tuple[str, ...] = ()
    at: str = ""
    confidence: float = 1.0


class Builds:
    """The images that a tree builds, by Dockerfile and by name."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._folders = {folder for path in tree.files for folder in _above(path)}
        self._files = frozenset(tree.files)

    @cached_property
    def dockerfiles(self) -> dict[str, Dockerfile]:
        """All Dockerfiles that have a stage, by path."""
        found: dict[str, Dockerfile] = {}
        for path in self._tree.matching(*PATTERNS):
            if (
                len(found) < _MOST
                and not path.lower().endswith(_NO_DOCKERFILE)
                and (text := self._tree.text(path)) is not None
            ):
                read = read_dockerfile(text)
                if read.stages:
                    found[path] = read
        return found

    @cached_property
    def projects(self) -> list[Project]:
        """The compose projects."""
        return read_projects(self._tree)

    @cached_property
    def all(self) -> list[Build]:
        """Every build: those that files declare, then the Dockerfiles nobody speaks of."""
        declared = [*self._composed(), *self._skaffolded()]
        spoken = {each.dockerfile for each in declared}
        return declared + [self._alone(path) for path in self.dockerfiles if path not in spoken]

    @cached_property
    def _by_place(self) -> dict[str, Build]:
        return {each.at: each for each in reversed(self.all)}

    def said_at(self, place: str) -> Build | None:
        """Return the build that a place (`compose.yaml:12`) declares."""
        return self._by_place.get(place)

    @cached_property
    def _by_image(self) -> dict[str, Build]:
        found: dict[str, Build] = {}
        for each in self.all:
            for image in each.images:
                if image not in self._shared:
                    found.setdefault(image, each)
        return found

    @cached_property
    def _shared(self) -> frozenset[str]:
        """Names that several Dockerfiles' images bear, told apart by their tags only."""
        first: dict[str, tuple[str, str]] = {}
        return frozenset(
            image
            for each in self.all
            for image in each.images
            if first.setdefault(image, (each.dockerfile, each.context)) != (each.dockerfile, each.context)
        )

    @cached_property
    def _by_word(self) -> dict[str, list[Build]]:
        found: dict[str, list[Build]] = {}
        for each in self.all:
            if each.folder and each.dockerfile and not {"test", "tests"} & set(each.folder.split("/")):
                words = {_joined_words(each.folder.rpartition("/")[2])}
                stem = each.dockerfile.rpartition("/")[2].lower()
                if stem.endswith((".dockerfile", ".containerfile")):
                    words.add(_joined_words(stem.rpartition(".")[0]))
                for word in words:
                    found.setdefault(word, []).append(each)
        return found

    def of_dockerfile(self, path: str) -> Build | None:
        """Return how a Dockerfile is built; the first of several ways."""
        return next((each for each in self.all if each.dockerfile == path), None)

    def of_image(self, name: str) -> Build | None:
        """Return what builds the image of a name: what a file says, else the one folder with a Dockerfile that is called like it, with less confidence."""
        if (said := self._by_image.get(name)) is not None:
            return said
        last = _joined_words(name.rpartition("/")[2])
        if last in _PUBLIC or not last:
            return None
        project = _joined_words(self._tree.repository.rpartition("/")[2])
        near = dict.fromkeys((last, last.removeprefix(f"{project}-"), last.removesuffix("-service"), f"{last}-service"))
        tails = [last.split("-", at)[at] for at in range(1, min(last.count("-"), 6) + 1)]
        for word, sure in (*((each, 0.7) for each in near), *((each, 0.6) for each in tails if len(each) > 1)):
            likely = {each.folder: each for each in reversed(self._by_word.get(word, []))}
            if len(likely) == 1:
                return replace(next(iter(likely.values())), at="", images=(), confidence=sure)
            if len(likely) > 1:
                return None
        return None

    def service(self, build: Build) -> AssetRef:
        """Return the service whose sources a build takes."""
        return self._tree.ref(AssetKind.SERVICE, build.folder)

    def image(self, dockerfile: str) -> AssetRef:
        """Return the image that a Dockerfile builds: by the one name that files give it, else by its path."""
        names = {image for each in self.all if each.dockerfile == dockerfile for image in each.images} - self._shared
        return (
            AssetRef(AssetKind.IMAGE, names.pop()) if len(names) == 1 else self._tree.ref(AssetKind.IMAGE, dockerfile)
        )

    def _alone(self, path: str) -> Build:
        own = folder_of(path)
        sources = self._sources(path)
        context = own
        for folder in (own, *_parents(own)):
            if all(self._exists(folder, each) for each in sources):
                context = folder
                break
        if (
            context == own
            and own.rpartition("/")[2] in _TOOLING
            and sources
            and all(each in {".", "./"} for each in sources)
        ):
            # Beside nothing but build files, `COPY . .` means the folder above.
            others = [each for each in self._files if folder_of(each) == own and each != path]
            context = folder_of(own) if len(others) < 4 else own
        folder = self._folder(path, context)
        return Build(dockerfile=path, context=context, folder=folder, at=f"{path}:1", confidence=0.9)

    def _sources(self, path: str) -> list[str]:
        read = self.dockerfiles.get(path)
        copies = [each for stage in (read.stages if read else ()) for each in stage.copies if not each.stage]
        found = [
            source
            for each in copies
            for source in each.sources
            if "$" not in source and "://" not in source and "@" not in source
        ]
        return found[:200]

    def _exists(self, folder: str, source: str) -> bool:
        where = joined(folder, source.lstrip("/") or ".")
        if not where:
            return folder == "" or source in {".", "./", "/"}
        if where in self._files or where in self._folders:
            return True
        if not set("*?[") & set(where):
            return False
        match = re.compile(translate(where)).match
        return any(match(each) for each in (*self._files, *self._folders))

    def _folder(self, dockerfile: str, context: str) -> str:
        """Return the folder that a build's sources are in: the Dockerfile's own where they are there too, else the one that holds them all."""
        own = folder_of(dockerfile)
        taken = [joined(context, each.lstrip("/") or ".") for each in self._sources(dockerfile)]
        folders = [each if each in self._folders or not each else folder_of(each) for each in taken]
        if not folders:
            return own if own.rpartition("/")[2] not in _TOOLING else context
        if any(each == own or each.startswith(f"{own}/") for each in folders) and own and own != context:
            return own
        around = [each for each in folders if each and own.startswith(f"{each}/") and each != context]
        if around:
            return max(around, key=len)
        if context in folders or any(each in {".", "./"} for each in self._sources(dockerfile)):
            return (
                own
                if own and context and own.startswith(f"{context}/") and own.rpartition("/")[2] not in _TOOLING
                else context
            )
        common = posixpath.commonpath(folders) if all(folders) else ""
        return common if common in self._folders and len(common) >= len(context) else context

    def _composed(self) -> Iterator[Build]:
        for project in self.projects:
            for each in project.services.values():
                build = each.value.get("build")
                if not isinstance(build, (str, dict)) or not each.whole:
                    continue
                given = mapping(build)
                context = plain(build) if isinstance(build, str) else plain(given.get("context")) or "."
                folder = self._context(folder_of(each.file), context)
                if folder is None or given.get("dockerfile_inline"):
                    continue
                dockerfile = self._dockerfile(folder, plain(given.get("dockerfile")))
                image = plain(each.value.get("image"))
                names = [image, *(plain(tag) for tag in sequence(given.get("tags")))]
                yield self._declared(dockerfile, folder, names, f"{each.file}:{each.line}")

    def _skaffolded(self) -> Iterator[Build]:
        for path in self._tree.matching("skaffold*.yaml", "skaffold*.yml"):
            for document in documents(self._tree, path):
                content = mapping(document.value)
                if not plain(content.get("apiVersion")).startswith("skaffold/"):
                    continue
                for each in sequence(mapping(content.get("build")).get("artifacts"))[:_MOST]:
                    artifact = mapping(each)
                    folder = self._context(folder_of(path), plain(artifact.get("context")) or ".")
                    if folder is not None:
                        docker = mapping(artifact.get("docker"))
                        dockerfile = self._dockerfile(folder, plain(docker.get("dockerfile")))
                        yield self._declared(
                            dockerfile, folder, [plain(artifact.get("image"))], f"{path}:{document.line}"
                        )

    def _declared(self, dockerfile: str, context: str, names: list[str], at: str) -> Build:
        images = tuple(
            dict.fromkeys(image_name(each) for each in names if each and "$" not in each and "{" not in each)
        )
        folder = self._folder(dockerfile, context) if dockerfile else context
        return Build(dockerfile=dockerfile, context=context, folder=folder, images=images, at=at)

    def _context(self, folder: str, context: str) -> str | None:
        """Return a build context as a folder of the tree, None where it is elsewhere."""
        if "://" in context or "$" in context or context.startswith(("git@", "/")):
            return None
        found = joined(folder, context)
        return found if found in self._folders or found == "" else None

    def _dockerfile(self, context: str, name: str) -> str:
        for each in (name,) if name else ("Dockerfile", "Containerfile"):
            if (path := joined(context, each)) in self._files:
                return path
        return ""


def _joined_words(name: str) -> str:
    return _WORD.sub("-", name.lower()).strip("-")


def _above(path: str) -> Iterator[str]:
    folder = folder_of(path)
    while folder:
        yield folder
        folder = folder_of(folder)


def _parents(folder: str) -> Iterator[str]:
    while folder:
        folder = folder_of(folder)
        yield folder


_KNOWN: WeakKeyDictionary[Tree, Builds] = WeakKeyDictionary()


def builds_of(tree: Tree) -> Builds:
    """Return the builds of a tree, read once however many extractors ask."""
    found = _KNOWN.get(tree)
    if found is None:
        found = _KNOWN[tree] = Builds(tree)
    return found


__all__ = ["PATTERNS", "Build", "Builds", "builds_of"]
