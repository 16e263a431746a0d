"""Penetration tests: what was agreed, what testers report, and testing again until a proof closes what they found."""
