"""Go modules and Rust crates."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.intake.discovery.extractors.packages.members import Workspaces, fits

from .support import plant, told


def test_go(tmp_path: Path) -> None:
    files = {
        "svc/go.mod": """
            module github.com/acme/shop/svc // the service
            go 1.21.3
            toolchain go1.22.0
            require github.com/Masterminds/semver v1.5.0+incompatible
            require (
                gopkg.in/yaml.v3 v3.0.1
                golang.org/x/text v0.14.0 // indirect
                github.com/old/fork v1.0.0
                github.com/own/local v0.0.0
                github.com/acme/shop/lib v0.0.0-00010101000000-000000000000
                bad line
            )
            exclude golang.org/x/net v0.1.0
            require golang.org/x/net v0.1.0
            replace (
                github.com/old/fork => github.com/new/fork v1.2.0
                github.com/own/local v0.0.0 => ../local
            )
            tool golang.org/x/tools/cmd/stringer
        """,
        "svc/go.sum": "gopkg.in/yaml.v3 v3.0.1 h1:AAECAw==\ngopkg.in/yaml.v3 v3.0.1/go.mod h1:BBBB\n",
        "lib/go.mod": "module github.com/acme/shop/lib\n\ngo 1.16\n\nrequire gopkg.in/yaml.v3 v3.0.1\n",
        "go.work": "go 1.21\n\nuse (\n\t./svc\n\t./gone\n)\nuse ./lib\n",
    }
    found = told(plant(tmp_path, files), "golang")
    assert found["svc/go.mod"].facts == {
        "ecosystem": "golang",
        "locked": True,
        "name": "github.com/acme/shop/svc",
        "lock": "svc/go.sum",
        "tools": ["golang.org/x/tools/cmd/stringer"],
        "replaced": {"github.com/old/fork": "github.com/new/fork v1.2.0", "github.com/own/local": "../local"},
    }
    assert found["svc/go.mod"].rows == [
        "golang/github.com/Masterminds/semver@v1.5.0%2Bincompatible runtime direct",
        "golang/gopkg.in/yaml.v3@v3.0.1 runtime direct",
        "golang/golang.org/x/text@v0.14.0 runtime",
        "golang/github.com/new/fork@v1.2.0 runtime direct",
    ]
    assert found["svc/go.mod"].hashes("gopkg.in/yaml.v3@v3.0.1") == (("h1", "00010203"),)
    assert found["lib/go.mod"].facts["locked"] is False
    assert found["go.work"].facts["workspaces"] == ["svc", "lib"]
    assert found["go.work"].listing is None


MEMBER = """
    [package]
    name = "orders"
    version.workspace = true
    license.workspace = true
    publish = false
    [dependencies]
    serde = { workspace = true, optional = true }
    tokio = "1.30"
    exact = "=1.0.0"
    renamed = { package = "real-name", version = "2" }
    shared = { path = "../shared", version = "0.1" }
    forked = { git = "https://token@git.example/forked" }
    [dev-dependencies]
    proptest = "1"
    [build-dependencies]
    cc = "1"
    [target.'cfg(unix)'.dependencies]
    libc = "0.2"
"""


def test_cargo(tmp_path: Path) -> None:
    files = {
        "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\nexclude = ["crates/old"]\n[workspace.package]\nversion = "3.0.0"\nlicense = "MIT"\n[workspace.dependencies]\nserde = { version = "1.0.190" }\n',
        "crates/orders/Cargo.toml": MEMBER,
        "crates/shared/Cargo.toml": '[package]\nname = "shared"\nversion = "0.1.0"\n[dependencies]\nlibc = "0.2"\n',
        "crates/old/Cargo.toml": '[package]\nname = "old"\n',
        "Cargo.lock": """
            version = 3
            [[package]]
            name = "orders"
            version = "3.0.0"
            dependencies = ["cc", "libc 0.2.1 (registry+https://index.example)", "proptest", "serde", "shared"]
            [[package]]
            name = "shared"
            version = "0.1.0"
            dependencies = ["libc 0.2.2"]
            [[package]]
            name = "libc"
            version = "0.2.1"
            source = "registry+https://index.example"
            checksum = "00ff"
            [[package]]
            name = "libc"
            version = "0.2.2"
            source = "registry+https://index.example"
            [[package]]
            name = "proptest"
            version = "1.0.0"
            source = "registry+https://index.example"
            dependencies = ["rand"]
            [[package]]
            name = "rand"
            version = "0.8.0"
            source = "registry+https://index.example"
            [[package]]
            name = "serde"
            version = "1.0.190"
            source = "registry+https://index.example"
            [[package]]
            name = "cc"
            version = "1.0.0"
            source = "git+https://git.example/cc#0123"
            [metadata]
            "checksum libc 0.2.2 (registry+https://index.example)" = "01ff"
        """,
    }
    found = told(plant(tmp_path, files), "cargo")
    assert found["Cargo.toml"].facts == {
        "ecosystem": "cargo",
        "locked": False,
        "lock": "Cargo.lock",
        "workspaces": ["crates/orders", "crates/shared"],
    }
    assert found["crates/orders/Cargo.toml"].facts == {
        "ecosystem": "cargo",
        "locked": False,
        "name": "orders",
        "version": "3.0.0",
        "licence": "MIT",
        "private": True,
        "lock": "Cargo.lock",
        "ranges": {"serde": "1.0.190", "tokio": "1.30", "real-name": "2", "forked": "https://git.example/forked", "cc": "1", "proptest": "1", "libc": "0.2"},
    }  # fmt: skip
    assert found["crates/orders/Cargo.toml"].rows == [
        "cargo/serde optional direct",
        "cargo/tokio runtime direct",
        "cargo/exact@1.0.0 runtime direct",
        "cargo/real-name runtime direct",
        "cargo/forked runtime direct",
        "cargo/cc development direct",
        "cargo/proptest test direct",
        "cargo/libc runtime direct",
    ]
    assert "lock" not in found["crates/old/Cargo.toml"].facts
    lock = found["Cargo.lock"]
    assert lock.facts == {"ecosystem": "cargo", "locked": True, "internal": ["orders", "shared"]}
    assert lock.rows == [
        "cargo/orders runtime direct",
        "cargo/shared runtime direct",
        "cargo/libc@0.2.1 runtime direct",
        "cargo/libc@0.2.2 runtime direct",
        "cargo/proptest@1.0.0 test direct",
        "cargo/rand@0.8.0 test",
        "cargo/serde@1.0.190 optional direct",
        "cargo/cc@1.0.0 development direct",
    ]
    assert lock.edges["proptest@1.0.0"] == ("rand@0.8.0",)
    assert lock.edges["shared@0.1.0"] == ("libc@0.2.2",)
    assert lock.hashes("libc@0.2.1") == (("sha256", "00ff"),)
    assert lock.hashes("libc@0.2.2") == (("sha256", "01ff"),)


def test_the_root_crate_is_the_lock_itself(tmp_path: Path) -> None:
    files = {
        "Cargo.toml": '[package]\nname = "shop"\nversion = "1.0.0"\n[dev-dependencies]\nrand = "0.8"\n',
        "Cargo.lock": '[[package]]\nname = "shop"\nversion = "1.0.0"\ndependencies = ["rand"]\n[[package]]\nname = "rand"\nversion = "0.8.0"\nsource = "registry+x"\n',
    }
    found = told(plant(tmp_path, files), "cargo")
    assert found["Cargo.lock"].rows == ["cargo/rand@0.8.0 test direct"]
    assert found["Cargo.lock"].facts == {"ecosystem": "cargo", "locked": True, "name": "shop", "version": "1.0.0"}


@pytest.mark.parametrize(
    ("folder", "pattern", "wanted"),
    [
        ("packages/a", "packages/*", True),
        ("packages/a/b", "packages/*", False),
        ("packages/a/b", "packages/**", True),
        ("packages", "packages/**", True),
        ("a/x/y/b", "a/**/b", True),
        ("a/b", "a/**/b", True),
        ("a/x", "a/**/b", False),
        ("libs/core", "./libs/core/", True),
        ("libs/core", "libs/c[ao]re", True),
        ("a", "/".join(["**"] * 31), False),
    ],
)
def test_patterns(folder: str, pattern: str, wanted: bool) -> None:
    assert fits(folder, pattern) is wanted


def test_the_nearest_workspace_counts() -> None:
    spaces = Workspaces(
        {"": ["**"], "a": ["*", "!x"]}, {"": "lock", "a/own": "a/own/lock"}, ["a", "a/b", "a/x", "a/own", "c"]
    )
    assert [spaces.root(each) for each in ("a", "a/b", "a/x", "c", "")] == ["", "a", "", "", ""]
    assert spaces.members("a") == ["a/b", "a/own"]
    assert spaces.members("") == ["a", "a/x", "c"]
    assert [spaces.lock(each) for each in ("a", "a/b", "a/own", "c")] == ["lock", "", "a/own/lock", "lock"]
