"""The public feeds of exploit intelligence: one file a feed, each a reader of files; `download` alone opens the network."""
