"""The embedded KQL engine beside DuckDB, one thread each, on the million rows of benches/kql.rs.

    python3 -m venv /tmp/probe && /tmp/probe/bin/pip install duckdb
    cargo bench --bench kql -- target/bench && /tmp/probe/bin/python benches/kql.py target/bench

The engine's figures are those that the bench wrote just before. The exit code is 1 when the aggregation by time and key takes more than
twice what DuckDB takes.
"""

import json
import pathlib
import statistics
import sys
import time

import duckdb

TURNS = 7
BAR = 2.0

CASES = {
    "summarize by time and key": "SELECT timestamp - timestamp % 3000000000 AS bin, name, count(*) FROM requests GROUP BY ALL",
    "summarize sum and avg by key": "SELECT name, count(*), sum(resultCode), avg(duration), max(duration) FROM requests GROUP BY name",
    "where and take 50": "SELECT * FROM requests WHERE duration > 990 AND resultCode = 500 LIMIT 50",
    "join to 1,000 machines": "SELECT zone, count(*) FROM machines JOIN requests USING (machine) GROUP BY zone",
    "sort all by duration": "CREATE OR REPLACE TEMP TABLE sorted AS SELECT timestamp, duration, name FROM requests ORDER BY duration DESC",
    "top 50 by duration": "SELECT * FROM requests ORDER BY duration DESC LIMIT 50",
    "text has a word": "SELECT count(*) FROM requests WHERE message ILIKE '%timeout%'",
    "a field of JSON text": "SELECT json_extract_string(dimensions, '$.orgId') AS org, count(*) FROM requests GROUP BY org",
    "distinct machine and code": "SELECT DISTINCT machine, resultCode FROM requests",
}


def main() -> int:
    folder = pathlib.Path(sys.argv[1])
    ours = json.loads((folder / "kql.json").read_text())
    database = duckdb.connect()
    database.execute("PRAGMA threads=1")
    database.execute(
        "CREATE TABLE requests AS SELECT * FROM read_csv(?, columns={'timestamp': 'BIGINT', 'name': 'VARCHAR', "
        "'machine': 'BIGINT', 'resultCode': 'INTEGER', 'duration': 'DOUBLE', 'message': 'VARCHAR', 'dimensions': 'VARCHAR'})",
        [str(folder / "requests.csv")],
    )
    database.execute(
        "CREATE TABLE machines AS SELECT range AS machine, 'zone-' || range % 6 AS zone FROM range(1000)"
    )
    print(f"{'':30} {'KQL ms':>9} {'DuckDB ms':>9} {'KQL takes':>10}")
    met = True
    for number, (name, query) in enumerate(CASES.items()):
        times = []
        for _ in range(TURNS):
            start = time.perf_counter()
            database.execute(query).fetchall()
            times.append((time.perf_counter() - start) * 1e3)
        theirs = statistics.median(times)
        ratio = ours[name] / theirs
        print(f"{name:30} {ours[name]:9.1f} {theirs:9.1f} {ratio:9.2f}x")
        if number == 0:
            met = ratio <= BAR
    print(f"at most {BAR} times what DuckDB takes for the first: {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
