"""The HTTP API: thin, over the same rooms as the pages and the command line."""
