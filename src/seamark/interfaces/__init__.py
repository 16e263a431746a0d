"""How people and programs are shown things and asked: thin, with no rules of their own."""
