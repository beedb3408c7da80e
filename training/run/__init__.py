"""One training: its directory, first weights, processes, checkpoints and log."""
