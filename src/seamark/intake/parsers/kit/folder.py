"""The folder of an installation's own mapping files: each is a format like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from seamark.core.errors import BrokenPlugin
from seamark.intake.parsers.kit import registry
from seamark.intake.parsers.kit.mapped import as_parser
from seamark.intake.parsers.kit.mapping import LARGEST, InvalidMapping, Mapping, load
from seamark.intake.parsers.kit.registry import Parser

MOST: Final = 500


def load_file(path: Path) -> Mapping:
    """Return the mapping in a file. Raises `InvalidMapping`."""
    try:
        with path.open("rb") as file:
            return load(file.read(LARGEST + 1))
    except OSError as error:
        raise InvalidMapping(f"The mapping file cannot be read: {error.strerror or error}") from None


def mappings_in(folder: Path) -> list[Parser]:
    """Return the formats of all `*.yaml` and `*.yml` files in a folder, by file name. Raises `BrokenPlugin`; none is skipped."""
    if not folder.is_dir():
        raise BrokenPlugin(f"SEAMARK_MAPPINGS is {folder}, which is no folder")
    files = sorted(path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"} and path.is_file())
    if len(files) > MOST:
        raise BrokenPlugin(f"There are more than {MOST} mapping files in {folder}")
    found = []
    for path in files:
        try:
            found.append(as_parser(load_file(path)))
        except InvalidMapping as error:
            raise BrokenPlugin(f"The mapping file {path} cannot be used: {error}") from None
    return found


def use(folder: Path | str | None) -> None:
    """Have the mapping files of a folder as formats, in place of those of another one; none where there is no folder.

    Raises `BrokenPlugin`, and then nothing is changed.
    """
    registry.add(mappings_in(Path(folder)) if folder else ())
