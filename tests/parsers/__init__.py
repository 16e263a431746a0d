"""Every parser against its samples: what it reads, what it refuses, what it claims."""
