"""Go, Cargo, RubyGems, NuGet and Composer."""

from __future__ import annotations

import hashlib
import json

import pytest

from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.formats.composer import content_hash

from .made import made, refused, swapped

MOD = """\
module example.com/app

go 1.21

require (
	github.com/gin-gonic/gin v1.7.0 // web
	golang.org/x/text v0.3.0 // indirect
)

require github.com/pkg/errors v0.9.0
replace github.com/old/one v1.0.0 => ../one
exclude golang.org/x/text v0.3.1
"""


@pytest.mark.parametrize(
    ("name", "versions", "old", "new"),
    [
        ("github.com/gin-gonic/gin", "v1.7.0 -> v1.9.1", "v1.7.0", "v1.9.1"),
        ("golang.org/x/text", "0.3.0 -> 0.3.8", "v0.3.0 ", "v0.3.8 "),
        ("github.com/pkg/errors", "v0.9.0 -> v0.9.1", "v0.9.0", "v0.9.1"),
    ],
)
def test_module_is_raised(name: str, versions: str, old: str, new: str) -> None:
    swapped("go.mod", MOD, old, new, "golang", name, versions)


def test_module_is_refused() -> None:
    refused({"go.mod": MOD}, "another import path", "golang", "github.com/gin-gonic/gin", "v1.7.0 -> v2.0.0")
    refused({"go.mod": MOD}, "replaces", "golang", "github.com/old/one", "v1.0.0 -> v1.0.1")


def test_sums_follow_and_override_is_indirect() -> None:
    old = "h1:" + "A" * 43 + "="
    sums = f"github.com/gin-gonic/gin v1.7.0 {old}\ngithub.com/gin-gonic/gin v1.7.0/go.mod {old}\nother v1.7.0 {old}\n"
    new, mod = "h1:" + "B" * 43 + "=", "h1:" + "C" * 43 + "="
    after = made(
        {"go.mod": MOD, "go.sum": sums},
        "golang",
        "github.com/gin-gonic/gin",
        "v1.7.0 -> v1.9.1",
        integrity=(("h1", new), ("h1_mod", mod)),
        manifests=("go.mod",),
    )
    assert (
        after["go.sum"]
        == f"github.com/gin-gonic/gin v1.9.1 {new}\ngithub.com/gin-gonic/gin v1.9.1/go.mod {mod}\nother v1.7.0 {old}\n"
    )
    refused({"go.mod": MOD, "go.sum": sums}, "not known", "golang", "github.com/gin-gonic/gin", "v1.7.0 -> v1.9.1")
    added = made({"go.mod": MOD}, "golang", "golang.org/x/net", "v0.1.0 -> v0.17.0", kind=ChangeKind.OVERRIDE)["go.mod"]
    assert added == MOD.replace("// indirect\n)", "// indirect\n\tgolang.org/x/net v0.17.0 // indirect\n)")


CARGO = """\
[dependencies]
serde = "1.0" # all
time = { version = "0.1.40", features = ["x"] }
renamed = { package = "real", version = "=2.0.0" }
here = { path = "../here" }
[target.'cfg(unix)'.dependencies.libc]
version = "0.2.1"
[workspace.dependencies]
tokio = ">=1.0, <2"
"""


@pytest.mark.parametrize(
    ("name", "versions", "old", "new"),
    [
        ("serde", "1.0.1 -> 1.0.190", '"1.0"', '"1.0.190"'),
        ("time", "0.1.40 -> 0.2.23", "0.1.40", "0.2.23"),
        ("real", "2.0.0 -> 2.1.0", "=2.0.0", "=2.1.0"),
        ("libc", "0.2.1 -> 0.2.9", "0.2.1", "0.2.9"),
        ("tokio", "1.0.0 -> 1.18.4", ">=1.0, <2", ">=1.18.4, <2"),
    ],
)
def test_crate_is_raised(name: str, versions: str, old: str, new: str) -> None:
    swapped("Cargo.toml", CARGO, old, new, "cargo", name, versions)


def test_cargo_lock_follows() -> None:
    old, new = "a" * 64, "b" * 64
    lock = f'version = 3\n\n[[package]]\nname = "app"\nversion = "0.1.0"\ndependencies = [\n "time 0.1.40",\n]\n\n[[package]]\nname = "time"\nversion = "0.1.40"\nsource = "registry"\nchecksum = "{old}"\n'
    after = made({"Cargo.lock": lock}, "cargo", "time", "0.1.40 -> 0.2.23", integrity=(("checksum", new),))[
        "Cargo.lock"
    ]
    assert after == lock.replace("0.1.40", "0.2.23").replace(old, new)
    refused({"Cargo.lock": lock}, "not known", "cargo", "time", "0.1.40 -> 0.2.23")


GEMFILE = """\
source "https://gems.example"
gem "rails", "~> 6.0"   # web
gem 'nokogiri', '>= 1.10', '< 2', require: false
gem "puma"
gem "inner", git: "https://git.example/inner"
gem "late", VERSION
"""


@pytest.mark.parametrize(
    ("name", "versions", "old", "new"),
    [
        ("rails", "6.0.1 -> 6.1.7", '"~> 6.0"', '"~> 6.1", ">= 6.1.7"'),
        ("nokogiri", "1.10.1 -> 1.13.10", "'>= 1.10'", "'>= 1.13.10'"),
        ("puma", "5.0 -> 5.6.7", '"puma"', '"puma", ">= 5.6.7"'),
    ],
)
def test_gem_is_raised(name: str, versions: str, old: str, new: str) -> None:
    text = GEMFILE
    assert made({"Gemfile": text}, "gem", name, versions)["Gemfile"] == text.replace(old, new)
    crlf = text.replace("\n", "\r\n").rstrip()
    assert made({"Gemfile": crlf}, "gem", name, versions)["Gemfile"] == crlf.replace(old, new)


def test_gem_is_refused() -> None:
    refused({"Gemfile": GEMFILE}, "from a repository", "gem", "inner", "1 -> 2")
    refused({"Gemfile": GEMFILE}, "computes", "gem", "late", "1 -> 2")


def test_gem_lock_follows() -> None:
    lock = "GEM\n  specs:\n    other (1.0)\n      rails (>= 6)\n    rails (6.0.1)\n\nDEPENDENCIES\n  rails (~> 6.0)\n"
    after = made({"Gemfile": GEMFILE, "Gemfile.lock": lock}, "gem", "rails", "6.0.1 -> 6.1.7")["Gemfile.lock"]
    assert after == lock.replace("(6.0.1)", "(6.1.7)").replace("(~> 6.0)", "(~> 6.1, >= 6.1.7)")
    refused(
        {"Gemfile.lock": lock + f"\nCHECKSUMS\n  rails (6.0.1) sha256={'a' * 64}\n"},
        "not known",
        "gem",
        "rails",
        "6.0.1 -> 6.1.7",
    )


CSPROJ = """\
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><SerilogVersion>2.10.0</SerilogVersion></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Newtonsoft.Json" Version="12.0.1" /> <!-- json -->
    <PackageReference Include="Serilog" Version="$(SerilogVersion)" />
    <PackageReference Include="Child">
      <Version>[1.0.0]</Version>
    </PackageReference>
    <PackageReference Include="Floating" Version="1.*" />
  </ItemGroup>
</Project>
"""


@pytest.mark.parametrize(
    ("name", "versions", "old", "new"),
    [
        ("newtonsoft.json", "12.0.1 -> 13.0.3", "12.0.1", "13.0.3"),
        ("Serilog", "2.10.0 -> 2.12.0", "2.10.0", "2.12.0"),
        ("Child", "1.0.0 -> 1.0.2", "[1.0.0]", "[1.0.2]"),
    ],
)
def test_project_is_raised(name: str, versions: str, old: str, new: str) -> None:
    swapped("App.csproj", CSPROJ, old, new, "nuget", name, versions)


def test_project_is_refused_and_overridden() -> None:
    refused({"App.csproj": CSPROJ}, "which is not edited", "nuget", "Floating", "1.2 -> 1.9")
    added = made({"App.csproj": CSPROJ}, "nuget", "System.Text.Json", "6.0.0 -> 6.0.10", kind=ChangeKind.OVERRIDE)[
        "App.csproj"
    ]
    line = '    <PackageReference Include="System.Text.Json" Version="6.0.10" />\n'
    assert added == CSPROJ.replace("  </ItemGroup>", line + "  </ItemGroup>")
    central = (
        '<Project>\n  <ItemGroup>\n    <PackageVersion Include="A" Version="1.0.0" />\n  </ItemGroup>\n</Project>\n'
    )
    swapped("Directory.Packages.props", central, "1.0.0", "1.1.0", "nuget", "A", "1.0.0 -> 1.1.0")
    refused(
        {"Directory.Packages.props": central}, "TransitivePinning", "nuget", "B", "1 -> 2", kind=ChangeKind.OVERRIDE
    )


def test_packages_config() -> None:
    text = '<?xml version="1.0"?>\n<packages>\n  <package id="jQuery" version="1.10.2" targetFramework="net45" />\n</packages>\n'
    assert made({"packages.config": text}, "nuget", "jquery", "1.10.2 -> 3.5.0")["packages.config"] == text.replace(
        "1.10.2", "3.5.0"
    )
    files = {
        "packages.config": text,
        "A.csproj": r"<Project><HintPath>..\packages\jQuery.1.10.2\lib</HintPath></Project>",
    }
    refused(files, "names the folder", "nuget", "jQuery", "1.10.2 -> 3.5.0", manifests=("packages.config",))


def test_composer_and_its_lock() -> None:
    manifest = '{\n    "name": "a/b",\n    "require": {"php": ">=8", "twig/twig": "^3.0", "x/y": "~2.1"}\n}\n'
    lock = {
        "content-hash": content_hash(manifest),
        "packages": [
            {
                "name": "twig/twig",
                "version": "v3.0.1",
                "source": {"reference": "a" * 40},
                "dist": {"url": f"https://api.example/{'a' * 40}", "reference": "a" * 40, "shasum": ""},
            }
        ],
    }
    files = {"composer.json": manifest, "composer.lock": json.dumps(lock, indent=4)}
    after = made(files, "composer", "twig/twig", "3.0.1 -> 3.4.3", integrity=(("reference", "b" * 40),))
    assert after["composer.json"] == manifest.replace("^3.0", "^3.4.3")
    assert json.loads(after["composer.lock"]) == {
        "content-hash": content_hash(after["composer.json"]),
        "packages": [
            {
                "name": "twig/twig",
                "version": "v3.4.3",
                "source": {"reference": "b" * 40},
                "dist": {"url": f"https://api.example/{'b' * 40}", "reference": "b" * 40, "shasum": ""},
            }
        ],
    }
    refused(files, "not known", "composer", "twig/twig", "3.0.1 -> 3.4.3")
    swapped("composer.json", manifest, "~2.1", "~2.3 >=2.3.4", "composer", "x/y", "2.1.0 -> 2.3.4")
    added = made({"composer.json": manifest}, "composer", "c/d", "1.0 -> 1.2", kind=ChangeKind.OVERRIDE)[
        "composer.json"
    ]
    assert added == manifest.replace('"~2.1"', '"~2.1", "c/d": "^1.2"')


def test_composer_hash_is_that_of_composer() -> None:
    """As PHP writes JSON: slashes escaped, letters beyond ASCII as escapes, an empty object as an empty list."""
    counts = rb'{"name":"a\/\u00e9","require":[]}'
    assert content_hash('{"require": {}, "name": "a/é", "scripts": {"x": "y"}}') == hashlib.md5(counts).hexdigest()
