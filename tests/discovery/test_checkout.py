from __future__ import annotations

import os
from pathlib import Path

import pytest

from seamark.core.checkout import Checkout
from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, WebLocation
from seamark.core.severity import Severity
from seamark.intake.discovery import checkout as module
from seamark.intake.discovery.checkout import WorkingTree, enrich

HARBOUR = Path(__file__).resolve().parents[2] / "examples" / "harbour"
CODE = "class Orders:\n    def search(self):\n        return 1\n\nx = 2\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for name in ("app/orders.py", "app/util.py", "lib/util.py", "setup.py", ".git/config"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(CODE)
    return root


def finding(path: str, line: int | None = 2, **rest: object) -> Finding:
    known = {name: rest.pop(name) for name in ("kind", "secret_digest") if name in rest}
    return Finding(
        rule="r", title="t", severity=Severity.LOW, location=CodeLocation(path=path, line=line, **rest), **known
    )


def test_scope_and_code(root: Path) -> None:
    tree: Checkout = WorkingTree(root)
    assert [tree.scope("app/orders.py", line) for line in (1, 2, 3, 4, 5, 99, 0, -5)] == [
        "Orders", "Orders.search", "Orders.search", "", "", "", "", "",
    ]  # fmt: skip
    assert tree.code("app/orders.py", 2) == "    def search(self):"
    assert tree.code("app/orders.py", 2, 3) == "    def search(self):\n        return 1"
    assert tree.code("app/orders.py", 3, 1) == "        return 1"
    assert [tree.code("app/orders.py", line, line) for line in (0, -1, 99)] == ["", "", ""]
    assert tree.code("none.py", 1) == tree.scope("none.py", 1) == ""


def test_other_line_ends_and_marks(root: Path) -> None:
    (root / "dos.py").write_bytes(b"\xef\xbb\xbfdef a():\r\n    return '\xe9'\r\n")
    tree = WorkingTree(root)
    assert tree.code("dos.py", 1, 2) == "def a():\n    return '\N{REPLACEMENT CHARACTER}'"
    assert tree.scope("dos.py", 2) == "a"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("app/orders.py", "app/orders.py"),
        ("./app/orders.py", "app/orders.py"),
        ("app\\orders.py", "app/orders.py"),
        ("/src/app/orders.py", "app/orders.py"),
        ("/github/workspace/app/orders.py", "app/orders.py"),
        ("C:\\agent\\_work\\1\\s\\app\\orders.py", "app/orders.py"),
        ("/src/setup.py", "setup.py"),
        ("code/app/orders.py", "app/orders.py"),
        ("other/setup.py", ""),
        ("orders.py", ""),
        ("util.py", ""),
        ("/x/util.py", ""),
        ("", ""),
        ("/", ""),
        ("app", ""),
        ("app/../setup.py", ""),
        ("../tree/setup.py", ""),
        ("app/orders.py/x", ""),
        (".git/config", ""),
        ("app/../.git/config", ""),
        ("/x/.git/config", ""),
        ("a\0b", ""),
        ("a" * 5000, ""),
        ("x/" * 200 + "setup.py", ""),
        ("a" * 300, ""),
    ],
)
def test_paths_of_reports(root: Path, given: str, wanted: str) -> None:
    assert WorkingTree(root).resolve(given) == wanted


def test_paths_relative_to_a_folder_of_the_tree(tmp_path: Path) -> None:
    for name in ("services/orders/app/views.py", "services/a/app/models.py", "services/b/app/models.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(CODE)
    tree = WorkingTree(tmp_path)
    assert tree.resolve("app/views.py") == "services/orders/app/views.py"
    assert tree.resolve("app/models.py") == ""
    assert tree.resolve(str(tmp_path / "services/a/app/models.py")) == "services/a/app/models.py"


def test_a_suffix_that_fits_twice_is_unknown(tmp_path: Path) -> None:
    for name in ("app/views.py", "src/app/views.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(CODE)
    tree = WorkingTree(tmp_path)
    assert tree.resolve("/ci/src/app/views.py") == ""
    assert tree.resolve("/ci/app/views.py") == "app/views.py"


def test_nothing_outside_is_read(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text(CODE)
    (root / "link.py").symlink_to(outside)
    (root / "folder").symlink_to(tmp_path)
    (root / "inner.py").symlink_to(root / "setup.py")
    (root / "loop.py").symlink_to(root / "loop.py")
    (root / "git").symlink_to(root / ".git")
    os.mkfifo(root / "pipe.py")
    tree = WorkingTree(root)
    for path in ("link.py", "folder/outside.py", str(outside), "../outside.py", "loop.py", "pipe.py", "git/config"):
        assert tree.resolve(path) == tree.code(path, 1) == ""
    assert tree.code("inner.py", 1) == "class Orders:"


def test_binary_and_large_files_are_unknown(root: Path) -> None:
    (root / "image.py").write_bytes(b"\x89PNG\0\n" + CODE.encode())
    (root / "large.py").write_bytes(CODE.encode() * 60_000)
    assert (root / "large.py").stat().st_size > 3_000_000
    tree = WorkingTree(root)
    for path in ("image.py", "large.py"):
        assert tree.scope(path, 2) == tree.code(path, 2) == ""


def test_a_file_that_turned_into_a_link_is_not_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text(CODE)
    tree = WorkingTree(root)
    assert tree.resolve("setup.py") == "setup.py"
    (root / "setup.py").unlink()
    (root / "setup.py").symlink_to(tmp_path / "outside.py")
    assert tree.code("setup.py", 1) == ""


def test_memory_is_bounded(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_BYTES", 3 * len(CODE))
    monkeypatch.setattr(module, "KEPT_PATHS", 5)
    for number in range(20):
        (root / f"f{number}.py").write_text(CODE)
    tree = WorkingTree(root)
    for _ in range(2):
        assert {tree.scope(f"f{number}.py", 2) for number in range(20)} == {"Orders.search"}
    assert len(tree._files) == 3
    assert tree._kept == 3 * len(CODE)
    assert len(tree._paths) <= 5


def test_enrich_fills_what_is_empty(root: Path) -> None:
    tree = WorkingTree(root)
    plain = finding("/src/app/orders.py", 2, end_line=3, snippet_line=1)
    filled = enrich(plain, tree)
    assert filled.location == CodeLocation(
        path="/src/app/orders.py",
        line=2,
        end_line=3,
        scope="Orders.search",
        snippet="    def search(self):\n        return 1",
    )
    assert filled.rule == plain.rule
    assert enrich(filled, tree) is filled


def test_enrich_keeps_what_the_report_says(root: Path) -> None:
    tree = WorkingTree(root)
    scoped = enrich(finding("app/orders.py", scope="theirs"), tree).location
    assert isinstance(scoped, CodeLocation)
    assert (scoped.scope, scoped.snippet) == ("theirs", "    def search(self):")
    shown = enrich(finding("app/orders.py", snippet="theirs", snippet_line=1), tree).location
    assert isinstance(shown, CodeLocation)
    assert (shown.scope, shown.snippet, shown.snippet_line) == ("Orders.search", "theirs", 1)


def test_enrich_returns_the_same_object_where_nothing_is_known(root: Path) -> None:
    tree = WorkingTree(root)
    web = Finding(rule="r", title="t", severity=Severity.LOW, location=WebLocation(url="/x"))
    nowhere = Finding(rule="r", title="t", severity=Severity.LOW)
    for each in (
        web,
        nowhere,
        finding("none.py"),
        finding("app/orders.py", None),
        finding("app/orders.py", 400),
        finding(""),
    ):
        assert enrich(each, tree) is each


@pytest.mark.parametrize("secret", [{"kind": Kind.SECRET}, {"secret_digest": "ab"}])
def test_the_code_of_a_secret_is_never_taken(root: Path, secret: dict[str, object]) -> None:
    place = enrich(finding("app/orders.py", **secret), WorkingTree(root)).location
    assert isinstance(place, CodeLocation)
    assert (place.scope, place.snippet) == ("Orders.search", "")


def test_snippets_are_bounded(root: Path) -> None:
    (root / "long.py").write_text("x = 1\n" * 50)
    (root / "wide.py").write_text("x" * 9000)
    tree = WorkingTree(root)
    long, wide = (enrich(finding(path, 1, end_line=40), tree).location for path in ("long.py", "wide.py"))
    assert isinstance(long, CodeLocation)
    assert isinstance(wide, CodeLocation)
    assert long.snippet.count("\n") == 9
    assert len(wide.snippet) == 4000


def test_the_example() -> None:
    tree = WorkingTree(HARBOUR)
    assert tree.scope("harbour_orders/orders.py", 27) == "search"
    assert tree.code("terraform/storage.tf", 9) == '  acl    = "public-read"'
    assert {each.path for each in tree.routes() if each.scope == "search"} == {"/orders"}
    assert tree.routes() is tree.routes()
