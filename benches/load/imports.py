#!/usr/bin/env python3
"""imports.py BINARY LOG ROUNDS: GoAccess and `headcount import` read the same log in turn, each on one core.

A ratio is always of two runs that follow each other; the figure is the median over the rounds. The time is that of the
CPU, which a shared machine leaves alone, and beside it that of the wall's clock.
"""
import os, signal, statistics, subprocess, sys, tempfile, time

binary, log, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
site = "example.com"


def measured(*command):
    """Seconds of CPU, seconds of wall, and MiB at the most, of a command on core 0."""
    begun = time.monotonic()
    child = subprocess.Popen(["taskset", "-c", "0", *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{command}: {said.decode(errors='replace')}")
    return dict(cpu_s=usage.ru_utime + usage.ru_stime, wall_s=time.monotonic() - begun, mib=usage.ru_maxrss / 1024)


def with_site(folder):
    """A data folder that has the site."""
    command = [binary, "serve", "--listen", "127.0.0.1:0", "--data", folder, "--site", site]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    # It prints the line for the site's pages once the site is there.
    server.stdout.readline()
    server.send_signal(signal.SIGTERM)
    server.wait(timeout=60)
    return folder


def run(number, lines):
    with tempfile.TemporaryDirectory(prefix="headcount-import-") as folder:
        goaccess = ["goaccess", log, "-o", f"{folder}/report.json", "--log-format=COMBINED", "--no-progress"]
        theirs = measured(*goaccess)
        data = with_site(f"{folder}/data")
        ours = measured(binary, "import", log, "--site", site, "--data", data)
    for name, cost in (("goaccess", theirs), ("headcount", ours)):
        print(f"round {number} {name:9} {lines / cost['cpu_s']:9.0f} lines/s of CPU, {lines / cost['wall_s']:9.0f}/s of wall, "
              f"{cost['mib']:5.0f} MiB", flush=True)
    return theirs, ours


with open(log, "rb") as file:
    lines = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
table = [run(number, lines) for number in range(1, rounds + 1)]
ratio = statistics.median(theirs["cpu_s"] / ours["cpu_s"] for theirs, ours in table)
memory_mib = max(ours["mib"] for _, ours in table)
print("\n| what | figure | bar | |\n|---|---|---|---|")
print(f"| lines/s of an import, of goaccess's | {ratio:.1f} x | >= 6 x | {'met' if ratio >= 6 else 'missed'} |")
print(f"| memory of an import | {memory_mib:.0f} MiB | <= 100 MiB | {'met' if memory_mib <= 100 else 'missed'} |")
sys.exit(0 if ratio >= 6 and memory_mib <= 100 else 1)
