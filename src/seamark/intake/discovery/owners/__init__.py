"""Who owns a file, a folder or an asset, and how that is known."""
