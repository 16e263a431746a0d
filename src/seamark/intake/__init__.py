"""What comes in: reports, working trees, services. Each part returns plain values."""
