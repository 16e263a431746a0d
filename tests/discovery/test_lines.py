from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from seamark.intake.discovery import git, lines
from seamark.intake.discovery.lines import line_map


class Repository:
    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        self.git("init", "-q")

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=t", "-c", "user.email=t@shop.example", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", "-C", self.root, *who, *arguments], capture_output=True, check=True, text=True)
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def numbered(first: int, last: int) -> str:
    return "".join(f"line {number}\n" for number in range(first, last + 1))


def test_lines_move_with_what_stands_above_them(repository: Repository) -> None:
    repository.write("a.py", numbered(1, 20))
    repository.write("same.py", numbered(1, 3))
    before = repository.commit()
    repository.write(
        "a.py", "new\nnew\n" + numbered(1, 4) + "changed 5\n" + numbered(6, 9) + numbered(13, 20) + "end\n"
    )
    after = repository.commit()
    found = line_map(repository.root, before, after)
    assert found is not None
    wanted = {1: 3, 4: 6, 5: None, 6: 8, 9: 11, 10: None, 12: None, 13: 12, 20: 19}
    assert {line: found.now("a.py", line) for line in wanted} == {
        line: ("a.py", now) if now else None for line, now in wanted.items()
    }
    assert found.now("same.py", 2) == ("same.py", 2)
    assert found.now("a.py", 0) is None
    back = line_map(repository.root, after[:10], before[:10])
    assert back is not None
    assert back.now("a.py", 12) == ("a.py", 13)
    assert back.now("a.py", 1) is None


def test_renames_deletions_and_new_files(repository: Repository) -> None:
    repository.write("old/name.py", numbered(1, 30))
    repository.write("gone.py", numbered(100, 130))
    repository.write("moved whole.py", numbered(200, 230))
    before = repository.commit()
    repository.git("mv", "moved whole.py", "moved.py")
    (repository.root / "old/name.py").unlink()
    (repository.root / "gone.py").unlink()
    repository.write("new/name.py", "first\n" + numbered(1, 30))
    repository.write("fresh.py", "x\n")
    after = repository.commit()
    for paths in (None, ["old/name.py", "gone.py", "moved whole.py"]):
        found = line_map(repository.root, before, after, paths)
        assert found is not None
        assert found.now("old/name.py", 7) == ("new/name.py", 8)
        assert found.now("moved whole.py", 7) == ("moved.py", 7)
        assert found.now("gone.py", 7) is None
    some = line_map(repository.root, before, after, ["old/name.py"])
    assert some is not None
    assert some.now("old/name.py", 1) == ("new/name.py", 2)
    assert some.now("moved whole.py", 1) is None
    none = line_map(repository.root, before, after, [])
    assert none is not None
    assert none.now("old/name.py", 1) is None


def test_strange_names_and_kinds_of_files(repository: Repository) -> None:
    odd = 'odd\n@@ -1,9 +1,3 @@ "name"\twith ü'
    repository.write(odd, numbered(1, 9))
    repository.write("z.py", numbered(1, 9))
    repository.write("binary", "a\0b\n" * 5)
    repository.write("mode.sh", numbered(1, 3))
    repository.write("becomes a link", numbered(1, 3))
    repository.write("minus.sql", "-- one\n-- two\n@@ -1 +1 @@\ndiff --git a/x b/x\nBinary files x\n")
    before = repository.commit()
    repository.write(odd, "+\n" + numbered(1, 9))
    repository.write("z.py", "+\n" + numbered(1, 9))
    repository.write("binary", "a\0c\n" * 5)
    (repository.root / "mode.sh").chmod(0o755)
    (repository.root / "becomes a link").unlink()
    (repository.root / "becomes a link").symlink_to("z.py")
    repository.write("minus.sql", "-- two\n")
    after = repository.commit()
    found = line_map(repository.root, before, after)
    assert found is not None
    assert found.now(odd, 3) == (odd, 4)
    assert found.now("z.py", 3) == ("z.py", 4)
    assert found.now("binary", 1) is None
    assert found.now("mode.sh", 2) == ("mode.sh", 2)
    assert found.now("becomes a link", 1) is None
    assert [found.now("minus.sql", line) for line in (1, 2, 3)] == [None, ("minus.sql", 1), None]


def test_a_folder_of_the_repository(repository: Repository) -> None:
    repository.write("service/a.py", numbered(1, 5))
    before = repository.commit()
    repository.write("service/a.py", "new\n" + numbered(1, 5))
    after = repository.commit()
    found = line_map(repository.root / "service", before, after, ["a.py"])
    assert found is not None
    assert found.now("a.py", 5) == ("a.py", 6)


def test_what_is_not_known_gives_no_map(repository: Repository, tmp_path: Path) -> None:
    repository.write("a", "x\n")
    commit = repository.commit()
    tree = repository.git("rev-parse", "HEAD^{tree}")
    for wrong in ("0" * 40, "HEAD", "--output=x", "", "abc", commit + "\n", commit.upper(), tree, f"{commit}^{{tree}}"):
        assert line_map(repository.root, commit, wrong) is None
        assert line_map(repository.root, wrong, commit) is None
    assert line_map(tmp_path, commit, commit) is None
    assert line_map(tmp_path / "nowhere", commit, commit) is None
    same = line_map(repository.root, commit, commit)
    assert same is not None
    assert same.now("a", 1) == ("a", 1)


def test_programs_that_the_repository_names_do_not_run(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "trap.sh"
    trap.write_text(f'#!/bin/sh\ntouch {tmp_path}/sprung\ncat "$1"\n')
    trap.chmod(0o755)
    repository.write(".gitattributes", "* diff=trap filter=trap\n")
    repository.write("a.py", numbered(1, 5))
    before = repository.commit()
    repository.write("a.py", "new\n" + numbered(1, 5))
    after = repository.commit()
    settings = (
        "diff.external",
        "diff.trap.textconv",
        "diff.trap.command",
        "core.fsmonitor",
        "core.pager",
        "pager.diff",
        "filter.trap.smudge",
    )
    for setting in settings:
        repository.git("config", setting, str(trap))
    repository.git("config", "diff.orderFile", str(tmp_path / "missing"))
    repository.git("config", "diff.interHunkContext", "50")
    repository.git("config", "diff.submodule", "log")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(trap))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    found = line_map(repository.root, before, after)
    assert found is not None
    assert found.now("a.py", 2) == ("a.py", 3)
    assert not (tmp_path / "sprung").exists()


def test_a_missing_object_is_not_fetched(repository: Repository, tmp_path: Path) -> None:
    repository.write("a.py", numbered(1, 5))
    before = repository.commit()
    blob = repository.git("rev-parse", "HEAD:a.py")
    repository.write("a.py", "new\n" + numbered(1, 5))
    after = repository.commit()
    (repository.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    repository.git("config", "core.repositoryFormatVersion", "1")
    repository.git("config", "extensions.partialClone", "origin")
    repository.git("config", "remote.origin.promisor", "true")
    repository.git("config", "remote.origin.url", f"ext::touch {tmp_path}/sprung")
    repository.git("config", "protocol.ext.allow", "always")
    assert line_map(repository.root, before, after) is None
    assert not (tmp_path / "sprung").exists()


def test_output_and_time_are_bounded(repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    repository.write("a.py", numbered(1, 5000))
    before = repository.commit()
    repository.write("a.py", numbered(6000, 12000))
    after = repository.commit()
    with monkeypatch.context() as patch:
        patch.setattr(git, "LARGEST", 1000)
        assert line_map(repository.root, before, after) is None
    slow = tmp_path / "bin"
    slow.mkdir()
    (slow / "git").write_text("#!/bin/sh\nexec sleep 20\n")
    (slow / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(git, "TIMEOUT", 0.2)
    assert line_map(repository.root, before, after) is None
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    assert line_map(repository.root, before, after) is None


def test_more_paths_than_git_is_told(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"f{number}.py" for number in range(6)]
    for name in names:
        repository.write(name, numbered(1, 5) + name)
    before = repository.commit()
    for name in names:
        repository.write(name, "new\n" + numbered(1, 5) + name)
    after = repository.commit()
    monkeypatch.setattr(lines, "MOST_NAMED", 3)
    found = line_map(repository.root, before, after, names[:4])
    assert found is not None
    assert [found.now(name, 1) for name in names] == [(name, 2) for name in names[:4]] + [None, None]
