"""Polars: uncompressed Arrow IPC files, memory-mapped, or frames in memory, streaming engine.

Tried: the in-memory engine (`group_by` on a frame, `value_counts`, the SQL interface), which takes 2
to 4 times as long for one u32 column and as long for two; i32 in place of u32 (slower).
"""

import shared
import polars

VERSION = f"Polars {polars.__version__}"
LAYOUTS = {
    "u32, mapped IPC": shared.WHOLE,
    "u32, in memory": shared.WHOLE,
    "district u16, option u16, mapped IPC": shared.PAIR,
    "district u16, option u16, in memory": shared.PAIR,
}


def load(layout, tables, place, threads):
    for table in tables.shape:
        frame = polars.DataFrame(tables.of(table))
        frame.write_ipc(place / f"{table}.arrow", compression="uncompressed")


def opened(layout, tables, place, threads):
    assert polars.thread_pool_size() == threads
    frames = {table: polars.scan_ipc(place / f"{table}.arrow") for table in tables.shape}
    if "in memory" in layout:
        frames = {table: frame.collect().rechunk().lazy() for table, frame in frames.items()}

    def count(table, keys):
        query = frames[table].group_by(*keys).agg(polars.len().alias("votes"))
        return query.collect(engine="streaming")

    return count


def columns(result):
    return {name: result[name].to_numpy() for name in result.columns}


if __name__ == "__main__":
    import sys

    shared.main(sys.modules[__name__])
