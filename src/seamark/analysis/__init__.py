"""What findings mean: which are the same, and how much they matter. The engines are pure."""
