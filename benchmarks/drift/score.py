"""Counts what a tracker gets wrong."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.drift.values import Pair, Truth


@dataclass
class Score:
    """Sums over steps."""

    steps: int = 0
    findings: int = 0
    """Findings of the newer scan in files that changed."""
    same: int = 0
    """Pairs that are the same by the truth."""
    undecided: int = 0
    """Findings of the newer scan of which the truth is not known."""
    carried: int = 0
    split: int = 0
    """The same by the truth, but told as fixed or as new."""
    wrong: int = 0
    """Carried to a finding that is another."""

    def add(self, truth: Truth, pairs: list[Pair], findings: int) -> None:
        """Take in one step."""
        olds, news = {old for old, _ in pairs}, {new for _, new in pairs}
        self.steps += 1
        self.findings += findings
        self.same += len(truth.same)
        settled = set(truth.same.values())
        self.undecided += len({new for _, new in truth.undecided} - settled)
        self.carried += len(pairs)
        self.split += sum(old not in olds or new not in news for old, new in truth.same.items())
        self.wrong += sum(truth.same.get(old) != new and (old, new) not in truth.undecided for old, new in pairs)

    @property
    def split_per_thousand(self) -> float:
        """False pairs of fixed and new per 1,000 findings."""
        return 1000 * self.split / self.findings if self.findings else 0.0

    @property
    def wrong_share(self) -> float:
        """Wrong carries per carry."""
        return self.wrong / self.carried if self.carried else 0.0
