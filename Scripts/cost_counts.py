"""results/cost.json as `invbench cost --out` has written it, for Scripts/cost-page and Scripts/measure-growth."""
import json
import pathlib

KEPT = pathlib.Path(__file__).resolve().parent.parent / "results/cost.json"
# What stands behind a function's name, as far as the last that is not 0.
COUNTS = ["instructions", "locked", "fences", "barriers", "calls", "near", "far"]


def cells():
    """The cells: a guard under one kind of work on one machine."""
    return json.loads(KEPT.read_text())["cells"]


def mean(operation, name):
    """How much of it each operation has."""
    index = 1 + COUNTS.index(name)
    return sum(row[index] for row in operation["functions"] if len(row) > index) / operation["count"]


def lines(operation):
    """Lines that each operation takes from other cores."""
    return mean(operation, "near") + mean(operation, "far")
