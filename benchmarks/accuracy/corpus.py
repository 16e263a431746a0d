"""Where the labelled data is. It is never part of the repository."""

from __future__ import annotations

import os
from pathlib import Path


def corpus() -> Path | None:
    """Return the folder of labelled data: `SEAMARK_CORPUS`, else `shared/corpus` beside the repository, else None."""
    given = os.environ.get("SEAMARK_CORPUS", "")
    folder = Path(given) if given else Path(__file__).resolve().parents[3] / "shared" / "corpus"
    return folder if folder.is_dir() else None
