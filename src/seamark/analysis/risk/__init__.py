"""A score from 0 to 100 that explains itself."""

from seamark.analysis.risk.changes import Change, why
from seamark.analysis.risk.engine import receipt, score
from seamark.analysis.risk.facts import Facts
from seamark.analysis.risk.preview import Preview, preview
from seamark.analysis.risk.profile import Profile, default_profile, load_profile
from seamark.analysis.risk.receipt import Part, Receipt

__all__ = [
    "Change", "Facts", "Part", "Preview", "Profile", "Receipt", "default_profile", "load_profile", "preview", "receipt", "score", "why",
]  # fmt: skip
