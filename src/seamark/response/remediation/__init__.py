"""From findings to the change that clears them: plans, edits of files, patches. Pure."""
