"""Administration: people, groups, grants, roles, tokens, and what was changed of them."""
