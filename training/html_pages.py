"""HTML pages that are one file: templates filled in, pictures inside, nothing loaded from anywhere."""

import base64
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from inpaint.core.atomic_files import atomic_write

_TYPES = {b"\x89PNG": "image/png", b"RIFF": "image/webp"}


def render(template: str, **values: Any) -> str:
    """Fill in a template of training/templates; text is escaped, whatever a file is called."""
    environment = Environment(
        loader=PackageLoader("inpaint.training", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data_uri"] = data_uri
    return environment.get_template(template).render(**values)


def data_uri(picture: bytes) -> str:
    """Return an encoded PNG or WebP as an address that holds it."""
    return f"data:{_TYPES[picture[:4]]};base64,{base64.b64encode(picture).decode()}"


def write_page(path: Path, html: str) -> None:
    """Write a page, whole or not at all."""
    with atomic_write(path) as file:
        file.write(html.encode())
