#!/usr/bin/env python3
"""year.py BINARY FOLDER TARGET: a year made of one month, so that questions about a year can be measured without counting one.

FOLDER is a data folder of `drilldown make` with a day more than January 2026, whose cells the program adds up first. TARGET gets 2026 with
that month twelve times, days included: 1.8 GB at 100,000 visits a day.
"""
import datetime, os, shutil, sqlite3, sys, time

from program import CopyOf

JANUARY = 2026 * 12
# Tables by bucket, and the column that numbers their rows.
TABLES = {"packed": "id", "pairs": "id", "days": None, "months": None, "site_totals": None}


class Month(CopyOf):
    """A server on a copy of the month, on the day after its last."""

    def __init__(self, binary, folder):
        super().__init__(binary, folder, "2026-02-02T12:00:00Z")

    def is_added(self):
        with sqlite3.connect(f"file:{self.data}/headcount.db?mode=ro", uri=True, timeout=10) as database:
            return database.execute("SELECT turned FROM months_added WHERE month = ?", (JANUARY,)).fetchone() == (1,)


def day(month):
    """The first day of a month."""
    return (datetime.date(month // 12, month % 12 + 1, 1) - datetime.date(1970, 1, 1)).days


def columns(database, table):
    return [row[1] for row in database.execute(f"PRAGMA table_info({table})")]


def copy(database, table, grain, first, last, shift):
    """Copies rows of some buckets to buckets that lie so much later."""
    known = columns(database, table)
    names = [column for column in known if column != TABLES[table]]
    values = [f"bucket + {shift}" if column == "bucket" else column for column in names]
    of_grain = f"grain = {grain} AND" if "grain" in known else ""
    database.execute(f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table} "
                     f"WHERE {of_grain} bucket BETWEEN ? AND ?", (first, last))


def keep_january(database):
    for table in TABLES:
        if "grain" in columns(database, table):
            database.execute(f"DELETE FROM {table} WHERE grain = 0 OR grain = 2 AND bucket <> ? OR grain = 1 AND bucket >= ?",
                             (JANUARY, day(JANUARY + 1)))
        else:
            database.execute(f"DELETE FROM {table} WHERE bucket >= ?", (JANUARY + 1 if table == "months" else day(JANUARY + 1),))
    database.execute("DELETE FROM months_added WHERE month <> ?", (JANUARY,))
    database.execute("DELETE FROM months_begun WHERE month <> ?", (JANUARY,))
    database.execute("DELETE FROM days_closed WHERE day >= ?", (day(JANUARY + 1),))


def main(binary, folder, target):
    os.makedirs(target, exist_ok=True)
    with Month(binary, folder) as program:
        while not program.is_added():
            time.sleep(1)
        program.stop()
        shutil.copyfile(f"{program.data}/headcount.db", f"{target}/headcount.db")
    database = sqlite3.connect(f"{target}/headcount.db")
    database.execute("PRAGMA journal_mode = OFF")
    keep_january(database)
    for month in range(JANUARY + 1, JANUARY + 12):
        first, days = day(JANUARY), day(month + 1) - day(month)
        for table in ["packed", "pairs", "site_totals", "days"]:
            copy(database, table, 1, first, first + days - 1, day(month) - first)
        for table in ["packed", "pairs", "site_totals", "months"]:
            copy(database, table, 2, JANUARY, JANUARY, month - JANUARY)
        database.execute("INSERT INTO months_added (site, month, turned) SELECT site, ?, 1 FROM months_added WHERE month = ?", (month, JANUARY))
    database.commit()
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
