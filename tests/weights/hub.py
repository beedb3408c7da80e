"""A small Hugging Face Hub on 127.0.0.1: what huggingface_hub really calls, with switches for everything that breaks.

    with Hub() as hub:
        hub.commit("user/repo", {"model.onnx": content})
        hub.cut.append(1000)          # the next download breaks off after 1000 bytes
        ... HF_ENDPOINT=hub.url ...

Models and safetensors are "large files": `resolve` redirects to a storage of another origin, which knows ranges and
must never see the token. Everything else is served by `resolve` itself.

As a program, `python tests/weights/hub.py FOLDER` serves FOLDER/user/repo/* until Ctrl-C, to try the commands by hand.
"""

import hashlib
import json
import sys
import threading
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from hub_answers import Handler, Request, sha256_of


@dataclass
class Repository:
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    gated: bool = False
    private: bool = False
    licence: str = ""


class Hub:
    """The server and everything it holds. Faults are lists: each entry is used up by one request."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.stored: dict[str, bytes] = {}
        self.requests: list[Request] = []
        self.tokens: set[str] = {"hf_good"}
        self.cut: list[int] = []
        """Bytes after which a download breaks off."""
        self.wrong: list[bytes] = []
        """What a download gives instead."""
        self.head_status: list[tuple[int, dict[str, str]]] = []
        """Status and headers with which a question about a file is answered instead."""
        self.get_status: list[tuple[int, dict[str, str]]] = []
        """The same for a download."""
        self.api_status: list[tuple[int, dict[str, str]]] = []
        """The same for a question about a repository."""
        self.stall: list[float] = []
        """Seconds of silence in the middle of a download."""
        self.ignore_range = False
        self.claims_xet = False
        self.claimed_size: int | None = None

    def __enter__(self) -> "Hub":
        hub = self

        class Bound(Handler):
            pass

        Bound.hub = hub
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.storage = f"http://localhost:{self.port}"  # another origin, as the real storage is
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def commit(self, repository: str, files: dict[str, bytes], ref: str = "main", **settings: Any) -> str:
        """Add a commit with exactly these files and let `ref` point at it; returns its 40 digits."""
        repo = self.repositories.setdefault(repository, Repository())
        for name, value in settings.items():
            setattr(repo, name, value)
        listing = sorted((name, sha256_of(content)) for name, content in files.items())
        sha = hashlib.sha1(json.dumps([repository, len(repo.commits), listing]).encode()).hexdigest()
        repo.commits[sha] = dict(files)
        repo.refs[ref] = sha
        for content in files.values():
            self.stored[sha256_of(content)] = content
        return sha

    def downloads(self) -> list[Request]:
        return [request for request in self.requests if request.method == "GET" and "/storage/" in request.path]

    def asked(self) -> list[Request]:
        """Every request but the one with which huggingface_hub asks for the names of agents."""
        return [request for request in self.requests if "agent-harnesses" not in request.path]


def main(folder: Path) -> None:
    with Hub() as hub:
        for repo in sorted(path for path in folder.glob("*/*") if path.is_dir()):
            files = {path.relative_to(repo).as_posix(): path.read_bytes() for path in repo.rglob("*") if path.is_file()}
            hub.commit(repo.relative_to(folder).as_posix(), files, licence="mit")
        sys.stdout.write(f"HF_ENDPOINT={hub.url}\n")
        sys.stdout.flush()
        hub.thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
