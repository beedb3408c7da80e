#!/usr/bin/env python3
"""What GIMP starts. It must be called like its folder in `plug-ins`, where Python then finds `plugin`."""

if __name__ == "__main__":
    from plugin.procedures import main

    main()
