"""Reading what scanners write: `kit` is the shared machinery, `formats` holds one file a format."""
