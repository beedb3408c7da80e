"""Photographs in memory and in files: decoding, pixel depths, and one module per file format."""
