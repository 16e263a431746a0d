"""Requirements files, pyproject.toml and Pipfile."""

from __future__ import annotations

import json

import pytest

from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.editors.formats.pipfile import pipfile_hash

from .made import made, refused, swapped

A, B = "a" * 64, "b" * 64
REQUIREMENTS = """\
# what the service needs
-r base.txt
--extra-index-url https://index.example/simple
Flask==2.0.1  # keep below 3
requests[security, socks] >= 2.19.1, <3 ; python_version < "3.12"
-e ./local
Jinja2~=3.0
urllib3
"""


@pytest.mark.parametrize(
    ("name", "versions", "old", "new"),
    [
        ("flask", "2.0.1 -> 2.2.5", "Flask==2.0.1 ", "Flask==2.2.5 "),
        ("requests", "2.19.1 -> 2.31.0", ">= 2.19.1, <3", ">= 2.31.0, <3"),
        ("jinja2", "3.0.1 -> 3.1.4", "Jinja2~=3.0", "Jinja2~=3.1,>=3.1.4"),
        ("urllib3", "1.26.0 -> 1.26.18", "\nurllib3", "\nurllib3>=1.26.18"),
    ],
)
def test_requirement_is_raised(name: str, versions: str, old: str, new: str) -> None:
    swapped("requirements.txt", REQUIREMENTS, old, new, "pypi", name, versions)


def test_another_pin_stays() -> None:
    refused({"requirements.txt": REQUIREMENTS}, "None of the files names", "pypi", "flask", "1.0 -> 2.2.5")
    refused({"requirements.txt": REQUIREMENTS}, "leaves 3.0.0 out", "pypi", "requests", "2.19.1 -> 3.0.0")
    refused({"requirements.txt": "a @ https://files.example/a.whl\n"}, "from an address", "pypi", "a", "1 -> 2")


def test_hashes_are_replaced_or_the_file_is_refused() -> None:
    text = f"a==1.0 \\\n    --hash=sha256:{A} \\\n    --hash=sha256:{B}\nb==2.0 \\\n    --hash=sha256:{A}\n"
    after = made(
        {"requirements.txt": text}, "pypi", "a", "1.0 -> 1.1", integrity=(("sha256", "d" * 64), ("sha256", "c" * 64))
    )
    assert after["requirements.txt"] == text.replace("1.0", "1.1").replace(A, "c" * 64, 1).replace(B, "d" * 64)
    refused({"requirements.txt": text}, "not known", "pypi", "a", "1.0 -> 1.1")


def test_hashes_of_a_single_package_are_dropped_with_a_note() -> None:
    after = made({"requirements.txt": f"a==1.0 --hash=sha256:{A}\nb==2\n"}, "pypi", "a", "1.0 -> 1.1")
    assert (
        after["requirements.txt"]
        == "a==1.1  # the hashes of 1.1 are not known: run pip-compile --generate-hashes\nb==2\n"
    )


def test_override_is_added_once() -> None:
    text = "flask==2.0.1"
    after = made({"constraints.txt": text}, "pypi", "werkzeug", "2.0 -> 2.3.8", kind=ChangeKind.OVERRIDE)
    assert after["constraints.txt"] == "flask==2.0.1\nwerkzeug>=2.3.8"


PYPROJECT = """\
[project]
name = "orders"   # the service
dependencies = [
  'requests>=2.19',
  "flask [async] == 2.0.1 ; python_version >= '3.9'", # web
]
[project.optional-dependencies]
dev = ["pytest >= 7"]
[dependency-groups]
lint = ["ruff==0.1.0", {include-group = "dev"}]
[tool.poetry.dependencies]
python = "^3.9"
jinja2 = "^3.0.1"
pillow = {version = "~9.0", extras = ["x"]}
local = {path = "../local"}
[tool.uv.sources]
requests = {git = "https://git.example/requests"}
"""


@pytest.mark.parametrize(
    ("name", "versions", "old", "new"),
    [
        ("Flask", "2.0.1 -> 2.2.5", "== 2.0.1 ;", "== 2.2.5 ;"),
        ("pytest", "7 -> 7.4", "pytest >= 7", "pytest >= 7.4"),
        ("ruff", "0.1.0 -> 0.2.0", "ruff==0.1.0", "ruff==0.2.0"),
        ("jinja2", "3.0.1 -> 3.1.4", "^3.0.1", "^3.1.4"),
        ("pillow", "9.0 -> 9.5.1", "~9.0", "~9.5.1"),
    ],
)
def test_pyproject_is_raised(name: str, versions: str, old: str, new: str) -> None:
    swapped("services/pyproject.toml", PYPROJECT, old, new, "pypi", name, versions)


def test_pyproject_is_refused() -> None:
    files = {"pyproject.toml": PYPROJECT}
    refused(files, "tool.uv.sources", "pypi", "requests", "2.19 -> 2.31")
    refused(files, "from an address or a folder", "pypi", "local", "1 -> 2")
    refused({"pyproject.toml": "[project\n"}, "no TOML", "pypi", "a", "1 -> 2")
    refused(
        {"pyproject.toml": "[project]\ndependencies = []\n"},
        "only uv and Poetry",
        "pypi",
        "a",
        "1 -> 2",
        kind=ChangeKind.OVERRIDE,
    )


def test_override_is_a_constraint_of_uv_or_a_dependency_of_poetry() -> None:
    text = "[tool.uv]\npackage = false # no\n\n[x]\ny = 1\n"
    after = made({"pyproject.toml": text}, "pypi", "idna", "1 -> 3.7", kind=ChangeKind.OVERRIDE)["pyproject.toml"]
    assert after == text.replace("# no\n", '# no\nconstraint-dependencies = ["idna>=3.7"]\n')
    more = made({"pyproject.toml": after}, "pypi", "h11", "1 -> 2", kind=ChangeKind.OVERRIDE)["pyproject.toml"]
    assert more == after.replace('"idna>=3.7"', '"idna>=3.7", "h11>=2"')
    poetry = '[tool.poetry.dependencies]\npython = "^3"\n'
    assert (
        made({"pyproject.toml": poetry}, "pypi", "idna", "1 -> 3.7", kind=ChangeKind.OVERRIDE)["pyproject.toml"]
        == poetry + 'idna = ">=3.7"\n'
    )
    plain = '[project]\nname = "a"'
    after = made({"pyproject.toml": plain}, "pypi", "idna", "1 -> 3.7", kind=ChangeKind.OVERRIDE, manager="uv")[
        "pyproject.toml"
    ]
    assert after == plain + '\n\n[tool.uv]\nconstraint-dependencies = ["idna>=3.7"]\n'


PIPFILE = """\
[[source]]
url = "https://index.example/simple"
name = "example"

[packages]
requests = "*"
flask = {version = "==2.0.1", extras = ["async"]}
local = {path = "."}
"""


def test_pipfile_is_raised() -> None:
    swapped("Pipfile", PIPFILE, '"*"', '">=2.31"', "pypi", "requests", "2.19 -> 2.31")
    swapped("Pipfile", PIPFILE, "==2.0.1", "==2.2.5", "pypi", "Flask", "2.0.1 -> 2.2.5")
    refused({"Pipfile": PIPFILE}, "from an address or a folder", "pypi", "local", "1 -> 2")


def test_pipfile_lock_follows_with_its_hash() -> None:
    lock = json.dumps(
        {
            "_meta": {"hash": {"sha256": pipfile_hash(PIPFILE)}},
            "default": {"flask": {"hashes": [f"sha256:{A}"], "version": "==2.0.1"}},
        },
        indent=4,
    )
    files = {"Pipfile": PIPFILE, "Pipfile.lock": lock}
    after = made(files, "pypi", "flask", "2.0.1 -> 2.2.5", integrity=(("sha256", B),))
    assert json.loads(after["Pipfile.lock"]) == {
        "_meta": {"hash": {"sha256": pipfile_hash(after["Pipfile"])}},
        "default": {"flask": {"hashes": [f"sha256:{B}"], "version": "==2.2.5"}},
    }
    refused(files, "not known", "pypi", "flask", "2.0.1 -> 2.2.5")
    refused(
        {"Pipfile": PIPFILE + "\n[requires]\npython_version = '3'\n", "Pipfile.lock": lock},
        "does not belong",
        "pypi",
        "flask",
        "2.0.1 -> 2.2.5",
        integrity=(("sha256", B),),
    )
