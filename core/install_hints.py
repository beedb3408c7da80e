"""How what a base install lacks is installed."""


def install_hint(extra: str) -> str:
    """Say for people how an extra is installed.

    From a clone, and never by name: Inpaint is not on PyPI, and what is called `inpaint` there is somebody else's.
    """
    return f"in a clone of Inpaint, pip install '.[{extra}]'"
