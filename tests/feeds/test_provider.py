"""A provider's lists and documents: only what everybody may read, nothing from elsewhere, checked and bounded."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from seamark.core.errors import InvalidSetting, RemoteFailure
from seamark.intake.connectors.feeds import provider as module
from seamark.intake.connectors.feeds.provider import Distribution, Listed, Provider, local_files, providers, wanted

from .advisories import made
from .conftest import Publisher

HERE = ["127.0.0.1"]
METADATA = ".well-known/csaf/provider-metadata.json"


def rolie(publisher: Publisher, *entries: dict[str, Any]) -> None:
    """Publish a feed of advisories for everybody, and one that is not."""
    feeds = [
        {"tlp_label": "WHITE", "url": f"{publisher.url}/white.json"},
        {"tlp_label": "AMBER", "url": f"{publisher.url}/amber.json"},
    ]
    publisher.files[METADATA] = json.dumps({"distributions": [{"rolie": {"feeds": feeds}}]}).encode()
    publisher.files["white.json"] = json.dumps({"feed": {"entry": list(entries)}}).encode()


def directory(publisher: Publisher) -> None:
    publisher.files[METADATA] = json.dumps({"distributions": [{"directory_url": f"{publisher.url}/docs"}]}).encode()


def asked(publisher: Publisher) -> Distribution:
    return Distribution(Provider("acme", publisher.url), HERE)


def test_a_rolie_feed_names_documents_their_changes_and_their_digests(publisher: Publisher) -> None:
    data = made()
    rolie(
        publisher,
        {"updated": "2026-10-01T00:00:00Z", "content": {"src": "docs/1.json"}, "link": [{"rel": "hash", "href": "docs/1.json.sha256"}]},
        {"updated": "2026-10-02T00:00:00Z", "link": [{"rel": "self", "href": f"{publisher.url}/docs/2.json"}]},
        {"updated": "2026-10-03T00:00:00Z", "link": [{"rel": "self", "href": "page.html"}, {"rel": "hash", "href": 3}]},
        {"updated": "2026-10-04T00:00:00Z", "link": [{"rel": "self", "href": "https://[x/a.json"}]},
    )  # fmt: skip
    publisher.files["docs/1.json"] = data
    publisher.files["docs/1.json.sha256"] = hashlib.sha256(data).hexdigest().encode() + b"  1.json\n"
    with asked(publisher) as one:
        second, first = one.listed()
        assert (second.url, second.digest) == (f"{publisher.url}/docs/2.json", "")
        assert first == Listed(
            f"{publisher.url}/docs/1.json", "2026-10-01T00:00:00Z", f"{publisher.url}/docs/1.json.sha256"
        )
        came = one.document(first)
        assert came.data == data
        assert one.document(first, came.etag).data == b""
        publisher.files["docs/1.json"] = data + b" "
        with pytest.raises(RemoteFailure, match="not what its publisher's digest says"):
            one.document(first)
    assert "amber.json" not in [name for name, _ in publisher.asked]


def test_a_directory_lists_by_its_changes_and_never_leads_out_of_it(publisher: Publisher) -> None:
    directory(publisher)
    publisher.files["docs/changes.csv"] = (
        b'"2026/a.json","2026-10-01T00:00:00Z"\n2026/b.json,2026-10-05T00:00:00Z\n../secret.json,2026-10-06T00:00:00Z\n'
        b"https://elsewhere.example/x.json,2026-10-06T00:00:00Z\n//elsewhere.example/x.json,2026-10-06\n/etc/x.json,1\nnotes.txt,1\nalone\n"
    )  # fmt: skip
    with asked(publisher) as one:
        assert [(row.url.removeprefix(publisher.url), row.changed[:10]) for row in one.listed()] == [
            ("/docs/2026/b.json", "2026-10-05"), ("/docs/2026/a.json", "2026-10-01"),
        ]  # fmt: skip
        del publisher.files["docs/changes.csv"]
        publisher.files["docs/index.txt"] = b"2026/a.json\r\n\r\n2026/c.json\r\n"
        assert [row.url.rpartition("/")[2] for row in one.listed()] == ["a.json", "c.json"]
        del publisher.files["docs/index.txt"]
        with pytest.raises(RemoteFailure, match=r"neither changes\.csv nor index\.txt"):
            one.listed()


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_digests_beside_a_document_are_compared_and_their_lack_is_remembered(
    algorithm: str, publisher: Publisher
) -> None:
    data = made()
    publisher.files.update({"docs/a.json": data, "docs/b.json": data})
    first, second = Listed(f"{publisher.url}/docs/a.json"), Listed(f"{publisher.url}/docs/b.json")
    with asked(publisher) as one:
        assert (one.document(first).data, one.document(second).data) == (data, data)
        assert sum(name.endswith((".sha256", ".sha512")) for name, _ in publisher.asked) == 2
    publisher.files[f"docs/a.json.{algorithm}"] = b"0" * (64 if algorithm == "sha256" else 128)
    with asked(publisher) as one:
        with pytest.raises(RemoteFailure, match="digest says"):
            one.document(first)
        publisher.files[f"docs/a.json.{algorithm}"] = b"none"
        with pytest.raises(RemoteFailure, match="holds no digest"):
            one.document(first)


@pytest.mark.parametrize(
    "told",
    [b"", b"[]", b"<html>", b"{}", b'{"distributions": 3}', b'{"distributions": [{"rolie": []}, 4]}', b"[" * 9999],
)
def test_what_is_no_provider_is_told(told: bytes, publisher: Publisher) -> None:
    publisher.files[METADATA] = told
    with asked(publisher) as one, pytest.raises(RemoteFailure):
        one.listed()


def test_addresses_inside_the_network_are_refused_also_behind_a_redirect(publisher: Publisher) -> None:
    directory(publisher)
    with (
        Distribution(Provider("acme", publisher.url)) as one,
        pytest.raises(RemoteFailure, match="not called without https"),
    ):
        one.listed()
    publisher.moved["a.json"] = "https://169.254.169.254/latest"
    with asked(publisher) as one, pytest.raises(RemoteFailure, match="inside this network"):
        one.document(Listed(f"{publisher.url}/a.json"))


def test_what_is_too_large_is_refused(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_DOCUMENT", 1000)
    publisher.files["a.json"] = b"x" * 1001
    with asked(publisher) as one, pytest.raises(RemoteFailure, match="more than"):
        one.document(Listed(f"{publisher.url}/a.json"))


def test_only_what_changed_is_wanted_ours_first() -> None:
    listed = [Listed("x/c.json", "3"), Listed("x/b.json", "2"), Listed("x/a.json", "1"), Listed("x/z.json")]
    known = {"x/c.json": "3", "x/b.json": "1", "x/z.json": ""}
    assert wanted(listed, known, lambda name: name == "a.json", 2) == ([listed[2], listed[1]], 1)
    assert wanted(listed, {}, lambda _: False, 9) == (listed, 0)


def test_providers_are_named() -> None:
    assert providers(["acme=https://acme.example", "site = /srv/csaf"]) == [
        Provider("acme", "https://acme.example"), Provider("site", "/srv/csaf"),
    ]  # fmt: skip
    for wrong in (
        "acme",
        "=https://x",
        "acme=",
        "Acme Inc=https://x",
        "a/b=/x",
        "acme=ftp://x/y",
        "acme=https://",
        "acme=file:///etc",
        "a=\0",
        "a=https://[x/",
        "a=https://me:secret@acme.example/",
    ):
        with pytest.raises(InvalidSetting):
            providers([wrong])
    with pytest.raises(InvalidSetting, match="twice"):
        providers(["a=/x", "a=/y"])


def test_a_folder_is_read_without_what_links_lead_out(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out.json"
    (inside / "2026").mkdir(parents=True)
    outside.write_bytes(made())
    (inside / "2026" / "a.json").write_bytes(made())
    (inside / "b.json").symlink_to(outside)
    (inside / "readme.txt").write_text("no")
    assert [path.name for path in local_files(str(inside))] == ["a.json"]
    assert local_files(str(outside)) == [outside]
    for nothing in (tmp_path / "gone", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(RemoteFailure):
            local_files(str(nothing))
