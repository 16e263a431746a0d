"""Text in XML 1.0, which has no place for most control characters."""

from __future__ import annotations

import re
from typing import Final

_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def for_xml(text: str, instead: str = "") -> str:
    """Return a text without the characters that XML cannot have; `instead` takes the place of each."""
    return _NOT_XML.sub(instead, text)
