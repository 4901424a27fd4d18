"""DuckDB's CSV reader on the nation as text: `duckdb_text.py CSV PLACE THREADS REPEAT`.

In: ballots.csv as `shomar generate --text` writes it. Out: one line of JSON with the time of each
load into a new database file, and the rows found. Types are given, so none are guessed; the three
columns stay text, where `shomar seal` also looks up every code, canonicalises, hashes and seals.
"""

import json
import pathlib
import sys
import time

import duckdb

csv, place, threads, repeat = sys.argv[1:]
database = pathlib.Path(place) / "text.duckdb"
times = []
for _ in range(int(repeat)):
    database.unlink(missing_ok=True)
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"SET threads = {int(threads)}")
        began = time.perf_counter()
        connection.execute(
            "CREATE TABLE ballots AS SELECT * FROM read_csv(?, header = true, delim = ',', columns ="
            " {'station': 'VARCHAR', 'district': 'VARCHAR', 'choices': 'VARCHAR'})",
            [csv],
        )
        times.append(time.perf_counter() - began)
        (rows,) = connection.execute("SELECT count(*) FROM ballots").fetchone()
print(json.dumps({"version": f"DuckDB {duckdb.__version__}", "load_s": times, "rows": rows}))
