"""Who may do what: grants, groups, roles, accounts and tokens, and every change of them on record."""
