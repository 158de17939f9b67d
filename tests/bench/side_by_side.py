#!/usr/bin/env python3
"""Runs commands in turn and tells what each takes: wall time, CPU time (children included), peak memory of the largest
process. The order changes each round, so that what else the machine does falls on all alike.

    side_by_side.py ROUNDS NAME=COMMAND...          each COMMAND is a shell's; its output is thrown away
"""
import os
import statistics
import sys
import time


def run(command):
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.execvp("sh", ["sh", "-c", "exec " + command])
    _, status, usage = os.wait4(pid, 0)
    return time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, status


def text(values):
    return "%.3g [%.3g-%.3g]" % (statistics.median(values), min(values), max(values))


def main():
    if len(sys.argv) < 3 or not sys.argv[1].isdigit() or not all("=" in one for one in sys.argv[2:]):
        sys.exit(__doc__)
    commands = dict(one.split("=", 1) for one in sys.argv[2:])
    taken = {name: [] for name in commands}
    names = list(commands)
    for turn in range(int(sys.argv[1])):
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            wall, cpu, memory, status = run(commands[name])
            if status not in (0, 1 << 8):  # 1: found something
                sys.exit("%s failed with %d" % (name, status))
            taken[name].append((wall, cpu, memory))
    print("|  | wall s | CPU s | peak MiB |\n|---|---|---|---|")
    for name, values in taken.items():
        print("| %s | %s |" % (name, " | ".join(text(column) for column in zip(*values))))


main()
