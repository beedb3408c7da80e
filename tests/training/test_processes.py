"""Several processes: each has its own pictures, and all have the same weights."""

import os
import socket
import subprocess
import sys

import pytest
from safetensors.torch import load_file

from inpaint.training.rundir import RunDirectory

SCRIPT = "from inpaint.cli.app import main; main()"


@pytest.mark.slow
def test_two_processes_train_one_model(photographs, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["train", "debug", "--data", str(photographs), "--out", str(tmp_path / "run"), "--device", "cpu"]
    words += ["--set", "phases.0.steps=4", "--set", "phases.1.steps=4", "--set", "log_every=2"]
    processes = []
    for rank in range(2):
        settings = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        settings |= {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": 1, "INPAINT_DEBUG": 1}
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", SCRIPT, *words],
                env={**os.environ, **{key: str(value) for key, value in settings.items()}},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    for process in processes:
        _, said = process.communicate(timeout=240)
        assert process.returncode == 0, said
    run = RunDirectory(tmp_path / "run")
    assert run.steps()[-1] == 8
    state = load_file(run.checkpoint(8) / "state.safetensors")
    assert any(key.startswith("generator.grown.0") for key in state)
