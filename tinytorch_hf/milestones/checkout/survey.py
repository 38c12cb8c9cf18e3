"""What each milestone finds in a checkout, without changing it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from tinytorch_hf import catalog
from tinytorch_hf.catalog import DatasetInfo
from tinytorch_hf.files import store
from tinytorch_hf.files.store import Found
from tinytorch_hf.milestones.checkout import scripts
from tinytorch_hf.milestones.checkout.bridges import DATA_MANAGER, DATASETS, Bridge
from tinytorch_hf.milestones.checkout.needs import MILESTONES, TINY, Milestone
from tinytorch_hf.milestones.checkout.preparing import data_dir
from tinytorch_hf.milestones.data import full_data, places
from tinytorch_hf.milestones.data.places import Look, State
from tinytorch_hf.milestones.gradients.detached import Detached, detached
from tinytorch_hf.milestones.proving import proof
from tinytorch_hf.milestones.proving.proof import Outcome, Proof

# Milestone 06 takes TinyDigits from one of these, by generation, and trains on random numbers where it is not.
_STUDENTS_MODULES = ("tinytorch.core.dataloader", *DATASETS.modules)


@dataclass(frozen=True)
class Row:
    """A file or folder of a checkout, what stands there, and whether the milestone cannot run without it."""

    path: Path
    state: State
    is_needed: bool
    note: str = ""


@dataclass(frozen=True)
class Report:
    """What one milestone finds.

    Attributes
    ----------
    milestone, rows
        Which one, and its files.
    scripts
        Its scripts; without one there is nothing to be run.
    detached
        Lines of its scripts that cut the graph: its data are there all the same.
    proofs
        Of scripts that were executed as far as they load data.
    """

    milestone: Milestone
    rows: list[Row]
    scripts: list[Path] = field(default_factory=list)
    detached: list[Detached] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)

    @property
    def has_files(self) -> bool:
        """Whether what it needs is there, at least tiny data."""
        return all(row.state.can_be_used for row in self.rows if row.is_needed)

    @property
    def is_ready(self) -> bool:
        """Whether it can run, at least on tiny data: it has a script, its files are there, and none failed to load."""
        return bool(self.scripts) and not self.has_failed

    @property
    def has_failed(self) -> bool:
        """Whether files are missing, or a script has failed to load them."""
        return not self.has_files or any(proof.outcome is Outcome.FAILED for proof in self.proofs)


def survey(root: Path) -> list[Report]:
    """Look at a checkout, milestone by milestone; nothing of it is executed.

    Raises
    ------
    StorageError
        A file cannot be read.
    """
    return [
        Report(milestone, list(_rows(milestone, root)), _scripts(milestone, root), _detached(milestone, root))
        for milestone in MILESTONES
    ]


def prove(root: Path, reports: list[Report]) -> list[Report]:
    """Execute, as far as they load data, the scripts of milestones whose files are there; see `proof.prove`."""
    proofs = proof.prove(root, [report.milestone for report in reports if report.has_files])
    return [
        replace(report, proofs=[_with_advice(each, report, root) for each in proofs.get(report.milestone.number, [])])
        for report in reports
    ]


def _with_advice(found: Proof, report: Report, root: Path) -> Proof:
    full = report.milestone.full
    if full is None or found.outcome is not Outcome.FAILED:
        return found
    place = full_data.folder(full, data_dir(root))
    if any(row.path == place and row.state.can_be_used for row in report.rows):
        return found
    if not found.asks_network and not any(DATA_MANAGER.attribute in call for call in found.calls):
        return found
    cost = catalog.download_cost(full)
    return replace(found, note=f"{found.note}; --download puts {full.title} ({cost}) where scripts look for it")


def _scripts(milestone: Milestone, root: Path) -> list[Path]:
    return sorted((root / "milestones").glob(f"{milestone.number}*/*.py"))


def _detached(milestone: Milestone, root: Path) -> list[Detached]:
    # A module that several scripts import is followed with each of them.
    return sorted({found for script in _scripts(milestone, root) for found in detached(script)})


def _rows(milestone: Milestone, root: Path) -> Iterator[Row]:
    for need in milestone.needs:
        for place in places.curated(need.dataset, root, need.files):
            seen = places.look(place)
            yield Row(place.path, seen.state, True, _note(seen))
    imported = {script: scripts.imports_of(script) for script in _scripts(milestone, root)}
    modules = {module for pairs in imported.values() for module, _ in pairs}
    for bridge in milestone.bridges:
        file = bridge.file(root)
        if file:
            yield Row(file, _bridge_state(bridge, file), not modules.isdisjoint(bridge.modules))
    if milestone.full:
        yield _full_row(milestone.full, root)
    for script, pairs in imported.items():
        for module in _STUDENTS_MODULES:
            if (module, DATASETS.attribute) in pairs and not _defines(root, module, DATASETS.attribute):
                note = f"takes {DATASETS.attribute} from {module}, which has none, and may go on with random numbers. "
                advised = f"Write `from tinytorch_hf.milestones import {DATASETS.attribute}` there."
                yield Row(script, State.ABSENT, True, note + advised)


def _defines(root: Path, module: str, name: str) -> bool:
    """Whether a module of a checkout has a name."""
    path = root.joinpath(*module.split("."))
    return scripts.defines(path / "__init__.py" if path.is_dir() else path.with_suffix(".py"), name)


def _note(seen: Look) -> str:
    if seen.state is State.OTHER:
        return "not the published file; it stays"
    if seen.state is State.EARLIER:
        return seen.why
    if seen.state is State.DAMAGED:
        return seen.why.splitlines()[0] + " `tinytorch-hf export ROOT --force` replaces it."
    return ""


def _bridge_state(bridge: Bridge, file: Path) -> State:
    found = store.found_at(file, bridge.text.encode("utf-8"))
    return {Found.NOTHING: State.ABSENT, Found.SAME: State.GOOD}.get(found, State.OTHER)


def _full_row(dataset: DatasetInfo, root: Path) -> Row:
    looks = [places.look(place) for place in full_data.places(dataset, data_dir(root))]
    worst = max(looks, key=lambda seen: list(State).index(seen.state))
    what = f"all of {dataset.title}"
    if not worst.state.can_be_used:
        there = [seen for seen in looks if seen.state is State.DAMAGED]
        damaged = f" {there[0].why.splitlines()[0]}" if there else ""
        cost = catalog.download_cost(dataset)
        what += f", for scripts that ask for it: {_instead(dataset, root)}; --download gets it ({cost}).{damaged}"
    return Row(full_data.folder(dataset, data_dir(root)), worst.state, False, what)


def _instead(dataset: DatasetInfo, root: Path) -> str:
    """What a script gets that asks for a dataset which is not there."""
    tiny = TINY[dataset.name]
    stands_in = store.is_there(tiny)
    file = DATA_MANAGER.file(root)
    if file and _bridge_state(DATA_MANAGER, file) is State.OTHER:
        told = "your own data_manager.py may download it"
        rename = f"; rename that file and prepare again, and {tiny.title} stands in"
        return told + (rename if stands_in else "")
    if stands_in:
        return f"{tiny.title} stands in"
    return f"nothing stands in ({tiny.title} is cut from it)"
