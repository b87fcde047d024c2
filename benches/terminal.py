#!/usr/bin/env python3
"""Measures the cockpit through a terminal, side by side with the floor and its peers, against docs/performance.md.

  benches/terminal.py [--runs N] [--only 1,2,10] [--json FILE] [--profile release|dev] [--program PATH] [--csvlens PATH]

Builds the program and the floor, prepares sample data in target/bench (once), then runs all cases in turns, A B C A B C,
and compares inside each turn: a busy machine slows both sides, so only the ratio counts. Prints one row a goal.
Goals 7 to 9, 11 and 12 need a server or a bench of their own (benches/README.md). Needs Python 3.9 and `pip install pyte`;
less, htop and csvlens take part where they are installed.
"""
import argparse, contextlib, csv, functools, http.server, json, os, pathlib, shutil, sqlite3, statistics, subprocess, sys, threading
import urllib.parse

sys.dont_write_bytecode = True  # ttyprobe is imported from this folder
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target/bench"

# How the cockpit is operated. Change these with its keys; a wrong one shows as "lost" presses.
QUIT = "q"
RUN_FIRST_ACTION, SEND = "1", "Enter"
FILTER = "/"
PAUSE = 0.2  # seconds between two notes of another process
TABS_TO_RESULT, TABS_TO_TIMELINE = 0, 1  # from the pane that has the keys: after the first action; after `resume`

PLAYBOOK = """---
quarterdeck: 1
id: {id}
title: Bench {id}
severity: P3
---

## Watch

```promql {{#samples source=metrics every={every}}}
bench_samples
```

## Investigate

### Read the audit entries

```sql {{#entries source=bench limit=1000000 timeout=120s}}
SELECT id, at, org, action, meta FROM audit_entries ORDER BY id
```
"""
CONFIG = """profile = "bench"
operator = "bench"

[profiles.bench.sources.bench]
kind = "sqlite"
path = "{database}"

[profiles.bench.sources.metrics]
kind = "prometheus"
url = "http://127.0.0.1:{metrics}"
"""


# --- sample data ------------------------------------------------------------------------------------------------------

def cells(row):
    """The same rows as benches/floor.rs."""
    action = ("run.start", "step.ok", "query.run", "note.add", "step.skip")[row % 5]
    at = f"2026-11-{row // 1440 % 28 + 1:02} {row // 60 % 24:02}:{row % 60:02}"
    return row, at, f"org-{row * 7919 % 500}", action, f'{{"ip":"10.0.{row // 256 % 256}.{row % 256}"}}'


def prepare_rows(count):
    """A SQLite file and a CSV file with `count` rows."""
    database, text = WORK / f"rows-{count}.db", WORK / f"rows-{count}.csv"
    if not (database.exists() and text.exists()):
        database.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("CREATE TABLE audit_entries (id INTEGER PRIMARY KEY, at TEXT, org TEXT, action TEXT, meta TEXT)")
            connection.executemany("INSERT INTO audit_entries VALUES (?,?,?,?,?)", map(cells, range(count)))
        with open(text, "w", newline="") as file:
            csv.writer(file).writerows([("id", "at", "org", "action", "meta"), *map(cells, range(count))])
    return database, text


class Metrics(http.server.BaseHTTPRequestHandler):
    """As much of Prometheus as a chart needs: one line that rises and falls."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        start, end, step = (float(form[name][0]) for name in ("start", "end", "step"))
        count = int((end - start) / step) + 1
        values = [[start + i * step, f"{50 + 40 * ((start / step + i) % 107 / 107):.3f}"] for i in range(count)]
        data = {"resultType": "matrix", "result": [{"metric": {"__name__": "bench_samples"}, "values": values}]}
        body = json.dumps({"status": "success", "data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_): pass


@functools.cache
def metrics_port():
    """Serves `Metrics` until this program ends."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metrics)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def prepare_home(name, database, playbooks=1, every="600s"):
    """Folders of one case; returns its environment."""
    home = WORK / "homes" / name
    library = home / "config/playbooks"
    library.mkdir(parents=True, exist_ok=True)
    (home / "config/config.toml").write_text(CONFIG.format(database=database, metrics=metrics_port()))
    for number in range(playbooks):
        (library / f"bench-{number}.md").write_text(PLAYBOOK.format(id=f"bench-{number}", every=every))
    places = {f"QUARTERDECK_{place}": str(home / place.lower()) for place in ("CONFIG", "DATA", "STATE")}
    return {"HOME": str(home), "TZ": "UTC", **places}


def prepare_timeline(appender, env, entries):
    """An incident with at least so many entries by one session, `last` of its home."""
    if next(pathlib.Path(env["QUARTERDECK_DATA"]).glob("live/*/record.db"), None): return
    command = [appender, env["QUARTERDECK_DATA"], "--count", str(entries), "--synchronous", "normal"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


# --- cases ------------------------------------------------------------------------------------------------------------

def cases(program, examples, wanted, csvlens="csvlens"):
    """name -> a case of ttyprobe, plus `beside`: a command that runs again and again meanwhile. The floor comes first."""
    small, small_csv = prepare_rows(10_000)
    # First the cursor moves, then every press scrolls: also the floor's table, which is the highest, is full by then.
    keys = [["row", "Down", 10], ["_down", "Down", 30], ["scroll", "Down", 40], ["page", "PgDn", 20]]
    size = {"resize": "80x24*5"} if wanted & {17} else {}
    size |= {"idle": 10} if wanted & {5, 6} else {}
    found = {"floor": {"cmd": [str(examples / "floor"), "10000"], "ready": "audit_entries", "keys": keys, "quit": "q", **size}}
    peers = {
        "less": {"cmd": ["less", "-S", str(small_csv)], "ready": "org-", "keys": keys, "quit": "q", **size},
        "csvlens": {"cmd": [csvlens, str(small_csv)], "ready": "org-", "keys": keys, "quit": "q", **size},
        "htop": {"cmd": ["htop", "-d", "50"], "ready": "F10", "keys": [["row", "Down", 50]], "quit": "q", **size},
    }
    missing = [name for name, case in peers.items() if not shutil.which(case["cmd"][0])]
    found.update({name: case for name, case in peers.items() if name not in missing})

    def cockpit(name, arguments, keys, database=small, ready="Bench bench-0", every="600s", playbooks=1, **more):
        env = prepare_home(name, database, playbooks, every)
        found[name] = {"cmd": [program, *arguments], "env": env, "ready": ready, "keys": keys, "quit": QUIT, **more}
        return env

    open_bench = ["open", "bench-0"]
    load = [["_plan", RUN_FIRST_ACTION, 1, "ORDER BY id"], ["_run", SEND, 1, r"org-\d+"], ["_focus", "Tab", TABS_TO_RESULT]]
    cockpit("cockpit", open_bench, [*load, *keys], **size)
    if wanted & {5}:
        cockpit("home screen", [], [], ready=r"\S", idle=10)
    if wanted & {6}:
        cockpit("polling", open_bench, [], every="5s", idle=30)
    if wanted & {10}:
        large, _ = prepare_rows(1_000_000)
        jump = [["end", "End", 1], ["after-end", "Up", 5]]
        whole = [["_whole", "lit:", 1, r"1[, ]?000[, ]?000 rows"]]
        cockpit("cockpit 1M", open_bench, [*load[:2], *whole, load[2], *keys, *jump], database=large, timeout=180)
    if wanted & {13}:
        env = cockpit("appending", open_bench, [*load, *keys])
        found["appending"]["beside"] = ([program, "note", "last", "meanwhile"], env)
    for entries in (10, 10_000) if wanted & {14} else ():
        keys_there = [["_focus", "Tab", TABS_TO_TIMELINE], ["row", "Up|Down", 50]]
        env = cockpit(f"timeline {entries}", ["resume", "last"], keys_there, ready="Appending")
        prepare_timeline(str(examples / "append"), env, entries)
    for count in (10, 1_000) if wanted & {15} else ():
        cockpit(f"library {count}", [], [["_filter", FILTER], ["filter", "b|BS", 20]], ready="Bench bench-", playbooks=count)
    for signal in ("TERM", "HUP") if wanted & {16} else ():
        cockpit(f"SIG{signal}", open_bench, [], signal=signal)
    return found, missing


# --- goals ------------------------------------------------------------------------------------------------------------

READY, ROW, SCROLL, PAGE = "startup.ready_ms", "row.settled_ms", "scroll.settled_ms", "page.settled_ms"
RESIZE = "resize.settled_ms"
# goal, what, (case, metric, statistic), bars: (another case [and its metric], at most so many times that) or a limit
GOALS = [
    (1, "start to ready, ms", ("cockpit", READY, "p50"), [("floor", 2.0), ("htop", 0.25)]),
    (2, "row key p50, ms", ("cockpit", ROW, "p50"), [("csvlens", 1.2), ("less", None), ("floor", None)]),
    (2, "row key that scrolls p50, ms", ("cockpit", SCROLL, "p50"), [("csvlens", 1.2), ("less", None), ("floor", None)]),
    (2, "row key that scrolls p99, ms", ("cockpit", SCROLL, "p99"), [("floor", 2.0), ("less", None)]),
    (3, "page key p50, ms", ("cockpit", PAGE, "p50"), [("floor", 1.2), ("less", None), ("csvlens", None)]),
    (4, "bytes a row key", ("cockpit", "row.bytes", "p50"), [("floor", 1.1), ("less", None), ("csvlens", None)]),
    (4, "bytes a row key that scrolls", ("cockpit", "scroll.bytes", "p50"), [("floor", 1.1), ("less", None), ("csvlens", None)]),
    (4, "bytes a page key", ("cockpit", "page.bytes", "p50"), [("floor", 1.1), ("less", None), ("csvlens", None)]),
    (5, "idle home screen, CPU %", ("home screen", "idle.cpu_pct", "p50"), [0, ("less", None)]),
    (5, "idle home screen, wakeups/s", ("home screen", "idle.wakeups_s", "p50"), [0]),
    (5, "idle home screen, bytes/s", ("home screen", "idle.bytes_s", "p50"), [0]),
    (5, "idle incident, CPU % (moonshot: 0)", ("cockpit", "idle.cpu_pct", "p50"), [("less", None)]),
    (6, "charts every 5 s, CPU %", ("polling", "idle.cpu_pct", "p50"), [("htop", 1.0)]),
    (6, "charts every 5 s, bytes/s", ("polling", "idle.bytes_s", "p50"), [("htop", 1.0)]),
    (10, "row key p50 at 1M rows, ms", ("cockpit 1M", SCROLL, "p50"), [("cockpit", 1.1)]),
    (10, "page key p50 at 1M rows, ms", ("cockpit 1M", PAGE, "p50"), [("cockpit", 1.1)]),
    (10, "slowest key after the jump to the end, ms", ("cockpit 1M", "after-end.settled_ms", "max"), [16]),
    # The first byte: a note that arrives within the 50 ms of silence paints as well, and is not the key's.
    (13, "row key to first byte p99 while appending, ms", ("appending", "scroll.first_ms", "p99"), [("cockpit", 1.5)]),
    (13, "the same, p50", ("appending", "scroll.first_ms", "p50"), [("cockpit", 1.5)]),
    (14, "ready at 10,000 entries, ms", ("timeline 10000", READY, "p50"), [("timeline 10", 1.1)]),
    (14, "row key p50 at 10,000 entries, ms", ("timeline 10000", ROW, "p50"), [("timeline 10", 1.1)]),
    (15, "ready with 1,000 playbooks, ms", ("library 1000", READY, "p50"), [("library 10", 1.5)]),
    (15, "filter key p50, ms", ("library 1000", "filter.settled_ms", "p50"), [("floor", 1.5, ROW)]),
    (16, "not restored after quit", ("cockpit", "left_on", "max"), [0]),
    (16, "not restored after SIGTERM", ("SIGTERM", "left_on", "max"), [0, ("floor", None)]),
    (16, "not restored after SIGHUP", ("SIGHUP", "left_on", "max"), [0]),
    (17, "resize to settled p50, ms", ("cockpit", RESIZE, "p50"), [("floor", 1.5), ("less", None), ("csvlens", None)]),
    (0, "resident on an idle incident, MB", ("cockpit", "rss.steady_mb", "p50"), [25, ("floor", None)]),
]


def value(run, metric, statistic):
    """One figure of one run, None where the program never got there."""
    if metric == "left_on": return float(not run["exit"]["restored"])
    group, name = metric.rsplit(".", 1)
    if group in run.get("keys", {}):
        values = [press[name] for press in run["keys"][group]]
        if any(v is None for v in values): return None
    else:
        values = [run.get(group, {}).get(name)]
    if not values or values[0] is None: return None
    values.sort()
    return {"p50": statistics.median(values), "max": values[-1], "p99": values[min(len(values) - 1, int(len(values) * 0.99))]}[statistic]


def median(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


def report(runs, wanted, goals=GOALS):
    """Prints the table; the number of bars that are missed."""
    missed = 0
    print("| # | what | here | beside it, paired ratio | bar | |\n| --- | --- | --- | --- | --- | --- |")
    for goal, what, (case, metric, statistic), bars in goals:
        if goal not in wanted or case not in runs: continue
        ours = [value(run, metric, statistic) for run in runs[case]]
        beside, limits, met = [], [], []
        for bar in bars:
            if not isinstance(bar, tuple):
                limits.append(f"<= {bar}")
                met.append(all(v is not None for v in ours) and median(ours) <= bar)
                continue
            other, limit, other_metric = (*bar, metric)[:3]
            if other not in runs:
                beside.append(f"{other} not installed")
                continue
            theirs = [value(run, other_metric, statistic) for run in runs[other]]
            ratio = median([a / b for a, b in zip(ours, theirs) if a is not None and b])
            shown = "–" if ratio is None else f"{ratio:.2f}x"
            beside.append(f"{other} {figure(median(theirs))}, {shown}")
            if limit is not None:
                limits.append(f"<= {limit}x {other}")
                # Nothing beside nothing (0 bytes and 0 bytes) is no more than it.
                met.append(median(ours) is not None and (ratio <= limit if ratio is not None else median(ours) == 0))
        missed += met.count(False)
        verdict = "" if not met else "met" if all(met) else "MISSED"
        print(f"| {goal or ''} | {what} | {figure(median(ours))} | {'; '.join(beside)} | {', '.join(limits)} | {verdict} |")
    return missed


def figure(number):
    return "never" if number is None else f"{number:,.0f}" if number >= 100 else f"{number:.2f}".rstrip("0").rstrip(".")


def run_turns(found, count):
    """Every case once a turn; turn 0 warms the disk cache and is dropped."""
    import ttyprobe
    runs = {name: [] for name in found}
    for turn in range(count + 1):
        for name, case in found.items():
            print(f"turn {turn}: {name}", file=sys.stderr)
            stop = threading.Event()
            thread = threading.Thread(target=repeat, args=(*case["beside"], stop)) if "beside" in case else None
            if thread: thread.start()
            try: run = ttyprobe.run_case({k: v for k, v in case.items() if k != "beside"} | {"timeout": case.get("timeout", 20)})
            except OSError as error: print(f"{name}: {error}", file=sys.stderr); run = {"keys": {}, "exit": {"restored": False}}
            finally:
                stop.set()
                if thread: thread.join()
            if turn: runs[name].append(run)
    return runs


def repeat(command, env, stop):
    while not stop.wait(PAUSE):
        subprocess.run(command, env={**os.environ, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def build(profile):
    """Builds the program with the floor and the filler of records; the folder they are in."""
    what = ["--bin", "quarterdeck", "--example", "floor", "--example", "append"]
    subprocess.run(["cargo", "build", "--locked", "--profile", profile, *what], cwd=ROOT, check=True)
    return ROOT / "target" / ("debug" if profile == "dev" else profile)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", help="goals, as 1,2,10 (0: memory); all when not given")
    parser.add_argument("--json", help="file for every figure of every run")
    parser.add_argument("--profile", default="release", help="cargo profile to build with; figures of another than release say nothing")
    parser.add_argument("--csvlens", default="csvlens", help="the peer of goal 2, where it is not in the PATH")
    parser.add_argument("--program", help="measure this program instead of the one that is built")
    options = parser.parse_args()
    try: import pyte  # noqa: F401: the emulator that ttyprobe reads the screen with
    except ImportError: sys.exit("missing: the Python package pyte (pip install pyte, in a virtual environment)")
    wanted = {int(goal) for goal in options.only.split(",")} if options.only else {goal for goal, *_ in GOALS}

    WORK.mkdir(parents=True, exist_ok=True)
    built = build(options.profile) if not options.program else ROOT / "target" / options.profile
    found, missing = cases(os.path.abspath(options.program or built / "quarterdeck"), built / "examples", wanted, options.csvlens)
    runs = run_turns(found, options.runs)
    print(f"{options.runs} turns, 120x40, {options.profile} build, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
          + (f"; not installed: {', '.join(missing)}" if missing else "") + "\n")
    missed = report(runs, wanted)
    if options.json: pathlib.Path(options.json).write_text(json.dumps(runs, indent=1))
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
