"""Seeded edits of our own example, with findings whose identity is known by construction.

Every line of a file carries a number that no edit changes. A scanner of four rules, each with one message for all its findings, so
that only place and code tell them apart, reads the text of the lines; which finding is which follows from the lines' numbers.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

from benchmarks.drift.values import Step, Truth, place
from seamark.core.finding import Finding
from seamark.core.location import CodeLocation
from seamark.core.severity import Severity

EXAMPLE = Path(__file__).parents[2] / "examples" / "harbour" / "services" / "orders"
_RULES = {
    "call": re.compile(r"\b[a-z_.]+\("),
    "text": re.compile(r'"[^"]*"'),
    "return": re.compile(r"\breturn\b.*"),
    "branch": re.compile(r"\b(?:if|for|while|with)\b.*"),
}
_NAME = re.compile(r"^    (\w+)(?:, \w+)* = ")


class Line(NamedTuple):
    """A line and the number by which it is known through all edits."""

    number: int
    text: str


_FRESH = 10
"""Steps after which the example begins anew: edits pile up, and files should stay like files."""

Files = dict[str, list[Line]]
Edit = Callable[["Editor"], None]


def example() -> Files:
    """Return the Python files of the example's order service."""
    numbers = count(1)
    return {
        path.relative_to(EXAMPLE).as_posix(): [
            Line(next(numbers), text) for text in path.read_text("utf-8").split("\n")
        ]
        for path in sorted(EXAMPLE.rglob("*.py"))
    }


class Editor:
    """Files under edit, and the source of chance."""

    def __init__(self, files: Files, seed: int) -> None:
        self.files = {path: list(lines) for path, lines in files.items()}
        # The source of chance has to be repeatable, not unpredictable.
        self.chance = random.Random(seed)  # noqa: S311
        self._numbers = count(1 + max(line.number for lines in files.values() for line in lines))

    def pick(self) -> list[Line]:
        """Return the lines of some file that is not almost empty."""
        return self.files[self.chance.choice(sorted(path for path, lines in self.files.items() if len(lines) > 10))]

    def fresh(self, *texts: str) -> list[Line]:
        """Return new lines."""
        return [Line(next(self._numbers), text) for text in texts]

    def functions(self, lines: list[Line]) -> list[tuple[int, int]]:
        """Return where the functions at the top of a file begin and end."""
        starts = [at for at, line in enumerate(lines) if line.text.startswith(("def ", "@")) and not (at and lines[at - 1].text.startswith("@"))]  # fmt: skip
        found = []
        for start in starts:
            end = start + 1
            while end < len(lines) and (not lines[end].text or (lines[end].text.startswith((" ", "def ", "@")) and end not in starts)):  # fmt: skip
                end += 1
            found.append((start, end))
        return found


def shift(edit: Editor) -> None:
    """Put lines in at the top."""
    lines = edit.pick()
    lines[:0] = edit.fresh(*[f"# note {at}" for at in range(edit.chance.randint(1, 40))])


def rename(edit: Editor) -> None:
    """Rename a file."""
    lines = edit.pick()
    path = next(path for path, there in edit.files.items() if there is lines)
    edit.files[f"renamed/{edit.chance.randrange(10**6)}_{Path(path).name}"] = edit.files.pop(path)


def indent(edit: Editor) -> None:
    """Put a function below a condition, four columns further in."""
    lines = edit.pick()
    if spans := edit.functions(lines):
        start, end = edit.chance.choice(spans)
        lines[start:end] = [
            *edit.fresh("try:"), *(Line(line.number, f"    {line.text}" if line.text else "") for line in lines[start:end]),
            *edit.fresh("finally:", "    pass"),
        ]  # fmt: skip


def insert(edit: Editor) -> None:
    """Put statements in somewhere, which bring findings of their own."""
    lines = edit.pick()
    at = edit.chance.randrange(len(lines) + 1)
    lines[at:at] = edit.fresh(*[f'    note_{edit.chance.randrange(99)}("{edit.chance.randrange(10**6)}")' for _ in range(edit.chance.randint(1, 5))])  # fmt: skip


def delete(edit: Editor) -> None:
    """Take some lines out."""
    lines = edit.pick()
    at = edit.chance.randrange(len(lines))
    del lines[at : at + edit.chance.randint(1, 6)]


def move_within(edit: Editor) -> None:
    """Move a function to another place of its file."""
    lines = edit.pick()
    if len(spans := edit.functions(lines)) > 1:
        start, end = edit.chance.choice(spans)
        block = lines[start:end]
        del lines[start:end]
        at = edit.chance.choice([first for first, _ in edit.functions(lines)])
        lines[at:at] = block


def move_between(edit: Editor) -> None:
    """Move a function to the end of another file."""
    lines, other = edit.pick(), edit.pick()
    if lines is not other and (spans := edit.functions(lines)):
        start, end = edit.chance.choice(spans)
        other += lines[start:end]
        del lines[start:end]


def rename_variable(edit: Editor) -> None:
    """Give a variable another name, everywhere in a file."""
    lines = edit.pick()
    if names := sorted({found[1] for line in lines if (found := _NAME.match(line.text))}):
        name = edit.chance.choice(names)
        word, other = re.compile(rf"\b{name}\b"), f"{name}_{edit.chance.randrange(100)}"
        lines[:] = [Line(line.number, word.sub(other, line.text)) for line in lines]


ALONE: dict[str, Edit] = {"line shift": shift, "file rename": rename, "re-indent": indent}
"""Edits that alone must not confuse anything."""
EDITS: dict[str, Edit] = ALONE | {
    "insert": insert, "delete": delete, "move in a file": move_within, "move between files": move_between,
    "rename a variable": rename_variable,
}  # fmt: skip


def scan(files: Files, *, code: bool) -> list[tuple[tuple[int, str, int], Finding]]:
    """Return findings with their identity: line, rule, and which of the line's; with their code, or only their extent."""
    found = []
    for path, lines in files.items():
        for at, line in enumerate(lines, 1):
            for rule, pattern in _RULES.items():
                for nth, hit in enumerate(pattern.finditer(line.text)):
                    where = CodeLocation(
                        path=path, line=at, column=hit.start() + 1, end_line=at, end_column=hit.end() + 1,
                        snippet=line.text if code else "",
                    )  # fmt: skip
                    found.append(((line.number, rule, nth), Finding(rule=rule, title=f"Do not {rule}", severity=Severity.LOW, location=where)))  # fmt: skip
    return found


def step(before: Files, after: Files, *, code: bool) -> tuple[Step, Truth]:
    """Return two scans, cut down to the files that differ, and the truth about them."""
    old = [one for one in scan(before, code=code) if before.get(place(one[1]).path) != after.get(place(one[1]).path)]
    new = [one for one in scan(after, code=code) if before.get(place(one[1]).path) != after.get(place(one[1]).path)]
    positions = {identity: at for at, (identity, _) in enumerate(new)}
    same = {at: positions[identity] for at, (identity, _) in enumerate(old) if identity in positions}
    return Step([one for _, one in old], [one for _, one in new], _texts(before), _texts(after)), Truth(same)


def _texts(files: Files) -> dict[str, list[str]]:
    return {path: [line.text for line in lines] for path, lines in files.items()}


def history(
    seed: int, steps: int, edits: dict[str, Edit], *, code: bool, most: int = 4
) -> Iterator[tuple[Step, Truth]]:
    """Yield steps of at most `most` edits each, drawn by seed, with their truth."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, as above
    files = example()
    for at in range(steps):
        if at % _FRESH == 0:
            files = example()
        editor = Editor(files, seed * 100_003 + at)
        for _ in range(chance.randint(1, most)):
            edits[chance.choice(sorted(edits))](editor)
        yield step(files, editor.files, code=code)
        files = editor.files
