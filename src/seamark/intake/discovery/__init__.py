"""What a working tree and its surroundings say about themselves."""
