"""Rules as code: documents with conditions over facts, compiled, checked, and evaluated without a database."""
