#!/usr/bin/env python3
"""What scraping `rmqha monitor serve` costs: serve_scrapes.py RMQHA CONTEXT [SCRAPES_PER_SECOND [SECONDS]]

Starts it with an interval of 5 s, scrapes /metrics at a steady rate over kept connections, and tells its CPU time per
scrape (what idle collecting takes is measured first and left out), how often it asked the cluster, and its peak memory.
"""
import http.client
import os
import re
import subprocess
import sys
import time

TICKS = os.sysconf("SC_CLK_TCK")
INTERVAL = 5


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_mib(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1)) / 1024


def main():
    rmqha, context = sys.argv[1:3]
    rate = int(sys.argv[3]) if len(sys.argv) > 3 else 50
    seconds = int(sys.argv[4]) if len(sys.argv) > 4 else 30
    server = subprocess.Popen(
        [rmqha, "--context", context, "monitor", "serve", "--listen", "127.0.0.1:0", "--interval", f"{INTERVAL}s"],
        stderr=subprocess.PIPE, text=True)
    try:
        port = re.search(r"http://127\.0\.0\.1:(\d+)/metrics", server.stderr.readline()).group(1)
        connections = [http.client.HTTPConnection("127.0.0.1", int(port)) for _ in range(4)]

        def scrape(i):
            connection = connections[i % len(connections)]
            connection.request("GET", "/metrics")
            return connection.getresponse().read()

        def collections():
            return int(re.search(rb"rmqha_collections_total\{[^}]*\} (\d+)", scrape(0)).group(1))

        while collections() < 1:
            time.sleep(0.1)
        before = cpu_seconds(server.pid)
        time.sleep(seconds)
        idle = cpu_seconds(server.pid) - before

        collected, before, start, size = collections(), cpu_seconds(server.pid), time.monotonic(), 0
        for i in range(rate * seconds):
            time.sleep(max(0.0, start + i / rate - time.monotonic()))
            size = len(scrape(i))
        took = time.monotonic() - start
        used = cpu_seconds(server.pid) - before
        collected = collections() - collected
        print(f"{rate * seconds} scrapes of {size} bytes in {took:.1f} s: {(used - idle) / (rate * seconds) * 1000:.3f} "
              f"ms CPU each; {collected} collections, {idle / (seconds / INTERVAL) * 1000:.1f} ms CPU each; "
              f"peak {peak_mib(server.pid):.1f} MiB")
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
