"""Bundles that are kept: synchronised from folders and repositories, by commit, with every version that was in force."""
