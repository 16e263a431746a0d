"""Files are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.core.errors import SeamarkError
from seamark.pipeline.fixing.written import write


def test_a_file_keeps_its_rights_and_a_new_one_is_its_owners(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_bytes(b"before")
    old.chmod(0o640)
    write(old, b"after")
    write(tmp_path / "new", b"")
    assert (old.read_bytes(), old.stat().st_mode & 0o777) == (b"after", 0o640)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
    assert {one.name for one in tmp_path.iterdir()} == {"old", "new"}


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(SeamarkError, match=r"^a/taken cannot be written: Is a directory"):
        write(tmp_path / "taken", b"x", "a/taken")
    with pytest.raises(SeamarkError, match="gone/x cannot be written: No such file"):
        write(tmp_path / "gone/x", b"x")
    assert [one.name for one in tmp_path.iterdir()] == ["taken"]
