"""Whether a vulnerable package is imported by code that runs, and its affected symbols used: read from source, never run."""
