"""The learning half: recipes, data, runs, evaluation and export. Needs the `train` extra."""
