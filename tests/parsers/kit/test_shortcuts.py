"""The kit's short ways must lead where the long ones do."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from msgspec.structs import replace

from seamark.core.component import make_purl
from seamark.core.finding import Finding, Rule
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation
from seamark.core.severity import Severity
from seamark.intake.parsers.kit.normalise import vulnerability_ids
from seamark.intake.parsers.kit.packages import identifiers, package
from seamark.intake.parsers.kit.probe import Probe
from seamark.intake.parsers.kit.shapes import to_value
from seamark.intake.parsers.kit.source import from_bytes
from seamark.intake.parsers.kit.tidy import tidy

NAMES = st.text(alphabet="ab1.-/@:_A %", min_size=1, max_size=8)


@given(
    st.sampled_from(["npm", "maven", "golang", "gem", "cargo", "nuget"]),
    NAMES,
    st.text(alphabet="1.a-+:~A", max_size=6),
)
def test_a_package_url_is_the_same_by_the_short_way(kind: str, name: str, version: str) -> None:
    assert package(kind, name, version).purl == make_purl(kind, name, version)


@given(st.sampled_from(["debian", "alpine"]), NAMES, st.text(alphabet="1.a-+:~A", max_size=6))
def test_so_is_that_of_a_system_package(family: str, name: str, version: str) -> None:
    kind = {"debian": "deb", "alpine": "apk"}[family]
    assert package(family, name, version).purl == make_purl(kind, name, version, family)


@pytest.mark.parametrize(
    ("texts", "ids"),
    [
        (["GHSA-2345-6789-cfgh", "CVE-2024-1234"], ("CVE-2024-1234", "GHSA-2345-6789-cfgh")),
        (["see cve-2024-1234", "42", "two words", "ACME-1"], ("CVE-2024-1234", "ACME-1")),
        (["ACME-1", " ACME-1 ", "CVE-2024-1234 CVE-2024-1235"], ("CVE-2024-1234", "CVE-2024-1235", "ACME-1")),
        ([], ()),
    ],
)
def test_ids_come_first_and_once(texts: list[str], ids: tuple[str, ...]) -> None:
    assert identifiers(texts) == ids
    assert vulnerability_ids(texts) == tuple(one for one in ids if not one.startswith("ACME"))


def test_a_look_at_a_large_value_takes_its_beginning() -> None:
    rows = [{"id": at, "text": "x" * 100, "few": [1, 2, 3]} for at in range(5000)]
    by_name = {f"package-{at}": {"text": "x" * 100} for at in range(5000)}
    probe = Probe(
        from_bytes(
            json.dumps({"rows": rows, "names": by_name, "more": {"rows": rows}, "text": "y" * 400_000}).encode(),
            "large",
        )
    )
    assert probe.get("rows") == rows[:16]
    assert probe.get("rows.4999.id") == 4999
    assert probe.get("names") == dict(list(by_name.items())[:16])
    assert probe.get("more") == {"rows": rows[:16]}
    assert len(probe.get("text")) == 400_000
    small = Probe(from_bytes(json.dumps({"rows": rows[:50]}).encode(), "small"))
    assert small.get("rows") == rows[:50]


SECRET = "hunter2hunter2"


def _leak(**more: object) -> Finding:
    place = CodeLocation(path=f"conf/{SECRET}.py", line=3, snippet=f"key = '{SECRET}'")
    about = Rule(id="key", title="A key", description="What a key is", references=("https://keys.example",))
    finding = Finding(
        rule="key", title=f"Key {SECRET}", severity=Severity.HIGH, location=place, about=about, secret=SECRET
    )
    return replace(finding, **more)


def test_a_secret_is_masked_everywhere_and_shared_texts_stay_shared() -> None:
    given_one = _leak(tags=(f"value:{SECRET}", "key"), description=f"Found {SECRET}")
    found = tidy(given_one, Kind.SECRET, b"key")
    assert SECRET not in repr(found)
    assert found.about is given_one.about
    assert (found.tags[1], found.kind) == ("key", Kind.SECRET)
    spoken = Rule(id="key", description=f"As {SECRET}", tags=("a", f"b{SECRET}"))
    assert SECRET not in repr(tidy(_leak(about=spoken), Kind.SECRET, b"key"))


def test_each_line_of_a_long_secret_is_masked() -> None:
    key = "-----BEGIN KEY-----\nMIIabcdefgh\n-----END KEY-----"
    found = tidy(_leak(secret=key, description="has MIIabcdefgh in it"), Kind.SECRET, b"key")
    assert "MIIabcdefgh" not in found.description


def test_elements_become_plain_values() -> None:
    text = '<a xmlns="urn:x" one="1"> t <b>2</b><b k="v"/><c/><d><e> 3 </e></d></a>'
    assert to_value(etree.fromstring(text)) == {
        "@one": "1", "#text": "t", "b": ["2", {"@k": "v"}], "c": "", "d": {"e": "3"},
    }  # fmt: skip
