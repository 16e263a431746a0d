"""NuGet: project files, central versions, and three locks."""

from __future__ import annotations

import json
from pathlib import Path

from .support import plant, told


def test_projects_with_central_versions(tmp_path: Path) -> None:
    files = {
        "Directory.Packages.props": """
            <Project>
              <PropertyGroup><GrpcVersion>2.60.0</GrpcVersion></PropertyGroup>
              <ItemGroup>
                <PackageVersion Include="Grpc.Net" Version="$(GrpcVersion)" />
                <PackageVersion Include="Serilog" Version="3.1.0" />
                <PackageVersion Include="xunit" Version="[2.4,3)" />
                <GlobalPackageReference Include="Analyzers" Version="1.0.0" />
              </ItemGroup>
            </Project>
        """,
        "Directory.Build.props": "<Project><ItemGroup><PackageReference Include='Everywhere' Version='1.1.0' /></ItemGroup></Project>",
        "src/Shop/Shop.csproj": """
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup><PackageId>Acme.Shop</PackageId><Version>4.0.0</Version><PackageLicenseExpression>MIT</PackageLicenseExpression></PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Grpc.Net" />
                <PackageReference Include="Serilog" VersionOverride="3.2.0" />
                <PackageReference Include="Floating"><Version>1.*</Version></PackageReference>
                <PackageReference Include="Tool" Version="[5.0.0]" PrivateAssets="all" />
                <!-- <PackageReference Include="Gone" Version="1.0.0" /> -->
                <ProjectReference Include="../Other/Other.csproj" />
              </ItemGroup>
            </Project>
        """,
        "tests/Shop.Tests.csproj": """
            <Project xmlns="http://schemas.microsoft.com/developer/msbuild/2003">
              <ItemGroup><PackageReference Include="xunit" /></ItemGroup>
            </Project>
        """,
    }
    found = told(plant(tmp_path, files), "nuget")
    assert found["src/Shop/Shop.csproj"].rows == [
        "nuget/Grpc.Net@2.60.0 runtime direct",
        "nuget/Serilog@3.2.0 runtime direct",
        "nuget/Floating runtime direct",
        "nuget/Tool@5.0.0 development direct",
        "nuget/Everywhere@1.1.0 runtime direct",
        "nuget/Analyzers@1.0.0 development direct",
    ]
    assert found["src/Shop/Shop.csproj"].facts == {
        "ecosystem": "nuget",
        "locked": False,
        "name": "Acme.Shop",
        "version": "4.0.0",
        "licence": "MIT",
        "ranges": {"Floating": "1.*"},
    }
    assert found["tests/Shop.Tests.csproj"].rows[0] == "nuget/xunit test direct"
    assert found["tests/Shop.Tests.csproj"].facts["name"] == "Shop.Tests"
    assert found["tests/Shop.Tests.csproj"].facts["ranges"] == {"xunit": "[2.4,3)"}
    assert found["Directory.Packages.props"].facts["purpose"] == "catalogue"
    assert found["Directory.Packages.props"].rows == [
        "nuget/Grpc.Net@2.60.0 direct",
        "nuget/Serilog@3.1.0 direct",
        "nuget/xunit direct",
        "nuget/Analyzers@1.0.0 direct",
    ]


def test_locks(tmp_path: Path) -> None:
    lock = {
        "version": 1,
        "dependencies": {
            "net8.0": {
                "Serilog": {"type": "Direct", "requested": "[3.1.0, )", "resolved": "3.1.0", "contentHash": "AAECAw==", "dependencies": {"serilog.core": "1.0.0"}},
                "Serilog.Core": {"type": "Transitive", "resolved": "1.0.0"},
                "other": {"type": "Project", "dependencies": {"Serilog": "[3.1.0, )"}},
            }
        },
    }  # fmt: skip
    assets = {
        "libraries": {
            "Serilog/3.1.0": {"sha512": "AAECAw==", "type": "package"},
            "Serilog.Core/1.0.0": {"type": "package"},
        },
        "targets": {"net8.0": {"Serilog/3.1.0": {"dependencies": {"Serilog.Core": "1.0.0"}}, "Serilog.Core/1.0.0": {}}},
        "project": {
            "version": "1.0.0",
            "restore": {"projectName": "Shop"},
            "frameworks": {"net8.0": {"dependencies": {"Serilog": {}}}},
        },
    }
    config = '<packages><package id="Old" version="1.0" /><package id="Tool" version="2.0" developmentDependency="true" /></packages>'
    files = {
        "a/A.csproj": "<Project/>",
        "a/packages.lock.json": json.dumps(lock),
        "b/project.assets.json": json.dumps(assets),
        "c/packages.config": config,
    }
    found = told(plant(tmp_path, files), "nuget")
    assert found["a/A.csproj"].facts["lock"] == "a/packages.lock.json"
    assert found["a/packages.lock.json"].rows == [
        "nuget/Serilog@3.1.0 runtime direct",
        "nuget/Serilog.Core@1.0.0 runtime",
        "nuget/other runtime direct",
    ]
    assert found["a/packages.lock.json"].edges["Serilog@3.1.0"] == ("Serilog.Core@1.0.0",)
    assert found["a/packages.lock.json"].hashes("Serilog@3.1.0") == (("sha512", "00010203"),)
    assert found["a/packages.lock.json"].facts["internal"] == ["other"]
    assert found["b/project.assets.json"].rows == [
        "nuget/Serilog@3.1.0 runtime direct",
        "nuget/Serilog.Core@1.0.0 runtime",
    ]
    assert found["b/project.assets.json"].facts["name"] == "Shop"
    assert found["c/packages.config"].rows == ["nuget/Old@1.0 runtime direct", "nuget/Tool@2.0 development direct"]
    assert found["c/packages.config"].facts == {"ecosystem": "nuget", "locked": True}
