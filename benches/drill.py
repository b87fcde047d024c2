#!/usr/bin/env python3
"""A long drill on a terminal: memory while it runs, and what a key costs at its end.

  benches/drill.py [--hours 8] [--speed 60] [PROGRAM]

Plays `coordinated-attack` at 120x40 with its live charts and one query, without any key for the simulated hours (8 at speed 60 take eight minutes),
then moves the cursor 200 times. Prints resident memory over time, its peak, and the time of the thread that draws, a key: reading it, the
engine's turn, the frame, and writing it. The exit code is 1 when memory reaches 150 MiB or a key 5 ms. Without PROGRAM it is the release build. Linux only.
"""
import argparse, fcntl, os, pathlib, pty, select, shutil, struct, sys, tempfile, termios, time

ROOT = pathlib.Path(__file__).resolve().parent.parent
MEMORY_MIB, FRAME_MS, KEYS = 150, 5, 200

options = argparse.ArgumentParser()
options.add_argument("program", nargs="?", default=str(ROOT / "target/release/quarterdeck"))
options.add_argument("--hours", type=float, default=8)
options.add_argument("--speed", type=float, default=60)
options = options.parse_args()

home = tempfile.mkdtemp()
child, terminal = pty.fork()
if child == 0:
    drill = ["drill", "coordinated-attack", "--seed", "7", "--speed", str(options.speed), "--as", "bench"]
    os.execve(options.program, [options.program, *drill], {"HOME": home, "TERM": "xterm-256color", "PATH": os.environ["PATH"]})
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))


def read_for(seconds):
    """Takes what the program writes, for so long."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            os.read(terminal, 65536)


def press(keys, seconds):
    os.write(terminal, keys)
    read_for(seconds)


def memory():
    """Resident memory, its peak, and the part that is no file, in MiB."""
    lines = dict(line.split(":", 1) for line in open(f"/proc/{child}/status") if ":" in line)
    return [int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM", "RssAnon")]


def drawing():
    """Processor time of the thread that draws, in milliseconds."""
    return int(open(f"/proc/{child}/task/{child}/schedstat").read().split()[0]) / 1e6


try:
    begun = time.monotonic()
    read_for(3)
    press(b"\r", 1)  # the page is read
    press(b"1", 2)
    press(b"\r", 2)  # the first query
    while (gone := time.monotonic() - begun) * options.speed < options.hours * 3600:
        read_for(15)
        resident, _, own = memory()
        print(f"{gone * options.speed / 3600:5.1f} h: {resident:.0f} MiB resident, {own:.0f} MiB its own", flush=True)
    press(b"\x1b\x1b\x1b", 2)
    before = drawing()
    for key in range(KEYS):
        press(b"jk"[key % 2 : key % 2 + 1], 0.02)
    frame = (drawing() - before) / KEYS
    peak = memory()[1]
finally:
    os.kill(child, 9)
    os.waitpid(child, 0)
    shutil.rmtree(home, ignore_errors=True)
met = peak < MEMORY_MIB and frame < FRAME_MS
print(f"peak {peak:.0f} MiB (bar {MEMORY_MIB}), a key {frame:.2f} ms (bar {FRAME_MS}): {'met' if met else 'MISSED'}")
sys.exit(0 if met else 1)
