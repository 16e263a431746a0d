"""Those who are said to look after a part: in the part's own manifest, or in a list of the repository's."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.intake.discovery.history.people import approvers
from seamark.intake.discovery.owners.maintainers import maintainers_of
from seamark.intake.discovery.owners.maintainers_list import MaintainersList
from seamark.intake.discovery.owners.resolve import Resolver

from .repository import Repository, numbered
from .test_resolve import told, write


@pytest.mark.parametrize(
    ("name", "text", "people"),
    [
        ("Chart.yaml", "maintainers:\n  - {name: A, url: https://github.com/ada-b}\n  - {name: B, email: B@acme.example}\n  - name: ben\n  - name: Acme Inc\n  - {name: acme, url: https://acme.example/}\n", ["@ada-b", "b@acme.example", "@ben"]),
        ("Chart.yaml", "maintainers: ada", []),
        ("Chart.yaml", "- [", []),
        ("package.xml", "<package>\n<!-- <maintainer email='old@acme.example'>O</maintainer> -->\n<maintainer email=\"Ada@acme.example\">A</maintainer>\n<maintainer\n email='ben@acme.example'>B</maintainer>\n<author email='x@acme.example'>X</author></package>", ["ada@acme.example", "ben@acme.example"]),
        ("metadata.yaml", "type: x\nstatus:\n  codeowners:\n    active: [ada, acme/web]\n    emeritus: [ben]\n", ["@ada", "@acme/web"]),
        ("manifest.json", '{"domain": "x", "codeowners": ["@ada", 7, ""]}', ["@ada"]),
        ("manifest.json", '{"codeowners": "@ada"}', []),
        ("package.json", '{"maintainers": ["Ada <ada@acme.example>"], "author": "Ben <ben@acme.example>"}', ["ada@acme.example"]),
        ("pyproject.toml", '[project]\nmaintainers = [{name="A", email="ada@acme.example"}]\nauthors = [{email="ben@acme.example"}]\n', ["ada@acme.example"]),
        ("pyproject.toml", '[project]\nmaintainers = [{email="dev@acme.example"}, {email="x@lists.acme.example"}]\n', []),
    ],
)  # fmt: skip
def test_manifests_that_name_who_looks_after_them(tmp_path: Path, name: str, text: str, people: list[str]) -> None:
    tree = write(tmp_path, {f"part/{name}": text})
    assert [named.word for named in maintainers_of(tree, "part") if named.keeps] == people


@given(st.text(max_size=300))
def test_spoiled_manifests_break_nothing(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    root = tmp_path_factory.mktemp("spoiled")
    tree = write(root, dict.fromkeys(["Chart.yaml", "package.xml", "metadata.yaml", "manifest.json", "MAINTAINERS.md"], text))  # fmt: skip
    assert all(named.word for named in maintainers_of(tree, ""))
    MaintainersList(tree)


def test_the_nearest_manifest_counts_and_the_root_s_does_not(tmp_path: Path) -> None:
    tree = write(
        tmp_path,
        {
            "pyproject.toml": '[project]\nmaintainers = [{email="root@acme.example"}]\n',
            "charts/a/Chart.yaml": "maintainers: [{name: ada}]\n", "charts/a/templates/x.yaml": "", "charts/b/x.yaml": "",
        },
    )  # fmt: skip
    resolver = Resolver(tree)
    assert told(resolver.of_path("charts/a/templates/x.yaml"))[0] == ("@ada", "maintainers")
    assert told(resolver.of_path("charts/a"))[0] == ("@ada", "maintainers")
    assert told(resolver.of_path("charts/b/x.yaml")) == [("root@acme.example", "manifest")]


LIST = """# Maintainers

Everything:
* Ada Buoy (ada@acme.example / @ada)

Parts:
* `cmd`
  * `tool`: Ben Cleat (<ben@acme.example> / @ben), Cy <cy@acme.example>
* `web`: @acme/web
    * `ui/x.js`: Dee (@dee)
* `Makefile` and what builds: Eve (@eve)
* `nowhere`: @nobody

  * `tool`: @not-below
Text `cmd`: @prose
"""


def test_a_list_of_maintainers(tmp_path: Path) -> None:
    tree = write(tmp_path, {"MAINTAINERS.md": LIST, "Makefile": "", "cmd/a.go": "", "cmd/tool/a.go": "", "web/ui/x.js": "", "web/b.js": ""})  # fmt: skip
    listed = MaintainersList(tree)

    def people(path: str) -> tuple[str, ...]:
        part = listed.of(path)
        return part.people if part is not None else ()

    assert people("cmd/tool/a.go") == ("@ben", "cy@acme.example")
    assert (people("cmd/a.go"), people("nowhere/x"), people("")) == ((), (), ())
    assert (people("web/b.js"), people("web/ui/x.js"), people("Makefile")) == (("@acme/web",), ("@dee",), ("@eve",))
    found = Resolver(tree).of_path("cmd/tool/a.go").ranked
    assert [(owner.ref.key, owner.at) for owner in found] == [("@ben", "MAINTAINERS.md:8"), ("cy@acme.example", "MAINTAINERS.md:8")]  # fmt: skip
    assert found[0].reason == "MAINTAINERS.md names this maintainer of cmd/tool."
    assert told(Resolver(tree).of_path("web/b.js"))[0] == ("acme/web", "maintainers")


def test_a_manifest_further_in_wins_over_the_list(tmp_path: Path) -> None:
    tree = write(tmp_path, {"MAINTAINERS.md": "* `web`: @ada\n* `web/ui`: @cy\n", "web/ui/package.json": '{"maintainers": ["B <b@acme.example>"]}', "web/lib/package.json": '{"maintainers": ["L <l@acme.example>"]}'})  # fmt: skip
    resolver = Resolver(tree)
    assert told(resolver.of_path("web/lib/package.json"))[0] == ("l@acme.example", "maintainers")
    assert told(resolver.of_path("web/ui/package.json"))[0] == ("@cy", "maintainers")


def test_who_let_a_change_in_has_a_part_in_it(tmp_path: Path) -> None:
    message = "x\n\nReviewed-by: Ben Cleat <ben@shop.example>\nSigned-off-by: Ada Buoy <ada@shop.example>\nAcked-by: dependabot[bot] <d@bots.example>"
    assert [person.email for person in approvers(message)] == ["ben@shop.example", "ada@shop.example", "d@bots.example"]
    repository = Repository(tmp_path / "shop")
    tree = write(repository.root, {"a.py": numbered(1, 9)})
    repository.commit(message=message)
    found = Resolver(tree).of_path("a.py", line=3)
    assert {key for key, origin in told(found) if origin == "history"} == {"ada@shop.example", "ben@shop.example"}
    assert found.ranked[0].reason.startswith("Wrote this line")
    assert found.ranked[0].ref.key == "ada@shop.example"
