"""CODEOWNERS: what each host's dialect says of a path."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.intake.discovery.owners.codeowners import Dialect, dialect_of, find_codeowners, read_codeowners
from seamark.intake.discovery.owners.patterns import Expression, Index, github
from seamark.intake.discovery.tree import Tree


def owners(text: str, path: str, dialect: Dialect = Dialect.GITHUB) -> list[str]:
    return [owner for match in read_codeowners(text, dialect).match(path) for owner in match.rule.owners]


GITHUB = [
    ("*", "a", True),
    ("*", "a/b/c", True),
    ("*.js", "x/y/app.js", True),
    ("*.js", "x/app.jsx", False),
    ("*.js", "lib.js/inner.txt", True),
    ("/build/logs/", "build/logs/a/b.txt", True),
    ("/build/logs/", "x/build/logs/a", False),
    ("build/logs/", "build/logs/a", True),
    ("build/logs/", "x/build/logs/a", False),
    ("docs/*", "docs/getting-started.md", True),
    ("docs/*", "docs/build-app/troubleshooting.md", False),
    ("docs/*", "x/docs/a.md", False),
    ("apps/", "apps/a", True),
    ("apps/", "x/y/apps/a", True),
    ("apps/", "apps", False),
    ("/docs/", "docs/a", True),
    ("/apps/github", "apps/github", True),
    ("/apps/github", "apps/github/x/y", True),
    ("/apps/github", "apps/github2", False),
    ("**/logs", "build/logs", True),
    ("**/logs", "deeply/nested/logs/x", True),
    ("**/logs", "logs", True),
    ("a/**", "a/b/c", True),
    ("a/**", "a", False),
    ("a/**/b", "a/b", True),
    ("a/**/b", "a/x/y/b/z", True),
    ("a/**/b", "a/x/bb", False),
    ("/*", "file", True),
    ("/*", "folder/file", False),
    ("/*.md", "a.md", True),
    ("/*.md", "x/a.md", False),
    ("src/*/test?.py", "src/a/test1.py", True),
    ("src/*/test?.py", "src/a/b/test1.py", False),
    ("src/*/test?.py", "src/a/test12.py", False),
    ("a*b*c", "aXbYc", True),
    ("a*b*c", "abcabc", True),
    ("a*b*c", "acb", False),
    ("README", "readme", False),
    (r"with\ blank/", "with blank/a", True),
    ("**", "x/y", True),
    (".github/", ".github/workflows/ci.yml", True),
    ("foo**bar", "fooXbar", True),
    ("foo**bar", "foo/bar", False),
    ("x//y", "x/y", False),
]


@pytest.mark.parametrize(("pattern", "path", "fits"), GITHUB)
def test_github_patterns(pattern: str, path: str, fits: bool) -> None:
    assert owners(f"{pattern} @ada", path) == (["@ada"] if fits else [])


def test_patterns_are_those_of_gitignore(tmp_path: Path) -> None:
    """Git itself is asked; only `folder/*` differs, which CODEOWNERS means for the folder's own files."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    dice = random.Random(7)
    pieces = ["a", "b", "ab", "*", "**", "a*", "*b", "?", "a?b", "*.py", "x.py"]
    paths = [
        "/".join(dice.choice(["a", "b", "ab", "axb", "x.py", "c"]) for _ in range(dice.randint(1, 4)))
        for _ in range(60)
    ]
    asked = 0
    for _ in range(150):
        pattern = "/".join(dice.choice(pieces) for _ in range(dice.randint(1, 3)))
        pattern = dice.choice(["", "/"]) + pattern + dice.choice(["", "", "/"])
        if pattern.endswith("/*"):
            continue
        (tmp_path / ".gitignore").write_text(pattern + "\n")
        told = subprocess.run(
            ["git", "-C", tmp_path, "check-ignore", "--no-index", "--stdin"],
            input="\n".join(paths),
            capture_output=True,
            text=True,
            check=False,
        )
        compiled = github(pattern)
        assert compiled is not None
        assert {path for path in paths if compiled.matches(path.split("/"))} == set(told.stdout.split()), pattern
        asked += 1
    assert asked > 100


def test_the_last_line_that_fits_decides() -> None:
    text = "* @acme/all\n/src/ @acme/src @ada\n/src/gen/\n/src/gen/keep.py ada@acme.example # why\n"
    assert owners(text, "x") == ["@acme/all"]
    assert owners(text, "src/a") == ["@acme/src", "@ada"]
    assert owners(text, "src/gen/a") == []
    assert owners(text, "src/gen/keep.py") == ["ada@acme.example"]
    (match,) = read_codeowners(text).match("src/gen/a")
    assert (match.rule.line, match.rule.owners) == (3, ())


def test_github_skips_lines_that_it_does_not_know() -> None:
    text = "* @a\n!x @b\n[ab].py @b\n\\#x @b\nx @b nobody\n/ @b\ny @b # @c\n"
    found = read_codeowners(text)
    assert [line for line, _ in found.problems] == [2, 3, 4, 5, 6]
    assert all("@a" in owners(text, path) for path in ("x", "a.py", "#x"))
    assert owners(text, "y") == ["@b"]


def test_gitlab_sections() -> None:
    text = """
* @default
/docs/*.md @writers

[Ruby][2] @ruby
*.rb
/lib/special.rb @special @acme/deep/group
!/lib/vendored.rb

^[Optional] @later
lib/

[ruby]
/again.rb @again
"""
    gitlab = lambda path: owners(text, path, Dialect.GITLAB)  # noqa: E731
    assert gitlab("a") == ["@default"]
    assert gitlab("docs/a.md") == ["@writers"]
    assert gitlab("x/a.rb") == ["@ruby", "@default"]
    assert gitlab("lib/special.rb") == ["@special", "@acme/deep/group", "@default", "@later"]
    assert gitlab("lib/vendored.rb") == ["@default", "@later"]
    assert gitlab("again.rb") == ["@again", "@default"]
    sections = read_codeowners(text, Dialect.GITLAB).sections
    assert (sections["ruby"].approvals, sections["ruby"].owners) == (2, ("@ruby",))
    assert sections["optional"].optional


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("*", "a/b", True),
        ("*.rb", "a/.hidden.rb", True),
        ("docs/a", "x/docs/a", True),
        ("docs", "docs/a", False),
        ("docs/", "x/docs/a/b", True),
        ("/docs/", "x/docs/a", False),
        ("/docs/*", "docs/a/b", False),
        ("/docs/**/*.md", "docs/a.md", True),
        ("/docs/**/*.md", "docs/x/y/a.md", True),
        ("[ab].rb", "x/a.rb", True),
        ("[!ab].rb", "a.rb", False),
        ("[a-c]x", "bx", True),
        ("[z-a]", "b", False),
        ("[a--b]", "x", False),
        (r"\#a", "#a", True),
        (r"a\ b", "a b", True),
        ("/**", "a", True),
        ("/**", "a/b", False),
    ],
)
def test_gitlab_patterns(pattern: str, path: str, fits: bool) -> None:
    assert owners(f"{pattern} @@maintainer", path, Dialect.GITLAB) == (["@@maintainer"] if fits else [])


def test_gitlab_has_no_inline_comments() -> None:
    assert owners("a @x # @y", "a", Dialect.GITLAB) == ["@x", "@y"]


def test_bitbucket() -> None:
    text = "@@@web @ada @ben # a team\n*.js @@web someone@acme.example team/x # note\n"
    found = read_codeowners(text, Dialect.BITBUCKET)
    assert found.teams == {"web": ("@ada", "@ben")}
    assert owners(text, "a.js", Dialect.BITBUCKET) == ["@@web", "someone@acme.example", "team/x"]


def test_gitea_has_expressions_and_takes_all_that_fit() -> None:
    text = "a/.*\\.py @ada\na/b\\.py @ben # why\n!a/.* @cy\n(a+)+b @evil\n.*.*.* @evil\na( @evil\n"
    assert owners(text, "a/b.py", Dialect.GITEA) == ["@ada", "@ben"]
    assert owners(text, "b", Dialect.GITEA) == ["@cy"]
    assert [line for line, _ in read_codeowners(text, Dialect.GITEA).problems] == [4, 5, 6]


def test_which_file_counts(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/CODEOWNERS").write_text("* @docs\n")
    (tmp_path / "CODEOWNERS").write_text("* @root\nx nobody\n")
    for repository, home in (("github.com/a/b", "CODEOWNERS"), ("gitlab.acme.example/a/b", "CODEOWNERS")):
        found = find_codeowners(Tree(tmp_path, repository))
        assert found is not None
        assert found.path == home
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github/CODEOWNERS").write_text("* @github\n")
    tree = Tree(tmp_path, "github.com/a/b")
    found = find_codeowners(tree)
    assert found is not None
    assert found.path == ".github/CODEOWNERS"
    assert dialect_of(Tree(tmp_path, "gitlab.com/a/b")) is Dialect.GITLAB
    assert dialect_of(Tree(tmp_path, "b")) is Dialect.GITHUB


def test_dialect_by_content(tmp_path: Path) -> None:
    (tmp_path / "CODEOWNERS").write_text("[Web] @ada\n*.js\n")
    assert dialect_of(Tree(tmp_path, "shop")) is Dialect.GITLAB
    (tmp_path / "CODEOWNERS").write_text("*.js @ada\n")
    assert dialect_of(Tree(tmp_path, "shop")) is Dialect.GITHUB


def test_too_large_is_not_in_force(tmp_path: Path) -> None:
    (tmp_path / "CODEOWNERS").write_text("# x\n" * 800_000)
    tree = Tree(tmp_path, "github.com/a/b")
    assert find_codeowners(tree) is None
    assert "3 MB" in tree.troubles[0].text
    assert find_codeowners(Tree(tmp_path / "nothing", "x")) is None


def _many() -> tuple[str, list[str]]:
    dice = random.Random(3)
    folders = [
        f"{area}/{team}/{part}"
        for area in ("services", "libs", "web", "infra")
        for team in range(25)
        for part in range(10)
    ]
    rules = ["* @acme/all"]
    for number in range(1, 2_000):
        folder = dice.choice(folders)
        shape = dice.choice(
            ["/{f}/", "/{f}/*.py", "{f}/**/test_*.py", "*.e{n}", "name{n}/", "**/deep{n}/**", "/{f}", "/{f}/x?{n}*"]
        )
        rules.append(shape.format(f=folder, n=number) + f" @acme/t{number}")
    paths = [
        f"{dice.choice(folders)}/{dice.choice(['a', 'b', 'deep77'])}/f{number}.{dice.choice(['py', 'ts', 'e50'])}"
        for number in range(20_000)
    ]
    return "\n".join(rules), paths


def test_many_rules_agree_with_one_by_one() -> None:
    text, paths = _many()
    found = read_codeowners(text)
    for path in paths[:300]:
        segments = path.split("/")
        slow = [rule for rule in found.rules if (one := github(rule.pattern)) and one.matches(segments)][-1]
        (match,) = found.match(path)
        assert match.rule == slow


def test_hostile_patterns_are_linear() -> None:
    begun = time.process_time()
    text = "*a" * 200 + "b @x\n" + "**/a/" * 300 + "b @x\n" + "(a|b)* @x"
    assert owners(text, "a" * 3_000) == []
    assert owners(text, "/".join("a" * 1_000)) == []
    assert time.process_time() - begun < 5
    with pytest.raises(ValueError, match="too complex"):
        Expression("(a*)*")
    assert list(Index([]).matching("a/b")) == []


def test_sets_in_expressions() -> None:
    assert owners("[[a]x--] @ada", "[", Dialect.GITEA) == []


@given(st.text(alphabet="ab*?[]!/\\# @\n\t\0é^.-", max_size=80), st.sampled_from(list(Dialect)))
def test_nothing_breaks_the_reader(text: str, dialect: Dialect) -> None:
    found = read_codeowners(text, dialect)
    for path in ("a", "a/b", "", "a//b", "é/\n"):
        found.match(path)
