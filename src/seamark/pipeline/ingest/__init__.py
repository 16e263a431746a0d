"""From a report to findings, issues and scores, in one transaction that writes only what changed."""

from seamark.pipeline.ingest.run import Outcome, ingest

__all__ = ["Outcome", "ingest"]
