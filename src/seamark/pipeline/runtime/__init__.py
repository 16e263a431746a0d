"""Takes over what runs: records it, joins it to what git declares and to what is known of images, and imports the drift."""

from seamark.pipeline.runtime.take import Statement, Taken, take

__all__ = ["Statement", "Taken", "take"]
