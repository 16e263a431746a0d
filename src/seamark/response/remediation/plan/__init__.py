"""The smallest set of changes that removes most risk. Pure."""
