"""The labelled projects hold tests of their own, which are read and never run."""

from __future__ import annotations

collect_ignore_glob = ["cases/*"]
