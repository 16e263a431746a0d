"""Small reports of many tools over the same test cases, labelled by case and by the category of the weakness that each report gives.

The reports are made up to show their formats, and most overlap nowhere: the set shows wrong merges rather than missed ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.accuracy.labelled import Labelled, read
from seamark.analysis.correlation.sighting import sighting
from seamark.core.errors import SeamarkError

_CASE = re.compile(r"BenchmarkTest\d{5}")
_CATEGORIES = {
    "command injection": (77, 78), "sql injection": (89, 564), "cross-site scripting": (79, 80), "path traversal": (22, 23, 35, 36, 73),
    "encryption": (326, 327, 696), "hash": (328, 916), "randomness": (330, 338), "trust boundary": (501,), "cookie": (614, 1004),
    "xpath injection": (643,), "ldap injection": (90,), "code injection": (94, 95), "deserialization": (502,), "redirect": (601,),
    "xml entities": (611, 776, 827),
}  # fmt: skip
_CATEGORY = {number: name for name, numbers in _CATEGORIES.items() for number in numbers}


def samples(folder: Path) -> list[Labelled]:
    """Return the findings that name a test case and a weakness of a category. Reports that no parser reads are left out."""
    found = []
    for stream, path in enumerate(sorted(folder.iterdir()), start=1):
        found += list(_labelled(path, stream))
    return found


def _labelled(path: Path, stream: int) -> Iterator[Labelled]:
    tool = re.split(r"[-_.]v?\d", path.stem.partition("_")[2] or path.stem)[0]
    try:
        findings = list(read(path))
    except SeamarkError:
        return
    for finding in findings:
        one = sighting(finding, tool, asset="samples", stream=stream)
        case = _CASE.search(one.path or one.url)
        category = next((_CATEGORY[number] for number in one.cwes if number in _CATEGORY), "")
        if case and category:
            sort = "code" if one.path else "web"
            placed = one._replace(path=f"{case[0]}.java") if one.path else one
            yield Labelled(placed, f"{case[0]} {category} {sort}", case[0], category)
