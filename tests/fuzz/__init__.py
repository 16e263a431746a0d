"""Coverage-guided fuzzing of detection and every parser: see `make fuzz`."""
