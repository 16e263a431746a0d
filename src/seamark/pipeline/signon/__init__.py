"""Single sign-on, as far as it needs no browser: providers, whom they put into which groups, emergencies, the record."""
