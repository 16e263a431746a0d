"""Compliance at work: checks asked of what is known now, what frameworks come to, evidence, gaps and auditors' access."""
