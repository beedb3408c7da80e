"""What runs inside GIMP, in GIMP's own Python: nothing but the standard library and `gi`.

`inpaint gimp install` copies this folder to `plug-ins/inpaint-fill/plugin`, and the script beside it to
`plug-ins/inpaint-fill/inpaint-fill.py`. The worker imports the files that both sides need from here.
"""
