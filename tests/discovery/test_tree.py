"""Which files a tree has, and how it is called."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from seamark.intake.discovery.tracked import repository_key, tracked_files
from seamark.intake.discovery.tree import Tree, joined

from .trees import make

GIT = ["git", "-c", "user.name=a", "-c", "user.email=a@shop.example", "-c", "init.defaultBranch=main"]


def git(root: Path, *words: str) -> None:
    subprocess.run([*GIT, *words], cwd=root, check=True, capture_output=True)


def test_git_says_which_files_are_the_projects_own(tmp_path: Path) -> None:
    make(tmp_path, {
        ".gitignore": "build/\n*.log\n", "env/settings.py": "", "app.py": "", "new.py": "", "trace.log": "", "build/out.js": "", "node_modules/x/index.js": "",
        "vendor/lib.php": "", ".github/workflows/ci.yml": "", ".cache/x.py": "", "web/build/tracked.js": "",
    })  # fmt: skip
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".gitignore", "env", "app.py", "node_modules", "vendor")
    git(tmp_path, "add", "-f", "web/build/tracked.js")
    git(tmp_path, "commit", "-qm", "x")
    assert Tree(tmp_path, "r").files == (
        ".github/workflows/ci.yml", ".gitignore", "app.py", "env/settings.py", "new.py", "web/build/tracked.js",
    )  # fmt: skip


def test_without_git_what_was_built_stays_out(tmp_path: Path) -> None:
    tree = make(
        tmp_path,
        {
            "build/out.js": "",
            "env/x.py": "",
            "node_modules/x.js": "",
            "app.py": "",
            ".github/a.yml": "",
            ".x/a.yml": "",
        },
    )
    assert tree.files == (".github/a.yml", "app.py")
    assert tracked_files(tmp_path, 10) is None
    assert (tree.has("app.py"), tree.has("build/out.js")) == (True, False)


def test_links_are_no_files(tmp_path: Path) -> None:
    tree = make(tmp_path, {"a.py": ""})
    git(tmp_path, "init", "-q")
    (tmp_path / "b.py").symlink_to("/etc/passwd")
    git(tmp_path, "add", "b.py")
    assert tree.files == ("a.py",)
    assert tree.data("b.py") is None


def test_a_bound_is_told(tmp_path: Path) -> None:
    make(tmp_path, {f"{name}.py": "" for name in "abcd"})
    git(tmp_path, "init", "-q")
    assert tracked_files(tmp_path, 3) == (["a.py", "b.py", "c.py"], False)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("git@github.com:acme/shop.git", "github.com/acme/shop"),
        ("https://ada:token@GitHub.com/acme/shop.git", "github.com/acme/shop"),
        ("ssh://git@code.example:2222/team/sub/shop/", "code.example/team/sub/shop"),
        ("https://code.example/acme/shop", "code.example/acme/shop"),
        ("../elsewhere", "work"),
        ("http://[broken/x", "work"),
        ("", "work"),
    ],
)
def test_repository_is_called_by_its_remote_without_credentials(tmp_path: Path, address: str, key: str) -> None:
    root = tmp_path / "work"
    root.mkdir()
    git(root, "init", "-q")
    if address:
        git(root, "config", "remote.origin.url", address)
    assert repository_key(root) == key
    assert repository_key(root, " code.example/given/ ") == "code.example/given"
    inner = root / "part"
    inner.mkdir()
    assert repository_key(inner) == "part"


def test_work_is_done_once(tmp_path: Path) -> None:
    tree, asked = make(tmp_path, {"a.py": ""}), []

    def count(given: Tree) -> int:
        asked.append(given)
        return len(given.files)

    assert (tree.once(count), tree.once(count), asked) == (1, 1, [tree])


@pytest.mark.parametrize(
    ("folder", "path", "found"),
    [("a/b", "../c", "a/c"), ("", "../x", ""), ("a", "./b//c/", "a/b/c"), ("a", "/b", "a/b")],
)
def test_paths_stay_inside(folder: str, path: str, found: str) -> None:
    assert joined(folder, path) == found
