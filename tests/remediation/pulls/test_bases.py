"""Base images by pull request: to what is known to be free of the flaws, else to the newest near one, told as not known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from seamark.core.component import Component
from seamark.core.errors import NotAllowed
from seamark.core.finding import Finding as Full
from seamark.core.kind import Kind
from seamark.core.location import ImageLocation
from seamark.core.severity import Severity
from seamark.pipeline.pulls.bases import UNKNOWN, Bases
from seamark.response.remediation import reported
from seamark.store.models import Asset, Fix, Sbom, SbomComponent
from seamark.store.models import Component as Kept
from tests.remediation.planner.served import Served, registry_at_home

from .conftest import FILES

DIGEST = "sha256:" + "7" * 64
TAGS = ["3.8-slim-buster", "3.8-slim-bookworm", "3.13-slim-bookworm", "4.0-slim-bookworm"]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Served]:
    with registry_at_home() as found:
        found.answers = {"/v2/library/python/tags/list?n=1000": json.dumps({"tags": TAGS})}
        found.answers |= {f"/v2/library/python/manifests/{one}": "{}" for one in TAGS}
        monkeypatch.setenv("SEAMARK_REGISTRIES", f"images={found.base}")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        yield found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    place = tmp_path / "tree"
    place.mkdir()
    (place / "Dockerfile").write_text("FROM python:3.8-slim-buster\nRUN true\n")
    (place / "requirements.txt").write_text(FILES["requirements.txt"])
    return place


@pytest.fixture
def base(fix: Fix) -> Fix:
    fix.kind, fix.key = "base_image", "python"
    return fix


def flaw(fixed: str = "2.36-9+deb12u3") -> Full:
    part = Component(name="glibc", version="2.28-10", purl="pkg:deb/debian/glibc@2.28-10")
    return Full(
        rule="CVE-2023-4911", title="t", severity=Severity.HIGH, kind=Kind.CONTAINER, vulnerabilities=("CVE-2023-4911",), component=part,
        fixed_versions=(fixed,), location=ImageLocation(image="registry.example/shop:1"),
    )  # fmt: skip


def bases(root: Path, *, online: bool = True) -> Bases:
    said = reported.advisories([flaw()])
    return Bases(root, lambda packages: reported.joined((), said, packages), online=online)


def test_to_what_a_kept_inventory_shows_to_be_free(base: Fix, root: Path, served: Served) -> None:
    served.headers = {"/v2/library/python/manifests/3.13-slim-bookworm": {"Docker-Content-Digest": DIGEST}}
    image = Asset.objects.create(kind="image", key="python", name="python")
    inventory = Sbom.objects.create(asset=image, image_digest=DIGEST, digest="0" * 64)
    part = Kept.objects.create(name="glibc", version="2.36-9+deb12u9", purl="pkg:deb/debian/glibc@2.36-9%2Bdeb12u9")
    SbomComponent.objects.create(sbom=inventory, component=part, ref="a")
    files, facts = bases(root).base(base, [flaw()])
    assert files["Dockerfile"].startswith(b"FROM python:3.13-slim-bookworm\n")
    assert (facts.clears, facts.still, facts.introduced) == (("CVE-2023-4911",), (), ())
    assert facts.moves == (("python", "3.8-slim-buster", "3.13-slim-bookworm", "minor"),)


def test_to_the_newest_near_one_where_nobody_knows(base: Fix, root: Path, served: Served) -> None:
    files, facts = bases(root).base(base, [flaw()])
    assert files["Dockerfile"].startswith(b"FROM python:3.13-slim-bookworm\n")
    assert (facts.clears, facts.proven, facts.verified) == ((), False, "")
    assert UNKNOWN in facts.hints


def test_what_cannot_be_moved_is_told(base: Fix, root: Path, served: Served) -> None:
    with pytest.raises(NotAllowed, match="No version of python is known that clears it: which versions there are is not known"):  # fmt: skip
        bases(root, online=False).base(base, [flaw()])
    assert served.asked == []
    (root / "Dockerfile").write_text("FROM node:20\n")
    with pytest.raises(NotAllowed, match="No file of the default branch names python any more"):
        bases(root).base(base, [flaw()])


def test_nothing_is_held_where_registries_are_not_asked(root: Path) -> None:
    assert bases(root, online=False).held([("zizmor", flaw())]) is None
    assert bases(root).held([("zizmor", flaw())]) is None
