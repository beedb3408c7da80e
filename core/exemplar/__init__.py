"""Texture from the photograph itself: patches of what is known, fitted together over the network's fill."""

from inpaint.core.exemplar.refine import refine, worthwhile

__all__ = ["refine", "worthwhile"]
