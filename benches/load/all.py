"""Runs the benches one after the other and prints their rows as one table.

A bench prints tables in Markdown. One with the columns what, figure, bar is taken as it is; of any other the first column is what
was measured, and the rest with their heads are the figure.
"""

import datetime
import os
import platform
import subprocess
import sys

# Name of a part, and its command.
PARTS = {
    "hits": ["benches/against_nginx"],
    "goatcounter": ["benches/against_goatcounter"],
    "imports": ["benches/against_goaccess", "2", "5000000"],
    "walk": ["benches/against_walk", "5000000"],
    "day": ["benches/running_day"],
    "memory": ["benches/memory"],
    "questions": ["benches/questions"],
    "audit": ["benches/audit"],
    "pages": ["benches/against_static"],
    "instructions": ["benches/instructions"],
    "flow": ["cargo", "bench", "--locked", "--bench", "flow"],
    "journal": ["cargo", "bench", "--locked", "--bench", "journal"],
    "knowing": ["cargo", "bench", "--locked", "--bench", "knowing"],
    "drilldown": ["cargo", "bench", "--locked", "--bench", "drilldown"],
}


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def rows(lines):
    """Rows of all tables among lines: what, figure, bar and verdict."""
    head = before = None
    for line in lines:
        if not line.startswith("|"):
            head = None
        elif set(line) <= set("|-: \n"):
            head = before
        elif head is not None:
            what, *rest = cells(line)
            if head[:3] == ["what", "figure", "bar"]:
                yield [what, *rest, "", "", ""][:4]
            else:
                named = zip(rest, head[1:])
                yield [what, ", ".join(f"{figure} {name}".strip() for figure, name in named if figure), "", ""]
        before = cells(line) if line.startswith("|") else None


def run(command):
    """Prints what a command prints, and gives its lines and whether it went well."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as bench:
        lines = []
        for line in bench.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    return lines, bench.returncode == 0


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.machine()


def main():
    asked = sys.argv[1:] or list(PARTS)
    unknown = [part for part in asked if part not in PARTS]
    if unknown:
        sys.exit(f"no part {unknown[0]}; there are {', '.join(PARTS)}")
    table, failed = [], []
    for part in asked:
        print(f"\n== {part}: {' '.join(PARTS[part])}", flush=True)
        lines, went_well = run(PARTS[part])
        found = list(rows(lines))
        table += [[part, *row] for row in found]
        if not went_well or not found:
            failed.append(part)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    print(f"\n{today}, {processor()}, {platform.system()} {os.uname().release}\n")
    print("| part | what | figure | bar | |\n|---|---|---|---|---|")
    for row in table:
        print(f"| {' | '.join(row)} |")
    missed = [row[1] for row in table if row[4] == "missed"]
    if failed or missed:
        sys.exit("\n" + "; ".join([f"{part}: missed a bar or failed" for part in failed] or missed))


main()
