"""Container images as tools describe them: their layers and labels, and which layers are those of the base image."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self

import msgspec
from msgspec import Struct

from seamark.core.assets import AssetKind, AssetRef, Relation, RelationKind, image_name
from seamark.core.errors import UnreadableReport
from seamark.core.sbom import Entry
from seamark.intake.parsers.kit.images import origins, revision
from seamark.intake.parsers.kit.source import open_source

_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_LARGEST: Final = 16 * 1024**2
"""Bytes of a description inside an archive."""
_MOST_MEMBERS: Final = 200_000
_MOST_UNPACKED: Final = 32 * 1024**3
_MOST_LAYERS: Final = 500
_HINT: Final = "`docker inspect`, `skopeo inspect --config`, `docker save` and OCI layouts are read"
BASE, OWN, UNKNOWN = "base", "own", "unknown"


class Image(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One image."""

    name: str = ""
    """Without tag and digest."""
    tag: str = ""
    digest: str = ""
    """Of its manifest, where it is known."""
    diff_ids: tuple[str, ...] = ()
    """Digests of its unpacked layers, lowest first: what says that two images share a layer."""
    layers: tuple[str, ...] = ()
    """Digests of its layers as they are transferred; empty where they are not told."""
    labels: tuple[tuple[str, str], ...] = ()
    created: str = ""
    platform: str = ""
    """`linux/amd64`."""

    @property
    def commit(self) -> str:
        """The commit that its labels name, or nothing."""
        return revision(dict(self.labels))


class Placed(Struct, frozen=True):
    """A component of an image, and whose layer it lies in."""

    entry: Entry
    layer: str
    """DiffID, or empty where it is not known."""
    index: int | None
    """Number of the layer, from 0."""
    origin: str
    """`base`, `own` or `unknown`."""


def read_images(path: Path) -> tuple[Image, ...]:
    """Return the images in a file or an OCI layout's folder. Raises `UnreadableReport`."""
    found = _of_layout(_FolderFiles(path)) if path.is_dir() else _of_file(path)
    if not found:
        raise UnreadableReport("This describes no image", hint=_HINT)
    return found


def _of_file(path: Path) -> tuple[Image, ...]:
    try:
        is_tar = path.is_file() and tarfile.is_tarfile(path)
    except (OSError, ValueError):
        is_tar = False
    if is_tar:
        with _TarFiles(path) as files:
            return _of_layout(files)
    data = bytes(open_source(path).data)
    if len(data) > _LARGEST:
        raise UnreadableReport("A description of an image is not that large", hint=_HINT)
    value = _decoded(data)
    rows = value if isinstance(value, list) else [value]
    return tuple(one for row in rows if isinstance(row, dict) and (one := _described(row)) is not None)


def _decoded(data: bytes) -> Any:
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UnreadableReport("This is neither JSON nor an image's archive", hint=_HINT) from None


def _described(row: dict[str, Any]) -> Image | None:
    """Return the image that `docker inspect`, `skopeo inspect` or an image's own configuration describes."""
    config = _object(row.get("Config")) or _object(row.get("config"))
    if isinstance(row.get("rootfs"), dict):
        return _configured(row, "", "")
    root = _object(row.get("RootFS"))
    if root:
        reference = next(iter(_texts(row.get("RepoTags"))), "") or next(iter(_texts(row.get("RepoDigests"))), "")
        digest = next((one.partition("@")[2] for one in _texts(row.get("RepoDigests")) if "@" in one), "")
        return Image(
            name=image_name(reference),
            tag=_tag(reference),
            digest=digest,
            diff_ids=_digests(root.get("Layers")),
            labels=_labels(config.get("Labels")),
            created=_text(row.get("Created")),
            platform=_platform(row.get("Os"), row.get("Architecture")),
        )
    if "Layers" in row and ("Digest" in row or "Name" in row):
        # What is transferred says nothing of whether two images share a layer: packed twice, one layer has two digests.
        return Image(
            name=image_name(_text(row.get("Name"))),
            tag=_text(row.get("Tag")),
            digest=_text(row.get("Digest")),
            layers=_digests(row.get("Layers")),
            labels=_labels(row.get("Labels")),
            created=_text(row.get("Created")),
            platform=_platform(row.get("Os"), row.get("Architecture")),
        )
    return None


def _configured(config: dict[str, Any], reference: str, digest: str, layers: tuple[str, ...] = ()) -> Image:
    """Return the image of an image's own configuration."""
    return Image(
        name=image_name(reference) if reference else "",
        tag=_tag(reference),
        digest=digest,
        diff_ids=_digests(_object(config.get("rootfs")).get("diff_ids")),
        layers=layers,
        labels=_labels(_object(config.get("config")).get("Labels")),
        created=_text(config.get("created")),
        platform=_platform(config.get("os"), config.get("architecture")),
    )


class _FolderFiles:
    """The small files of a layout that lies unpacked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def read(self, name: str) -> bytes | None:
        """Return a file's content; None where there is none, or where it leads out of the folder."""
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder) or not path.is_file() or path.stat().st_size > _LARGEST:
            return None
        return path.read_bytes()


class _TarFiles:
    """The small files of a layout in a tar archive, packed or not. Nothing is written to the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        try:
            self._archive = tarfile.open(self._path)
            self._members: dict[str, tarfile.TarInfo] = {}
            whole = 0
            for number, member in enumerate(self._archive):
                whole += member.size
                if number >= _MOST_MEMBERS or whole > _MOST_UNPACKED:
                    raise UnreadableReport(
                        f"The archive holds more than {_MOST_MEMBERS} files or {_MOST_UNPACKED // 1024**3} GB"
                    )
                if member.isfile() and member.size <= _LARGEST:
                    self._members[member.name.removeprefix("./")] = member
        except (tarfile.TarError, OSError, EOFError, ValueError) as error:
            raise UnreadableReport(f"The archive is damaged: {error}") from None
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def read(self, name: str) -> bytes | None:
        """Return a member's content, None where there is none."""
        member = self._members.get(name)
        try:
            file = self._archive.extractfile(member) if member is not None else None
            return file.read() if isinstance(file, io.IOBase | tarfile.ExFileObject) else None
        except (tarfile.TarError, OSError, EOFError, ValueError) as error:
            raise UnreadableReport(f"The archive is damaged: {error}") from None


def _of_layout(files: _FolderFiles | _TarFiles) -> tuple[Image, ...]:
    """Return the images of `docker save` (manifest.json) or of an OCI layout (index.json)."""
    saved = files.read("manifest.json")
    if saved is not None:
        found = []
        rows = _decoded(saved)
        for row in rows if isinstance(rows, list) else []:
            config = files.read(_text(_object(row).get("Config")))
            if config is not None:
                reference = next(iter(_texts(_object(row).get("RepoTags"))), "")
                found.append(_configured(_object(_decoded(config)), reference, ""))
        return tuple(found)
    index = files.read("index.json")
    return tuple(_of_index(files, _object(_decoded(index)), "", 0)) if index is not None else ()


def _of_index(files: _FolderFiles | _TarFiles, index: dict[str, Any], named: str, depth: int) -> Iterator[Image]:
    rows = index.get("manifests")
    for row in (rows if isinstance(rows, list) else [])[:200]:
        digest = _text(_object(row).get("digest"))
        notes = _object(_object(row).get("annotations"))
        name = _text(notes.get("io.containerd.image.name")) or _text(notes.get("org.opencontainers.image.ref.name")) or named  # fmt: skip
        manifest = _blob(files, digest)
        if "manifests" in manifest:
            if depth < 3:
                yield from _of_index(files, manifest, name, depth + 1)
            continue
        config = _blob(files, _text(_object(manifest.get("config")).get("digest")))
        if "rootfs" in config:
            given = manifest.get("layers")
            layers = _digests([_object(one).get("digest") for one in given] if isinstance(given, list) else ())
            yield _configured(config, name, digest, layers)


def _blob(files: _FolderFiles | _TarFiles, digest: str) -> dict[str, Any]:
    if not _DIGEST.fullmatch(digest):
        return {}
    data = files.read("blobs/" + digest.replace(":", "/"))
    try:
        return _object(json.loads(data)) if data is not None else {}
    except (ValueError, RecursionError):
        return {}


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _digests(value: Any) -> tuple[str, ...]:
    return tuple(one for one in _texts(value if isinstance(value, list) else []) if _DIGEST.fullmatch(one))[
        :_MOST_LAYERS
    ]


def _labels(value: Any) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((key, text) for key, text in _object(value).items() if isinstance(text, str)))[:_MOST_LAYERS]


def _tag(reference: str) -> str:
    name = reference.partition("@")[0]
    tail = name.rpartition("/")[2]
    return tail.partition(":")[2]


def _platform(system: Any, architecture: Any) -> str:
    return "/".join(one for one in (_text(system), _text(architecture)) if one)


def base_of(image: Image, bases: Iterable[Image]) -> tuple[Image | None, int]:
    """Return the base image among those given, and how many of the image's layers are its own: the one with most of them.

    A base is an image all of whose layers lie lowest in this one, and that has fewer of them.
    """
    best: Image | None = None
    for one in bases:
        count = len(one.diff_ids)
        if 0 < count < len(image.diff_ids) and image.diff_ids[:count] == one.diff_ids and (best is None or count > len(best.diff_ids)):  # fmt: skip
            best = one
    return best, len(best.diff_ids) if best is not None else 0


def place(image: Image, base_layers: int, entries: Iterable[Entry]) -> Iterator[Placed]:
    """Yield for each component the layer it lies in, and whether that is one of the base image's `base_layers` lowest ones."""
    known = {digest: number for number, digest in enumerate(image.diff_ids)}
    if len(image.layers) == len(image.diff_ids):
        known.update({digest: number for number, digest in enumerate(image.layers)})
    for entry in entries:
        at = known.get(entry.layer)
        if at is None:
            yield Placed(entry, "", None, UNKNOWN)
        else:
            yield Placed(entry, image.diff_ids[at], at, (BASE if at < base_layers else OWN) if base_layers else UNKNOWN)


def told(image: Image, base: Image | None = None) -> Iterator[Relation]:
    """Yield what an image was built from and stands on: by its labels, and by its layers where its base was found among others."""
    labels: Mapping[str, str] = dict(image.labels)
    yield from origins(image.name, labels)
    if base is not None and image.name and base.name:
        yield Relation(
            kind=RelationKind.BASED_ON,
            source=AssetRef(AssetKind.IMAGE, image.name),
            target=AssetRef(AssetKind.IMAGE, base.name),
            origin="layers",
        )
