"""Measures of how the work goes: their definitions, the facts below them, and the numbers."""
