"""The table of countries by address, which the program carries: how it is made, and what has to be true of it before that.

A row of the source is a first and a last address, both included, and a country. Where rows overlap, the narrowest counts: it
is what somebody said of just these addresses. Addresses with a special purpose (private, for documentation, reserved) have no
country. `src/hit/place/table.rs` reads what is written here.
"""

import bisect
import collections
import csv
import heapq
import ipaddress
import json
import random
import struct

SOURCE = "geo-whois-asn-country"
OTHERS = ["geolite2-country", "dbip-country"]
PACKAGES = [SOURCE, *OTHERS]

NETWORKS = {4: 32, 6: 128}

# What the others must agree with at least, in percent, of addresses and of rows, by family: some points below what they did with
# the release of 2026-06-17. Rows weigh a host of a hosting company as much as a whole provider, so they agree less.
AGREEMENT_MIN = {
    ("geolite2-country", 4): (96.0, 72.0), ("geolite2-country", 6): (93.0, 72.0),
    ("dbip-country", 4): (92.0, 62.0), ("dbip-country", 6): (93.0, 57.0),
}
ADDRESSES = 100_000
# Fewest rows of a family; a source that lost a registry has fewer.
ROWS_MIN = {4: 250_000, 6: 150_000}
BYTES_MAX = 1_900_000

# IANA's registries of special-purpose addresses, and what is reserved, as of 2026-11.
SPECIAL = {
    4: "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 "
       "192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3",
    6: "::/3 2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20 4000::/2 8000::/1",
}

# Blocks of APNIC's within which the source takes the registry's own country for that of every network it has not found: KDDI's and
# IIJ's customers in Japan would be Australians. Where it says so, nothing is known; about a row in them that says otherwise nothing
# speaks against.
FILLED = {
    6: ("AU", "2001:200::/23 2001:c00::/23 2001:e00::/23 2001:4400::/23 2001:a000::/20 2001:b000::/20"),
}

# How many lengths have a code of one byte, and of two.
SHORT_CODES = 224
LONG_CODES = 32 * 256
# Runs in one block: the fewer, the faster, and the larger; the first that fits is taken.
BLOCK_RUNS = [12, 16, 24, 32]
SAMPLE_ROWS = 600


def rows_of(folder, package, family):
    """First and last address and country of each row, by first address."""
    path = folder / package / f"{package}-ipv{family}-num.csv"
    with path.open(newline="") as lines:
        return sorted((int(first), int(last), country) for first, last, country in csv.reader(lines))


def without_fill(rows, family):
    """The rows without the country that only stands for the registry."""
    country, blocks = FILLED.get(family, ("", ""))
    blocks = [ipaddress.ip_network(block) for block in blocks.split()]
    for first, last, told in rows:
        for block in blocks if told == country else []:
            start, end = max(first, int(block[0])), min(last, int(block[-1]))
            if start <= end:
                if first < start:
                    yield first, start - 1, told
                yield start, end, ""
                first = end + 1
        if first <= last:
            yield first, last, told


def runs_of(rows, family, known):
    """First address and country of each run of addresses of the same country, from 0 to the end; an empty one has none."""
    special = [ipaddress.ip_network(network) for network in SPECIAL[family].split()]
    # A special purpose is narrower than any row.
    marks = [(int(network[0]), int(network[-1]), 0, "") for network in special]
    marks += [(first, last, last - first + 1, country if country in known else "") for first, last, country in rows]
    marks.sort()
    ends = sorted({first for first, *_ in marks} | {last + 1 for _, last, *_ in marks} | {0})
    runs, open_marks, at = [], [], 0
    for start in ends:
        while at < len(marks) and marks[at][0] <= start:
            heapq.heappush(open_marks, (marks[at][2], marks[at][1], marks[at][3]))
            at += 1
        while open_marks and open_marks[0][1] < start:
            heapq.heappop(open_marks)
        country = open_marks[0][2] if open_marks else ""
        if start < 1 << NETWORKS[family] and (not runs or runs[-1][1] != country):
            runs.append((start, country))
    return runs


def looked_up(runs, address):
    return runs[bisect.bisect_right(runs, (address, "~")) - 1][1]


def agreement(runs, others, addresses):
    """Of the addresses that both know, how many percent have the same country."""
    pairs = [(looked_up(runs, address), looked_up(others, address)) for address in addresses]
    both = [(one, other) for one, other in pairs if one and other]
    return 100 * sum(one == other for one, other in both) / max(len(both), 1)


def compared(folder, tables, rows, known):
    """Prints how well the others agree; the faults that speak against the release."""
    faults = []
    print("agreement, %         family   of addresses   of rows")
    for other in OTHERS:
        for family in NETWORKS:
            theirs = runs_of(rows_of(folder, other, family), family, known)
            dice = random.Random(1)
            spans = [(first, last) for first, last, _ in rows[family]]
            by_size = dice.choices(spans, weights=[last - first + 1 for first, last in spans], k=ADDRESSES)
            shares = [
                agreement(tables[family], theirs, [dice.randint(*span) for span in chosen])
                for chosen in (by_size, dice.choices(spans, k=ADDRESSES))
            ]
            print(f"{other:20} IPv{family} {shares[0]:16.2f} {shares[1]:9.2f}")
            for share, least, what in zip(shares, AGREEMENT_MIN[other, family], ("addresses", "rows")):
                if share < least:
                    faults.append(f"only {share:.2f} % of IPv{family} {what} are as in {other}; {least} % are wanted")
    for family, least in ROWS_MIN.items():
        if len(rows[family]) < least:
            faults.append(f"only {len(rows[family])} rows of IPv{family}; {least} are wanted")
    return faults


def family_bytes(runs, codes, family, block_runs):
    """Blocks by first address, lengths by code, and the runs. Of IPv6, blocks begin with a whole /64."""
    bits = NETWORKS[family]
    kept = min(bits, 64)
    ends = [start for start, _ in runs[1:]] + [1 << bits]
    lengths = [end - start for (start, _), end in zip(runs, ends)]
    count = collections.Counter(lengths)
    listed = sorted(count, key=lambda length: (-count[length], length))
    if len(listed) > SHORT_CODES + LONG_CODES:
        raise SystemExit(f"{len(listed)} lengths of IPv{family} runs have no room in {SHORT_CODES + LONG_CODES} codes")
    code = {length: place for place, length in enumerate(listed)}
    blocks, packed, in_block = bytearray(), bytearray(), block_runs
    for (start, country), length in zip(runs, lengths):
        first, rest = divmod(start, 1 << (bits - kept))
        if in_block >= block_runs and rest == 0:
            blocks += first.to_bytes(kept // 8, "little") + struct.pack("<I", len(packed))
            in_block = 0
        in_block += 1
        place = code[length]
        packed.append(codes[country])
        packed += bytes([place] if place < SHORT_CODES else divmod(place - SHORT_CODES + (SHORT_CODES << 8), 256))
    head = struct.pack("<III", len(blocks) // (kept // 8 + 4), len(listed), len(packed))
    return head + blocks + b"".join(length.to_bytes(bits // 8, "little") for length in listed) + packed


def shown(address, family):
    return str(ipaddress.IPv4Address(address) if family == 4 else ipaddress.IPv6Address(address))


def sampled(tables, rows):
    """Lines of addresses at the edges of some rows, and their countries, to hold the program against."""
    lines = []
    for family in NETWORKS:
        dice = random.Random(2)
        top = (1 << NETWORKS[family]) - 1
        for first, last, _ in sorted(dice.sample(rows[family], SAMPLE_ROWS)):
            places = [place for place in (first - 1, first, last, last + 1) if 0 <= place <= top]
            told = " ".join(f"{looked_up(tables[family], place) or '-'}" for place in places)
            lines.append(f"{shown(first, family)}\t{shown(last, family)}\t{told}")
    return lines


def make(folder, here):
    """Compares the sources, and writes the table and its sample. Refuses a release that agrees too little."""
    package = json.loads((folder / SOURCE / "package.json").read_text())
    day = package["version"].split(".")[-1]
    day = f"{day[:4]}-{day[4:6]}-{day[6:8]}"
    known = {line.split("\t")[0] for line in (here / "../../page/data/countries.tsv").read_text().splitlines()[1:]}
    rows = {family: list(without_fill(rows_of(folder, SOURCE, family), family)) for family in NETWORKS}
    tables = {family: runs_of(rows[family], family, known) for family in NETWORKS}
    faults = compared(folder, tables, rows, known)
    countries = sorted({country for runs in tables.values() for _, country in runs})
    codes = {country: place for place, country in enumerate(countries)}
    head = (
        f"# countries of addresses, as src/hit/place/table.rs reads them · {day} · from @ip-location-db/{SOURCE} "
        f"{package['version']} (npm), CC BY 4.0 by the Number Resource Organization (nro.net); see LICENSES.md\n"
    ).encode()
    names = b"".join((country or "--").encode() for country in countries)
    for block_runs in BLOCK_RUNS:
        parts = [family_bytes(tables[family], codes, family, block_runs) for family in NETWORKS]
        table = head + struct.pack("<I", len(countries)) + names + b"".join(parts)
        if len(table) <= BYTES_MAX:
            break
    else:
        faults.append(f"{len(table)} bytes are more than {BYTES_MAX}")
    if faults:
        raise SystemExit("countries: this release is not taken over:\n  " + "\n  ".join(faults))
    (here / "countries.bin").write_bytes(table)
    sample = (
        f"# first and last address of a row, then the country of the address before, of both, and of the one behind (- none) · "
        f"{2 * SAMPLE_ROWS} rows of what countries.bin is made of, for its test · CC BY 4.0, as there"
    )
    (here / "countries_sample.tsv").write_text("\n".join([sample, *sampled(tables, rows)]) + "\n", encoding="utf-8")
    counted = ", ".join(f"{len(runs)} runs of IPv{family}" for family, runs in tables.items())
    print(f"countries.bin: {counted}, {len(countries) - 1} countries, {len(table)} bytes")
