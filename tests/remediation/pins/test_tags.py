"""Tags of images: what they say, and which lie ahead of another."""

from __future__ import annotations

import pytest

from seamark.response.remediation.pins.tags import ahead, read_tag

PYTHON = (
    "latest", "slim", "3", "3.8", "3.9", "3.13", "3.8.19", "3.13.1", "3.8-slim", "3.13-slim", "3.8-slim-buster", "3.8-slim-bookworm", "3.9-slim-bookworm",
    "3.13-slim-bookworm", "3.13-slim-trixie", "3.14.0rc1", "3.14-rc-slim-bookworm", "3.13-slim-bullseye", "3.7-slim-bookworm", "3.13-alpine3.20", "3.13-alpine3.21", "3.13-alpine",
)  # fmt: skip


@pytest.mark.parametrize(
    ("now", "above"),
    [
        ("3.8-slim-buster", ["3.8-slim-bookworm", "3.9-slim-bookworm", "3.13-slim-bullseye", "3.13-slim-bookworm", "3.13-slim-trixie"]),
        ("3.13-slim-bookworm", ["3.13-slim-trixie"]),
        ("3.8", ["3.9", "3.13"]),
        ("3.8.19", ["3.13.1"]),
        ("3.8-slim", ["3.13-slim"]),
        ("3.13-alpine3.20", ["3.13-alpine3.21"]),
        ("3.13-alpine", []),
        ("latest", ["3.8.19", "3.13.1"]),
        ("", ["3.8.19", "3.13.1"]),
        ("custom", []),
    ],
)  # fmt: skip
def test_ahead_is_the_same_thing_and_nothing_in_it_older(now: str, above: list[str]) -> None:
    assert [one.text for one in ahead(now, PYTHON)] == above


def test_releases_of_systems_as_versions() -> None:
    assert [one.text for one in ahead("buster-slim", ("bookworm", "bookworm-slim", "stretch-slim", "trixie-20260101-slim"))] == ["bookworm-slim"]  # fmt: skip
    assert [one.text for one in ahead("20.04", ("18.04", "22.04", "24.04", "jammy", "latest"))] == ["22.04", "24.04"]
    assert [one.text for one in ahead("v1.2.0", ("1.3.0", "v1.3.0", "v1.3.0-rc.1", "v1.3.0-debug"))] == ["v1.3.0"]


@pytest.mark.parametrize("tag", ["3.14.0rc1", "1.0.0-beta.2", "main", "sha-1234567", "2026010112", "1.2-9f8e7d6c5b4a", "x" * 200])  # fmt: skip
def test_what_is_no_release_is_none(tag: str) -> None:
    assert read_tag(tag) is None


def test_a_tag_is_taken_apart() -> None:
    tag = read_tag("3.8-slim-buster")
    assert tag is not None
    assert (tag.numbers, tag.system, tag.release, tag.family) == ((3, 8), "debian", (10,), ("", "2", "slim", "@debian"))
