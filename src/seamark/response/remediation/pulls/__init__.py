"""Pull requests of fixes: their names and texts, git, and when one may be merged by itself. No database."""
