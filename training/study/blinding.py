"""Blinding: every picture of a study goes by a name that only the holder of the key can trace to its method."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from inpaint.core.atomic_files import atomic_write
from inpaint.core.errors import InpaintError

FORMAT = "inpaint-study-key"


@dataclass(frozen=True, slots=True)
class Key:
    """What turns answers into methods. Whoever has it is no longer blind."""

    study: str
    """Name of the study, also in its page and in every answer."""
    salt: str
    """Secret, in hexadecimal: without it the names cannot be computed, even by who knows all the methods."""
    methods: tuple[str, ...]
    questions: tuple[str, ...]
    """Names of the photographs."""

    @classmethod
    def new(cls, methods: Sequence[str], questions: Sequence[str]) -> "Key":
        """Make a key with a fresh salt: two studies of the same pictures have nothing in common."""
        return cls(secrets.token_hex(6), secrets.token_hex(32), tuple(methods), tuple(questions))

    def question(self, name: str) -> str:
        """Return the blind name of a photograph."""
        return self._blind("question", name)

    def option(self, question: str, method: str) -> str:
        """Return the blind name of a method's picture; the same method has another one in every question."""
        return self._blind("option", question, method)

    def options(self) -> dict[str, dict[str, str]]:
        """Return by the blind name of each question which method each blind option is."""
        return {
            self.question(question): {self.option(question, method): method for method in self.methods}
            for question in self.questions
        }

    def _blind(self, *parts: str) -> str:
        return hmac.new(bytes.fromhex(self.salt), json.dumps(parts).encode(), hashlib.sha256).hexdigest()[:16]

    def write(self, path: Path) -> None:
        """Write the key. Raises `OutputError`."""
        with atomic_write(path) as file:
            file.write(json.dumps({"format": FORMAT, "version": 1, **asdict(self)}, indent=2).encode() + b"\n")

    @classmethod
    def read(cls, path: Path) -> "Key":
        """Read a key. Raises `InpaintError` when it is none."""
        try:
            record = json.loads(path.read_text("utf-8"))
            if record["format"] != FORMAT:
                raise ValueError(record["format"])
            bytes.fromhex(record["salt"])
            return cls(record["study"], record["salt"], tuple(record["methods"]), tuple(record["questions"]))
        except FileNotFoundError as error:
            raise InpaintError(f"There is no file {path}; give the key that was written with the study.") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InpaintError(f"{path} is not the key of a study; give the file that was written with it.") from error
