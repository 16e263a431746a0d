"""Writing the ledger out, for whoever verifies it without us."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from seamark.core.errors import NotAllowed
from seamark.governance.ledger import nodes
from seamark.governance.ledger.checkpoints import anchors, sign_now
from seamark.governance.ledger.folder import ENTRIES, HISTORY, NEWEST, tile_path
from seamark.governance.ledger.tree import WIDTH
from seamark.store.models import Checkpoint, LedgerEntry

_CHUNK = 5000
Put = Callable[[str, Iterator[bytes]], None]


def export(path: Path) -> Checkpoint:
    """Sign the ledger and write it to a new folder, or to a zip file where the path ends with `.zip`; return the checkpoint.

    Raises `NotAllowed` where there is something at the path, and `InvalidSetting` where there is no key.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise NotAllowed(f"{path} is there already: an export goes to a new folder or file")
    newest = sign_now()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "x", zipfile.ZIP_DEFLATED) as archive:
            _write(newest, lambda name, parts: _into_zip(archive, name, parts))
    else:
        _write(newest, lambda name, parts: _into_folder(path, name, parts))
    return newest


def _into_zip(archive: zipfile.ZipFile, name: str, parts: Iterator[bytes]) -> None:
    with archive.open(name, "w", force_zip64=True) as file:
        for part in parts:
            file.write(part)


def _into_folder(root: Path, name: str, parts: Iterator[bytes]) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for part in parts:
            file.write(part)


def _write(newest: Checkpoint, put: Put) -> None:
    put(ENTRIES, _lines(newest.size))
    for older in Checkpoint.objects.filter(size__lt=newest.size).order_by("size"):
        put(f"{HISTORY}{older.size:012d}", iter([older.note.encode()]))
    level = 0
    while there := newest.size >> (8 * level):
        for number in range(-(-there // WIDTH)):
            width = min(WIDTH, there - number * WIDTH)
            put(tile_path(level, number, width), iter(nodes.read(level, number * WIDTH, width)))
        level += 1
    for one in anchors():
        if one.size <= newest.size:
            put(one.path, iter([one.answer]))
    # Last: an export that was cut off has none.
    put(NEWEST, iter([newest.note.encode()]))


def _lines(size: int) -> Iterator[bytes]:
    rows = LedgerEntry.objects.filter(number__lt=size).order_by("number").values_list("content", flat=True)
    for content in rows.iterator(chunk_size=_CHUNK):
        yield content.encode() + b"\n"
