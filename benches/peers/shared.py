"""What all peers share: arguments, the columns, timing, and the answer as plain arrays.

In: the raw columns of `raw_columns` and `options.u32`, the number of options of each district.
Out: one line of JSON on stdout with times in seconds; the whole answer of both queries beside the
engine's own files, as arrays of little-endian u64. Never: a time of loading inside that of a query.

An engine is a module with LAYOUTS (name: shape), VERSION and three functions:
    load(layout, tables, place, threads)   writes the columns in the engine's own form; untimed
    opened(layout, tables, place, threads) gives count(table, keys), which is what is timed
    columns(result)                        turns a result of count into numpy arrays by name

Rows stay in the order in which the stations' ballots came. To sort them by option first would be
dearer than to count them, and a choice would no longer belong to a ballot.
"""

import argparse
import json
import os
import pathlib
import time

import numpy

parser = argparse.ArgumentParser()
parser.add_argument("task", choices=["layouts", "load", "query"])
parser.add_argument("--layout")
parser.add_argument("--columns", type=pathlib.Path)
parser.add_argument("--place", type=pathlib.Path)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--repeat", type=int, default=1)
arguments = parser.parse_args()

# Read by polars and datafusion when they are imported, which is after this module.
os.environ["POLARS_MAX_THREADS"] = str(arguments.threads)
os.environ["TOKIO_WORKER_THREADS"] = str(arguments.threads)

KINDS = 4

# Shapes of the two tables: one number, or what it is made of in the smallest types.
WHOLE = {"choices": ["option"], "ballots": ["ballot"]}
PAIR = {"choices": ["district", "option"], "ballots": ["district", "kind"]}


class Columns:
    """The raw columns, in either shape."""

    def __init__(self, folder, shape):
        self.folder, self.shape = folder, shape
        self.sizes = numpy.fromfile(folder / "options.u32", "<u4")
        self.firsts = numpy.concatenate([[0], numpy.cumsum(self.sizes, dtype="i8")])

    def of(self, table):
        """Columns of a table by name, mapped or made."""
        raw = numpy.memmap(self.folder / f"{table}.u32", "<u4", mode="r")
        if self.shape is WHOLE:
            return {self.shape[table][0]: numpy.asarray(raw)}
        assert len(self.sizes) < 1 << 16 and self.sizes.max() < 1 << 16
        if table == "ballots":
            return {"district": (raw // KINDS).astype("u2"), "kind": (raw % KINDS).astype("u1")}
        districts = numpy.repeat(numpy.arange(len(self.sizes), dtype="u2"), self.sizes)
        firsts = numpy.repeat(self.firsts[:-1], self.sizes)
        inside = (numpy.arange(self.firsts[-1]) - firsts).astype("u2")
        return {"district": districts[raw], "option": inside[raw]}

    def answer(self, table, result):
        """Counts by place, from the engine's rows in any order."""
        keys = [result[name].astype("i8") for name in self.shape[table]]
        size = self.firsts[-1] if table == "choices" else len(self.sizes) * KINDS
        if self.shape is WHOLE:
            at = keys[0]
        elif table == "choices":
            at = self.firsts[keys[0]] + keys[1]
        else:
            at = keys[0] * KINDS + keys[1]
        answer = numpy.zeros(size, "<u8")
        answer[at] = result["votes"]
        assert len(numpy.unique(at)) == len(at), "a key came twice"
        return answer


def sql(table, keys):
    """The query, the same for every engine that reads SQL."""
    names = ", ".join(keys)
    return f"SELECT {names}, count(*) AS votes FROM {table} GROUP BY {names}"


def main(engine):
    """Does what the arguments say with this engine."""
    if arguments.task == "layouts":
        print(json.dumps({"layouts": list(engine.LAYOUTS)}))
        return
    layout, place, threads = arguments.layout, arguments.place, arguments.threads
    tables = Columns(arguments.columns, engine.LAYOUTS[layout])
    began = time.perf_counter()
    if arguments.task == "load":
        engine.load(layout, tables, place, threads)
        print(json.dumps({"load_s": time.perf_counter() - began}))
        return
    count = engine.opened(layout, tables, place, threads)
    report = {"version": engine.VERSION, "open_s": time.perf_counter() - began}
    for table, keys in tables.shape.items():
        # The first run warms up and gives the answer.
        tables.answer(table, engine.columns(count(table, keys))).tofile(place / f"{table}.u64")
        times = []
        for _ in range(arguments.repeat):
            began = time.perf_counter()
            result = count(table, keys)
            times.append(time.perf_counter() - began)
            del result
        report[f"{table}_s"] = times
    print(json.dumps(report))
