"""package.json and the locks of npm, Yarn and pnpm."""

from __future__ import annotations

import json

import pytest

from seamark.response.remediation.change import ChangeKind

from .made import made, refused, swapped

NEW = "sha512-" + "N" * 86 + "=="
OLD = "sha512-" + "O" * 86 + "=="
PROOF = (("integrity", NEW),)
MANIFEST = """\
{
  "name": "shop",
  "dependencies": {
    "lodash": "^4.17.20",
    "@babel/core": "~7.1.0", "express":"4.17.1",
    "alias": "npm:other@1.0.0",
    "either": "^1.0.0 || ^2.0.0"
  },
  "devDependencies": {"mocha": "8.x"}
}
"""


@pytest.mark.parametrize(
    ("name", "versions", "old", "new"),
    [
        ("lodash", "4.17.20 -> 4.17.21", "^4.17.20", "^4.17.21"),
        ("@babel/core", "7.1.0 -> 7.23.2", "~7.1.0", "~7.23.2"),
        ("express", "4.17.1 -> 4.19.2", '"4.17.1"', '"4.19.2"'),
        ("mocha", "8.1.0 -> 8.4.0", "8.x", "^8.4.0"),
    ],
)
def test_manifest_is_raised(name: str, versions: str, old: str, new: str) -> None:
    swapped("package.json", MANIFEST, old, new, "npm", name, versions)


def test_manifest_is_refused() -> None:
    refused({"package.json": MANIFEST}, "names no version", "npm", "alias", "1.0.0 -> 2.0.0")
    refused({"package.json": MANIFEST}, "names no version", "npm", "either", "1.0.0 -> 2.0.1")
    refused({"package.json": "{,}"}, "no JSON", "npm", "a", "1 -> 2")
    refused({"package.json": MANIFEST}, "None of the files", "npm", "express", "4.0.0 -> 4.19.2")


@pytest.mark.parametrize(
    ("manager", "expected"),
    [
        ("npm", '  "devDependencies": {"mocha": "8.x"},\n  "overrides": {\n    "qs": "6.11.0"\n  }\n}\n'),
        ("yarn", '  "devDependencies": {"mocha": "8.x"},\n  "resolutions": {\n    "qs": "6.11.0"\n  }\n}\n'),
        (
            "pnpm",
            '  "devDependencies": {"mocha": "8.x"},\n  "pnpm": {\n    "overrides": {\n      "qs": "6.11.0"\n    }\n  }\n}\n',
        ),
    ],
)
def test_override_is_added_where_the_manager_reads_it(manager: str, expected: str) -> None:
    after = made({"package.json": MANIFEST}, "npm", "qs", "6.5.0 -> 6.11.0", manager=manager, kind=ChangeKind.OVERRIDE)[
        "package.json"
    ]
    assert after == MANIFEST.replace('  "devDependencies": {"mocha": "8.x"}\n}\n', expected)


def test_override_joins_those_there() -> None:
    text = '{"overrides": {"a": "1.0.0"}, "packageManager": "npm@10.0.0"}'
    after = made({"package.json": text}, "npm", "qs", "6.5.0 -> 6.11.0", kind=ChangeKind.OVERRIDE)["package.json"]
    assert after == text.replace('"1.0.0"', '"1.0.0", "qs": "6.11.0"')
    more = made({"package.json": after}, "npm", "qs", "6.11.0 -> 6.12.0", kind=ChangeKind.OVERRIDE)["package.json"]
    assert more == after.replace("6.11.0", "6.12.0")
    refused(
        {"package.json": '{"overrides": {"qs@6": "6.1.0"}}'},
        "already overrides",
        "npm",
        "qs",
        "6.5.0 -> 6.11.0",
        kind=ChangeKind.OVERRIDE,
    )


LOCK = {
    "lockfileVersion": 2,
    "packages": {
        "": {"dependencies": {"lodash": "^4.17.20"}},
        "node_modules/lodash": {
            "version": "4.17.20",
            "resolved": "https://registry.example/lodash/-/lodash-4.17.20.tgz",
            "integrity": OLD,
        },
        "node_modules/old/node_modules/lodash": {"version": "3.0.0", "integrity": OLD},
    },
    "dependencies": {
        "lodash": {
            "version": "4.17.20",
            "resolved": "https://registry.example/lodash/-/lodash-4.17.20.tgz",
            "integrity": OLD,
        }
    },
}


def test_npm_lock_follows() -> None:
    files = {
        "package.json": '{"dependencies": {"lodash": "^4.17.20"}}',
        "package-lock.json": json.dumps(LOCK, indent=2) + "\n",
    }
    after = json.loads(made(files, "npm", "lodash", "4.17.20 -> 4.17.21", integrity=PROOF)["package-lock.json"])
    new = {"version": "4.17.21", "resolved": "https://registry.example/lodash/-/lodash-4.17.21.tgz", "integrity": NEW}
    assert after == {
        "lockfileVersion": 2,
        "packages": {
            "": {"dependencies": {"lodash": "^4.17.21"}},
            "node_modules/lodash": new,
            "node_modules/old/node_modules/lodash": LOCK["packages"]["node_modules/old/node_modules/lodash"],
        },
        "dependencies": {"lodash": new},
    }
    refused(files, "not known; run npm install", "npm", "lodash", "4.17.20 -> 4.17.21")


YARN = f"""\
# yarn lockfile v1


lodash@^4.17.0, lodash@^4.17.20:
  version "4.17.20"
  resolved "https://registry.example/lodash/-/lodash-4.17.20.tgz#{"a" * 40}"
  integrity {OLD}

other@^1.0.0:
  version "1.0.0"
  dependencies:
    lodash "^4.17.0"
"""


def test_yarn_lock_follows_with_the_range_of_the_manifest() -> None:
    proof = (*PROOF, ("sha1", "b" * 40))
    files = {"package.json": '{"dependencies": {"lodash": "^4.17.20"}}', "yarn.lock": YARN}
    after = made(files, "npm", "lodash", "4.17.20 -> 4.17.21", integrity=proof)
    assert after["yarn.lock"] == YARN.replace("4.17.20", "4.17.21").replace("a" * 40, "b" * 40).replace(OLD, NEW)
    both = {**files, "package.json": '{"dependencies": {"lodash": "^4.17.0"}}'}
    assert (
        "\nlodash@^4.17.0, lodash@^4.17.21, lodash@^4.17.20:\n"
        in made(both, "npm", "lodash", "4.17.20 -> 4.17.21", integrity=proof)["yarn.lock"]
    )
    refused(files, "SHA-1", "npm", "lodash", "4.17.20 -> 4.17.21", integrity=PROOF)


BERRY = """\
__metadata:
  version: 8

"lodash@npm:^4.17.20":
  version: 4.17.20
  resolution: "lodash@npm:4.17.20"
  checksum: 10c0/abc
  languageName: node

"shop@workspace:.":
  version: 0.0.0-use.local
  dependencies:
    lodash: "npm:^4.17.20"
"""


def test_later_yarn_lock_follows() -> None:
    files = {"package.json": '{"dependencies": {"lodash": "^4.17.20"}}', "yarn.lock": BERRY}
    after = made(files, "npm", "lodash", "4.17.20 -> 4.17.21", integrity=(("checksum", "10c0/def"),))
    assert after["yarn.lock"] == BERRY.replace("4.17.20", "4.17.21").replace("abc", "def")


PNPM = f"""\
lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      lodash:
        specifier: ^4.17.20
        version: 4.17.20

packages:

  lodash@4.17.20:
    resolution: {{integrity: {OLD}}}

  other@1.0.0:
    resolution: {{integrity: {OLD}}}

snapshots:

  lodash@4.17.20: {{}}

  other@1.0.0:
    dependencies:
      lodash: 4.17.20
"""


def test_pnpm_lock_follows() -> None:
    files = {"package.json": '{"dependencies": {"lodash": "^4.17.20"}}', "pnpm-lock.yaml": PNPM}
    after = made(files, "npm", "lodash", "4.17.20 -> 4.17.21", integrity=PROOF)
    assert after["pnpm-lock.yaml"] == PNPM.replace("4.17.20", "4.17.21").replace(OLD, NEW, 1)
    refused(
        {"pnpm-lock.yaml": PNPM.replace("version: 4.17.20", "version: 4.17.20(react@18.0.0)")},
        "peers",
        "npm",
        "lodash",
        "4.17.20 -> 4.17.21",
        integrity=PROOF,
    )
    refused(
        {"pnpm-lock.yaml": PNPM.replace("other@1.0.0", "lodash@4.17.21")},
        "pnpm dedupe",
        "npm",
        "lodash",
        "4.17.20 -> 4.17.21",
        integrity=PROOF,
    )
    refused({"pnpm-lock.yaml": PNPM}, "not known", "npm", "lodash", "4.17.20 -> 4.17.21")


def test_pnpm_workspace_has_catalogues_and_overrides() -> None:
    text = "packages:\n  - a\ncatalog:\n  lodash: ^4.17.20 # all\n"
    swapped("pnpm-workspace.yaml", text, "^4.17.20", "^4.17.21", "npm", "lodash", "4.17.20 -> 4.17.21")
    added = made({"pnpm-workspace.yaml": text}, "npm", "qs", "6.5.0 -> 6.11.0", kind=ChangeKind.OVERRIDE)[
        "pnpm-workspace.yaml"
    ]
    assert added == text + 'overrides:\n  "qs": "6.11.0"\n'
    more = made({"pnpm-workspace.yaml": added}, "npm", "ws", "7.0.0 -> 8.17.1", kind=ChangeKind.OVERRIDE)[
        "pnpm-workspace.yaml"
    ]
    assert more == added.replace("overrides:\n", 'overrides:\n  "ws": "8.17.1"\n')
