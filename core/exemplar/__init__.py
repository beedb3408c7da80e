"""Texture from the photograph itself: patches of what is known, fitted together over the network's fill."""
