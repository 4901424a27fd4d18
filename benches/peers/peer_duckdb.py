"""DuckDB: a table in a database file of its own.

Tried: one u32 column by the general hash table and by the perfect one, compressed and not (no
difference in time, a third of the size: compressed stays); district u16 with option u16, by both
(the perfect one needs 28 bits and takes five times as long). The perfect hash table, an array with a
place for each of 2^19 options, is off by default above 12 bits; switched on it takes half the
time, and it is what DuckDB is timed with unless another layout wins.
"""

import shared
import duckdb
import pyarrow

VERSION = f"DuckDB {duckdb.__version__}"
LAYOUTS = {
    "u32, perfect hash": shared.WHOLE,
    "u32": shared.WHOLE,
    "district u16, option u16": shared.PAIR,
}


def connect(place, threads):
    connection = duckdb.connect(str(place / "peer.duckdb"))
    connection.execute(f"SET threads = {threads}")
    return connection


def load(layout, tables, place, threads):
    with connect(place, threads) as connection:
        for table in tables.shape:
            connection.register("raw", pyarrow.table(tables.of(table)))
            connection.execute(f"CREATE TABLE {table} AS SELECT * FROM raw")
            connection.unregister("raw")


def opened(layout, tables, place, threads):
    connection = connect(place, threads)
    if "perfect" in layout:
        bits = int(tables.firsts[-1]).bit_length()
        connection.execute(f"SET perfect_ht_threshold = {bits}")
    return lambda table, keys: connection.sql(shared.sql(table, keys)).to_arrow_table()


def columns(result):
    return {name: result[name].to_numpy() for name in result.column_names}


if __name__ == "__main__":
    import sys

    shared.main(sys.modules[__name__])
