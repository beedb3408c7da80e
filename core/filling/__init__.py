"""Filling holes: masks, the windows the network sees, and putting the fill into the photograph."""
