"""User studies (paper 000, section 4.2): people rank fills without knowing what made them.

blinding   names that say nothing, and the key that turns them back into methods
page       one self-contained web page that asks
sheet_key  the key of blind sheets, which `inpaint eval --sheet --blind` makes
ranking    one answer: who gave which places
ranks      ranks of blind sheets, from CSV files
agreement  how often two judges order fills alike
score      what the answers come to
"""
