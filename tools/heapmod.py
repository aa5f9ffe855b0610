#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""heapmod - the heaps of the running kernel, for people, scripts and monitoring

Prints what /sys/kernel/debug/heapmod has, as text, JSON or metrics of Prometheus. docs/debugfs.md
describes the files. Columns and keys are found by name, so new ones appear by themselves.
"""
import argparse
import collections
import contextlib
import errno
import itertools
import json
import locale
import os
import re
import shutil
import subprocess
import sys
import time

VERSION = "of the sources"    # make install-tools puts the number here
FORMAT = 2                      # the newest version of the files that is known
ALARM = 2                       # the exit status when something was found

# Of the keys in stats: what only grows. A key in neither list is a gauge.
COUNTERS = ("allocs", "frees", "failures", "busy", "refused")
VERDICTS = ("foreign", "misaligned", "interior", "double_free", "wrong_heap", "overrun", "corrupt_header",
            "use_after_free", "corrupt_index")
# Of the keys in stats: not a metric.
NO_METRIC = ("version", "id", "findings")
METRIC = re.compile(r"[a-z0-9_]+")      # a key that is one, if its value is a number
WATCHED = ("region_bytes", "hole_bytes", "edge_bytes", "peak_bytes", "blocks", "failures")   # of the keys in stats
OWNER_COLUMNS = ("live_blocks", "live_bytes", "peak_bytes", "allocs", "frees", "failures", "owner")
BLOCK_COLUMNS = ("offset", "size", "state", "asked", "owner")
CLASS_COLUMNS = ("from", "to", "holes", "bytes")
LEFT = ("name", "owner", "line", "verdict", "curve")    # columns of text


class Parser(argparse.ArgumentParser):
    """Exits with 1 after an error: 2 is an alarm."""

    def error(self, message):
        print(f"{self.prog}: {message}; try {self.prog} --help", file=sys.stderr)
        sys.exit(1)

    def exit(self, status=0, message=None):
        """Behind --help and --version. When Python itself flushes, it is too late for main() to report an error."""
        sys.stdout.flush()
        super().exit(status, message)


class Failure(Exception):
    """One line for stderr."""


class Gone(Failure):
    """Of a heap that is not there, or no more."""


# The files


class Folder:
    """The folder of heapmod in debugfs."""

    def __init__(self, debugfs):
        self.debugfs = debugfs
        self.path = os.path.join(debugfs, "heapmod")

    def failure(self, path, error):
        """Why a file cannot be read, and what to do."""
        if isinstance(error, PermissionError):
            return Failure(f"no permission to read {path}: be root")
        if not os.path.isdir(self.debugfs):
            return Failure(f"{self.debugfs} is not there: mount -t debugfs none {self.debugfs}")
        try:
            os.stat(self.path)
        except PermissionError:
            return Failure(f"no permission to read {self.path}: be root")
        except OSError:
            return Failure(f"{self.path} is not there: load heapmod, and mount debugfs in {self.debugfs}")
        folder = os.path.dirname(path)
        heap = os.path.basename(folder)
        if folder == self.path:
            return Failure(f"{path}: {error.strerror}")
        if not os.path.isdir(folder):
            return Gone(f'there is no heap "{heap}"; there are: {", ".join(self.heaps()) or "none"}')
        # Reads of a file that was removed end with EIO.
        if error.errno == errno.EIO or error.errno == errno.ENOENT and os.path.exists(path):
            return Gone(f'heap "{heap}" was destroyed meanwhile, and a new heap has its name')
        return Failure(f"{path}: {error.strerror}")

    def lines(self, *names):
        path = os.path.join(self.path, *names)
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                return file.read().splitlines()
        except OSError as error:
            raise self.failure(path, error) from error

    def heap_lines(self, heap, name):
        if "/" in heap or heap in ("", ".", ".."):
            raise Failure(f'"{heap}" is not the name of a heap')
        return self.lines(heap, name)

    def heap_rows(self, heap, name, columns):
        return rows(self.heap_lines(heap, name), os.path.join(self.path, heap, name), columns)

    def table(self):
        return rows(self.lines("heaps"), os.path.join(self.path, "heaps"), ["name"])

    def heaps(self):
        return [row["name"] for row in self.table()]

    def each(self, read):
        """By heap, what @read returns. A heap that is destroyed meanwhile is left out."""
        found = {}
        for heap in self.heaps():
            with contextlib.suppress(Gone):
                found[heap] = read(heap)
        return found

    def stats(self, heap, *needed):
        found = pairs(self.heap_lines(heap, "stats"), heap)
        need_numbers(found, needed, os.path.join(self.path, heap, "stats"))
        return found

    def owners(self, heap):
        owners = self.heap_rows(heap, "owners", OWNER_COLUMNS)
        for owner in owners:
            need_numbers(owner, NOTHING, os.path.join(self.path, heap, "owners"))
        return owners

    def blocks(self, heap):
        return self.heap_rows(heap, "blocks", BLOCK_COLUMNS)

    def holes(self, heap):
        """The keys, and the classes of sizes."""
        lines = self.heap_lines(heap, "holes")
        keys = [line for line in lines if len(line.split()) == 2]
        found = pairs(keys, heap)
        found["classes"] = rows(lines[len(keys):], os.path.join(self.path, heap, "holes"), CLASS_COLUMNS)
        return found

    def check(self, heap):
        lines = self.heap_lines(heap, "check")
        ends = [line.split() for line in (lines[:1] + lines[-1:])]
        found = pairs([" ".join(end) for end in ends], heap)
        if not isinstance(found.get("findings"), int):
            raise Failure(f'the check of "{heap}" has no end: this is another heapmod')
        return {"findings": found["findings"], "reports": lines[1:-1]}


def value(text):
    """A number if it is one. `-` is none."""
    if text == "-":
        return None
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def need_numbers(found, keys, path):
    for key in keys:
        if not isinstance(found.get(key), int):
            raise Failure(f'{path}: "{key}" is no number, or missing')


def rows(lines, path, needed):
    """A table whose first line names the columns. Only the last column may have blanks."""
    names = lines[0].split() if lines else []
    for name in needed:
        if name not in names:
            raise Failure(f'{path}: a table without the column "{name}": this is another heapmod')
    found = []
    for line in lines[1:]:
        fields = line.split(None, len(names) - 1)
        if len(fields) < len(names):
            raise Failure(f"{path}: a line is too short: {line}")
        found.append({name: field if name == "name" or name in ("owner", "state") and field != "-" else value(field)
                      for name, field in zip(names, fields)})
    return found


def pairs(lines, heap):
    """Lines KEY VALUE, after the version."""
    found = {}
    for line in lines:
        key, _, text = line.partition(" ")
        found[key] = value(text.strip())
    if not isinstance(found.get("version"), int):
        raise Failure(f'the files of "{heap}" have no version: this is another heapmod')
    if found["version"] > FORMAT:
        raise Failure(f"version {found['version']} of the files is newer than this program ({FORMAT})")
    return found


# From a call site to a line of source

CALL_SITE = re.compile(r"(\S+)\+(0x[0-9a-f]+)/(0x[0-9a-f]+)(?: \[(\S+)\])?")
MODULE = re.compile(r"(.+)\.ko(\.(debug|gz|xz|zst))?")


def elfutils(program, *arguments):
    """What a program of elfutils prints. It reads compressed modules, and finds separate debug information."""
    done = subprocess.run([program, *arguments], capture_output=True, text=True, errors="replace", check=False)
    return done.stdout.splitlines()


def function_sizes(file):
    """By name, the sizes of the functions of this name."""
    sizes = collections.defaultdict(list)
    for fields in map(str.split, elfutils("eu-readelf", "-s", file)):
        if len(fields) == 8 and fields[3] == "FUNC":
            sizes[fields[7]].append(int(fields[2]))
    return sizes


def is_in(site, sizes):
    """Is it in the one function of its name? In another build, sizes differ. The kernel counts padding, too."""
    function, offset, end, _ = site
    return len(sizes[function]) == 1 and int(offset, 16) <= sizes[function][0] <= int(end, 16)


def lines_in(file, sites):
    """By call site, FILE:LINE, of those that a file with debug information has. eu-addr2line takes names of C alone."""
    sizes = function_sizes(file)
    known = [site for site in sites if re.fullmatch(r"[\w.$]+", site[0]) and is_in(site, sizes)]
    if not known:
        return {}
    found = elfutils("eu-addr2line", "-e", file, *(f"{function}+{offset}" for function, offset, _, _ in known))
    lines = {site: re.sub(r"(:\d+):\d+$", r"\1", line) for site, line in zip(known, found, strict=True)}
    return {site: line for site, line in lines.items() if not line.startswith("??")}


class Sources:
    """Where debug information may be: folders of modules, and files of the kernel."""

    def __init__(self, folders, vmlinux):
        release = os.uname().release
        debug = f"/usr/lib/debug/lib/modules/{release}"
        if not shutil.which("eu-addr2line"):
            raise Failure("eu-addr2line is missing: apt-get install elfutils")
        for path in folders + vmlinux:
            if not os.path.exists(path):
                raise Failure(f"{path}: No such file or directory")
        self.folders = folders or [debug, f"/lib/modules/{release}"]
        self.kernels = vmlinux or [f"/usr/lib/debug/boot/vmlinux-{release}", f"{debug}/vmlinux"]
        self.modules = collections.defaultdict(list)
        for folder, _, names in itertools.chain.from_iterable(map(os.walk, self.folders)):
            for match in filter(None, map(MODULE.fullmatch, sorted(names))):
                self.modules[match[1].replace("-", "_")].append(os.path.join(folder, match[0]))

    def lines_of(self, module, sites):
        found = {}
        for file in self.modules[module] if module else filter(os.path.exists, self.kernels):
            found |= lines_in(file, [site for site in sites if site not in found])
        if len(found) < len(sites):
            places = ", ".join(self.folders if module else self.kernels)
            print(f"heapmod: {module or 'vmlinux'}: {len(sites) - len(found)} of {len(sites)} call sites have no line: "
                  f"no debug information of this build in {places}", file=sys.stderr)
        return found

    def add_lines(self, owners):
        """Give each owner its line, or None."""
        matches = {owner["owner"]: CALL_SITE.fullmatch(owner["owner"]) for owner in owners}
        sites = {name: match.groups() for name, match in matches.items() if match}
        lines = {}
        for module in sorted({site[3] or "" for site in sites.values()}):
            lines |= self.lines_of(module, [site for site in sites.values() if (site[3] or "") == module])
        for owner in owners:
            owner["line"] = lines.get(sites.get(owner["owner"]))


# Growth: as tools/heaptrace/growth.c, but of what debugfs shows. The floor of a call site in an interval is the least
# of its live bytes in some looks: blocks that live shorter do not count.

LEAK, UNCLEAR, WARM_UP, TURNOVER, STEADY = VERDICTS_OF_GROWTH = "leak", "unclear", "warm-up", "turnover", "steady"
LOOKS = 10                      # in an interval
CURVE = 24                      # characters
NOTHING = {"live_bytes": 0, "live_blocks": 0}   # of an owner that is not listed


def drawdown(floors):
    """The deepest fall from a high point."""
    return max(high - floor for high, floor in zip(itertools.accumulate(floors, max), floors))


def rests(floors):
    """At the end, is the rest longer than twice the longest between two high points?"""
    highest = list(itertools.accumulate(floors, max))
    highs = [i for i in range(1, len(floors)) if highest[i] > highest[i - 1]]
    gap = max((after - before for before, after in itertools.pairwise(highs)), default=0)
    return len(floors) - 1 - highs[-1] > 2 * gap + 1


def fades(changes):
    """Has the last third less than half of an even share?"""
    return 6 * sum(changes[len(changes) * 2 // 3:]) < sum(changes)


def is_beyond_chance(ups, downs):
    """A sum of n steps up or down at random is hardly ever more than 4 * sqrt(n)."""
    return ups > downs and (ups - downs) ** 2 >= 16 * (ups + downs)


def judge(floors):
    changes = [after - before for before, after in itertools.pairwise(floors)]
    ups = [change for change in changes if change > 0]
    downs = [-change for change in changes if change < 0]
    growth = sum(changes)
    if not ups and not downs:
        return STEADY
    if 4 * drawdown(floors) > growth:
        return TURNOVER
    if fades(changes) or rests(floors):
        return TURNOVER if 2 * sum(downs) > sum(ups) else WARM_UP
    return LEAK if is_beyond_chance(len(ups), len(downs)) else UNCLEAR


def by_name(owners):
    """By name, what is live. A module that leaked, was unloaded and is loaded again has two owners of each name."""
    found = {}
    for owner in owners:
        sums = found.setdefault(owner["owner"], dict(NOTHING))
        for key in NOTHING:
            sums[key] += owner[key]
    return found


def observe(folder, heap, options):
    """The owners as they were last, and by name their floors in all intervals. The heap must remain the same."""
    identity = folder.stats(heap, "id")["id"]
    floors = collections.defaultdict(lambda: [0] * options.count)
    for interval in range(options.count):
        looks = []
        for _ in range(LOOKS):
            time.sleep(options.interval / LOOKS)
            looks.append(by_name(folder.owners(heap)))
        if folder.stats(heap, "id")["id"] != identity:
            raise Failure(f'"{heap}" was destroyed, and a new heap has its name')
        for name in set().union(*looks):
            floors[name][interval] = min(look.get(name, NOTHING)["live_bytes"] for look in looks)
    return looks[-1], floors


def is_utf8():
    """Is the terminal? Python writes UTF-8 in the C locale, too, and may set LC_CTYPE for that."""
    is_forced = sys.flags.utf8_mode and os.environ.get("LC_CTYPE") == "C.UTF-8"
    written = (sys.stdout.encoding or "").lower()
    return written == "utf-8" and locale.nl_langinfo(locale.CODESET) == "UTF-8" and not is_forced


def curve(floors):
    """The floors as bars."""
    bars = "▁▂▃▄▅▆▇█" if is_utf8() else "_.,-=+*#"
    shown = [floors[i * (len(floors) - 1) // (CURVE - 1)] for i in range(CURVE)]
    return "".join(bars[floor * (len(bars) - 1) // max(floors)] for floor in shown)


def by_verdict(row):
    return VERDICTS_OF_GROWTH.index(row["verdict"]), -row["growth_bytes"], -row["live_bytes"], row["owner"]


def grown(owners, floors_of, seconds):
    """The owners that ever had a floor, leaks first."""
    found = []
    for name, floors in floors_of.items():
        owner = owners.get(name, NOTHING)
        growth = floors[-1] - floors[0]
        found.append({"verdict": judge(floors), "live_bytes": owner["live_bytes"], "live_blocks": owner["live_blocks"],
                      "growth_bytes": growth, "bytes_per_second": round(growth / seconds, 3), "floors": floors,
                      "owner": name})
    return sorted(filter(lambda row: any(row["floors"]), found), key=by_verdict)


# Output


def print_rows(table, names):
    """Columns are as wide as their contents."""
    cells = [names] + [["-" if row[name] is None else str(row[name]) for name in names] for row in table]
    widths = [max(map(len, column)) for column in zip(*cells)]
    for row in cells:
        padded = [cell.ljust(width) if name in LEFT else cell.rjust(width)
                  for name, cell, width in zip(names, row, widths)]
        print("  ".join(padded).rstrip())


def print_pairs(found):
    width = max(map(len, found))
    for key, number in found.items():
        print(f"{key:{width}}  {number:.3f}" if isinstance(number, float) else f"{key:{width}}  {number}")


def say(options, text, found):
    """Print @found as JSON, or call @text."""
    if options.json:
        json.dump({"schema": 1, **found}, sys.stdout, indent=1)
        print()
    else:
        text()


# The commands


def show_list(folder, options):
    table = folder.table()
    names = list(table[0]) if table else ["name"]
    say(options, lambda: print_rows(table, names), {"heaps": table})
    return 0


def show_stats(folder, options):
    stats = folder.stats(options.heap)
    say(options, lambda: print_pairs(stats), {"heap": options.heap, "stats": stats})
    return 0


def show_owners(folder, options):
    owners = folder.owners(options.heap)
    names = list(OWNER_COLUMNS)
    if options.lines:
        Sources(options.modules, options.vmlinux).add_lines(owners)
        names.append("line")
    say(options, lambda: print_rows(owners, names), {"heap": options.heap, "owners": owners})
    return 0


def show_blocks(folder, options):
    blocks = [block for block in folder.blocks(options.heap)
              if not options.owner or options.owner in (block["owner"] or "")]
    say(options, lambda: print_rows(blocks, BLOCK_COLUMNS), {"heap": options.heap, "blocks": blocks})
    return 0


def show_holes(folder, options):
    holes = folder.holes(options.heap)

    def text():
        print_pairs({key: number for key, number in holes.items() if key != "classes"})
        print_rows(holes["classes"], CLASS_COLUMNS)

    say(options, text, {"heap": options.heap, "holes": holes})
    return 0


def show_check(folder, options):
    checks = folder.each(folder.check) if options.heap is None else {options.heap: folder.check(options.heap)}

    def text():
        for heap, check in checks.items():
            print("\n".join([f"{heap}: {check['findings']} findings"] + check["reports"]))

    say(options, text, {"checks": checks})
    return ALARM if any(check["findings"] for check in checks.values()) else 0


def show_leaks(folder, options):
    start = time.monotonic()
    owners, floors = observe(folder, options.heap, options)
    seconds = time.monotonic() - start
    owners = grown(owners, floors, seconds * (options.count - 1) / options.count)
    leaks = sum(owner["verdict"] == LEAK for owner in owners)

    def text():
        print(f"{leaks} call site{'s leak' if leaks != 1 else ' leaks'} in {seconds:.1f} seconds\n")
        table = [{**owner, "curve": curve(owner["floors"])} for owner in owners]
        print_rows(table, ["verdict", "live_bytes", "live_blocks", "growth_bytes", "bytes_per_second", "curve", "owner"])

    say(options, text, {"heap": options.heap, "seconds": round(seconds, 3), "leaks": leaks, "owners": owners})
    return ALARM if leaks else 0


def used_bytes(stats):
    return stats["region_bytes"] - stats["hole_bytes"] - stats["edge_bytes"]


def watch(folder, options):
    """A line now and then, until the heap is used above the limit."""
    names = ("used", "peak", "largest", "blocks", "failures")
    left = options.count
    while True:
        stats = folder.stats(options.heap, *WATCHED)
        # Version 1 does not have the largest hole.
        numbers = (used_bytes(stats), stats["peak_bytes"], stats.get("largest_hole_bytes"), stats["blocks"],
                   stats["failures"])
        if options.json:
            print(json.dumps({"schema": 1, "heap": options.heap, **dict(zip(names, numbers))}), flush=True)
        else:
            print("  ".join(f"{name} {'-' if number is None else number}" for name, number in zip(names, numbers)),
                  flush=True)
        if options.above is not None and numbers[0] * 100 >= options.above * stats["region_bytes"]:
            return ALARM
        left -= 1
        if left == 0:
            return 0
        time.sleep(options.interval)


def label(text):
    """As Prometheus wants the value of a label."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def samples(folder, heap):
    """Triples: metric, labels, number. A metric `..._total` is a counter."""
    labels = f"heap={label(heap)}"
    # Of the lines that are always there, this is the last. Without it, findings would be missed.
    stats = folder.stats(heap, "frozen")
    for key, number in stats.items():
        if not isinstance(number, (int, float)) or not METRIC.fullmatch(key):
            continue
        if key in COUNTERS:
            yield f"heapmod_{key}_total", labels, number
        elif key.startswith("search_steps_"):
            yield "heapmod_searches_total", f'{labels},steps={label(key.rsplit("_", 1)[1])}', number
        elif key not in NO_METRIC and key not in VERDICTS:
            yield f"heapmod_{key}", labels, number
    for verdict in VERDICTS:
        yield "heapmod_findings_total", f"{labels},verdict={label(verdict)}", stats.get(verdict, 0)
    for name, sums in by_name(folder.owners(heap)).items():
        for key, number in sums.items():
            yield f"heapmod_owner_{key}", f"{labels},owner={label(name)}", number


def show_metrics(folder, options):
    """All samples of a metric must stand together, behind its type."""
    metrics = {}
    found = folder.each(lambda heap: list(samples(folder, heap)))
    for metric, labels, number in itertools.chain.from_iterable(found.values()):
        metrics.setdefault(metric, []).append(f"{metric}{{{labels}}} {number}")
    for metric, lines in metrics.items():
        print(f"# TYPE {metric} {'counter' if metric.endswith('_total') else 'gauge'}")
        print("\n".join(lines))
    return 0


def number(kind, least, most):
    """The type of an argument."""
    def parse(text):
        try:
            found = kind(text)
        except ValueError:
            found = None
        if found is None or not least <= found <= most:
            raise argparse.ArgumentTypeError(f"expected a number from {least} to {most}, not {text}")
        return found
    return parse


def parser():
    top = Parser(prog="heapmod", description="show the heaps of heapmod", epilog="See heapmod(1).")
    top.add_argument("--version", action="version", version=f"heapmod {VERSION}")
    top.add_argument("--debugfs", default="/sys/kernel/debug", metavar="DIR", help="mount point of debugfs")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name, run, text, heap="HEAP"):
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        if heap:
            sub.add_argument("heap", metavar="HEAP", nargs="?" if heap == "[HEAP]" else None)
        if name != "metrics":
            sub.add_argument("--json", action="store_true", help="print JSON")
        return sub

    command("list", show_list, "a line for each heap", heap=None)
    command("stats", show_stats, "the counters of a heap")
    owners = command("owners", show_owners, "the call sites that allocated")
    owners.add_argument("--lines", action="store_true", help="with the file and the line of each call site")
    owners.add_argument("--modules", action="append", default=[], metavar="DIR",
                        help="modules with debug information are here; may be repeated")
    owners.add_argument("--vmlinux", action="append", default=[], metavar="FILE",
                        help="the kernel with debug information; may be repeated")
    command("blocks", show_blocks, "all blocks").add_argument(
        "--owner", metavar="WORDS", help="only blocks of call sites with these words in their names")
    command("holes", show_holes, "the fragmentation of a heap")
    command("check", show_check, "verify a heap, or all; exit with 2 if anything is wrong", heap="[HEAP]")
    leaks = command("leaks", show_leaks, "the call sites whose live bytes grow; exit with 2 if any leaks")
    leaks.add_argument("--interval", type=number(float, 0.01, 86400), default=1, metavar="SECONDS", help="1 by default")
    leaks.add_argument("--count", type=number(int, 2, 100000), default=60, metavar="N",
                       help="watch for N intervals, 60 by default")
    watcher = command("watch", watch, "the use of a heap over time")
    watcher.add_argument("--interval", type=number(float, 0.01, 86400), default=1, metavar="SECONDS",
                         help="1 by default")
    watcher.add_argument("--count", type=number(int, 0, 10**9), default=0, metavar="N", help="stop after N lines")
    watcher.add_argument("--above", type=number(float, 0, 100), metavar="PERCENT",
                         help="exit with 2 when so much of the region is used")
    command("metrics", show_metrics, "all heaps, for Prometheus", heap=None)
    return top


def main():
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")    # print() takes None for stdout
    try:
        if sys.stdout is None:
            raise Failure("stdout is closed")
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="replace")
        options = parser().parse_args()
        status = options.run(Folder(options.debugfs), options)
        sys.stdout.flush()
        return status
    except Failure as failure:
        print(f"heapmod: {failure}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"heapmod: stdout: {error.strerror}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
