"""Texture synthesis: a hole filled with pieces of what is around it, by several candidates of which one is chosen."""

from inpaint.core.texture.best_fills import Result, synthesize

__all__ = ["Result", "synthesize"]
