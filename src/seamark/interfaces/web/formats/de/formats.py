"""Numbers as everywhere on the pages: a point, and commas between thousands."""

DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
