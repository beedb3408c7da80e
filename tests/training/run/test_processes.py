"""Several processes: each has its own pictures, all have the same weights, stop together and survive one another."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from inpaint.core.errors import RecipeError
from inpaint.training.recipe import load_recipe
from inpaint.training.run import processes
from inpaint.training.run.directory import RunDirectory
from inpaint.training.run.processes import decoders

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.slow

SETTINGS = ["phases.0.steps=4", "phases.1.steps=4", "log_every=2", "checkpoint_every=3", "sample_every=100"]

TRAIN = """
import os, signal, sys
from pathlib import Path
import torch
from inpaint.training.recipe import load_recipe
from inpaint.training.run.directory import RunDirectory
from inpaint.training.run.session import Options, run_training

data, out, trick, *settings = sys.argv[1:]
rank, attempt = os.environ["RANK"], os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")

def watch(report):
    if trick == "die" and (rank, attempt, report.step) == ("1", "0", 5):
        os.kill(os.getpid(), signal.SIGKILL)
    return trick == "stop" and (rank, report.step) == ("1", 5)

resume = RunDirectory(Path(out)).last_step() is not None
options = Options(data=data, out=Path(out), device="cpu", resume=resume, again=True)
finished = run_training(load_recipe("debug", settings), options, [watch])
# Whoever ends with the others still attached is aborted now and then.
assert not torch.distributed.is_initialized()
# In one piece, because both processes write into one pipe.
sys.stdout.write(f"FINISHED {finished}\\n")
"""

GRADIENTS = """
import sys
from pathlib import Path
import torch
from accelerate import Accelerator
from safetensors.torch import save_file
from inpaint.core.losses import Objective, ObjectiveConfig
from inpaint.core.nets import DiscriminatorConfig, GeneratorConfig
from inpaint.core.trainers import AdversarialTrainer, Batch, Phase, Schedule, build_family

accelerator = Accelerator(cpu=True)
torch.manual_seed(0)
family = build_family(GeneratorConfig(width=4, blocks=1), DiscriminatorConfig(width=4, scales=2, norm="batch"))
objective = Objective(ObjectiveConfig(ppl=0.0, l2_hole=6.0))  # in a few pixels l1 jumps with the sign of a rounding
trainer = AdversarialTrainer(family, {"default": objective}, accelerator=accelerator)
mask = torch.zeros(4, 1, 64, 64)
for picture in range(4):  # of the first process 16 and 64 pixels, of the second 784 and 1,024
    side = (4, 8, 28, 32)[picture]
    mask[picture, :, 16 : 16 + side, 16 : 16 + side] = 1
batch = Batch(torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1, mask)
share = 4 // accelerator.num_processes
first = share * accelerator.process_index
schedule = Schedule([Phase(name="only", steps=1)])
terms = trainer.step(batch.part(first, first + share), schedule.at(0))
if accelerator.is_main_process:
    tensors = {}
    for name, network in (("generator", trainer.generator), ("discriminators", trainer.discriminators)):
        tensors |= {f"{name}.{key}": p.grad.contiguous() for key, p in network.named_parameters()}
        tensors |= {f"{name}.{key}": b.float().contiguous() for key, b in network.named_buffers()}
    save_file(tensors, sys.argv[1])
accelerator.end_training()
"""


BEGIN = """
import sys
from accelerate import Accelerator
import torch
from safetensors.torch import save_file
from inpaint.core.nets import DiscriminatorConfig, GeneratorConfig
from inpaint.core.trainers import AdversarialTrainer, build_family
from inpaint.training.run.initial_weights import InitialWeights, start_from_weights

accelerator = Accelerator(cpu=True)
torch.manual_seed(0)
family = build_family(GeneratorConfig(width=4, blocks=1), DiscriminatorConfig(width=4, scales=1))
trainer = AdversarialTrainer(family, {}, accelerator=accelerator)
# What rounding makes of norms on different GPUs, only larger.
torch.manual_seed(accelerator.process_index)
weights = {key: torch.rand_like(value.float()).to(value.dtype) for key, value in trainer.generator.state_dict().items()}
judges = {key: torch.rand_like(value.float()) for key, value in trainer.discriminators.state_dict().items()}
start_from_weights(trainer, InitialWeights(source="", generator=weights, discriminators=judges, settled=True), [])
tensors, networks = {}, {"generator": trainer.generator, "ema": trainer.ema.generator, "judges": trainer.discriminators}
for name, network in networks.items():
    tensors |= {f"{name}.{key}": value.contiguous() for key, value in network.state_dict().items()}
save_file(tensors, f"{sys.argv[1]}/{accelerator.process_index}.safetensors")
accelerator.end_training()
"""


def launch(count, script, *arguments, folder, restarts=0):
    """Run a script in `count` processes under torchrun."""
    file = folder / "script.py"
    file.write_text(script)
    # Otherwise a restart sometimes meets the addresses of the processes that are gone (docs/performance.md).
    fresh = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    launcher += [f"--nproc-per-node={count}", f"--max-restarts={restarts}"]
    return subprocess.run(
        [*launcher, str(file), *map(str, arguments)],
        env={**os.environ, **fresh, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def state(run, step):
    return load_file(RunDirectory(run).checkpoint(step) / "state.safetensors")


@pytest.fixture(scope="module")
def whole(photographs, tmp_path_factory):
    """Eight steps of two processes."""
    folder = tmp_path_factory.mktemp("whole")
    done = launch(2, TRAIN, photographs, folder / "run", "", *SETTINGS, folder=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("FINISHED 8") == 2
    return folder / "run"


def test_two_processes_train_one_model(whole):
    run = RunDirectory(whole)
    assert run.steps() == [3, 6, 8]
    assert any(key.startswith("generator.grown.0") for key in state(whole, 8))
    record = json.loads((run.checkpoint(8) / "state.json").read_text())
    assert (record["samples"], record["processes"]) == (8 * 2 * 4, 2)
    assert len([*run.tensorboard.iterdir()]) == 1


def test_the_averaged_gradient_is_that_of_one_process(tmp_path):
    """With batch norm in both networks, which sees the pictures of both, and holes of different area in each."""
    for count in (1, 2):
        done = launch(count, GRADIENTS, tmp_path / f"{count}.safetensors", folder=tmp_path)
        assert done.returncode == 0, done.stderr
    alone, together = (load_file(tmp_path / f"{count}.safetensors") for count in (1, 2))
    assert alone.keys() == together.keys()
    for key, expected in alone.items():
        assert torch.allclose(together[key], expected, rtol=1e-3, atol=1e-5 * float(expected.abs().max())), key


def test_first_weights_are_those_of_the_first_process(tmp_path):
    done = launch(2, BEGIN, tmp_path, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    first, second = (load_file(tmp_path / f"{rank}.safetensors") for rank in range(2))
    assert {key.split(".")[0] for key in first} == {"generator", "ema", "judges"}
    assert [key for key in first if not torch.equal(first[key], second[key])] == []


def test_one_that_wants_to_stop_stops_all(photographs, tmp_path):
    done = launch(2, TRAIN, photographs, tmp_path / "run", "stop", *SETTINGS, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("FINISHED 5") == 2
    assert RunDirectory(tmp_path / "run").last_step() == 5


def test_a_killed_process_is_started_again_and_nothing_is_different(whole, photographs, tmp_path):
    done = launch(2, TRAIN, photographs, tmp_path / "run", "die", *SETTINGS, folder=tmp_path, restarts=1)
    assert done.returncode == 0, done.stderr
    assert "FINISHED 8" in done.stdout
    expected, got = state(whole, 8), state(tmp_path / "run", 8)
    assert expected.keys() == got.keys()
    assert [key for key in expected if not torch.equal(expected[key], got[key])] == []


def test_another_number_of_processes_goes_on(whole, photographs, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(whole, out)
    shutil.rmtree(RunDirectory(out).checkpoint(8))
    done = launch(1, TRAIN, photographs, out, "", *SETTINGS, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    run = RunDirectory(out)
    record = json.loads((run.checkpoint(8) / "state.json").read_text())
    assert (record["samples"], record["processes"]) == (6 * 2 * 4 + 2 * 4, 1)
    log = [json.loads(line) for line in run.log_file.read_text().splitlines()]
    assert {"step": 6, "processes": 1, "before": 2} in log


def test_the_line_of_the_readme_trains_one_model_without_a_gpu(photographs, tmp_path):
    """The device that is found decides, not the word "auto": each process would train alone, into one directory."""
    text = (ROOT / "README.md").read_text("utf-8")
    line = re.search(r"^(torchrun .* inpaint train) \S+ .* (--auto-resume)$", text, flags=re.MULTILINE)
    assert line is not None
    out = tmp_path / "run"
    settings = [word for setting in SETTINGS for word in ("--set", setting)]
    words = [*line[1].replace("-node 8", "-node 2").split(), "debug", "--data", photographs, "--out", out, line[2]]
    scripts = str(Path(sys.executable).parent)
    done = subprocess.run(
        [*map(str, words), *settings],
        env={**os.environ, "PATH": scripts + os.pathsep + os.environ["PATH"], "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Finished 8 steps") == 1
    run = RunDirectory(out)
    record = json.loads((run.checkpoint(8) / "state.json").read_text())
    assert (record["samples"], record["processes"]) == (8 * 2 * 4, 2)
    assert [record["step"] for record in run.records() if "losses" in record] == [2, 4, 6, 8]


def test_a_process_that_finds_no_other_is_refused(monkeypatch):
    alone = SimpleNamespace(num_processes=1, device=torch.device("cpu"))
    monkeypatch.setattr(processes, "Accelerator", lambda **_: alone)
    assert processes.make_accelerator(load_recipe("debug"), "cpu") is alone
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(RecipeError, match="has started 2 processes, and this one trains with 1"):
        processes.make_accelerator(load_recipe("debug"), "cpu")


def test_more_processes_than_gpus_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    with pytest.raises(RecipeError, match="say --nproc-per-node 1"):
        processes.make_accelerator(load_recipe("debug"), "auto")


def test_processes_share_the_cores_of_their_machine(monkeypatch):
    cuda = SimpleNamespace(type="cuda")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(12), raising=False)
    assert decoders(torch.device("cpu")) == 0
    assert decoders(cuda) == 12
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert decoders(cuda) == 3
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "64")
    assert decoders(cuda) == 1
