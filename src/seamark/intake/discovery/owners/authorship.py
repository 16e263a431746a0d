"""Who knows a file, by what people did to it and its neighbours, the recent more than the old."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Final

from msgspec import Struct

from seamark.intake.discovery.agents.tools import tool_of
from seamark.intake.discovery.history.log import Commit, History, Person
from seamark.intake.discovery.history.people import People, approvers, co_authors, is_bot

DAY: Final = 86_400
MOST_LINES: Final = 400
"""Lines of a change that count; more are generated or copied."""
UNCOUNTED: Final = 10
"""Lines that a change is taken to have where they are not known."""


class Tuning(Struct, frozen=True):
    """What weighs how much; the defaults are measured, see docs/owners.md."""

    half_life: float = 540.0
    """Days after which a change weighs half."""
    leaver: int = 180
    """Days without any commit after which somebody is taken to have left, counted from the newest commit."""
    enough: int = 100
    """Commits at a file below which the folders around it are asked as well."""
    fade: float = 0.7
    """What each folder further up weighs of the one below it."""
    spread: float = 0.5
    """How much less a commit weighs that changes many files: `files ** -spread`."""
    lines: float = 0.75
    """How much more a change of many lines weighs: `min(lines, 400) ** lines`."""
    first: float = 3.0
    """What it adds to have brought a file into being."""
    focus: float = 0.25
    """How much more those weigh whose work is here rather than everywhere; 0 for not at all."""
    prior: float = 300.0
    """The weight of work below which somebody's focus says little: a single visit is none."""


class Share(Struct, frozen=True):
    """One person's part in a file or folder."""

    person: str
    """A key of `People`."""
    share: float
    """From 0 to 1, of all that counts."""
    commits: int
    last: int
    """When their last change was, in seconds of Unix time."""
    where: str
    """The file or folder that the commits are counted in."""


class _Work:
    """What each person did to one file or folder."""

    __slots__ = ("commits", "last", "weight")

    def __init__(self) -> None:
        self.weight: dict[str, float] = defaultdict(float)
        self.commits: dict[str, int] = defaultdict(int)
        self.last: dict[str, int] = defaultdict(int)

    def add(self, person: str, weight: float, at: int) -> None:
        self.weight[person] += weight
        self.commits[person] += 1
        self.last[person] = max(self.last[person], at)


class Authorship:
    """Ranks people for files and folders. Programs and people who left are out."""

    def __init__(self, history: History, tuning: Tuning = Tuning()) -> None:  # noqa: B008 - frozen
        self._tuning = tuning
        credited = [[*_authors_of(commit), *_persons(approvers(commit.message))] for commit in history.commits]
        self.people = People(person for group in credited for person in group)
        self.commits = {commit.id: commit for commit in history.commits}
        self.newest = max((commit.at for commit in history.commits), default=0)
        self._seen: dict[str, int] = {}
        self._files: dict[str, _Work] = defaultdict(_Work)
        self._folders: dict[str, _Work] = defaultdict(_Work)
        # The history is complete or not: the oldest commit that is known stands for the first.
        born = {change.path: commit.id for commit in history.commits for change in commit.changes}
        for commit, group in zip(history.commits, credited, strict=True):
            keys = list(dict.fromkeys(self.people.key(person) for person in group))
            for key in keys:
                self._seen[key] = max(self._seen.get(key, 0), commit.at)
            if keys and commit.changes:
                self._add(commit, keys, born)

    def _add(self, commit: Commit, keys: list[str], born: dict[str, str]) -> None:
        tuning = self._tuning
        recency = math.exp2(-max(self.newest - commit.at, 0) / DAY / tuning.half_life) / len(keys)
        damped = recency * commit.files**-tuning.spread
        folders: dict[str, float] = defaultdict(float)
        for change in commit.changes:
            lines = min(max(change.lines, 1), MOST_LINES) if change.lines >= 0 else UNCOUNTED
            weight = damped * lines**tuning.lines + (recency * tuning.first if born[change.path] == commit.id else 0)
            for key in keys:
                self._files[change.path].add(key, weight, commit.at)
            for folder in _above(change.path):
                folders[folder] += weight
        for folder, weight in folders.items():
            for key in keys:
                self._folders[folder].add(key, weight, commit.at)

    def left(self, person: str) -> bool:
        """Tell whether somebody (a key of `people`) has made no commit for so long that they are taken to have left."""
        return self._seen.get(person, 0) < self.newest - self._tuning.leaver * DAY

    def author(self, commit: Commit) -> str:
        """Return the person behind a commit, empty where it is a program's alone."""
        return next((self.people.key(person) for person in _authors_of(commit)), "")

    def ranked(self, path: str, *, everyone: bool = False) -> list[Share]:
        """Return who knows a file or folder, the first most. Empty where nobody who is still there changed it or what is around it.

        A file with few commits is seen together with its folder, and that with the one above it, until there are enough.
        `everyone` brings those who left as well: they answer for nothing, but tell whose place it was.
        """
        weight: dict[str, float] = defaultdict(float)
        best: dict[str, Share] = {}
        commits, factor = 0, 1.0
        for place, work in self._places(path):
            staying = {person: each for person, each in work.weight.items() if everyone or not self.left(person)}
            total = sum(staying.values())
            if not total:
                continue
            for person, each in staying.items():
                weight[person] += factor * each / total
                best.setdefault(person, Share(person, 0.0, work.commits[person], work.last[person], place))
            commits += sum(work.commits[person] for person in staying)
            if commits >= self._tuning.enough:
                break
            factor *= self._tuning.fade
        for person in weight:
            weight[person] *= self._focus(person, path)
        total = sum(weight.values())
        order = sorted(weight, key=lambda person: (-weight[person], person))
        return [
            Share(person, weight[person] / total, best[person].commits, best[person].last, best[person].where)
            for person in order
        ]

    def _focus(self, person: str, path: str) -> float:
        """Return how much of somebody's work is around a file; those who change everything know each part less."""
        work = self._folders.get(path) or self._folders.get(path.rpartition("/")[0])
        here = work.weight.get(person, 0.0) if work else 0.0
        everywhere = self._folders[""].weight.get(person, 0.0)
        return math.pow(max(here, 1e-9) / (everywhere + self._tuning.prior), self._tuning.focus)

    def _places(self, path: str) -> list[tuple[str, _Work]]:
        found = [(path, self._files[path])] if path in self._files else []
        if path in self._folders:
            found.append((path, self._folders[path]))
        return found + [(folder, self._folders[folder]) for folder in _above(path) if folder in self._folders]


def _authors_of(commit: Commit) -> list[Person]:
    """Return who made a commit: its author and those it names beside."""
    return _persons([commit.author, *co_authors(commit.message)])


def _persons(everyone: list[Person]) -> list[Person]:
    """Return those who are neither programs nor AI agents."""
    return [person for person in everyone if not is_bot(person) and not tool_of(person.name, person.email)]


def _above(path: str) -> list[str]:
    """Return the folders around a file, the innermost first; the root is `""`."""
    found = []
    folder = path
    while folder:
        folder = folder.rpartition("/")[0]
        found.append(folder)
    return found
