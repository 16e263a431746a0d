"""Where things stand in JSON, TOML, YAML, XML and plain text: values with the spans of text that write them."""
