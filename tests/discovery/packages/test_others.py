"""Ruby, PHP, Elixir, Dart, Swift and CocoaPods."""

from __future__ import annotations

import json
from pathlib import Path

from .support import plant, told


def test_ruby(tmp_path: Path) -> None:
    files = {
        "Gemfile": """
            source "https://gems.example"
            ruby "3.2.0"
            gem "rails", "~> 7.0", ">= 7.0.4" # the framework
            gem 'puma', '5.0.0', require: false
            gem "shared", path: "../shared"
            # gem "gone"
            group :development, :test do
              platforms :ruby do
                gem "debug"
              end
            end
            gem "pg"
            group :test do
              gem "rspec"
            end
            gem "rubocop", group: [:development]
            if ENV["X"]
              gem("redis", "= 4.0.0")
            end
        """,
        "shop.gemspec": """
            Gem::Specification.new do |spec|
              spec.name = "shop"
              spec.version = "1.0.0"
              spec.license = "MIT"
              spec.add_dependency "rack", ">= 2", "< 4"
              spec.add_development_dependency("minitest")
            end
        """,
        "Gemfile.lock": """
            PATH
              remote: ../shared
              specs:
                shared (0.1.0)
                  rack

            GEM
              remote: https://gems.example/
              specs:
                debug (1.8.0)
                rack (3.0.0)
                nokogiri (1.15.0-x86_64-linux)
                  racc (~> 1.4)
                nokogiri (1.15.0)
                racc (1.7.0)
                rails (7.0.5)
                  nokogiri
                  rack (>= 2)
                rspec (3.12.0)
                  rspec-core (~> 3.12)
                rspec-core (3.12.0)

            PLATFORMS
              ruby

            DEPENDENCIES
              debug
              rails (~> 7.0)
              rspec
              shared!

            CHECKSUMS
              rack (3.0.0) sha256=00000000000000000000000000000000000000000000000000000000000000ff

            BUNDLED WITH
               2.4.0
        """,
    }
    found = told(plant(tmp_path, files), "gem")
    assert found["Gemfile"].rows == [
        "gem/rails runtime direct",
        "gem/puma@5.0.0 runtime direct",
        "gem/debug development direct",
        "gem/pg runtime direct",
        "gem/rspec test direct",
        "gem/rubocop development direct",
        "gem/redis@4.0.0 runtime direct",
    ]
    assert found["Gemfile"].facts == {
        "ecosystem": "gem",
        "locked": False,
        "lock": "Gemfile.lock",
        "ranges": {"rails": "~> 7.0, >= 7.0.4"},
    }
    assert found["shop.gemspec"].facts == {
        "ecosystem": "gem", "locked": False, "name": "shop", "version": "1.0.0", "licence": "MIT", "ranges": {"rack": ">= 2, < 4"},
    }  # fmt: skip
    assert found["shop.gemspec"].rows == ["gem/rack runtime direct", "gem/minitest development direct"]
    lock = found["Gemfile.lock"]
    assert lock.rows == [
        "gem/shared runtime direct",
        "gem/debug@1.8.0 development direct",
        "gem/rack@3.0.0 runtime",
        "gem/nokogiri@1.15.0 runtime",
        "gem/racc@1.7.0 runtime",
        "gem/rails@7.0.5 runtime direct",
        "gem/rspec@3.12.0 test direct",
        "gem/rspec-core@3.12.0 test",
    ]
    assert lock.edges["rails@7.0.5"] == ("nokogiri@1.15.0", "rack@3.0.0")
    assert lock.hashes("rack@3.0.0") == (("sha256", "ff".rjust(64, "0")),)


def test_php(tmp_path: Path) -> None:
    manifest = {
        "name": "acme/shop",
        "license": ["MIT", "GPL-2.0"],
        "require": {"php": ">=8", "ext-json": "*", "Symfony/console": "^6.0", "monolog/monolog": "3.0.0"},
        "require-dev": {"phpunit/phpunit": "^10"},
    }
    lock = {
        "packages": [
            {"name": "symfony/console", "version": "v6.4.0", "require": {"php": ">=8", "psr/log-implementation": "*"}, "license": ["MIT"], "dist": {"shasum": "00ff"}},
            {"name": "monolog/monolog", "version": "3.0.0", "provide": {"psr/log-implementation": "3.0"}},
        ],
        "packages-dev": [{"name": "phpunit/phpunit", "version": "10.0.0"}],
    }  # fmt: skip
    found = told(
        plant(tmp_path, {"composer.json": json.dumps(manifest), "composer.lock": json.dumps(lock)}), "composer"
    )
    assert found["composer.json"].facts == {
        "ecosystem": "composer", "locked": False, "name": "acme/shop", "licence": "MIT OR GPL-2.0", "lock": "composer.lock",
        "ranges": {"symfony/console": "^6.0", "phpunit/phpunit": "^10"},
    }  # fmt: skip
    assert found["composer.json"].rows == [
        "composer/symfony/console runtime direct",
        "composer/monolog/monolog@3.0.0 runtime direct",
        "composer/phpunit/phpunit development direct",
    ]
    assert found["composer.lock"].rows == [
        "composer/symfony/console@v6.4.0 runtime direct",
        "composer/monolog/monolog@3.0.0 runtime direct",
        "composer/phpunit/phpunit@10.0.0 development direct",
    ]
    assert found["composer.lock"].edges["symfony/console@v6.4.0"] == ("monolog/monolog@3.0.0",)
    assert found["composer.lock"].hashes("symfony/console@v6.4.0") == (("sha1", "00ff"),)


def test_elixir(tmp_path: Path) -> None:
    digest = "ab" * 32
    files = {
        "mix.exs": """
            defmodule Shop.MixProject do
              use Mix.Project
              @version "1.2.0"
              def project do
                [app: :shop, version: @version, deps: deps(), licenses: ["MIT"]]
              end
              # {:gone, "1.0"}
              defp deps do
                [
                  {:phoenix, "~> 1.7"},
                  {:jason, "1.4.0"},
                  {:credo, "~> 1.7", only: [:dev, :test], runtime: false},
                  {:floki, ">= 0.30.0", only: :test},
                  {:shared, in_umbrella: true},
                  {:icons, github: "acme/icons", tag: "v2"}
                ]
              end
              defp aliases do
                [{:setup, "deps.get"}]
              end
            end
        """,
        "mix.lock": f"""
            %{{
              "icons": {{:git, "https://git.example/icons.git", "0123", [tag: "v2"]}},
              "jason": {{:hex, :jason, "1.4.0", "aa", [:mix], [], "hexpm", "{digest}"}},
              "phoenix": {{:hex, :phoenix, "1.7.0", "bb", [:mix], [{{:jason, "~> 1.0", [hex: :jason, repo: "hexpm", optional: true]}}, {{:plug, "~> 1.14", [hex: :plug]}}], "hexpm", "{digest}"}},
              "plug": {{:hex, :plug, "1.14.0", "cc", [:mix], [], "hexpm"}},
            }}
        """,
    }
    found = told(plant(tmp_path, files), "hex")
    assert found["mix.exs"].facts == {
        "ecosystem": "hex", "locked": False, "name": "shop", "version": "1.2.0", "licence": "MIT", "lock": "mix.lock",
        "ranges": {"phoenix": "~> 1.7", "credo": "~> 1.7", "floki": ">= 0.30.0", "icons": "acme/icons"},
    }  # fmt: skip
    assert found["mix.exs"].rows == [
        "hex/phoenix runtime direct",
        "hex/jason@1.4.0 runtime direct",
        "hex/credo development direct",
        "hex/floki test direct",
        "hex/icons runtime direct",
    ]
    assert found["mix.lock"].rows == [
        "hex/icons runtime direct",
        "hex/jason@1.4.0 runtime direct",
        "hex/phoenix@1.7.0 runtime direct",
        "hex/plug@1.14.0 runtime",
    ]
    assert found["mix.lock"].edges["phoenix@1.7.0"] == ("jason@1.4.0", "plug@1.14.0")
    assert found["mix.lock"].hashes("jason@1.4.0") == (("sha256", digest),)
    assert found["mix.lock"].hashes("plug@1.14.0") == ()


def test_dart(tmp_path: Path) -> None:
    files = {
        "pubspec.yaml": "name: space\npublish_to: none\nworkspace:\n  - app\n",
        "app/pubspec.yaml": """
            name: app
            version: 1.0.0+3
            dependencies:
              flutter: {sdk: flutter}
              http: ^1.0.0
              path: 1.8.0
              own: {path: ../own}
              forked: {git: {url: "https://token@git.example/forked.git", ref: main}}
            dev_dependencies:
              test: ">=1.0.0 <2.0.0"
        """,
        "pubspec.lock": """
            packages:
              http:
                dependency: transitive
                description: {name: http, sha256: "00ff", url: "https://x.example"}
                source: hosted
                version: "1.1.0"
              lints:
                dependency: "direct dev"
                source: hosted
                version: "2.0.0"
              async:
                dependency: transitive
                source: hosted
                version: "2.11.0"
              sky_engine:
                dependency: transitive
                source: sdk
                version: "0.0.99"
              app:
                dependency: transitive
                source: path
                version: "1.0.0"
        """,
    }
    found = told(plant(tmp_path, files), "pub")
    assert found["pubspec.yaml"].facts == {
        "ecosystem": "pub", "locked": False, "name": "space", "private": True, "lock": "pubspec.lock", "workspaces": ["app"],
    }  # fmt: skip
    assert found["app/pubspec.yaml"].facts["lock"] == "pubspec.lock"
    assert found["app/pubspec.yaml"].facts["ranges"] == {
        "http": "^1.0.0",
        "forked": "https://git.example/forked.git",
        "test": ">=1.0.0 <2.0.0",
    }
    assert found["app/pubspec.yaml"].rows == [
        "pub/http runtime direct",
        "pub/path@1.8.0 runtime direct",
        "pub/forked runtime direct",
        "pub/test development direct",
    ]
    assert found["pubspec.lock"].rows == [
        "pub/http@1.1.0 runtime direct",
        "pub/lints@2.0.0 development direct",
        "pub/async@2.11.0",
        "pub/app runtime",
    ]
    assert found["pubspec.lock"].facts["internal"] == ["app"]


def test_swift(tmp_path: Path) -> None:
    files = {
        "Package.swift": """
            // swift-tools-version:5.7
            let package = Package(
                name: "Shop",
                dependencies: [
                    .package(url: "https://github.com/apple/swift-nio.git", from: "2.0.0"),
                    .package(name: "Log", url: "git@github.com:apple/swift-log.git", exact: "1.5.0"),
                    .package(
                        url: "https://user:secret@git.example/a/b/", .upToNextMajor(from: "1.0.0")),
                    // .package(url: "https://github.com/gone/gone", from: "1.0.0"),
                    .package(path: "../Own"),
                ]
            )
        """,
        "Package.resolved": json.dumps(
            {
                "version": 2,
                "pins": [
                    {"identity": "swift-nio", "kind": "remoteSourceControl", "location": "https://github.com/Apple/swift-nio.git", "state": {"version": "2.50.0", "revision": "ab"}},
                    {"identity": "swift-log", "location": "https://github.com/apple/swift-log", "state": {"branch": "main", "revision": "cd"}},
                ],
            }
        ),
        "App.xcworkspace/Package.resolved": json.dumps(
            {"version": 1, "object": {"pins": [{"package": "X", "repositoryURL": "ssh://git@github.com:22/x/X.git", "state": {"version": "1.0.0"}}]}}
        ),
    }  # fmt: skip
    found = told(plant(tmp_path, files), "swift")
    assert found["Package.swift"].rows == [
        "swift/github.com/apple/swift-nio runtime direct",
        "swift/github.com/apple/swift-log@1.5.0 runtime direct",
        "swift/git.example/a/b runtime direct",
    ]
    assert found["Package.swift"].facts == {
        "ecosystem": "swift", "locked": False, "name": "Shop", "lock": "Package.resolved",
        "ranges": {"github.com/apple/swift-nio": 'from: "2.0.0"', "git.example/a/b": '.upToNextMajor(from: "1.0.0")'},
    }  # fmt: skip
    assert found["Package.resolved"].rows == [
        "swift/github.com/Apple/swift-nio@2.50.0 runtime direct",
        "swift/github.com/apple/swift-log@cd runtime direct",
    ]
    assert found["App.xcworkspace/Package.resolved"].rows == ["swift/github.com/x/X@1.0.0 runtime"]


def test_cocoapods(tmp_path: Path) -> None:
    lock = """
        PODS:
          - Alamofire (5.6.0)
          - Firebase/Core (10.0.0):
            - Firebase/CoreOnly
            - GoogleUtilities/NSData+zlib (~> 7.8)
          - Firebase/CoreOnly (10.0.0)
          - GoogleUtilities/NSData+zlib (7.8.0)
          - Own (0.1.0)
          - React (0.70.0)

        DEPENDENCIES:
          - Alamofire (~> 5.6)
          - Firebase/Core
          - Own (from `Own`)
          - React (from `../node_modules/react-native`)

        EXTERNAL SOURCES:
          Own:
            :path: Own
          React:
            :path: "../node_modules/react-native"

        SPEC CHECKSUMS:
          Alamofire: 00ff

        COCOAPODS: 1.12.0
    """
    found = told(plant(tmp_path, {"ios/Podfile.lock": lock, "ios/Own/own.swift": ""}), "cocoapods")["ios/Podfile.lock"]
    assert found.rows == [
        "cocoapods/Alamofire@5.6.0 runtime direct",
        "cocoapods/Firebase@10.0.0 runtime direct",
        "cocoapods/GoogleUtilities@7.8.0 runtime",
        "cocoapods/Own runtime direct",
        "cocoapods/React@0.70.0 runtime direct",
    ]
    assert found.facts == {"ecosystem": "cocoapods", "locked": True, "internal": ["Own"]}
    assert found.edges["Firebase@10.0.0"] == ("GoogleUtilities@7.8.0",)
    assert found.hashes("Alamofire@5.6.0") == (("sha1", "00ff"),)
