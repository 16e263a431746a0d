"""npm's manifest and its lock in three versions, with workspaces."""

from __future__ import annotations

import json
from pathlib import Path

from .support import plant, told

LOCK = {
    "name": "shop",
    "version": "2.0.0",
    "lockfileVersion": 3,
    "packages": {
        "": {
            "name": "shop",
            "dependencies": {"express": "^4.0.0", "left": "npm:left-pad@1.3.0"},
            "devDependencies": {"jest": "^29.0.0"},
            "optionalDependencies": {"fsevents": "^2.0.0"},
        },
        "node_modules/express": {
            "version": "4.18.2",
            "integrity": "sha512-AAECAw==",
            "license": "MIT",
            "dependencies": {"debug": "2.6.9"},
            "peerDependencies": {"missing": "*"},
        },
        "node_modules/express/node_modules/debug": {"version": "2.6.9", "dependencies": {"ms": "2.0.0"}},
        "node_modules/left": {"name": "left-pad", "version": "1.3.0"},
        "node_modules/jest": {
            "version": "29.7.0",
            "dev": True,
            "dependencies": {"debug": "^4.0.0", "@jest/core": "29.7.0"},
        },
        "node_modules/@jest/core": {"version": "29.7.0", "dev": True, "license": {"type": "MIT"}},
        "node_modules/debug": {"version": "4.3.4", "dev": True, "dependencies": {"ms": "2.1.2"}},
        "node_modules/debug/node_modules/ms": {"version": "2.1.2", "dev": True},
        "node_modules/ms": {"version": "2.0.0"},
        "node_modules/fsevents": {"version": "2.3.3", "optional": True},
    },
}


def test_a_manifest_keeps_ranges_apart_from_versions(tmp_path: Path) -> None:
    manifest = {
        "name": "@acme/shop",
        "version": "2.0.0",
        "private": True,
        "license": "MIT",
        "dependencies": {
            "express": "^4.0.0",
            "lodash": "4.17.21",
            "left": "npm:left-pad@1.3.0",
            "ours": "file:../ours",
            "forked": "git+https://user:secret@git.example/forked.git#main",
        },
        "devDependencies": {"jest": "=29.7.0"},
        "optionalDependencies": {"fsevents": "~2.3"},
        "peerDependencies": {"react": ">=17", "express": "*", "vue": "3"},
        "peerDependenciesMeta": {"vue": {"optional": True}},
    }
    found = told(plant(tmp_path, {"web/package.json": json.dumps(manifest)}), "npm")["web/package.json"]
    assert found.rows == [
        "npm/express runtime direct",
        "npm/lodash@4.17.21 runtime direct",
        "npm/left-pad@1.3.0 runtime direct",
        "npm/forked runtime direct",
        "npm/fsevents optional direct",
        "npm/jest@29.7.0 development direct",
        "npm/react runtime direct",
        "npm/vue optional direct",
    ]
    assert found.facts == {
        "ecosystem": "npm",
        "locked": False,
        "name": "@acme/shop",
        "version": "2.0.0",
        "licence": "MIT",
        "private": True,
        "ranges": {
            "express": "^4.0.0",
            "forked": "git+https://git.example/forked.git#main",
            "fsevents": "~2.3",
            "react": ">=17",
            "vue": "3",
        },
    }


def test_a_lock_gives_each_package_what_is_installed_nearest(tmp_path: Path) -> None:
    tree = plant(tmp_path, {"package.json": '\ufeff{"name": "shop"}', "package-lock.json": json.dumps(LOCK)})
    found = told(tree, "npm")
    assert found["package.json"].facts["lock"] == "package-lock.json"
    lock = found["package-lock.json"]
    assert lock.facts == {"ecosystem": "npm", "locked": True, "name": "shop", "version": "2.0.0"}
    assert lock.rows == [
        "npm/express@4.18.2 runtime direct",
        "npm/debug@2.6.9 runtime",
        "npm/left-pad@1.3.0 runtime direct",
        "npm/jest@29.7.0 development direct",
        "npm/%40jest/core@29.7.0 development",
        "npm/debug@4.3.4 development",
        "npm/ms@2.1.2 development",
        "npm/ms@2.0.0 runtime",
        "npm/fsevents@2.3.3 optional direct",
    ]
    assert lock.edges == {
        "": ("jest@29.7.0", "express@4.18.2", "left-pad@1.3.0", "fsevents@2.3.3"),
        "express@4.18.2": ("debug@2.6.9",),
        "debug@2.6.9": ("ms@2.0.0",),
        "jest@29.7.0": ("debug@4.3.4", "@jest/core@29.7.0"),
        "debug@4.3.4": ("ms@2.1.2",),
    }
    assert lock.hashes("express@4.18.2") == (("sha512", "00010203"),)
    assert lock.listing is not None
    assert [each.licences for each in lock.listing.components if each.licences] == [("MIT",), ("MIT",)]


def test_version_1_nests_its_packages(tmp_path: Path) -> None:
    lock = {
        "name": "shop",
        "lockfileVersion": 1,
        "dependencies": {
            "express": {
                "version": "4.18.2",
                "requires": {"debug": "2.6.9"},
                "dependencies": {"debug": {"version": "2.6.9", "requires": {"ms": "2.0.0"}}},
            },
            "ms": {"version": "2.0.0"},
            "debug": {"version": "4.3.4", "dev": True},
            "alias": {"version": "npm:left-pad@1.3.0"},
            "forked": {"version": "git+https://git.example/forked.git#0123"},
        },
    }
    manifest = {"name": "shop", "dependencies": {"express": "^4"}, "devDependencies": {"debug": "^4"}}
    tree = plant(tmp_path, {"package.json": json.dumps(manifest), "npm-shrinkwrap.json": json.dumps(lock)})
    found = told(tree, "npm")["npm-shrinkwrap.json"]
    assert sorted(found.rows) == [
        "npm/debug@2.6.9 runtime",
        "npm/debug@4.3.4 development direct",
        "npm/express@4.18.2 runtime direct",
        "npm/forked runtime",
        "npm/left-pad@1.3.0 runtime",
        "npm/ms@2.0.0 runtime",
    ]
    assert found.edges["express@4.18.2"] == ("debug@2.6.9",)
    assert found.edges["debug@2.6.9"] == ("ms@2.0.0",)


def test_workspaces_share_a_lock_and_are_not_third_party(tmp_path: Path) -> None:
    lock = {
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "shop", "workspaces": ["packages/*"]},
            "node_modules/@acme/ui": {"resolved": "packages/ui", "link": True},
            "packages/ui": {"name": "@acme/ui", "version": "1.0.0", "dependencies": {"react": "^18"}, "devDependencies": {"jest": "^29"}},
            "packages/ui/node_modules/react": {"version": "18.2.0"},
            "node_modules/react": {"version": "17.0.0", "dependencies": {"@acme/ui": "*"}},
            "node_modules/jest": {"version": "29.7.0", "dev": True},
        },
    }  # fmt: skip
    tree = plant(
        tmp_path,
        {
            "package.json": '{"name": "shop", "workspaces": {"packages": ["packages/*", "!packages/old"]}}',
            "packages/ui/package.json": '{"name": "@acme/ui", "version": "1.0.0", "dependencies": {"react": "^18", "@acme/old": "*"}}',
            "packages/app/package.json": '{"name": "@acme/app", "dependencies": {"@acme/ui": "^1.0.0", "left": "workspace:*"}}',
            "packages/old/package.json": '{"name": "@acme/old", "dependencies": {"@acme/ui": "^1.0.0"}}',
            "packages/ui/src/package.json": '{"type": "module"}',
            "package-lock.json": json.dumps(lock),
        },
    )
    found = told(tree, "npm")
    assert sorted(found) == ["package-lock.json", "package.json", "packages/app/package.json", "packages/old/package.json", "packages/ui/package.json"]  # fmt: skip
    assert found["package.json"].facts["workspaces"] == ["packages/app", "packages/ui"]
    assert found["packages/app/package.json"].facts["lock"] == "package-lock.json"
    assert found["packages/app/package.json"].rows == []
    assert found["packages/ui/package.json"].rows == ["npm/react runtime direct", "npm/%40acme/old runtime direct"]
    assert "lock" not in found["packages/old/package.json"].facts
    assert found["packages/old/package.json"].rows == ["npm/%40acme/ui runtime direct"]
    assert found["package-lock.json"].facts["internal"] == ["@acme/ui"]
    assert found["package-lock.json"].rows == [
        "npm/%40acme/ui runtime direct",
        "npm/react@18.2.0 runtime direct",
        "npm/react@17.0.0 runtime",
        "npm/jest@29.7.0 development direct",
    ]
    assert found["package-lock.json"].edges["react@17.0.0"] == ("@acme/ui@1.0.0",)
    assert set(found["package-lock.json"].edges["@acme/ui@1.0.0"]) == {"react@18.2.0", "jest@29.7.0"}


def test_the_example(tmp_path: Path) -> None:
    from seamark.intake.discovery.tree import Tree

    harbour = Path(__file__).resolve().parents[3] / "examples" / "harbour"
    found = told(Tree(harbour, "github.com/acme/shop"), "npm")
    assert sorted(found) == ["services/storefront/package-lock.json", "services/storefront/package.json"]
    assert len(found["services/storefront/package.json"].rows) == 12
    lock = json.loads((harbour / "services/storefront/package-lock.json").read_text("utf-8"))["packages"]
    assert len(found["services/storefront/package-lock.json"].rows) == len(lock) - 1
    assert "npm/lodash@4.17.15 runtime direct" in found["services/storefront/package-lock.json"].rows
