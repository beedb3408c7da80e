"""A folder becomes a commit of a repository on the Hub."""

from contextlib import ExitStack
from pathlib import Path

from inpaint.core.errors import HubError, ModelError
from inpaint.weights.hub_errors import in_one_sentence
from inpaint.weights.reference import Reference, parse_reference


def check_repository(name: str) -> str:
    """Return `name` if it can be a repository. Raises `ModelError` when it cannot."""
    reference = parse_reference(name)
    if reference is None or str(reference) != reference.repository:
        raise ModelError(f"{name!r} cannot be a repository; write it as user/repo.")
    return name


def upload_folder(folder: Path, repository: str, *, private: bool = False, message: str = "") -> str:
    """Make the repository if it is not there, and commit the folder in one go; returns the address of the commit.

    Large files go to Xet storage, and where a server has none, as Git LFS. Raises `HubError` when the Hub does not let
    us.
    """
    from huggingface_hub import CommitOperationAdd, HfApi, get_token
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    check_repository(repository)
    if get_token() is None:
        raise HubError("Publishing needs a token that may write: log in with `hf auth login`, or set HF_TOKEN.")
    api, message = HfApi(library_name="inpaint"), message or "Publish a model of Inpaint"
    with in_one_sentence(Reference(repository=repository), uploading=True):
        api.create_repo(repository, private=private, exist_ok=True)
        try:
            commit = api.upload_folder(repo_id=repository, folder_path=folder, commit_message=message)
        except (HfHubHTTPError, OfflineModeIsEnabled):
            raise
        except Exception:  # hf_xet raises whatever it likes, also where the server knows no Xet
            with ExitStack() as stack:
                # An open file, unlike a path, always goes as Git LFS.
                operations = [
                    CommitOperationAdd(
                        path_in_repo=path.relative_to(folder).as_posix(),
                        path_or_fileobj=stack.enter_context(path.open("rb")),
                    )
                    for path in sorted(folder.rglob("*"))
                    if path.is_file()
                ]
                commit = api.create_commit(repository, operations, commit_message=message)
    return str(commit.commit_url)
