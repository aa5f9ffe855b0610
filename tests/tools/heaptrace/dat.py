#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""dat.py [--version N] [--instance] [--damaged] <EVENTS >trace.dat - write events of heapmod, as tracefs prints them, as trace-cmd would have recorded them.

A line `CPU:1 [LOST 4 EVENTS]` before an event of that CPU is noted in the page of the event. With `?` for the number, the page
does not have it. The format is that of trace-cmd.dat.v6(5).
"""
import argparse
import re
import struct
import sys

PAGE = 4096
TEXT = 0xffffffff81000000               # address of the first call site
MISSED, STORED = 1 << 31, 1 << 30       # in the size of a page: events were lost before it, and their number is at its end

BLOCK = ("heap=%u offset=%llu asked=%llu bytes=%llu caller=%pS", "heap offset asked bytes caller")
EVENTS = {                              # what the kernel prints, and the fields
    "heapmod_alloc": BLOCK,
    "heapmod_free": BLOCK,
    "heapmod_resize": ("heap=%u offset=%llu was_asked=%llu was_bytes=%llu asked=%llu bytes=%llu caller=%pS",
                       "heap offset was_asked was_bytes asked bytes caller"),
}
COMMON = "unsigned short common_type 2, unsigned char common_flags 1, unsigned char common_preempt_count 1, int common_pid 4"


def fields(described, offset=0):
    """The lines of a format from `TYPE NAME SIZE, ...`; all are aligned to their size."""
    lines = []
    for field in described.split(", "):
        name, size = field.rsplit(" ", 1)
        offset = -(-offset // int(size)) * int(size)
        lines.append(f"\tfield:{name};\toffset:{offset};\tsize:{size};\tsigned:0;\n")
        offset += int(size)
    return "".join(lines)


def event_format(number, name):
    printed, names = EVENTS[name]
    own = ", ".join(f"u32 {field} 4" if field == "heap" else f"u64 {field} 8" for field in names.split())
    values = ", ".join(f"(void *)REC->{field}" if field == "caller" else f"REC->{field}" for field in names.split())
    return f"name: {name}\nID: {number}\nformat:\n{fields(COMMON)}\n{fields(own, 8)}\nprint fmt: \"{printed}\", {values}\n"


def sized(text, size="<Q"):
    return struct.pack(size, len(text)) + text.encode()


class Recording:
    """@sites: addresses by name; @pages: of each CPU."""

    def __init__(self, numbers):
        self.numbers = numbers
        self.sites = {}
        self.pages = {}

    def site(self, name):
        return self.sites.setdefault(name, TEXT + 64 * len(self.sites))

    def data(self, name, text):
        values = dict(re.findall(r"(\w+)=(\S+)", text))
        values["caller"] = self.site(values["caller"])
        return struct.pack("<HBBiII", self.numbers[name], 0, 0, 1, int(values["heap"]), 0) + b"".join(
            struct.pack("<Q", int(values[field])) for field in EVENTS[name][1].split()[1:])

    def add(self, cpu, nanoseconds, name, text, lost):
        """An event with its time, as one of 0 and more words behind a header."""
        data, pages = self.data(name, text), self.pages.setdefault(cpu, [])
        if lost or not pages or len(pages[-1]["data"]) + len(data) + 4 > PAGE - 32:
            pages.append({"stamp": nanoseconds, "last": nanoseconds, "data": b"", "lost": lost})
        page = pages[-1]
        page["data"] += struct.pack("<I", len(data) // 4 | (nanoseconds - page["last"]) << 5) + data
        page["last"] = nanoseconds


def packed(page):
    size, stored = len(page["data"]), b""
    if page["lost"]:
        size |= MISSED
    if page["lost"] not in (None, "?"):
        size |= STORED
        stored = struct.pack("<Q", int(page["lost"]))
    return (struct.pack("<QQ", page["stamp"], size) + page["data"] + stored).ljust(PAGE, b"\0")


def read(recording, lines):
    lost = {}
    for line in lines:
        if found := re.match(r"CPU:(\d+) \[LOST (\S+) EVENTS\]", line):
            lost[int(found[1])] = found[2]
        elif found := re.search(r"\[(\d{3})\] \S+ +(\d+)\.(\d{6}): (heapmod_\w+): (.*)", line):
            cpu = int(found[1])
            recording.add(cpu, int(found[2] + found[3]) * 1000, found[4], found[5], lost.pop(cpu, None))


def head(version, recording):
    """All up to the number of CPUs."""
    names = list(EVENTS)
    page = fields("u64 timestamp 8, local_t commit 8") + "\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n"
    symbols = "".join(f"{address:x} T {name}\n" for name, address in recording.sites.items()) + f"{TEXT + 64 * len(recording.sites):x} T _end\n"
    return b"".join((
        b"\x17\x08\x44tracing", f"{version}\0".encode(), struct.pack("<BBI", 0, 8, PAGE),
        b"header_page\0", sized(page), b"header_event\0", sized("# compressed entry header\n"),
        struct.pack("<I", 0),                                   # formats of ftrace itself
        struct.pack("<I", 1), b"heapmod\0", struct.pack("<I", len(names)),
        *(sized(event_format(recording.numbers[name], name)) for name in names),
        sized(symbols, "<I"), sized("", "<I"), sized("1 init\n"),
    ))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", default="6")
    parser.add_argument("--instance", action="store_true", help="with another buffer, as of trace-cmd -B")
    parser.add_argument("--damaged", action="store_true", help="the first page says that it has 128M, and the number of lost events behind them")
    options = parser.parse_args()
    recording = Recording({name: 1000 + number for number, name in enumerate(EVENTS)})
    read(recording, sys.stdin)
    cpus = max(recording.pages) + 1
    start = head(options.version, recording) + struct.pack("<I", cpus) + b"options  \0"
    if options.instance:
        start += struct.pack("<HIQ", 3, 8 + 6, 0) + b"other\0"
    start += struct.pack("<H", 0) + b"flyrecord\0"
    offset = -(-(len(start) + 16 * cpus) // PAGE) * PAGE
    table, data = b"", b""
    for cpu in range(cpus):
        pages = b"".join(map(packed, recording.pages.get(cpu, [])))
        table += struct.pack("<QQ", offset + len(data), len(pages))
        data += pages
    if options.damaged:
        data = data[:8] + b"\xff" * 8 + data[16:]
    sys.stdout.buffer.write((start + table).ljust(offset, b"\0") + data)


main()
