"""Decisions: what people and policies say about issues."""
