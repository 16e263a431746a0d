"""Changes that a language model writes: what it is told, what of its answer is taken, and what is refused. Pure."""
