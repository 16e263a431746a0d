"""Evidence, doubts and bounds of the verdicts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from seamark.core.errors import SeamarkError
from seamark.intake.reach import files as files_module
from seamark.intake.reach.model import Answer, Reach, Site, Target
from seamark.intake.reach.reach import Project, reach

Make = Callable[..., Path]
YAML = Target(ecosystem="pypi", name="PyYAML", symbols=("yaml.load",))


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def write(**texts: str | bytes) -> Path:
        for name, text in texts.items():
            path = tmp_path / name.replace("__", "/").replace("_DOT_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path

    return write


def ask(root: Path, target: Target = YAML) -> Answer:
    return Project(root).answer(target)


def test_chain_and_call_sites(make: Make) -> None:
    root = make(
        requirements_DOT_txt="PyYAML==5.3\n",
        main_DOT_py="import shop.views\n\nshop.views.run()\n",
        shop____init___DOT_py="",
        shop__views_DOT_py="from shop import config\n",
        shop__config_DOT_py="import yaml as y\n\nVALUES = y.load('a')\n",
    )
    answer = ask(root)
    assert answer.reach is Reach.REACHABLE
    assert answer.chain == (
        Site("main.py", 1, "imports shop/views.py"),
        Site("shop/views.py", 1, "imports shop/config.py"),
        Site("shop/config.py", 1, "imports yaml"),
    )
    assert answer.calls == (Site("shop/config.py", 3, "y.load(…)"),)


def test_without_symbols_an_import_is_only_that(make: Make) -> None:
    answer = ask(make(app_DOT_py="import yaml\n"), Target(ecosystem="pypi", name="pyyaml"))
    assert (answer.reach, answer.chain) == (Reach.IMPORTED, (Site("app.py", 1, "imports yaml"),))


def test_unreachable_names_the_only_importer(make: Make) -> None:
    answer = ask(make(app_DOT_py="print(1)\n", tests__test_app_DOT_py="import yaml\n"))
    assert answer.reach is Reach.UNREACHABLE
    assert answer.chain == (Site("tests/test_app.py", 1, "imports yaml"),)


@pytest.mark.parametrize(
    "code",
    [
        b"import yaml\x00\n",
        b"\xff\xfei\x00m\x00p\x00o\x00r\x00t\x00",
        b"yaml" + b"(" * 100_000,
        b"(" * 100_000 + b"__import__(name)",
        b"x = " + b"[" * 600 + b"yaml" + b"]" * 600,
        b"def f(:\n  import yaml\n",
        b"exec(open('x').read())\n",
        b"x" * 2_000_001,
    ],
    ids=["nul", "utf-16", "open brackets", "loader in brackets", "deep", "broken", "exec", "too large"],
)
def test_what_cannot_be_read_is_unknown(make: Make, code: bytes) -> None:
    root = make(app_DOT_py="print(1)\n", other_DOT_py=code)
    assert ask(root).reach in {Reach.UNKNOWN, Reach.IMPORTED, Reach.REACHABLE}


def test_too_many_files_leave_it_unknown(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make(a_DOT_py="print(1)\n", b_DOT_py="import yaml\n")
    monkeypatch.setattr(files_module, "MOST_FILES", 1)
    assert ask(root).reach is Reach.UNKNOWN


def test_too_much_time_leaves_it_unknown(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "SECONDS", -1)
    assert ask(make(a_DOT_py="print(1)\n")).reach is Reach.UNKNOWN


def test_links_out_of_the_tree_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "reader.py").write_text("import yaml\n", "utf-8")
    root = tmp_path / "project"
    root.mkdir()
    (root / "app.py").write_text("print(1)\n", "utf-8")
    assert ask(root).reach is Reach.UNREACHABLE
    (root / "shop").symlink_to(tmp_path / "outside")
    assert ask(root).reach is Reach.UNKNOWN


def test_submodules_that_were_not_fetched_leave_it_unknown(make: Make) -> None:
    root = make(app_DOT_py="print(1)\n", _DOT_gitmodules='[submodule "x"]\n\tpath = lib\n\turl = ../x\n')
    assert ask(root).reach is Reach.UNKNOWN


def test_no_source_is_no_proof(make: Make) -> None:
    assert ask(make(requirements_DOT_txt="PyYAML==5.3\n")).reach is Reach.UNKNOWN


def test_broken_manifests_do_no_harm(make: Make) -> None:
    root = make(package_DOT_json="[1", go_DOT_mod=b"\xff\x00", index_DOT_js="1;\n")
    assert ask(root, Target(ecosystem="npm", name="lodash")).reach is Reach.UNREACHABLE


def test_installed_metadata_tells_import_names(make: Make) -> None:
    root = make(app_DOT_py="import hidden\n", **{"libs__Odd_Name-1.0.dist-info__top_level_DOT_txt": "hidden\n"})
    assert ask(root, Target(ecosystem="pypi", name="odd-name")).reach is Reach.IMPORTED


def test_an_import_of_nobody_leaves_a_guessed_name_open(make: Make) -> None:
    odd = Target(ecosystem="pypi", name="odd-name")
    root = make(app_DOT_py="import stranger\n", requirements_DOT_txt="odd-name\n")
    assert ask(root, odd).reach is Reach.UNKNOWN


def test_only_what_is_listed_or_imported_is_told(make: Make) -> None:
    root = make(app_DOT_py="import yaml\n", requirements_DOT_txt="requests\n")
    asked = [YAML, Target(ecosystem="pypi", name="Requests"), Target(ecosystem="pypi", name="django")]
    assert [each.target.name for each in reach(root, asked)] == ["PyYAML", "Requests"]
    assert len(reach(root, asked, absent=True)) == 3


def test_a_bare_name_means_where_it_is_listed(make: Make) -> None:
    project = Project(make(package_DOT_json='{"dependencies": {"redis": "1"}}', index_DOT_js="1;\n"))
    assert project.named("redis") == [Target(ecosystem="npm", name="redis")]
    assert project.named("pkg:maven/org.acme/thing@1") == [Target(ecosystem="maven", name="org.acme:thing")]
    assert project.named("pkg:deb/debian/curl") == []


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(SeamarkError, match="no folder"):
        Project(tmp_path / "absent")
