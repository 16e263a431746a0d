"""Pipelines: what they run, build and deploy."""
