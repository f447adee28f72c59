#!/usr/bin/env python3
"""log.py POOL LINES OUT: an access log in Combined Log Format, the same at each call.

Thirty days in order of time: 45 % pages, 45 % what pages load, 10 % bots; 3 % are not found. Addresses of both families.
"""
import math, random, sys, time

pool, lines_count, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
random_of = random.Random(11).random
first_s, seconds = 1_780_272_000, 30 * 86_400


def lines(name):
    with open(f"{pool}/{name}.txt") as file:
        return file.read().splitlines()


def any_of(items):
    return items[int(random_of() * len(items))]


def popular(items):
    """Rank k with a probability of about 1/k."""
    return items[min(int(math.exp(random_of() * math.log(len(items) + 1))), len(items)) - 1]


paths, referrers, agents, bots, addresses = map(lines, ("paths", "referrers", "agents", "bots", "addresses"))
assets = [f"/assets/part-{n * 7919 % 65536:04x}.{('js', 'css', 'png', 'webp', 'woff2', 'svg')[n % 6]}" for n in range(240)]


def request(visitor):
    """Target, referrer and agent."""
    agent, kind = agents[visitor * 7919 % len(agents)], random_of()
    if kind < 0.45:
        query = f"?utm_source=news{int(random_of() * 5)}&utm_medium=email" if random_of() < 0.1 else ""
        return popular(paths) + query, popular(referrers) if random_of() < 0.45 else "-", agent
    if kind < 0.90:
        return popular(assets), "https://example.com" + popular(paths), agent
    return popular(paths), "-", any_of(bots)


def status():
    share = random_of()
    return 200 if share < 0.90 else 304 if share < 0.95 else 301 if share < 0.97 else 404


with open(out, "w", buffering=1 << 20) as file:
    stamp_s, stamp = None, ""
    for number in range(lines_count):
        at_s = first_s + number * seconds // lines_count
        if at_s != stamp_s:
            stamp_s, stamp = at_s, time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(at_s))
        visitor = int(random_of() * len(addresses))
        target, referrer, agent = request(visitor)
        code = status()
        size = 0 if code == 304 else 500 + int(random_of() * 60_000)
        file.write(f'{addresses[visitor]} - - [{stamp}] "GET {target} HTTP/1.1" {code} {size} "{referrer}" "{agent}"\n')
