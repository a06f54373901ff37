"""What benchmarks/run --json wrote, for what shows it: a Series per machine, build, target and set of shapes."""

import json
import re
import sys
from math import exp, log

OPERATIONS = ("forward", "forward+relu", "backward", "backward+relu", "inference", "inference+relu")
LAYOUTS = {"NC": "(N, C)", "NCHW": "NCHW", "NHWC": "NHWC"}
LEVELS = ("L2", "L3", "memory")
OURS = "ours"


def geometric_mean(values):
    return exp(sum(map(log, values)) / len(values))


def mebibytes(size):
    return f"{size / 2**20:.3g} MiB"


class Series:
    """Everything that was measured of one set of shapes on one machine with one build, in one run or in several."""

    def __init__(self, run):
        self.machine, self.build, self.target = run["machine"], run["build"], run["target"]
        self.compiler, self.eigen, self.set = run["compiler"], run["eigen"], run["set"]
        self.contenders, self.commands, self.dates, self.tasks = {}, [], [], {}

    def add(self, run):
        """A task that was measured again counts as it was last."""
        self.commands.append(run["command"])
        self.dates.append(run["date"])
        for entry in run["contenders"]:
            self.contenders[entry["name"]] = entry
        for result in run["results"]:
            self.tasks[result["operation"], result["layout"], result["shape"]] = result

    def results(self, operation, layout, level):
        wanted = (operation, layout, level)
        return [one for one in self.tasks.values() if (one["operation"], one["layout"], one["level"]) == wanted]

    def names(self, *roles):
        return [name for name, entry in self.contenders.items() if entry["role"] in roles]

    def over_floor(self, operation, layout, level, contender):
        """One value per shape."""
        found = [one["contenders"] for one in self.results(operation, layout, level)]
        return [one[contender]["over_floor"] for one in found if contender in one]

    def gains(self, operation, layout, level):
        """The best other library over this one in the caller's layout, one value per shape."""
        peers, values = self.names("peer"), []
        for one in self.results(operation, layout, level):
            times = {name: figure["microseconds"] for name, figure in one["contenders"].items()}
            others = [times[name] for name in peers if name in times]
            if others and OURS in times:
                values.append(min(others) / times[OURS])
        return values

    def processor(self):
        return f"{self.machine['processors']} x {self.machine['processor']}"

    def name(self):
        """Short enough for a column."""
        processor = re.sub(r" *\(.*?\)", "", self.machine["processor"])
        shapes = "" if self.set == "networks" else f", {self.set}"
        return f"{processor}, {self.build}, {self.target}{shapes}"

    def caches(self):
        """Says so where less of the last level counts than the system reports."""
        last, reported = self.machine["last_level_cache_bytes"], self.machine["last_level_cache_reported_bytes"]
        counted = "" if reported in (0, last) else f", of which {mebibytes(last)} count"
        return (f"L2 of a core {mebibytes(self.machine['second_level_cache_bytes'])}, "
                f"last-level cache {mebibytes(reported or last)}{counted}")

    def date(self):
        first, last = min(self.dates), max(self.dates)
        return first if first == last else f"{first} to {last}"

    def versions(self):
        """Of the compiler, of Eigen and of the other libraries, which stand first in a description."""
        found = [self.compiler.strip(), self.eigen.split(",")[0]]
        for name in self.names("peer", "outsider"):
            version = re.match(r"\S+ [0-9][0-9.]*", self.contenders[name]["description"])
            if version and version.group() not in found:
                found.append(version.group())
        return ", ".join(found)


def key(run):
    return json.dumps([run[name] for name in ("machine", "build", "compiler", "target", "set")])


def read(paths):
    """The series of some files, in their order."""
    found = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            runs = json.load(file).get("runs")
        if not runs:
            sys.exit(f"{path} has no runs; write it with benchmarks/run --json")
        for run in runs:
            found.setdefault(key(run), Series(run)).add(run)
    return list(found.values())
