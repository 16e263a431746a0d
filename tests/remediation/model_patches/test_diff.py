"""Diffs: read, applied exactly, written; and what is refused."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.response.remediation.editors.notation.source import UnsafeEdit
from seamark.response.remediation.model_patches.diff import apply, read, write
from seamark.response.remediation.model_patches.sheet import lines_of

LINE = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=12)
TEXTS = st.one_of(
    st.lists(st.sampled_from(["a", "b", "", "x = 1", "-- a", "++ b", "@@ -1 +1 @@", "\\ No", "c\r"]), max_size=14),
    st.lists(LINE, max_size=8),
).flatmap(lambda lines: st.sampled_from(["\n".join(lines), "".join(f"{one}\n" for one in lines)]))

BEFORE = "import os\n\n\ndef run(name):\n    os.system(name)\n    return 0\n"
GOOD = (
    "diff --git a/app.py b/app.py\n--- a/app.py\n+++ b/app.py\n@@ -2,5 +2,5 @@\n\n \n def run(name):\n-    os.system(name)\n"
    "+    subprocess.run([name], check=True)\n     return 0\n"
)
"""With an empty line of context as models write it, and one as it should be."""


@given(TEXTS, TEXTS)
def test_what_is_written_leads_from_one_text_to_the_other(before: str, after: str) -> None:
    told = write("some/file.py", before, after)
    if before == after:
        assert told == ""
        return
    change = read(told)
    assert change.path == "some/file.py"
    assert apply(change, before).text == after


@given(TEXTS, TEXTS, TEXTS)
def test_a_diff_of_another_text_is_refused_or_changes_only_its_lines(before: str, after: str, other: str) -> None:
    told = write("f", before, after)
    if not told:
        return
    change = read(told)
    try:
        made = apply(change, other)
    except UnsafeEdit:
        return
    # Whatever it was made of, every line that it took away stood there.
    assert sum(len(hunk.old) for hunk in change.hunks) <= len(lines_of(other))
    grown = len(lines_of(after)) - len(lines_of(before))
    assert len(lines_of(made.text)) - len(lines_of(other)) == grown


@given(st.text(max_size=400))
def test_reading_never_fails_otherwise(text: str) -> None:
    try:
        read(text)
    except UnsafeEdit:
        return
    raise AssertionError(text)


@given(st.lists(st.sampled_from(["--- a/f", "+++ b/f", "@@ -1 +1 @@", "@@ @@", "@@", "-a", "+b", " c", "", "\\ No newline at end of file", "diff --git a/f b/f"]), max_size=12))  # fmt: skip
def test_pieces_of_diffs_are_read_or_refused(lines: list[str]) -> None:
    try:
        change = read("\n".join(lines))
        apply(change, "c\na\nc\n")
    except UnsafeEdit:
        return
    assert change.path == "f"


def test_files_of_equal_lines_take_no_time() -> None:
    lines = [f"{at % 120}\n" for at in range(60_000)]
    before, after = "".join(lines), "".join([*lines[:30_000], "new\n", *lines[30_001:]])
    begin = time.process_time()
    change = read(write("f", before, after))
    assert apply(change, before).text == after
    with pytest.raises(UnsafeEdit, match="several places"):
        apply(read("--- a/f\n+++ b/f\n@@ @@\n-7\n+8\n"), before)
    with pytest.raises(UnsafeEdit, match="more than 20 pieces"):
        read("--- a/f\n+++ b/f\n" + "@@ @@\n-7\n+8\n" * 21)
    assert time.process_time() - begin < 5


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_takes_what_is_written(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(BEFORE)
    told = "# Machine-made: by a model\n" + write("app.py", BEFORE, BEFORE.replace("return 0", "return 1"))
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=told.encode(), check=True)
    assert (tmp_path / "app.py").read_text().endswith("return 1\n")


def test_counts_and_numbers_of_models_are_forgiven() -> None:
    for header in ("@@ -2,5 +2,5 @@", "@@ -40,9 +41,12 @@", "@@ @@", "@@ -1,5 +1,5 @@ def run(name):"):
        made = apply(read(GOOD.replace("@@ -2,5 +2,5 @@", header)), BEFORE)
        assert made.text == BEFORE.replace("os.system(name)", "subprocess.run([name], check=True)")
        assert made.touched == ((2, 5),)


def test_line_ends_of_the_file_stay() -> None:
    windows = BEFORE.replace("\n", "\r\n")
    made = apply(read(GOOD), windows).text
    assert made == windows.replace("os.system(name)", "subprocess.run([name], check=True)")
    assert apply(read(GOOD), BEFORE.removesuffix("\n")).text == made.replace("\r\n", "\n").removesuffix("\n")


def test_two_places_are_one_too_many() -> None:
    told = "--- a/f\n+++ b/f\n@@ -9 +9 @@\n-x\n+y\n"
    with pytest.raises(UnsafeEdit, match="several places"):
        apply(read(told), "x\na\nx\n")
    assert apply(read(told.replace("-9 +9", "-3 +3")), "x\na\nx\n").text == "x\na\ny\n"
    with pytest.raises(UnsafeEdit, match="does not have"):
        apply(read(told), "a\n")
    with pytest.raises(UnsafeEdit, match="without saying where"):
        apply(read("--- a/f\n+++ b/f\n@@ @@\n+y\n"), "a\n")


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("", "no diff"),
        ("Here is the fix: use subprocess.", "no diff"),
        (GOOD + GOOD, "more than one file"),
        (GOOD + "--- a/other.py\n+++ b/other.py\n@@ -1 +1 @@\n-a\n+b\n", "more than one file|well formed"),
        (GOOD.replace("@@ -2,5 +2,5 @@", "@@ @@") + "--- a/other.py\n+++ b/other.py\n@@ -1 +1 @@\n-a\n+b\n", "well formed"),
        ("--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+x\n", "cannot be in the repository"),
        ("--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", "cannot be in the repository"),
        ("--- a/f\n+++ b/g\n@@ -1 +1 @@\n-x\n+y\n", "rename"),
        ("diff --git a/f b/f\nold mode 100644\nnew mode 100755\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-x\n+y\n", "mode"),
        ("diff --git a/f b/f\nnew file mode 100644\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-x\n+y\n", "makes"),
        ("diff --git a/f b/f\nGIT binary patch\nliteral 4\n", "makes|no diff"),
        ("Binary files a/f and b/f differ\n", "makes|no diff"),
        ("--- a/../../etc/passwd\n+++ b/../../etc/passwd\n@@ -1 +1 @@\n-x\n+y\n", "outside"),
        ("--- a/x/./y\n+++ b/x/./y\n@@ -1 +1 @@\n-x\n+y\n", "outside"),
        ("--- /etc/passwd\n+++ /etc/passwd\n@@ -1 +1 @@\n-x\n+y\n", "cannot be"),
        ("--- a/.git/hooks/x\n+++ b/.git/hooks/x\n@@ -1 +1 @@\n-x\n+y\n", "outside"),
        ("--- a/.GIT/config\n+++ b/.GIT/config\n@@ -1 +1 @@\n-x\n+y\n", "outside"),
        ("--- C:\\x\n+++ C:\\x\n@@ -1 +1 @@\n-x\n+y\n", "cannot be"),
        ('--- "a/f\\303"\n+++ "b/f\\303"\n@@ -1 +1 @@\n-x\n+y\n', "cannot be"),
        ("--- a/f\n+++ b/f\n@@ -1 +1 @@\n x\n", "changes nothing"),
        ("--- a/f\n+++ b/f\n", "no diff"),
        ("--- a/f\n+++ b/f\n@@ -1 +1 @@\n!x\n", "well formed"),
        ("x" * 50_000, "too large"),
    ],
)  # fmt: skip
def test_refused(told: str, why: str) -> None:
    with pytest.raises(UnsafeEdit, match=why):
        read(told)
