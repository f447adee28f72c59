#!/usr/bin/env python3
"""Walks naively over a log and compares what it finds with `headcount report --json`.

In: a log in the combined format, the file of its bots (one agent a line), a data folder into which the log was imported, and
the program. Out: each figure that differs; exit code 1 if there is any. Forgets: nothing, and so needs memory for all visits.

  benches/oracle.py access.log --bots bots.txt --data DIR --site example.com --headcount target/release/headcount
"""

import argparse
import collections
import datetime
import gzip
import ipaddress
import json
import re
import subprocess
import sys
import urllib.parse

LINE = re.compile(r'(\S+) \S+ .*?\[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}) \S+ "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"')
GAP_S = 30 * 60
ASSET = re.compile(
    r"\.(7z|apk|atom|avif?|bin|bmp|bz2|cjs|css|csv|cur|deb|dmg|docx?|eot|exe|flac|flv|gif|gz|heic|ico|ics|iso|jpe?g?|jpg|js"
    r"|json|jsonld|jxl|m3u8|m4[av]|map|mjs|mkv|mov|mp[34d]|mpe?g|msi|og[agv]|opus|otf|pdf|png|pptx?|rar|rdf|rpm|rss|svgz?|swf"
    r"|tar|tgz|tiff?|ttf|txt|wasm|wav|web[mp]|webmanifest|woff2?|xlsx?|xml|xz|zip|zst)$",
    re.I,
)


def hits(path, bots, rejected):
    """Yields (day, second, visitor, page) for each line that counts, in UTC."""
    opened = gzip.open if path.endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8", errors="replace", newline="\n") as log:
        for line in log:
            found = LINE.match(line)
            if not found:
                rejected["bad_line"] += 1
                continue
            address, stamp, request, status, _, agent = found.groups()
            method, _, target = request.partition(" ")
            page = target.removesuffix(" HTTP/1.1").split("?")[0].split("#")[0]
            if method != "GET":
                rejected["method"] += 1
            elif status[0] != "2" and status != "304":
                rejected["status"] += 1
            elif ASSET.search(page):
                rejected["asset"] += 1
            elif agent in bots:
                rejected["bot"] += 1
            else:
                at = datetime.datetime.strptime(stamp, "%d/%b/%Y:%H:%M:%S %z").astimezone(datetime.timezone.utc)
                yield at.date().isoformat(), int(at.timestamp()), (network(address), agent), urllib.parse.unquote(page)


def network(address):
    """What of an address tells visitors apart: IPv4 whole, IPv6 its /64."""
    parsed = ipaddress.ip_address(address)
    return parsed if parsed.version == 4 else int(parsed) >> 64


def walk(path, bots):
    """Totals, figures by day and by page."""
    rejected, days, pages = collections.Counter(), collections.defaultdict(collections.Counter), collections.defaultdict(collections.Counter)
    visits = collections.defaultdict(list)  # (day, visitor): visits, each a list of (second, page)
    for day, second, visitor, page in hits(path, bots, rejected):
        mine = visits[day, visitor]
        if mine and second - mine[-1][-1][0] <= GAP_S:
            mine[-1].append((max(second, mine[-1][-1][0]), page))
        else:
            mine.append([(second, page)])
    for (day, _), mine in visits.items():
        days[day]["visitors"] += 1
        for page in {page for visit in mine for _, page in visit}:
            pages[page]["visitors"] += 1
        for visit in mine:
            days[day].update(visits=1, pageviews=len(visit), bounces=len(visit) == 1, seconds=visit[-1][0] - visit[0][0])
            for _, page in visit:
                pages[page]["pageviews"] += 1
            for page in {page for _, page in visit}:
                pages[page]["visits"] += 1
    return rejected, days, pages


def half_up(value):
    return int(value + 0.5)


def report(args, by):
    words = [args.headcount, "report", "--data", args.data, "--site", args.site, "--period", "all", "--json", "--rows", "1000000"]
    rows = json.loads(subprocess.run(words + ["--by", by], check=True, capture_output=True).stdout)["rows"]
    return {row[by]: row for row in rows}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("log")
    parser.add_argument("--bots", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--site", default="example.com")
    parser.add_argument("--headcount", default="headcount")
    args = parser.parse_args()
    with open(args.bots, encoding="utf-8") as file:
        bots = set(file.read().splitlines())
    rejected, days, pages = walk(args.log, bots)
    wrong = compared = 0

    def compare(what, ours, theirs):
        nonlocal wrong, compared
        compared += 1
        if ours != theirs:
            wrong += 1
            if wrong <= 20:
                print(f"{what}: the walk says {ours}, headcount {theirs}")

    told = {label: row for label, row in report(args, "day").items() if row["pageviews"]}
    for day in sorted(set(days) | set(told)):
        sums, row = days[day], told.get(day, {})
        for metric in ("visitors", "visits", "pageviews"):
            compare(f"{day} {metric}", sums[metric], row.get(metric))
        if sums["visits"]:
            compare(f"{day} bounce_rate", half_up(100 * sums["bounces"] / sums["visits"]), row.get("bounce_rate"))
            compare(f"{day} visit_duration", half_up(sums["seconds"] / sums["visits"]), row.get("visit_duration"))
    told = report(args, "page")
    for page in sorted(set(pages) | set(told)):
        for metric in ("visitors", "visits", "pageviews"):
            compare(f"{page} {metric}", pages[page][metric], told.get(page, {}).get(metric))
    print(f"{compared} figures compared, {wrong} differ; rejected: {dict(rejected)}")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
