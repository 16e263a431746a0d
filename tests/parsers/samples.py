"""Finds the samples: every file in `samples/<format>/` but the golden ones and notes on where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SAMPLES = Path(__file__).parent / "samples"
GOLDEN = ".golden.json"


@dataclass(frozen=True)
class Sample:
    """One report, written by hand or by the tool, and the name of its format."""

    format: str
    path: Path

    @property
    def id(self) -> str:
        """The name that `-k` matches."""
        return f"{self.format}/{self.path.name}"

    @property
    def golden(self) -> Path:
        """The file that says what is read out of the sample."""
        return self.path.with_name(self.path.name + GOLDEN)


def all_samples() -> list[Sample]:
    """Return all samples, in a stable order."""
    return [
        Sample(folder.name, path)
        for folder in sorted(SAMPLES.iterdir())
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.name.endswith(GOLDEN) and not path.name.startswith(("README", "."))
    ]
