"""The page in the browser: a server on this machine, and the HTML, CSS and JavaScript that it serves.

Nothing here fills, composes or removes anything: it calls the functions of `inpaint.core`, as the commands do.
"""
