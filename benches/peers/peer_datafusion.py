"""Apache DataFusion: Parquet files, or Arrow record batches in memory.

Tried: Parquet with and without a dictionary, uncompressed, row groups of 2^20; reading by batches of
65,536 rows in place of 8,192 (no faster); record batches of 8,192 rows (no faster than 65,536).
"""

import shared
import datafusion
import pyarrow
import pyarrow.parquet

VERSION = f"DataFusion {datafusion.__version__}"
LAYOUTS = {
    "u32, Parquet": shared.WHOLE,
    "u32, Parquet with dictionary": shared.WHOLE,
    "u32, in memory": shared.WHOLE,
}
BATCH_ROWS = 1 << 16


def load(layout, tables, place, threads):
    if "Parquet" not in layout:
        return
    for table in tables.shape:
        pyarrow.parquet.write_table(
            pyarrow.table(tables.of(table)),
            place / f"{table}.parquet",
            use_dictionary="dictionary" in layout,
            compression="none",
            row_group_size=1 << 20,
        )


def opened(layout, tables, place, threads):
    context = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(threads))
    for table in tables.shape:
        if "Parquet" in layout:
            context.register_parquet(table, str(place / f"{table}.parquet"))
            continue
        # Copied, so that no page of the raw file is touched while counting.
        copied = {name: column.copy() for name, column in tables.of(table).items()}
        batches = pyarrow.table(copied).to_batches(max_chunksize=BATCH_ROWS)
        part = -(-len(batches) // threads)
        parts = [batches[at : at + part] for at in range(0, len(batches), part)]
        context.register_record_batches(table, parts)
    return lambda table, keys: context.sql(shared.sql(table, keys)).to_arrow_table()


def columns(result):
    return {name: result[name].to_numpy() for name in result.column_names}


if __name__ == "__main__":
    import sys

    shared.main(sys.modules[__name__])
