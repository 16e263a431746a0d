"""A score from 0 to 100 that explains itself."""

from seamark.analysis.risk.engine import receipt, score
from seamark.analysis.risk.facts import Facts
from seamark.analysis.risk.profile import Profile, default_profile, load_profile
from seamark.analysis.risk.receipt import Part, Receipt

__all__ = ["Facts", "Part", "Profile", "Receipt", "default_profile", "load_profile", "receipt", "score"]
