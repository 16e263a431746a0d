"""Telling pull requests what a gate decided: one comment that is kept up to date, notes at changed lines, a status."""
