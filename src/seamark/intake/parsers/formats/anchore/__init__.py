"""Anchore Engine, Anchore Enterprise and AnchoreCTL: vulnerabilities of an image, and what its policies say of it."""

from seamark.intake.parsers.formats.anchore import policies, vulnerabilities

__all__ = ["policies", "vulnerabilities"]
