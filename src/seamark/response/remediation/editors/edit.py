"""Making a change: the editors of the files it names, the pieces they replace, and the proof that nothing else changed."""

from __future__ import annotations

from collections.abc import Mapping

from seamark.response.remediation.change import Change
from seamark.response.remediation.editors.check import check
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit, spliced
from seamark.response.remediation.editors.registry import Work, editors, readers


def edit(files: Mapping[str, bytes], change: Change) -> dict[str, bytes]:
    """Return the files with a change made; what it does not touch comes back as it was.

    The change is made in the files that `change.manifests` names, and in others of `files` where the version itself stands (the property of
    a parent POM, a version catalogue, `go.sum`). A file that has the new version already stays as it is. Raises `UnsafeEdit` where a named
    file has no editor, cannot be edited without guessing, or where none of them names the package: nothing is changed then.
    """
    if not change.to_version.strip() or not change.name.strip():
        raise UnsafeEdit("A change needs the name of what is changed and its new version.")
    if any(sign in change.to_version for sign in "\n\r\"'`$\\<>{}"):
        raise UnsafeEdit(f"{change.to_version!r} is no version.")
    work = Work(files, change)
    pieces = _pieces(work)
    if not pieces:
        raise UnsafeEdit(
            f"None of the files names {change.name}"
            + (f" at {change.from_version}" if change.from_version else "")
            + " in a way that can be changed."
        )
    return {**files, **{path: _made(work.source(path), mine) for path, mine in pieces.items()}}


def _pieces(work: Work) -> dict[str, list[Splice]]:
    found: dict[str, list[Splice]] = {}
    for path in work.change.manifests:
        if path not in work.files:
            raise UnsafeEdit(f"{path} is not among the files.")
        mine = [each for each in editors() if each.takes(path, work.change)]
        if not mine:
            raise UnsafeEdit(f"There is no editor for {path.rpartition('/')[2]} and this sort of change.")
        for each in mine:
            for piece in each.edits(work, path):
                known = found.setdefault(piece.path, [])
                if piece not in known:
                    known.append(piece)
    return found


def _made(source: Source, pieces: list[Splice]) -> bytes:
    after = spliced(source.text, pieces)
    for read in readers(source.path):
        check(source.path, read, source.text, after, pieces)
    return source.encoded(after)
