"""audit.py BINARY FOLDER MB: makes a data folder of so many megabytes and a log of a tenth of it, and prints how long an audit of each takes.

FOLDER has what `pool.py` makes. The database has the sums of 30 imported days, and the same again for later days until it is large
enough; the log has lines of the program's kind with ordinary paths in them.
"""
import os, resource, sqlite3, subprocess, sys, time

from program import SITE
from year import TABLES, columns, copy, day

FIRST, DAYS, LINES, BAR_S = 2026 * 12 + 5, 30, 300_000, 10


def imported(binary, folder, data):
    log = f"{folder}/access.log"
    subprocess.run([sys.executable, "benches/load/log.py", folder, str(LINES), log], check=True)
    subprocess.run([binary, "site", "add", SITE, "--data", data], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([binary, "import", log, "--site", SITE, "--data", data], check=True, stdout=subprocess.DEVNULL)
    os.remove(log)


def grown(file, size):
    database = sqlite3.connect(file)
    database.execute("PRAGMA journal_mode = OFF")
    first, shift = day(FIRST), 0
    while os.path.getsize(file) < size:
        shift += DAYS
        for table in TABLES:
            if "grain" in columns(database, table):
                copy(database, table, 1, first, first + DAYS - 1, shift)
        database.commit()
    database.close()


def written(folder, size):
    os.makedirs(folder)
    with open(f"{folder}/../paths.txt", encoding="utf-8") as file:
        paths = file.read().splitlines()
    with open(f"{folder}/headcount.log", "w", encoding="utf-8") as log:
        at = 0
        while log.tell() < size:
            lines = (f"2026-06-01T09:{n // 60 % 60:02}:{n % 60:02}.123456Z  INFO counted {paths[n % len(paths)]} in {n % 97} ms\n"
                     for n in range(at, at + 10_000))
            log.write("".join(lines))
            at += 10_000


def audited(binary, folder, what, bar):
    """Prints a row, and tells whether the bar is kept."""
    size = sum(entry.stat().st_size for entry in os.scandir(folder)) / 1e6
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([binary, "audit", "--data", folder], stdout=subprocess.PIPE, text=True)
    took, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if "No trace of a person" not in done.stdout:
        sys.exit(f"the audit of {folder} found something:\n{done.stdout[:2000]}")
    is_kept = bar is None or took <= bar * size / 1000
    shown = "" if bar is None else f"<= {bar} s for 1,000 MB"
    print(f"| {what}, {size:,.0f} MB | {took:.1f} s, {size / took:.0f} MB/s; {cpu:.1f} s of CPU | {shown} | {'' if is_kept else 'missed'} |")
    return is_kept


def main(binary, folder, megabytes):
    data, text = f"{folder}/data", f"{folder}/text"
    if not os.path.isdir(data):
        imported(binary, folder, data)
        grown(f"{data}/headcount.db", megabytes * 1_000_000)
    if not os.path.isdir(text):
        written(text, megabytes * 100_000)
        subprocess.run([binary, "site", "add", SITE, "--data", text], check=True, stdout=subprocess.DEVNULL)
    for place in [data, text]:
        os.chmod(place, 0o700)
    print("| what | figure | bar | |\n|---|---|---|---|")
    kept = [audited(binary, data, "an audit of a data folder", BAR_S), audited(binary, text, "an audit of a log", None)]
    sys.exit(not all(kept))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
