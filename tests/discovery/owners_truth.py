"""How often history alone names the owner that CODEOWNERS names: `python -m tests.discovery.owners_truth REPOSITORY…`.

The repositories need their whole history; none is part of this one. The method is told in docs/owners.md.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from hashlib import sha1
from pathlib import Path
from typing import NamedTuple

from seamark.intake.discovery.git import answer
from seamark.intake.discovery.history.log import read_history
from seamark.intake.discovery.owners.authorship import Authorship, Share, Tuning
from seamark.intake.discovery.owners.codeowners import CodeOwners, Dialect, read_codeowners

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


def measure(repository: Path, tuning: Tuning) -> Result:
    """Hide CODEOWNERS, ask history for the owner of every labelled file, and compare."""
    files = labelled(repository, codeowners_at_head(repository))
    history = read_history(repository)
    if history is None or not files:
        raise SystemExit(f"{repository} has no history, or CODEOWNERS that names nobody in particular")
    authorship = Authorship(history, tuning)
    halves: tuple[list[Labelled], list[Labelled]] = ([], [])
    for each in files:
        halves[sha1(each.path.rpartition("/")[0].encode()).digest()[0] & 1].append(each)
    ranked = {each.path: authorship.ranked(each.path) for each in files}
    hits: dict[int, list[bool]] = defaultdict(list)
    unknown = left = right = three = sure = sure_right = 0
    asked: Counter[str] = Counter()
    for train, test in (halves, halves[::-1]):
        teams, persons = _teams(train, ranked), _persons(files, train, ranked, authorship)
        for each in test:
            people = {person for person, owner in persons.items() if owner in each.owners}
            known = [names for names in (teams, persons) if each.owners & set(names.values())]
            if not known:
                unknown += 1
                continue
            if people and known == [persons] and all(authorship.left(person) for person in people):
                left += 1
                continue
            # Where a file has persons and teams for owners, either is right.
            orders = [_order(ranked[each.path], names) for names in known]
            hit = any(order[0][0] in each.owners for order in orders if order)
            certain = all(order and order[0][1] >= SURE for order in orders)
            sure, sure_right = sure + certain, sure_right + (certain and hit)
            right += hit
            three += any({owner for owner, _ in order[:3]} & each.owners for order in orders)
            hits[each.line].append(hit)
            asked.update(each.owners)
    rules = sum(sum(each) / len(each) for each in hits.values()) / max(len(hits), 1)
    return Result(len(files), unknown, left, right, three, sure, sure_right, rules, max(asked.values(), default=0))


def _order(shares: list[Share], names: dict[str, str]) -> list[tuple[str, float]]:
    """Return the owners that people stand for with their shares, the largest first."""
    votes: dict[str, float] = defaultdict(float)
    for share in shares:
        votes[names.get(share.person, share.person)] += share.share
    return sorted(votes.items(), key=lambda item: (-item[1], item[0]))


def _teams(train: list[Labelled], ranked: dict[str, list[Share]]) -> dict[str, str]:
    """Return the team that each person stands for: the one whose files they mostly change in the training half."""
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for each in train:
        teams = [owner for owner in each.owners if "/" in owner]
        for share in ranked[each.path]:
            for owner in teams:
                votes[share.person][owner] += share.share / len(teams)
    return {person: max(each, key=lambda owner: (each[owner], owner)) for person, each in votes.items() if each}


def _persons(
    files: list[Labelled], train: list[Labelled], ranked: dict[str, list[Share]], authorship: Authorship
) -> dict[str, str]:
    """Return the login that each person has: by name and address, else the one whose files they mostly change in the training half."""
    logins = {owner for each in files for owner in each.owners if "/" not in owner}
    found = {key: owner for owner in sorted(logins) if (key := authorship.people.find(owner))}
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for each in train:
        for owner in each.owners & logins - set(found.values()):
            for share in ranked[each.path]:
                votes[owner][share.person] += share.share
    for owner, each in sorted(votes.items()):
        person, _ = max(each.items(), key=lambda item: (item[1], item[0]), default=("", 0))
        if person and not authorship.people.login(person):
            found.setdefault(person, owner)
    return found


def main(repositories: list[str]) -> int:
    """Print a line a repository."""
    print(  # noqa: T201
        f"{'repository':<42}{'files':>7}{'unknown':>9}{'left':>7}{'asked':>7}{'top-1':>8}{'top-3':>8}{'sure':>7}{'top-1 of sure':>15}{'by rule':>9}{'constant':>10}"
    )
    for name in repositories:
        found = measure(Path(name), Tuning())
        asked = max(found.asked, 1)
        print(  # noqa: T201
            f"{Path(name).resolve().name:<42}{found.files:>7,}{found.unknown:>9,}{found.left:>7,}{found.asked:>7,}{found.right / asked:>8.1%}"
            f"{found.three / asked:>8.1%}{found.sure / asked:>7.0%}{found.sure_right / max(found.sure, 1):>15.1%}{found.rules:>9.1%}{found.constant / asked:>10.1%}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
