"""What a repository's history says: its commits, and the people behind them."""
