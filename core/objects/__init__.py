"""Objects: cut out of a box, put into another photograph and fitted to it, or removed from it."""
