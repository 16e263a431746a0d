"""Images as tools describe them, and whose layer a package lies in."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from seamark.core.component import Component
from seamark.core.errors import UnreadableReport
from seamark.core.sbom import Entry
from seamark.intake.sbom.images import Image, base_of, place, read_images, told

LAYERS = ["sha256:" + digit * 64 for digit in "1234"]
LABELS = {"org.opencontainers.image.source": "https://github.com/acme/shop", "org.opencontainers.image.revision": "abc"}
CONFIG = {
    "os": "linux",
    "architecture": "amd64",
    "created": "2026-01-01T00:00:00Z",
    "config": {"Labels": LABELS},
    "rootfs": {"type": "layers", "diff_ids": LAYERS},
}
INSPECTED = {
    "RepoTags": ["ghcr.io/acme/shop:1.0"], "RepoDigests": ["ghcr.io/acme/shop@sha256:" + "a" * 64], "Os": "linux", "Architecture": "amd64",
    "Created": "2026-01-01T00:00:00Z", "Config": {"Labels": LABELS}, "RootFS": {"Type": "layers", "Layers": LAYERS},
}  # fmt: skip


def written(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value))
    return path


def test_docker_inspect(tmp_path: Path) -> None:
    (one,) = read_images(written(tmp_path / "i.json", [INSPECTED]))
    assert (one.name, one.tag, one.digest, one.platform) == (
        "ghcr.io/acme/shop",
        "1.0",
        "sha256:" + "a" * 64,
        "linux/amd64",
    )
    assert (one.diff_ids, one.commit) == (tuple(LAYERS), "abc")
    assert [(row.kind.value, row.target.key) for row in told(one)] == [("built_from", "github.com/acme/shop")]


def test_skopeo_inspect(tmp_path: Path) -> None:
    plain = {
        "Name": "ghcr.io/acme/shop",
        "Digest": "sha256:1",
        "Labels": LABELS,
        "Layers": LAYERS,
        "Os": "linux",
        "Architecture": "arm64",
    }
    (one,) = read_images(written(tmp_path / "i.json", plain))
    assert (one.name, one.layers, one.diff_ids, one.platform) == ("ghcr.io/acme/shop", tuple(LAYERS), (), "linux/arm64")
    (two,) = read_images(written(tmp_path / "c.json", CONFIG))
    assert (two.diff_ids, two.labels, two.created) == (
        tuple(LAYERS),
        tuple(sorted(LABELS.items())),
        "2026-01-01T00:00:00Z",
    )


def packed(path: Path, files: dict[str, bytes], mode: Any = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_docker_save(tmp_path: Path, mode: str) -> None:
    manifest = [
        {"Config": "config.json", "RepoTags": ["acme/shop:2.0"], "Layers": ["a/layer.tar"]},
        {"Config": "../../etc/passwd"},
    ]
    files = {
        "manifest.json": json.dumps(manifest).encode(),
        "config.json": json.dumps(CONFIG).encode(),
        "a/layer.tar": b"x",
    }
    (one,) = read_images(packed(tmp_path / "image.tar", files, mode))
    assert (one.name, one.tag, one.diff_ids) == ("acme/shop", "2.0", tuple(LAYERS))


def blob(value: object) -> tuple[str, bytes]:
    data = json.dumps(value).encode()
    return hashlib.sha256(data).hexdigest(), data


def layout() -> dict[str, bytes]:
    """Return the files of an OCI layout: an index of indexes, as builders for several platforms write it."""
    config, config_data = blob(CONFIG)
    manifest, manifest_data = blob(
        {"config": {"digest": f"sha256:{config}"}, "layers": [{"digest": "sha256:" + digit * 64} for digit in "abcd"]}
    )
    inner, inner_data = blob(
        {
            "manifests": [
                {"digest": f"sha256:{manifest}"},
                {"digest": "sha256:nowhere"},
                {"digest": "sha256:" + "0" * 64},
            ]
        }
    )
    index = {
        "manifests": [
            {"digest": f"sha256:{inner}", "annotations": {"io.containerd.image.name": "ghcr.io/acme/shop:3.0"}}
        ]
    }
    return {
        "oci-layout": b"{}", "index.json": json.dumps(index).encode(), f"blobs/sha256/{config}": config_data, f"blobs/sha256/{manifest}": manifest_data,
        f"blobs/sha256/{inner}": inner_data,
    }  # fmt: skip


def test_oci_layout_as_folder_and_archive(tmp_path: Path) -> None:
    for name, data in layout().items():
        (tmp_path / "layout" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "layout" / name).write_bytes(data)
    (folder,) = read_images(tmp_path / "layout")
    (archive,) = read_images(packed(tmp_path / "image.tar", layout()))
    assert folder == archive
    assert (folder.name, folder.tag, folder.diff_ids) == ("ghcr.io/acme/shop", "3.0", tuple(LAYERS))
    assert folder.layers == tuple("sha256:" + digit * 64 for digit in "abcd")
    assert folder.digest.startswith("sha256:")


def test_a_layout_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text(json.dumps(CONFIG))
    inside = tmp_path / "layout"
    inside.mkdir()
    written(inside / "manifest.json", [{"Config": "../secret.json"}])
    with pytest.raises(UnreadableReport, match="describes no image"):
        read_images(inside)
    (inside / "link.json").symlink_to(tmp_path / "secret.json")
    written(inside / "manifest.json", [{"Config": "link.json"}])
    with pytest.raises(UnreadableReport, match="describes no image"):
        read_images(inside)


@pytest.mark.parametrize("text", ["{}", "[]", "7", "hello", "[" * 5000, '{"rootfs": {"diff_ids": 7}, "Config": 3}x'])
def test_what_is_no_image_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text)
    with pytest.raises(UnreadableReport):
        read_images(tmp_path / "x")
    with pytest.raises(UnreadableReport):
        read_images(tmp_path / "missing")


def test_damaged_archives_are_refused(tmp_path: Path) -> None:
    whole = packed(tmp_path / "image.tar", layout()).read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(gzip.compress(whole)[:-300])
    with pytest.raises(UnreadableReport):
        read_images(tmp_path / "cut.tar.gz")


def image(*layers: str, name: str = "") -> Image:
    return Image(name=name, diff_ids=layers)


def test_the_base_with_most_layers_is_the_base() -> None:
    whole = image(*LAYERS, name="shop")
    alpine, python, other = (
        image(*LAYERS[:1], name="alpine"),
        image(*LAYERS[:2], name="python"),
        image(LAYERS[1], name="other"),
    )
    assert base_of(whole, [alpine, python, other, whole, image()]) == (python, 2)
    assert base_of(whole, [other]) == (None, 0)
    assert [(row.kind.value, row.target.key) for row in told(whole, python)] == [("based_on", "python")]
    assert list(told(image(*LAYERS), python)) == []


def test_each_package_is_of_the_base_or_its_own() -> None:
    whole = Image(diff_ids=tuple(LAYERS), layers=tuple("sha256:" + digit * 64 for digit in "abcd"))
    entries = [
        Entry(component=Component(name=layer), layer=layer)
        for layer in (LAYERS[0], LAYERS[3], "sha256:" + "b" * 64, "", "sha256:9")
    ]
    assert [(one.index, one.origin) for one in place(whole, 2, entries)] == [
        (0, "base"), (3, "own"), (1, "base"), (None, "unknown"), (None, "unknown"),
    ]  # fmt: skip
    assert {one.origin for one in place(whole, 0, entries)} == {"unknown"}
