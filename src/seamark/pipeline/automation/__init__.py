"""Runs triage rules and clocks over what changed, shows what a rule would do, and learns from verdicts."""
