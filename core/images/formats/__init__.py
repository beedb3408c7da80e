"""One file per way of storing a photograph: what is read from it, what is written into it, and what it cannot keep."""

import logging

# They tell their loggers about odd tags and profiles, and Python prints on standard error what no handler takes.
for _name in ("imagecodecs", "tifffile"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
