"""A whole evaluation from what was asked for to the files that come of it."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from inpaint.core.engines.engine import Device
from inpaint.core.errors import EngineError, OutputError
from inpaint.core.release import release
from inpaint.training.data.mask_sets import RECORD, Kind, MaskSet, freeze, open_mask_set
from inpaint.training.devices import choose_device
from inpaint.training.evaluation.blind_sheets import BlindSheets
from inpaint.training.evaluation.distance import Distance, DistanceName
from inpaint.training.evaluation.fillers import make_methods
from inpaint.training.evaluation.gallery import FillSaver, Worst
from inpaint.training.evaluation.hole_frechet import EarlyFeatures, HoleCrowd, NetworkName
from inpaint.training.evaluation.metrics import Judge
from inpaint.training.evaluation.report import report_page
from inpaint.training.evaluation.results import Evaluation, ranking_of
from inpaint.training.evaluation.runner import Watcher, evaluate
from inpaint.training.evaluation.samples import Photographs
from inpaint.training.evaluation.sheet import ROWS, Sheet, choose
from inpaint.training.evaluation.tables import Conditions, to_record, write_tables
from inpaint.training.html_pages import write_page
from inpaint.weights.paths import is_there


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for; every field is one of its options."""

    methods: tuple[str, ...]
    data: str
    masks: Path | None
    kind: str
    seed: int
    groups: tuple[str, ...]
    distance: str
    features: str
    backbones: Path | None
    size: int
    whole: bool
    limit: int | None
    out: Path | None
    cases: int
    keep_fills: bool
    sheet: Path | None
    show: tuple[str, ...]
    blind: bool
    device: str


def run(
    request: Request,
    progress: Callable[[int, int], None] | None = None,
    tell: Callable[[str], None] | None = None,
) -> tuple[Evaluation, Conditions, dict[str, Any]]:
    """Evaluate, write the files if a folder is given, and return the numbers, the conditions and the JSON record.

    - `progress`: told how many photographs are done, and of how many;
    - `tell`: told before any work what the user should know about the input.

    Everything that can be wrong is found before the first fill. Raises the errors of the parts, and `OutputError` for a
    folder that holds a report already.
    """
    out = request.out
    if out is not None and is_there(out / "scores.json"):
        raise OutputError(f"{out} holds an evaluation already; give another --out, or delete it first.")
    photographs = Photographs(request.data, size=request.size, whole=request.whole, limit=request.limit)
    given = None if request.masks is None else open_mask_set(request.masks)
    by_name = False
    if given is not None:
        pairing = photographs.pair(given)
        by_name = given.kind == "files" and pairing.note is None
        if pairing.note is not None and tell is not None:
            tell(pairing.note)
    shown = choose(photographs.names, request.show, len(photographs) if request.blind else ROWS)
    device = cast(Device, request.device)
    methods = make_methods(request.methods, photographs.names, device)
    distance = None
    if "lpips" in request.groups:
        where = choose_device(device, EngineError)
        distance = Distance(cast(DistanceName, request.distance), request.backbones, where)
    hole_crowd = early = None
    if "frechet" in request.groups:
        early = EarlyFeatures(
            cast(NetworkName, request.features), request.backbones, choose_device(device, EngineError)
        )
        hole_crowd = HoleCrowd(early)
    crowd = None
    if {"fid", "is"} & {*request.groups}:
        from inpaint.training.evaluation.inception import Crowd, Inception

        crowd = Crowd(Inception(request.backbones, choose_device(device, EngineError)))
    labels = [method.label for method in methods]
    about = {method.label: method.about for method in methods}
    judge = Judge(request.groups, distance)
    ranking = ranking_of(judge.columns)
    sheet = None if request.sheet is None or request.blind else Sheet(request.sheet, labels, shown, ranking)
    blind = BlindSheets(request.sheet, labels, shown, request.seed) if request.sheet and request.blind else None
    if out is not None:
        _make(out)
    with ExitStack() as stack:
        masks = given or _freeze(request, len(photographs), stack)
        watchers: list[Watcher] = [watcher for watcher in (sheet, blind) if watcher is not None]
        worst = Worst(labels, ranking.key, request.cases) if out and ranking and request.cases else None
        if worst is not None:
            watchers.append(worst)
        if out is not None and request.keep_fills:
            watchers.append(FillSaver(out, labels))
        evaluation = evaluate(
            methods,
            photographs,
            masks,
            judge,
            crowd=crowd,
            hole_crowd=hole_crowd,
            watchers=watchers,
            progress=None if progress is None else lambda done: progress(done, len(photographs)),
        )
    conditions = Conditions(
        inpaint=release(),
        data=Path(request.data).name or request.data,
        pictures=len(photographs),
        size=None if request.whole else request.size,
        masks=masks.kind,
        seed=masks.seed,
        area=masks.area,
        masks_sha256=masks.sha256,
        paired="name" if by_name else "order",
        distance=distance.title if distance else None,
        features=early.title if early else None,
    )
    if sheet is not None:
        sheet.write()
    if out is not None:
        write_page(
            out / "report.html",
            report_page(evaluation, conditions, about, worst.worst_first() if worst else []),
        )
        # scores.json last: it is what makes the folder a finished evaluation.
        write_tables(out, evaluation, conditions, about)
    return evaluation, conditions, to_record(evaluation, conditions, about)


def _freeze(request: Request, count: int, stack: ExitStack) -> MaskSet:
    """Draw masks beside the report, or for the time being; those of an interrupted evaluation are used again."""
    kind = cast(Kind, request.kind)
    if request.out is None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    else:
        folder = request.out / "masks"
        there = open_mask_set(folder) if is_there(folder / RECORD) else None
        if there is not None:
            size = there.read(0).shape
            if (there.kind, there.seed, size) != (kind, request.seed, (request.size, request.size)):
                raise OutputError(
                    f"{folder} holds masks already, of an evaluation that was not finished: {there.kind}, seed "
                    f"{there.seed}, {size[1]} pixels. Give another --out, or take them with --masks {folder}."
                )
            if len(there) == count:
                return there
    # Mask n depends on seed and n alone: what is there of an interrupted drawing, or for another --limit, fits.
    return freeze(folder, count, kind=kind, size=request.size, seed=request.seed, again=request.out is not None)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder {folder} cannot be made ({error.strerror}).") from error
