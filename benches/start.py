#!/usr/bin/env python3
"""Start to ready with a reader that only reads: no terminal is emulated, so nothing but the program takes time.

  benches/start.py [PROGRAM…]

Programs take turns, 40 each, with the floor (`benches/floor.rs`); without one it is the release build. Needs what `benches/terminal.py --only 1`
leaves behind: both programs, and a playbook and a configuration in target/bench. Prints the median and the least of each in milliseconds.
"""
import fcntl, os, pathlib, pty, select, shutil, statistics, struct, sys, termios, time

ROOT = pathlib.Path(__file__).resolve().parent.parent
HOME = ROOT / "target/bench/homes/cockpit"
TURNS = 40


def start(command, ready):
    """Milliseconds from the fork to the bytes that say it is ready, in a terminal of 120 columns and 40 rows."""
    for folder in ("data", "state"):
        shutil.rmtree(HOME / folder, ignore_errors=True)
    places = {f"QUARTERDECK_{place}": str(HOME / place.lower()) for place in ("CONFIG", "DATA", "STATE")}
    begun = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.execve(command[0], command, {**os.environ, "HOME": str(HOME), "TERM": "xterm-256color", **places})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    seen = b""
    while ready not in seen:
        if not select.select([terminal], [], [], 10)[0]:
            sys.exit(f"{command[0]} did not show {ready!r} within 10 s")
        seen += os.read(terminal, 65536)
    took = (time.perf_counter() - begun) * 1000
    os.kill(child, 9)
    os.waitpid(child, 0)
    os.close(terminal)
    return took


programs = sys.argv[1:] or [str(ROOT / "target/release/quarterdeck")]
cases = {program: ([program, "open", "bench-0"], b"Bench bench-0") for program in programs}
cases["floor"] = ([str(ROOT / "target/release/examples/floor"), "10000"], b"audit_entries")
times = {name: [] for name in cases}
for _ in range(TURNS):
    for name, case in cases.items():
        times[name].append(start(*case))
for name, taken in times.items():
    print(f"{name}: median {statistics.median(taken):.1f} ms, least {min(taken):.1f} ms")
