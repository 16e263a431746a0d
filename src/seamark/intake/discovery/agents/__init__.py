"""Code that AI agents wrote, as far as history says so, and the files that tell agents what to do."""
