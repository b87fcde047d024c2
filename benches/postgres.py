#!/usr/bin/env python3
"""Goals 7 to 9 of docs/performance.md: a query on a private PostgreSQL, beside psql, through a terminal.

  benches/postgres.py [--runs N] [--sizes 10000,1000000] [--json FILE] [--program PATH]

The same statement on tables of 10,000, 100,000 and 1,000,000 rows: from the key press to the first rows, to the last row
on screen, and the peak of resident memory. psql runs with a pager (`less -S`), once as it is and once with
FETCH_COUNT=1000. All are connected before the key press. Needs PostgreSQL, less, and what terminal.py needs.
"""
import argparse, contextlib, json, os, pathlib, pwd, shutil, socket, subprocess, sys, tempfile, time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import terminal

SIZES = (10_000, 100_000, 1_000_000)
STATEMENT = "SELECT id, at, org, action, meta FROM rows_{size} ORDER BY id"
ROWS = """
CREATE TABLE rows_{size} AS SELECT row AS id,
    timestamptz '2026-11-01 00:00Z' + row * interval '1 minute' AS at, 'org-' || row * 7919 % 500 AS org,
    (ARRAY['run.start','step.ok','query.run','note.add','step.skip'])[row % 5 + 1] AS action,
    format('{{"ip":"10.0.%s.%s"}}', row / 256 % 256, row % 256)::json AS meta
  FROM generate_series(0::bigint, {last}) AS row;
ALTER TABLE rows_{size} ADD PRIMARY KEY (id);
ANALYZE rows_{size};
"""
ENTRIES = "SELECT id, at, org, action, meta FROM audit_entries ORDER BY id"
SQLITE = 'kind = "sqlite"\npath = ""'
POSTGRES = 'kind = "postgres"\nurl = "postgres://postgres@127.0.0.1:{port}/postgres"'


@contextlib.contextmanager
def server():
    """A private server on the loopback, gone afterwards; its port. It refuses to run as root."""
    places = [*os.environ["PATH"].split(":"), *sorted(map(str, pathlib.Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)]
    programs = next((p for p in map(pathlib.Path, places) if (p / "initdb").exists() and (p / "postgres").exists()), None)
    if not programs or not shutil.which("psql"): sys.exit("missing: PostgreSQL with initdb, postgres and psql")
    folder, prefix = tempfile.mkdtemp(prefix="quarterdeck-pg-"), []
    if os.getuid() == 0:
        user = next(entry for entry in pwd.getpwall() if entry.pw_name in ("postgres", "nobody"))
        user = next((entry for entry in pwd.getpwall() if entry.pw_name == "postgres"), user)
        os.chown(folder, user.pw_uid, user.pw_gid)
        os.chmod(folder, 0o755)
        prefix = ["runuser", "-u", user.pw_name, "--"]
    made = [*prefix, str(programs / "initdb"), "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync",
            "--pgdata", f"{folder}/data"]
    subprocess.run(made, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with socket.create_server(("127.0.0.1", 0)) as free: port = free.getsockname()[1]
    command = [*prefix, str(programs / "postgres"), "-D", f"{folder}/data", "-k", folder, "-p", str(port),
               "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_wal_size=4GB"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while subprocess.run(psql(port, "-c", "SELECT 1"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            if time.monotonic() > deadline or process.poll() is not None: sys.exit("postgres did not start")
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()  # runuser passes it on
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def psql(port, *more):
    return ["psql", "-X", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-d", "postgres", *more]


def cases(program, port, sizes):
    found = {}
    for size in sizes:
        statement = STATEMENT.format(size=size)
        first, last = r"org-\d+", rf"(?<!\d){size - 1}(?!\d)"
        for name, more in (("psql", []), ("psql FETCH_COUNT", ["-v", "FETCH_COUNT=1000"])):
            found[f"{name} {size}"] = {
                "cmd": psql(port, *more, "-P", "pager=always"), "env": {"PAGER": "less -S", "PSQL_PAGER": "less -S", "PSQL_HISTORY": "/dev/null"},
                "ready": r"postgres=[#>]", "keys": [["query", f"lit:{statement};\\r", 1, first], ["end", "G", 1, last]],
                "quit": "q;lit:\\q\\r", "timeout": 120}
        env = terminal.prepare_home(f"postgres {size}", "")
        home = pathlib.Path(env["HOME"]) / "config"
        config = home / "config.toml"
        config.write_text(config.read_text().replace(SQLITE, POSTGRES.format(port=port)))
        playbook = home / "playbooks/bench-0.md"
        playbook.write_text(playbook.read_text().replace(ENTRIES, statement))
        count = f"{size:,}".replace(",", " ")
        found[f"cockpit {size}"] = {
            "cmd": [program, "open", "bench-0"], "env": env, "ready": "Bench bench-0", "keys": [
                ["_plan", terminal.RUN_FIRST_ACTION, 1, "ORDER BY id"], ["query", terminal.SEND, 1, first], ["_whole", "lit:", 1, rf"(?<!\d ){count} rows ·"],
                *[["_focus", "Tab"]] * terminal.TABS_TO_RESULT, ["end", "End", 1, f"row {count}/"]],
            "quit": terminal.QUIT, "timeout": 120}
    return found


def add_last(runs):
    """From the key press of the query to the last row on screen. The cockpit is asked to jump only when the emulator has
    drawn all frames of the rows' arrival, so what it waited for that is left out: rows there plus the jump."""
    for run in (run for case in runs.values() for run in case):
        query, end = (run["keys"].get(label, [{}])[0] for label in ("query", "end"))
        if end.get("settled_ms") is None: continue
        asked = run["startup"].get("_whole_ms") or end["at_ms"]
        run["keys"]["last"] = [{"settled_ms": asked + end["settled_ms"] - query["at_ms"]}]


def goals(sizes):
    first, last, peak = "query.settled_ms", "last.settled_ms", "rss.peak_mb"
    small, large = min(sizes), max(sizes)
    for size in sizes:
        growth = [(f"cockpit {small}", 1.2)] if size == large != small else []
        yield 7, f"first of {size:,} rows, ms", (f"cockpit {size}", first, "p50"), [(f"psql FETCH_COUNT {size}", 1.0), (f"psql {size}", None), *growth]
    for size in sizes:
        bar = 0.5 if size == large else None
        yield 8, f"last of {size:,} rows on screen, ms", (f"cockpit {size}", last, "p50"), [(f"psql {size}", bar), (f"psql FETCH_COUNT {size}", None)]
    for size in sizes:
        bars = [(f"psql FETCH_COUNT {size}", 0.3 if size == large else None), (f"psql {size}", None)]
        growth = [(f"cockpit {small}", 2.0)] if size == large != small else []
        yield 9, f"peak resident memory, {size:,} rows, MB", (f"cockpit {size}", peak, "p50"), [*bars, *growth]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--json", help="file for every figure of every run")
    parser.add_argument("--program", help="measure this program instead of the one that is built")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    program = os.path.abspath(options.program or terminal.build("release") / "quarterdeck")
    with server() as port:
        for size in sizes:
            subprocess.run(psql(port, "-q", "-c", ROWS.format(size=size, last=size - 1)), check=True)
        runs = terminal.run_turns(cases(program, port, sizes), options.runs)
    add_last(runs)
    print(f"{options.runs} turns, 120x40, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    missed = terminal.report(runs, {7, 8, 9}, list(goals(sizes)))
    if options.json: pathlib.Path(options.json).write_text(json.dumps(runs, indent=1))
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
