"""Acting on what was decided: telling people and other systems."""
