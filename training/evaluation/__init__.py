"""How good are the fills? Models and classical methods on the same photographs with the same frozen holes.

samples      photographs, each with its hole
classical    methods that nobody trained
gmic         one of them, a program that is run
fillers      what fills under a name
run_engine   a run directory as an engine
distance     the perceptual distance
inception    FID and Inception score
metrics      every number of a report, and how one picture gets it
runner       the loop
results      means, standard errors, hole-area bins
tables       JSON and CSV
gallery      the worst cases, encoded
sheet        a contact sheet
blind_sheets  sheets for judges who must not know what made which fill
report       one self-contained HTML page
"""
