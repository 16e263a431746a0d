"""How often history, and what other files say, name the owner that CODEOWNERS names: `python -m tests.discovery.owners_truth REPOSITORY…`.

The repositories need their whole history; none is part of this one. The method is told in docs/owners.md.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from hashlib import sha1
from pathlib import Path
from typing import NamedTuple

from seamark.core.assets import AssetRef
from seamark.intake.discovery.git import answer
from seamark.intake.discovery.history.log import read_history
from seamark.intake.discovery.owners.authorship import Authorship, Share, Tuning
from seamark.intake.discovery.owners.codeowners import CodeOwners, Dialect, read_codeowners
from seamark.intake.discovery.owners.teams import Teams
from tests.discovery.owners_hidden import names_one, said_owners

HOMES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
EVERYWHERE = 0.5
"""An owner of more than this share of the owned files says nothing about any of them, and is no answer."""


SURE = 0.7
"""The share from which an answer counts as sure."""


class Labelled(NamedTuple):
    """A file with the owners that CODEOWNERS gives it."""

    path: str
    owners: frozenset[str]
    line: int


class Result(NamedTuple):
    """What was reached in a repository."""

    files: int
    """Labelled files."""
    unknown: int
    """Of them, those whose owners nothing in the training half or in the history ties to a person."""
    left: int
    """Those whose owners, all persons, have made no commit for so long that they are taken to have left."""
    right: int
    """The first answer is an owner."""
    three: int
    """One of the first three answers is."""
    sure: int
    """Files whose first answer has at least `SURE` of all shares."""
    sure_right: int
    """Right answers among those."""
    rules: float
    """The share of right answers, as the mean over the lines of CODEOWNERS."""
    constant: int
    """Right answers if the owner of most files were always named."""
    said: int
    """Labelled files for which another file than CODEOWNERS names somebody."""
    said_right: int
    """The first whom it names is an owner."""
    both_asked: int
    """Files asked of what is said and history together."""
    both_right: int

    @property
    def asked(self) -> int:
        """Return how many files were asked for."""
        return self.files - self.unknown - self.left


def codeowners_at_head(repository: Path) -> CodeOwners:
    """Read a repository's CODEOWNERS from its newest commit."""
    for home in HOMES:
        told = answer(repository, ["show", f"HEAD:{home}"])
        if told is not None:
            return read_codeowners(b"\0".join(told).decode("utf-8", "replace"), Dialect.GITHUB, home)
    raise SystemExit(f"{repository} has no CODEOWNERS")


def labelled(repository: Path, codeowners: CodeOwners) -> list[Labelled]:
    """Return the files that have owners, without the owners of nearly everything."""
    listed = answer(repository, ["ls-tree", "-r", "-z", "--name-only", "HEAD"]) or []
    paths = [raw.decode("utf-8", "replace") for raw in listed if raw]
    found = [
        Labelled(path, frozenset(match.rule.owners), match.rule.line)
        for path in paths
        for match in codeowners.match(path)
    ]
    total = len(found)
    often = Counter(owner for each in found for owner in each.owners)
    wide = {owner for owner, count in often.items() if count > EVERYWHERE * total}
    kept = [Labelled(each.path, each.owners - wide, each.line) for each in found]
    return [each for each in kept if each.owners]


class _Half(NamedTuple):
    """What the training half teaches: people's logins, and teams."""

    teams: Teams
    persons: dict[str, str]

    def orders(self, each: Labelled, shares: list[Share]) -> list[list[tuple[str, float]]]:
        """Return the ranked owners for a file, of those kinds that it has owners of; none where they are tied to nobody."""
        found = []
        if each.owners & self.teams.teams:
            found.append([(team.team, team.share) for team in self.teams.ranked(each.path)])
        if each.owners & set(self.persons.values()):
            found.append([(self.persons.get(share.person, share.person), share.share) for share in shares])
        return found


def measure(repository: Path, tuning: Tuning) -> Result:
    """Hide CODEOWNERS, ask the other files and history for the owner of every labelled file, and compare."""
    files = labelled(repository, codeowners_at_head(repository))
    history = read_history(repository)
    if history is None or not files:
        raise SystemExit(f"{repository} has no history, or CODEOWNERS that names nobody in particular")
    authorship = Authorship(history, tuning)
    said = said_owners(repository, [each.path for each in files])
    halves: tuple[list[Labelled], list[Labelled]] = ([], [])
    for each in files:
        halves[sha1(each.path.rpartition("/")[0].encode()).digest()[0] & 1].append(each)
    ranked = {each.path: authorship.ranked(each.path) for each in files}
    tally = _Tally()
    for train, test in (halves, halves[::-1]):
        known = [(each.path, sorted(owner for owner in each.owners if "/" in owner)) for each in train]
        half = _Half(Teams(authorship, known), _persons(files, train, ranked, authorship))
        for each in test:
            _ask(tally, each, half, ranked[each.path], said.get(each.path, []), authorship)
    return tally.result(len(files))


class _Tally:
    """What was asked and found so far."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.rules: dict[int, list[bool]] = defaultdict(list)
        self.owners: Counter[str] = Counter()

    def result(self, files: int) -> Result:
        """Return the figures."""
        counts = self.counts
        rules = sum(sum(each) / len(each) for each in self.rules.values()) / max(len(self.rules), 1)
        return Result(
            files, counts["unknown"], counts["left"], counts["right"], counts["three"], counts["sure"], counts["sure right"], rules,
            max(self.owners.values(), default=0), counts["said"], counts["said right"], counts["both asked"], counts["both right"],
        )  # fmt: skip


def _ask(
    tally: _Tally, each: Labelled, half: _Half, shares: list[Share], said: list[AssetRef], authorship: Authorship
) -> None:
    """Ask for one file: history alone, what files say, and both as the resolver has them, what is said first."""
    counts = tally.counts
    orders = half.orders(each, shares)
    people = {person for person, owner in half.persons.items() if owner in each.owners}
    gone = bool(people) and not each.owners & half.teams.teams and all(authorship.left(person) for person in people)
    named = bool(said) and (
        names_one(said[0], each.owners, authorship.people)
        or half.teams.home.get(authorship.people.find(said[0].key), "") in each.owners
    )
    counts["said"] += bool(said)
    counts["said right"] += named
    hit = False
    if not orders or gone:
        counts["left" if orders else "unknown"] += 1
    else:
        # Where a file has persons and teams for owners, either is right.
        hit = any(order[0][0] in each.owners for order in orders if order)
        certain = all(order and order[0][1] >= SURE for order in orders)
        counts["sure"] += certain
        counts["sure right"] += certain and hit
        counts["right"] += hit
        counts["three"] += any({owner for owner, _ in order[:3]} & each.owners for order in orders)
        tally.rules[each.line].append(hit)
        tally.owners.update(each.owners)
    if said or (orders and not gone):
        counts["both asked"] += 1
        counts["both right"] += named if said else hit


def _persons(
    files: list[Labelled], train: list[Labelled], ranked: dict[str, list[Share]], authorship: Authorship
) -> dict[str, str]:
    """Return the login that each person has: by name and address, else the one whose files they mostly change in the training half."""
    logins = {owner for each in files for owner in each.owners if "/" not in owner}
    found = {key: owner for owner in sorted(logins) if (key := authorship.people.find(owner))}
    votes: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for each in train:
        for owner in each.owners & logins - set(found.values()):
            for share in ranked[each.path]:
                votes[owner][share.person] += share.share
    for owner, told in sorted(votes.items()):
        person, _ = max(told.items(), key=lambda item: (item[1], item[0]), default=("", 0.0))
        if person and not authorship.people.login(person):
            found.setdefault(person, owner)
    return found


def main(repositories: list[str]) -> int:
    """Print a line a repository."""
    titles = ("repository", "files", "unknown", "left", "asked", "top-1", "top-3", "sure", "of sure", "by rule", "constant", "said", "of said", "together")  # fmt: skip
    print(_row(titles))  # noqa: T201
    for name in repositories:
        found = measure(Path(name), Tuning())
        asked = max(found.asked, 1)
        place = Path(name).resolve()
        print(_row((  # noqa: T201
            (place.parent if place.name == "repo" else place).name, f"{found.files:,}", f"{found.unknown:,}", f"{found.left:,}", f"{found.asked:,}",
            f"{found.right / asked:.1%}", f"{found.three / asked:.1%}", f"{found.sure / asked:.0%}", f"{found.sure_right / max(found.sure, 1):.1%}",
            f"{found.rules:.1%}", f"{found.constant / asked:.1%}", f"{found.said / found.files:.0%}", f"{found.said_right / max(found.said, 1):.1%}",
            f"{found.both_right / max(found.both_asked, 1):.1%}",
        )), flush=True)  # fmt: skip
    return 0


def _row(cells: Sequence[str]) -> str:
    return f"{cells[0]:<46}" + "".join(f"{cell:>10}" for cell in cells[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
