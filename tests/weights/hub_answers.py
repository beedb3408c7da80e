"""What the Hub of `hub.py` answers to each request over HTTP."""

import base64
import hashlib
import json
import re
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from hub import Hub, Repository

LARGE = (".onnx", ".safetensors", ".png")


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def git_hash_of(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    range: str
    token: str


class Handler(BaseHTTPRequestHandler):
    hub: "Hub"
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._handle("HEAD")

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def do_PUT(self) -> None:
        self._handle("PUT")

    def _handle(self, method: str) -> None:
        path = unquote(urlsplit(self.path).path)
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        self.hub.requests.append(Request(method, path, self.headers.get("Range") or "", token))
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length) if length else b""
        if (self.headers.get("Transfer-Encoding") or "") == "chunked":
            self.body = self._read_chunks()
        routes = [
            (r"/storage/(?P<sha>[0-9a-f]{64})", self._storage),
            (r"/api/models/(?P<repo>[^/]+/[^/]+)(/revision/(?P<revision>.+))?", self._info),
            (r"/api/models/(?P<repo>[^/]+/[^/]+)/preupload/(?P<revision>.+)", self._preupload),
            (r"/api/models/(?P<repo>[^/]+/[^/]+)/commit/(?P<revision>.+)", self._commit),
            (r"/api/models/(?P<repo>[^/]+/[^/]+)/xet-read-token/.*", lambda **_: self._answer(403)),
            (r"/api/repos/create", self._create),
            (r"/api/validate-yaml", lambda: self._json({"errors": [], "warnings": []})),
            (r"/(?P<repo>[^/]+/[^/]+)\.git/info/lfs/objects/batch", self._batch),
            (r"/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)", self._resolve),
        ]
        for pattern, route in routes:
            # The longer addresses below one of a repository are routes of their own.
            match = re.fullmatch(pattern, path)
            if match and not (route == self._info and re.search(r"/(preupload|commit|xet-read-token)/", path)):
                return route(**match.groupdict())
        return self._answer(404)

    def _read_chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _json(self, record: Any, status: int = 200) -> None:
        self._answer(status, {"Content-Type": "application/json"}, json.dumps(record).encode())

    def _find(self, repo: str, revision: str | None) -> "tuple[Repository, str] | None":
        """Return repository and commit, or answer as the Hub does when it will not give them."""
        found = self.hub.repositories.get(repo)
        token = self.hub.requests[-1].token
        if token and token not in self.hub.tokens:
            self._answer(401, {"X-Error-Message": "Invalid credentials in Authorization header"})
        elif found is None or (found.private and not token):
            self._answer(404 if token else 401, {"X-Error-Code": "RepoNotFound"} if token else {})
        elif found.gated and not token:
            self._answer(401, {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted."})
        else:
            revision = revision or "main"
            sha = found.refs.get(revision, revision)
            if sha in found.commits:
                return found, sha
            self._answer(404, {"X-Error-Code": "RevisionNotFound"})
        return None

    def _info(self, repo: str, revision: str | None) -> None:
        if self.hub.api_status:
            return self._answer(*self.hub.api_status.pop(0))
        found = self._find(repo, revision)
        if found is None:
            return None
        siblings = [
            {"rfilename": name, "size": len(content), "blobId": git_hash_of(content)}
            | (
                {"lfs": {"sha256": sha256_of(content), "size": len(content), "pointerSize": 133}}
                if name.endswith(LARGE)
                else {}
            )
            for name, content in found[0].commits[found[1]].items()
        ]
        card = {"license": found[0].licence} if found[0].licence else {}
        return self._json({"id": repo, "modelId": repo, "sha": found[1], "siblings": siblings, "cardData": card})

    def _resolve(self, repo: str, revision: str, file: str) -> None:
        if self.hub.head_status:
            return self._answer(*self.hub.head_status.pop(0))
        found = self._find(repo, revision)
        if found is None:
            return None
        content = found[0].commits[found[1]].get(file)
        if content is None:
            return self._answer(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": found[1]})
        headers = {"X-Repo-Commit": found[1]}
        if not file.endswith(LARGE):
            return self._answer(200, headers | {"ETag": f'"{git_hash_of(content)}"'}, content)
        sha, size = sha256_of(content), self.hub.claimed_size or len(content)
        headers |= {"X-Linked-Etag": f'"{sha}"', "X-Linked-Size": str(size), "ETag": f'"{git_hash_of(content)}"'}
        if self.hub.claims_xet:
            token = f"{self.hub.url}/api/models/{repo}/xet-read-token/{found[1]}"
            headers |= {"X-Xet-Hash": sha, "Link": f'<{token}>; rel="xet-auth"'}
        return self._answer(302, headers | {"Location": f"{self.hub.storage}/storage/{sha}"})

    def _storage(self, sha: str) -> None:
        hub = self.hub
        if self.command == "PUT":
            hub.stored[sha] = self.body
            return self._answer(200)
        if hub.get_status:
            return self._answer(*hub.get_status.pop(0))
        content = hub.wrong.pop(0) if hub.wrong else hub.stored[sha]
        start = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        first = int(start[1]) if start and not hub.ignore_range else 0
        if first >= len(content) > 0:
            return self._answer(416, {"Content-Range": f"bytes */{len(content)}"})
        part = content[first:]
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(part)))
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        cut = hub.cut.pop(0) if hub.cut else None
        if hub.stall:
            self.wfile.write(part[: len(part) // 2])
            self.wfile.flush()
            time.sleep(hub.stall.pop(0))
            cut = 0
        if cut is not None:
            self.wfile.write(part[:cut])
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()
            return None
        self.wfile.write(part)
        return None

    def _create(self) -> None:
        record = json.loads(self.body)
        name = f"{record.get('organization') or 'me'}/{record['name']}"
        if not self.hub.requests[-1].token:
            return self._answer(401)
        if name in self.hub.repositories:
            return self._json({"url": f"{self.hub.url}/{name}"}, 409)
        self.hub.commit(
            name, {".gitattributes": b""}, private=record.get("visibility") == "private" or bool(record.get("private"))
        )
        return self._json({"url": f"{self.hub.url}/{name}"})

    def _preupload(self, repo: str, revision: str) -> None:
        files = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["path"].endswith(LARGE) else "regular",
                "shouldIgnore": False,
                "oid": None,
            }
            for file in json.loads(self.body)["files"]
        ]
        self._json({"files": files})

    def _batch(self, repo: str) -> None:
        objects = [
            {
                "oid": item["oid"],
                "size": item["size"],
                "actions": {"upload": {"href": f"{self.hub.storage}/storage/{item['oid']}", "header": {}}},
            }
            for item in json.loads(self.body)["objects"]
        ]
        self._json({"transfer": "basic", "objects": objects})

    def _commit(self, repo: str, revision: str) -> None:
        found = self._find(repo, revision)
        if found is None:
            return None
        files = dict(found[0].commits[found[1]])
        for line in self.body.splitlines():
            operation = json.loads(line)
            value = operation["value"]
            if operation["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif operation["key"] == "lfsFile":
                files[value["path"]] = self.hub.stored[value["oid"]]
            elif operation["key"] == "deletedFile":
                files.pop(value["path"], None)
        sha = self.hub.commit(repo, files)
        return self._json({"success": True, "commitOid": sha, "commitUrl": f"{self.hub.url}/{repo}/commit/{sha}"})
