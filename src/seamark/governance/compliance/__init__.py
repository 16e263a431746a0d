"""Compliance: frameworks and checks as data, what controls come to, and evidence that was frozen."""
