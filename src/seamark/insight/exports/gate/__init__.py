"""The outcome of a gate, for people and for other tools."""
