#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""tests/tools/heapmod/real.py DEBUGFS MODULES - test the command heapmod on a copy of a kernel's debugfs, of vm/cases/debugfs.sh

What it prints is compared with the files, and the files with each other.
"""

import json
from pathlib import Path
import re
import subprocess
import sys

sources = Path(__file__).parents[3]
debugfs, modules = map(Path, sys.argv[1:])
folder = debugfs / "heapmod"
names = [line.split()[0] for line in (folder / "heaps").read_text().splitlines()[1:]]


def ok(name, good, why=""):
    print(f"ok - {name}" if good else f"not ok - {name}\n{why}")


def run(*arguments):
    done = subprocess.run([sources / "tools/heapmod.py", "--debugfs", debugfs, *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def read(*arguments):
    """The JSON of a command, which must succeed."""
    status, out, errors = run(*arguments, "--json")
    ok(f"{' '.join(arguments)} succeeds", (status, errors) == (0, ""), errors)
    return json.loads(out)


def fields(name, file):
    """The lines of a file behind the first, as fields; the owner is one."""
    lines = (folder / name / file).read_text().splitlines()
    columns = len(lines[0].split())
    return [line.split(None, columns - 1) for line in lines[1:]]


def texts(rows, columns):
    return [["-" if row[column] is None else str(row[column]) for column in columns] for row in rows]


def test_stats(name):
    said = read("stats", name)["stats"]
    pairs = dict(line.split() for line in (folder / name / "stats").read_text().splitlines())
    ok(f"{name}: stats are those of the file", {key: str(value) for key, value in said.items()} == pairs, said)
    ok(f"{name}: the text has each, too", dict(map(str.split, run("stats", name)[1].splitlines())) == pairs, run("stats", name))
    return said


def test_tables(name, stats):
    owners = read("owners", name)["owners"]
    columns = ["live_blocks", "live_bytes", "peak_bytes", "allocs", "frees", "failures", "owner"]
    ok(f"{name}: owners are those of the file", texts(owners, columns) == fields(name, "owners"), owners)
    ok(f"{name}: owners add up", sum(owner["live_bytes"] for owner in owners) == stats["asked_bytes"], owners)
    blocks = read("blocks", name)["blocks"]
    columns = ["offset", "size", "state", "asked", "owner"]
    ok(f"{name}: blocks are those of the file", texts(blocks, columns) == fields(name, "blocks"), blocks)
    ok(f"{name}: blocks add up", sum(block["size"] for block in blocks) == stats["region_bytes"] - 16, blocks)
    text = [line.split(None, 4) for line in run("blocks", name)[1].splitlines()]
    ok(f"{name}: the text has each block", text[1:] == fields(name, "blocks") and text[0] == columns, text)
    some = owners[0]["owner"] if owners else "none"
    only = read("blocks", "--owner", some, name)["blocks"]
    ok(f"{name}: blocks of an owner", only == [block for block in blocks if some == block["owner"]], only)
    return owners


def test_holes(name, stats):
    holes = read("holes", name)["holes"]
    ok(f"{name}: holes add up", sum(row["bytes"] for row in holes["classes"]) == holes["hole_bytes"] == stats["hole_bytes"]
       and sum(row["holes"] for row in holes["classes"]) == stats["holes"], holes)
    split = (holes["hole_bytes"] - holes["largest_bytes"]) * 1000 // (holes["hole_bytes"] or 1)
    ok(f"{name}: the fragmentation is computed", round(holes["fragmentation"] * 1000) == split, holes)


def test_watch(name, stats, row):
    watched = read("watch", "--count", "1", name)
    used = stats["region_bytes"] - stats["hole_bytes"] - stats["edge_bytes"]
    expected = {"used": used, "peak": stats["peak_bytes"], "largest": stats["largest_hole_bytes"], "blocks": stats["blocks"],
                "failures": stats["failures"]}
    ok(f"{name}: watch and list show the stats", all(watched[key] == row[key] == value for key, value in expected.items())
       and row["region"] == stats["region_bytes"], (watched, row))
    # Of the region, in percent
    for above, expected in (int(used * 100 / stats["region_bytes"]), 2), (min(100, int(used * 100 / stats["region_bytes"]) + 1), 0):
        ok(f"{name}: watch --above {above}", run("watch", "--count", "1", "--above", str(above), name)[0] == expected)


def test_metrics(all_stats, all_owners):
    status, out, _ = run("metrics")
    samples = dict(re.findall(r'^(heapmod_\w+\{.*\}) (\S+)$', out, re.MULTILINE))
    ok("metrics are samples and types", status == 0 and len(samples) == len([line for line in out.splitlines() if line[0] != "#"]))
    for name, stats in all_stats.items():
        lacking = [key for key, value in stats.items() if key not in ("version", "id", "findings") and not (
            {samples.get(f'heapmod_{key}{{heap="{name}"}}'), samples.get(f'heapmod_{key}_total{{heap="{name}"}}'),
             samples.get(f'heapmod_searches_total{{heap="{name}",steps="{key.rsplit("_", 1)[-1]}"}}'),
             samples.get(f'heapmod_findings_total{{heap="{name}",verdict="{key}"}}')} & {str(value)})]
        ok(f"{name}: each of the stats is a metric", not lacking, lacking)
        ok(f"{name}: each owner is, too", all(samples.get(f'heapmod_owner_live_bytes{{heap="{name}",owner="{owner["owner"]}"}}')
                                               == str(owner["live_bytes"]) for owner in all_owners[name]), samples)
    (debugfs / "metrics").write_text(out)
    board = subprocess.run([sources / "tests/tools/heapmod/dashboard.py", sources / "docs/grafana.json", debugfs / "metrics"])
    ok("the dashboard uses metrics of a kernel", board.returncode == 0)


def test_check():
    status, out, _ = run("check", "--json")
    findings = {name: check["findings"] for name, check in json.loads(out)["checks"].items()}
    ok("check finds the damage, and nothing else", status == 2 and findings == {name: int(name == "heap_shell") for name in names}, out)
    ok("check: a heap without damage", run("check", "hello") == (0, "hello: 0 findings\n", ""), run("check", "hello"))
    status, out, _ = run("check", "heap_shell")
    report = (folder / "heap_shell/check").read_text().splitlines()[1:-1]
    ok("check prints the report", status == 2 and out.splitlines() == ["heap_shell: 1 findings"] + report and report, out)


def source_of(line):
    """The line of source that was found."""
    path, number = line.rsplit(":", 1)
    return (sources / "tests" / path.split("/tests/")[1]).read_text().splitlines()[int(number) - 1]


def has_debug_information():
    sections = subprocess.run(["readelf", "-SW", modules / "tests/kernel/heap_sites.ko"], capture_output=True, text=True).stdout
    return ".debug_info" in sections


def test_lines():
    status, out, errors = run("owners", "--lines", "--modules", str(modules), "sites", "--json")
    owners = [owner for owner in json.loads(out)["owners"] if owner["owner"].endswith("[heap_sites]")]
    if not has_debug_information():
        print(f"# {modules}: the modules have no debug information")
        ok("owners without debug information are said so", errors.startswith("heapmod: heap_sites: "), errors)
        return
    ok("all call sites have lines", len(owners) >= 5 and all(owner["line"] for owner in owners) and not errors, (owners, errors))
    sizes = {owner["live_bytes"]: source_of(owner["line"]) for owner in owners if owner["live_bytes"] in range(1, 6)}
    ok("... each is that of its call", len(sizes) == 5 and all(f", {size}, GFP_KERNEL)" in line for size, line in sizes.items()), sizes)


listed = {row["name"]: row for row in read("list")["heaps"]}
ok("list has all heaps", list(listed) == names and {"default", "hello", "sites", "stress", "heap_shell"} <= set(names), listed)
all_stats, all_owners = {}, {}
for heap in names:
    all_stats[heap] = test_stats(heap)
    all_owners[heap] = test_tables(heap, all_stats[heap])
    test_holes(heap, all_stats[heap])
    test_watch(heap, all_stats[heap], listed[heap])
test_metrics(all_stats, all_owners)
test_check()
test_lines()
