"""Experiments: a matrix of trainings, each measured every K steps on holes of several sizes.

plan      what is trained and how it is measured, read from TOML
measure   one checkpoint on photographs with holes of every size
cell      one training, stretch by stretch, each measured at its end
runner    the matrix, cell by cell
scores    all numbers of an experiment, and a CSV
plots     the numbers as curves, and the fills side by side
report    one page of Markdown around them
"""
