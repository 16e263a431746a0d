"""Triage: where an issue stands, who may say so, and how it is taken back."""
