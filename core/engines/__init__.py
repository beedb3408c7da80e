"""A model on its device: opened, proved on a small picture, fed the shapes it likes, and replaced when it fails."""
