"""Many photographs in one go: what is to be filled, one file's job, the pool that runs the jobs, and their record.

The job is one function, `fill_file`. A pool of threads (`run_here`) and Ray (`run_on_ray`) call the same one.
"""

from inpaint.core.batch.cluster import run_on_ray
from inpaint.core.batch.compositions import check_outputs, compose_job, open_compositions, run_compositions
from inpaint.core.batch.find_inputs import Item, collect, read_list
from inpaint.core.batch.job import Failure, Outcome, Settings, fill_file, refuse
from inpaint.core.batch.manifest import Manifest
from inpaint.core.batch.pool import load_batch_engine, run_here

__all__ = [
    "Failure",
    "Item",
    "Manifest",
    "Outcome",
    "Settings",
    "check_outputs",
    "collect",
    "compose_job",
    "fill_file",
    "load_batch_engine",
    "open_compositions",
    "read_list",
    "refuse",
    "run_compositions",
    "run_here",
    "run_on_ray",
]
