"""ClickHouse, in process (chDB): MergeTree tables without an order of their own, in one part.

Tried: codecs NONE and LZ4, of which now one, now the other is the faster; district UInt16 with
option UInt16 (three times as long as one UInt32); the engine Memory (slower than MergeTree);
`countResample`, which counts into an array (a tenth slower than GROUP BY); two-level aggregation from
the start, larger blocks, mapped reading, no compiled expressions (no faster).
"""

import shared
import io

import chdb
import pyarrow
from chdb import session

VERSION = f"chDB {chdb.__version__}"
LAYOUTS = {"UInt32, codec NONE": shared.WHOLE, "UInt32, codec LZ4": shared.WHOLE}


def load(layout, tables, place, threads):
    peer = session.Session(str(place / "chdb"))
    peer.query("CREATE DATABASE peer")
    codec = layout.rsplit(" ", 1)[1]
    for table, (column,) in tables.shape.items():
        raw = tables.folder / f"{table}.u32"
        peer.query(
            f"CREATE TABLE peer.{table} ({column} UInt32 CODEC({codec}))"
            " ENGINE = MergeTree ORDER BY tuple()"
        )
        # A file of little-endian u32 is ClickHouse's RowBinary. One writer keeps the order.
        peer.query(
            f"INSERT INTO peer.{table} SELECT * FROM"
            f" file('{raw}', 'RowBinary', '{column} UInt32') SETTINGS max_insert_threads = 1"
        )
        peer.query(f"OPTIMIZE TABLE peer.{table} FINAL")
    peer.close()


def opened(layout, tables, place, threads):
    peer = session.Session(str(place / "chdb"))
    settings = f" SETTINGS max_threads = {threads}"
    return lambda table, keys: peer.query(
        shared.sql(f"peer.{table}", keys) + settings, "ArrowStream"
    )


def columns(result):
    table = pyarrow.ipc.open_stream(io.BytesIO(result.bytes())).read_all()
    return {name: table[name].to_numpy() for name in table.column_names}


if __name__ == "__main__":
    import sys

    shared.main(sys.modules[__name__])
