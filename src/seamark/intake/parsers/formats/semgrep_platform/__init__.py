"""Semgrep AppSec Platform: findings of its API, for code, secrets and supply chain."""

from seamark.intake.parsers.formats.semgrep_platform import findings, secrets, supply_chain

__all__ = ["findings", "secrets", "supply_chain"]
