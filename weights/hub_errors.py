"""Why the Hub, or the disk, did not do what was asked: one sentence that says what to do."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from inpaint.weights.errors import HubError, InpaintError, ModelError, OutputError
from inpaint.weights.reference import Reference
from inpaint.weights.transfer import http_library


@contextmanager
def in_one_sentence(reference: Reference, *, uploading: bool = False) -> Iterator[None]:
    """Turn whatever huggingface_hub raises in the block into one sentence that says what to do.

    uploading: the block publishes something; otherwise it fetches.
    """
    try:
        yield
    except InpaintError:
        raise
    except Exception as error:
        # An upload wraps what happened in its threads.
        cause = error.__cause__ if isinstance(error, RuntimeError) else None
        explained = _explain(cause if isinstance(cause, Exception) else error, reference, uploading)
        if explained is None:
            raise
        raise explained from error


def _explain(error: Exception, reference: Reference, uploading: bool) -> InpaintError | None:
    """Say what went wrong; None for what is no business of the Hub's."""
    from huggingface_hub import constants, errors

    where, page = reference.repository, f"{constants.ENDPOINT}/{reference.repository}"
    http = http_library()
    login = "log in with `hf auth login`, or set HF_TOKEN"
    again = "run the same again" if uploading else "run the same again: what has arrived is kept"
    if isinstance(error, errors.OfflineModeIsEnabled) and uploading:
        return HubError(f"HF_HUB_OFFLINE is set, so nothing was published in {where}; unset it and {again}.")
    if isinstance(error, errors.OfflineModeIsEnabled):
        return HubError(
            f"HF_HUB_OFFLINE is set, so {where} was not fetched; unset it, or install a bundle made on another "
            "machine: inpaint weights install FILE"
        )
    if isinstance(error, errors.GatedRepoError):
        return HubError(f"{where} is gated: accept its terms at {page}, then {login}.")
    if isinstance(error, errors.RepositoryNotFoundError) or _is_hidden(error):
        return HubError(f"The Hub has no repository {where}, or it is private; check the name, or {login}.")
    if isinstance(error, errors.RevisionNotFoundError):
        return HubError(f"{where} has no revision {reference.revision!r}; look at its branches and tags at {page}.")
    if isinstance(error, errors.RemoteEntryNotFoundError):
        return HubError(f"{where} has no file {reference.file!r} at {reference.revision}; look at {page}.")
    if isinstance(error, errors.HFValidationError):
        return ModelError(f"{where!r} is not a name the Hub could have; write it as user/repo.")
    if isinstance(error, errors.HfHubHTTPError):  # which for a 400 is a ValueError too
        return HubError(_explain_status(error.response, where, login, again))
    if isinstance(error, errors.FileMetadataError | KeyError | TypeError | ValueError):
        return HubError(f"{constants.ENDPOINT} does not answer as the Hub does; check HF_ENDPOINT and the proxy.")
    if isinstance(error, http.ProxyError):
        return HubError("The proxy does not let the Hub through; check HTTPS_PROXY.")
    broken = isinstance(error, http.HTTPError | http.InvalidURL | ConnectionError)
    if broken or (isinstance(error, OSError) and error.errno is None):
        return HubError(
            f"The Hub at {constants.ENDPOINT} cannot be reached or broke off; check the connection and {again}."
        )
    if isinstance(error, OSError) and uploading:
        return OutputError(f"What was to be published in {where} cannot be read: {error.strerror or error}.")
    if isinstance(error, OSError):
        return _explain_disk(error)
    return None


def _is_hidden(error: Exception) -> bool:
    """Return whether this is how the Hub answers somebody without a token about what is private or not there."""
    response = getattr(error, "response", None)
    return (
        getattr(response, "status_code", None) == 401
        and response is not None
        and "credentials" not in response.headers.get("X-Error-Message", "")
    )


def _explain_status(response: Any, where: str, login: str, again: str) -> str:
    status, headers = response.status_code, response.headers
    if status == 401:
        return f"The Hub does not accept the token that is set here, for {where}; {login}."
    if status == 403:
        return f"The token that is set here has no right to that in {where}; use one that has."
    if status == 429:
        wait = headers.get("Retry-After", "")
        return f"The Hub asks to slow down; try again in {f'{wait} seconds' if wait.isdigit() else 'a few minutes'}."
    if status >= 500:
        return f"The Hub is not working right now (it says {status}); wait a little and {again}."
    return f"The Hub refuses {where} (it says {status}); look at the repository in a browser."


def _explain_disk(error: OSError) -> InpaintError:
    from huggingface_hub import constants

    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(
            f"The disk with {constants.HF_HUB_CACHE} is full; make room, or set HF_HOME to another disk, and run the "
            "same again."
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return OutputError(f"You may not write into {constants.HF_HUB_CACHE}; set HF_HOME to a folder of yours.")
    return OutputError(f"The model could not be stored in {constants.HF_HUB_CACHE}: {error.strerror or error}.")
