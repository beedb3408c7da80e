"""The GIMP plug-in: what GIMP runs (`plugin`), the worker process beside it, and the installer."""
