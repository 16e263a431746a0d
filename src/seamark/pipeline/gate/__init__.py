"""Gates: what a change brings, asked against the policies; without a database or with one."""
