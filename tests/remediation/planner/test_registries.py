from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from seamark.core.errors import InvalidSetting, RemoteFailure
from seamark.intake.connectors.registries.door import Cache, Door
from seamark.intake.connectors.registries.golang import escaped
from seamark.intake.connectors.registries.hosts import host_of, told
from seamark.intake.connectors.registries.pypi import version_in
from seamark.intake.connectors.registries.registries import Registries
from seamark.intake.connectors.registries.release import Need, Release

from .served import Served, registry_at_home


@pytest.fixture
def served() -> Iterator[Served]:
    with registry_at_home() as found:
        yield found


def asked(served: Served, ecosystem: str) -> Registries:
    return Registries({ecosystem: served.base}, cache=Cache(None), attempts=1)


POM = """<project><modelVersion>4.0.0</modelVersion><parent><groupId>g</groupId><artifactId>parent</artifactId><version>1</version></parent>
<artifactId>a</artifactId><version>2.0</version><dependencies>
<dependency><groupId>g</groupId><artifactId>t</artifactId></dependency>
<dependency><groupId>g</groupId><artifactId>u</artifactId><version>${u.version}</version></dependency>
<dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>4</version><scope>test</scope></dependency>
<dependency><groupId>g</groupId><artifactId>o</artifactId><version>4</version><optional>true</optional></dependency>
</dependencies></project>"""
PARENT = """<project xmlns="http://maven.apache.org/POM/4.0.0"><groupId>g</groupId><artifactId>parent</artifactId><version>1</version>
<properties><u.version>3.1</u.version></properties><dependencyManagement><dependencies>
<dependency><groupId>g</groupId><artifactId>t</artifactId><version>1.5</version></dependency></dependencies></dependencyManagement></project>"""
CASES = {
    "npm": (
        {"/@acme%2Fa": json.dumps({"versions": {
            "1.0.0": {"dependencies": {"t": "^1", "alias": "npm:@x/real@~2"}, "dist": {"integrity": "sha512-x", "tarball": "https://acme.example/a.tgz"}},
            "2.0.0": {"dependencies": [], "deprecated": "use b", "engines": {"node": ">=20"}}}})},
        "@acme/a", "1.0.0", [Release(version="1.0.0"), Release(version="2.0.0", deprecated="use b", runtime="Node >=20")],
        (Need("t", "^1"), Need("@x/real", "~2")),
    ),
    "pypi": (
        {"/acme-a/": json.dumps({"files": [
            {"filename": "acme_a-1.0-py3-none-any.whl", "url": "/files/acme_a-1.0-py3-none-any.whl#sha256=x", "core-metadata": True, "requires-python": ">=3.8", "hashes": {"sha256": "ab"}},
            {"filename": "acme-a-1.0.tar.gz", "hashes": {"sha256": "cd"}}, {"filename": "acme-a-1.1.tar.gz", "yanked": "broken"}]}),
         "/files/acme_a-1.0-py3-none-any.whl.metadata": "Name: acme-a\nRequires-Dist: urllib3 (<3,>=1.21)\nRequires-Dist: colorama; sys_platform == 'win32'\nRequires-Dist: pytest>=7; extra == 'test'\nRequires-Dist: tomli>=2; python_version < '3'\nRequires-Dist: idna[all]>=2; python_version >= '3.0' and os_name == 'posix'\n\nWords\n"},
        "Acme_A", "1.0", [Release(version="1.0", runtime="Python >=3.8"), Release(version="1.1", yanked="broken")],
        (Need("urllib3", "<3,>=1.21"), Need("idna", ">=2")),
    ),
    "maven": (
        {"/g/a/maven-metadata.xml": "<metadata><versioning><versions><version>1.0</version><version>2.0</version></versions></versioning></metadata>",
         "/g/a/2.0/a-2.0.pom": POM, "/g/parent/1/parent-1.pom": PARENT},
        "g/a", "2.0", [Release(version="1.0"), Release(version="2.0")], (Need("g/t", "1.5"), Need("g/u", "3.1")),
    ),
    "golang": (
        {"/acme.example/!a/@v/list": "v1.1.0\nv1.0.0\nnonsense\nv1.10.0\n",
         "/acme.example/!a/@v/v1.10.0.mod": "// Deprecated: use b\nmodule acme.example/A\n\ngo 1.21\n\nrequire acme.example/x v1.0.0\nrequire (\n\tacme.example/t/v2 v2.1.0 // indirect\n)\nretract [v1.0.0, v1.0.5]\n"},
        "acme.example/A", "v1.10.0",
        [Release(version="v1.0.0", yanked="yes", deprecated="use b"), Release(version="v1.1.0", deprecated="use b"), Release(version="v1.10.0", deprecated="use b")],
        (Need("acme.example/x", "v1.0.0"), Need("acme.example/t/v2", "v2.1.0")),
    ),
    "cargo": (
        {"/se/rd/serde": '{"name":"serde","vers":"1.0.0","deps":[{"name":"d","req":"^1","optional":false,"kind":"normal","package":"derive"},{"name":"o","req":"^1","optional":true,"kind":"normal"},{"name":"t","req":"1","optional":false,"kind":"dev"}],"yanked":false,"rust_version":"1.56","cksum":"ef"}\n{"name":"serde","vers":"1.0.1","deps":[],"yanked":true}\n'},
        "serde", "1.0.0", [Release(version="1.0.0", runtime="Rust 1.56"), Release(version="1.0.1", yanked="yes")], (Need("derive", "^1"),),
    ),
    "gem": (
        {"/info/rack": "---\n1.0.0 |checksum:a\n2.0.0 t:>= 1.0&< 3,u:~> 2|checksum:b,ruby:>= 2.7\n2.0.0-java t:>= 0|checksum:c\n"},
        "rack", "2.0.0", [Release(version="1.0.0"), Release(version="2.0.0", runtime="Ruby >= 2.7")], (Need("t", ">= 1.0, < 3"), Need("u", "~> 2")),
    ),
    "composer": (
        {"/p2/acme/a.json": json.dumps({"minified": "composer/2.0", "packages": {"acme/a": [
            {"version": "v2.0.0", "require": {"php": ">=8", "ext-json": "*", "acme/t": "^1"}, "abandoned": "acme/b"}, {"version": "v1.0.0", "require": "__unset", "abandoned": "__unset"}]}})},
        "acme/a", "2.0.0", [Release(version="2.0.0", deprecated="abandoned, acme/b takes its place", runtime="PHP >=8"), Release(version="1.0.0")],
        (Need("acme/t", "^1"),),
    ),
    "nuget": (
        {"/index.json": json.dumps({"resources": [{"@type": "RegistrationsBaseUrl/3.6.0", "@id": "{base}/reg/"}]}),
         "/reg/acme.a/index.json": json.dumps({"items": [
             {"items": [{"catalogEntry": {"version": "1.0.0", "listed": False}}]}, {"@id": "{base}/reg/acme.a/page.json"}]}),
         "/reg/acme.a/page.json": json.dumps({"items": [{"catalogEntry": {"version": "2.0.0", "deprecation": {"reasons": ["Legacy"]},
            "dependencyGroups": [{"dependencies": []}, {"dependencies": [{"id": "T", "range": "[1.0.0, )"}]}]}}]})},
        "Acme.A", "2.0.0", [Release(version="1.0.0", yanked="yes"), Release(version="2.0.0", deprecated="Legacy")], (Need("T", "[1.0.0, )"),),
    ),
}  # fmt: skip


@pytest.mark.parametrize("ecosystem", CASES)
def test_releases_and_needs(ecosystem: str, served: Served) -> None:
    answers, name, version, releases, needs = CASES[ecosystem]
    served.answers = answers
    with asked(served, ecosystem) as found:
        assert list(found.releases(ecosystem, name) or ()) == releases
        assert found.needs(ecosystem, name, version) == needs
        assert found.needs(ecosystem, name, "v9.9.9") is None
        assert found.releases(ecosystem, "acme/none") is None
        assert not found.troubles


@pytest.mark.parametrize("ecosystem", CASES)
def test_what_is_none_of_their_documents_is_told_and_ends_nothing(ecosystem: str, served: Served) -> None:
    answers, name, version, _, _ = CASES[ecosystem]
    for nonsense in (
        "[1, 2",
        "<html>",
        '{"versions": 3, "files": 4, "packages": 5, "resources": 6, "items": 7}',
        "\0\0",
        "",
    ):
        served.answers = dict.fromkeys(answers, nonsense)
        with asked(served, ecosystem) as found:
            assert not found.releases(ecosystem, name)
            assert not found.needs(ecosystem, name, version)


def test_locks_get_their_digests(served: Served) -> None:
    served.answers = {path: text for one in ("npm", "pypi", "cargo") for path, text in CASES[one][0].items()}
    with Registries(
        dict.fromkeys(("npm", "pypi", "cargo", "gem"), served.base), cache=Cache(None), attempts=1
    ) as found:
        assert found.hashes("npm", "@acme/a", "1.0.0") == (
            ("integrity", "sha512-x"),
            ("resolved", "https://acme.example/a.tgz"),
        )
        assert found.hashes("pypi", "acme-a", "1.0") == (("sha256", "ab"), ("sha256", "cd"))
        assert found.hashes("cargo", "serde", "1.0.0") == (("sha256", "ef"), ("checksum", "ef"))
        assert found.hashes("gem", "rack", "2.0.0") == ()


def test_answers_are_kept_on_disk_for_a_time(served: Served, tmp_path: Path) -> None:
    served.answers = {"/a": "{}"}
    clock = [1000.0]
    for _ in range(2):
        door = Door(served.base, "it", Cache(tmp_path, seconds=60, now=lambda: clock[0]), attempts=1)
        assert door.text("a") == "{}"
        assert door.text("none") is None
        door.close()
    assert served.asked == ["/a", "/none"]
    clock[0] += 61
    served.status = 500
    door = Door(served.base, "it", Cache(tmp_path, seconds=60, now=lambda: clock[0]), attempts=1)
    # While the registry is away, what was known yesterday is taken.
    assert door.text("a") == "{}"
    assert len(served.asked) == 3
    with pytest.raises(RemoteFailure, match="answered 500"):
        door.text("new")
    door.close()


def test_a_registry_that_is_away_is_not_asked_for_ever(served: Served) -> None:
    served.status = 500
    with asked(served, "npm") as found:
        for number in range(10):
            assert found.releases("npm", f"p{number}") is None
        assert len(served.asked) == 3
        assert list(found.troubles) == ["the npm registry answered 500"]


def test_addresses_inside_the_network_are_not_followed(served: Served) -> None:
    with registry_at_home() as other:
        other.answers = {"/secret": "x"}
        door = Door(served.base, "it", Cache(None), attempts=1)
        with pytest.raises(RemoteFailure, match=r"https|inside this network"):
            door.follow(f"{other.base}/secret")
        assert not other.asked
        with pytest.raises(RemoteFailure, match="none"):
            door.follow("file:///etc/passwd")
        door.close()


def test_nobody_says_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEAMARK_REGISTRIES", raising=False)
    monkeypatch.setattr("seamark.intake.connectors.registries.registries.host_of", lambda ecosystem: "")
    with Registries(cache=Cache(None)) as found:
        assert found.releases("gem", "rack") is None
        assert found.releases("swift", "x") is None
        assert list(found.troubles) == ["Nobody here says where RubyGems is; SEAMARK_REGISTRIES=gem=https://… does"]


def test_hosts_come_from_the_setting_or_from_each_tools_own_configuration(tmp_path: Path) -> None:
    def said(ecosystem: str, printed: dict[str, str] | None = None, **variables: str) -> str:
        return host_of(
            ecosystem,
            environment=variables,
            run=lambda words: (printed or {}).get(words[0].rpartition("/")[2], ""),
            home=tmp_path,
        )

    assert (
        said("npm", SEAMARK_REGISTRIES="npm=https://npm.acme.example/, crates=https://c.acme.example")
        == "https://npm.acme.example"
    )
    assert said("cargo", SEAMARK_REGISTRIES="crates=https://c.acme.example") == "https://c.acme.example"
    assert said("npm", {"npm": "https://n.acme.example/\n"}) == "https://n.acme.example"
    assert said("pypi", PIP_INDEX_URL="https://p.acme.example/simple") == "https://p.acme.example/simple"
    assert said("golang", GOPROXY="https://g.acme.example,direct") == "https://g.acme.example"
    assert said("golang", {"go": "https://g2.acme.example,direct"}) == "https://g2.acme.example"
    assert said("golang", GOPROXY="off") == ""
    assert said("gem", {"gem": "*** CURRENT SOURCES ***\n\nhttps://r.acme.example/\n"}) == "https://r.acme.example"
    assert (
        said("composer", {"composer": '{"acme": {"type": "composer", "url": "https://k.acme.example"}}'})
        == "https://k.acme.example"
    )
    assert [said(one) for one in ("cargo", "maven", "nuget", "swift")] == ["", "", "", ""]
    (tmp_path / ".cargo").mkdir()
    (tmp_path / ".cargo/config.toml").write_text(
        '[source.crates-io]\nreplace-with = "acme"\n[source.acme]\nregistry = "sparse+https://c.acme.example/index/"\n'
    )
    (tmp_path / ".m2").mkdir()
    (tmp_path / ".m2/settings.xml").write_text(
        "<settings><mirrors><mirror><mirrorOf>central</mirrorOf><url>https://m.acme.example/maven</url></mirror></mirrors></settings>"
    )
    (tmp_path / ".nuget/NuGet").mkdir(parents=True)
    (tmp_path / ".nuget/NuGet/NuGet.Config").write_text(
        '<configuration><packageSources><add key="acme" value="https://u.acme.example/v3/index.json"/></packageSources></configuration>'
    )
    assert said("cargo") == "https://c.acme.example/index"
    assert said("maven") == "https://m.acme.example/maven"
    assert said("nuget") == "https://u.acme.example/v3"


@pytest.mark.parametrize("setting", ["npm", "npm=ftp://x", "cobol=https://x.example", "npm="])
def test_a_wrong_setting_is_refused(setting: str) -> None:
    with pytest.raises(InvalidSetting, match="SEAMARK_REGISTRIES"):
        told(setting)


def test_names_of_files() -> None:
    assert version_in("zope.interface-5.4.0.tar.gz", "zope-interface") == "5.4.0"
    assert version_in("a_b-2-1.0.zip", "a-b-2") == "1.0"
    assert version_in("a-1.0.exe", "a") == ""
    assert escaped("github.com/Acme/X") == "github.com/!acme/!x"
