#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""tests/tools/drgn-damage.py CORE VMLINUX HEAPMOD.KO - test that heapmod.drgn.py finds damage in a dump of vm/cases/dump.sh

The damage is planted by overlaying the memory of the dump: every invariant of core/check.c is violated, one at a time.
"""

import contextlib
import importlib.util
from pathlib import Path
import re
import sys

import drgn

sources = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("heapmod", sources / "tools/heapmod.drgn.py")
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)

core, *symbols = sys.argv[1:]
prog = tool.open_kernel(core)
tool.load_symbols(prog, symbols)


def heap_named(name):
    return tool.heap_named(tool.find_heaps(prog), name)


def overlay(address, data):
    prog.add_memory_segment(address, len(data), lambda _, count, offset, physical: data[offset : offset + count])


@contextlib.contextmanager
def planted(*changes):
    """Give objects other values temporarily."""
    before = [(thing.address_, prog.read(thing.address_, drgn.sizeof(thing))) for thing, _ in changes]
    for thing, value in changes:
        size = drgn.sizeof(thing)
        overlay(thing.address_, (int(value) % 2 ** (8 * size)).to_bytes(size, "little"))
    yield heap_named(name_of_heap)
    for address, data in before:
        overlay(address, data)


def findings_in(name):
    """The findings of the check of a heap, as text."""
    return [f"{finding.verdict} at {finding.offset}" for finding in tool.check(heap_named(name))]


def ok(name, good, why=""):
    print(f"ok - {name}" if good else f"not ok - {name}\n{why}")


def finds(name, words, *changes):
    with planted(*changes):
        findings = findings_in(name_of_heap)
    ok(f"planted: {name}", any(words in finding for finding in findings), findings)


# The values that heapmod.drgn.py repeats are those of the sources.
headers = "".join((sources / name).read_text() for name in ("core/block.h", "core/heap.h", "core/index.h"))
for name, value in (
    ("HEAP_GRANULE", tool.GRANULE),
    ("HEAP_EDGE", tool.EDGE),
    ("HEAP_REDZONE", tool.REDZONE),
    ("HEAP_CHUNK", tool.CHUNK),
    ("HEAP_FANOUT", tool.FANOUT),
    ("HEAP_PATTERN", tool.PATTERN),
    ("TAG_SLACK", tool.TAG_SLACK),
    ("TAG_OWNER_SHIFT", tool.TAG_OWNER_SHIFT),
    ("WORD_OPEN_BITS", tool.WORD_OPEN_BITS),
    ("WORD_LOW_SHIFT", tool.WORD_LOW_SHIFT),
    ("WORD_DEFERRED", tool.WORD_DEFERRED >> tool.WORD_OPEN_BITS),
):
    number = int(re.search(rf"#define {name}\s+\(?(\w+)", headers)[1].rstrip("UL"), 0)
    ok(f"{name} is {value}", value == number, f"it is {number}")

name_of_heap = "stress"
heap = heap_named(name_of_heap)
fields = heap.heapmod.core
index = fields.index
chunks = index.chunks
blocks = list(heap.blocks())
used = [block for block in blocks if block.state == "HEAP_USED"]
hole = next(block for block in blocks if block.state == "HEAP_HOLE" and block.end != heap.granules)
beside = next(block for block in blocks if block.at == hole.end)
twin, other = [block for block in used if block.granules == used[-1].granules][:2]


def bit(at):
    return 1 << at % tool.CHUNK


def start(at):
    return chunks[at // tool.CHUNK].start


def free(at):
    return chunks[at // tool.CHUNK].free


def header(at):
    return drgn.Object(prog, "u64", address=heap.address(at))


def byte_before(end):
    return drgn.Object(prog, "u8", address=heap.address(end) - 1)


ok("the heap has no findings before the damage", findings_in(name_of_heap) == [], findings_in(name_of_heap))
ok("the heap has an index of several levels", index.levels >= 2 and index.rows >= 4 and index.height >= 2)
ok("the heap has slack", used[-1].asked + heap.overhead < used[-1].size)

finds("a hole inside a block", "a free bit without a start bit", (free(twin.at + 1), free(twin.at + 1) | bit(twin.at + 1)))
finds("a used block becomes a hole", "two adjacent holes", (free(beside.at), free(beside.at) | bit(beside.at)))
finds("no sentinel", "the sentinel is missing", (start(heap.granules), start(heap.granules) & ~bit(heap.granules)))
finds("no first block", "first granule", (start(0), start(0) & ~1))
for level in range(index.levels.value_()):
    finds(f"summary {level}", f"summary {level} is wrong", (index.summary[level][0], index.summary[level][0] ^ 1))
for level in range(1, index.height.value_()):
    finds(f"node of level {level}", f"level {level} is wrong", (index.max[level][0], index.max[level][0] + 1))
node = index.max[0][hole.at // tool.CHUNK]
finds("max of a chunk", "max of a chunk", (node, node + 1))
finds("top", "top is not", (index.top, index.top - 1))
finds("no top", "top is not", (index.top, tool.NONE))
finds("others", "larger than the others", (index.giant_at, tool.NONE), (index.others, 0))
finds("finger", "below the finger", (index.finger_at, heap.granules), (index.finger_size, 1))
for number in range(64):
    word = header(twin.at)
    finds(f"bit {number} of a header", f"corrupt header at {twin.offset}", (word, word ^ 1 << number))
finds("a copied header", f"corrupt header at {twin.offset}", (header(twin.at), header(other.at)))
finds("the header of a hole", f"corrupt header at {hole.offset}", (header(hole.at), header(hole.at) ^ 1 << 50))
last = used[-1]
finds("slack", f"overrun at {last.offset + last.size - 1}", (byte_before(last.end), 0))
for name, words in (
    ("allocs", "blocks"),
    ("frees", "blocks"),
    ("used", "used granules"),
    ("pending", "pending granules"),
    ("quarantined", "quarantined granules"),
    ("asked", "asked bytes"),
):
    member = fields.member_(name)
    finds(f"counter {name}", words, (member, member + 1))
finds("counter holes", "holes", (index.holes, index.holes + 1))
finds("frozen", "the heap is frozen", (fields.granules, 0))
finds("size", "the size of the region is wrong", (index.granules, index.granules + 1))

# The caches of the CPUs. Blocks are in a stack for each size.
cpu = max(heap.cpus.values(), key=lambda cpu: cpu.cache.granules.value_())
stack = next(i for i, count in enumerate(cpu.cache.count.value_()) if count)
top = cpu.cache.at[stack][cpu.cache.count[stack] - 1]
finds("a free block in no cache", f"in no cache) at {tool.EDGE + top.value_() * tool.GRANULE}", (cpu.cache.count[stack], cpu.cache.count[stack] - 1))
finds("a used block in a cache", f"not free) at {twin.offset}", (top, twin.at))
finds("the size of a cache", "cached granules", (cpu.cache.granules, cpu.cache.granules + 1))
finds("the header of a cached block", "corrupt header", (header(top.value_()), header(top.value_()) ^ 1))
with planted(
    (fields.allocs, fields.allocs - 1),
    (fields.asked, fields.asked - 10),
    (cpu.cache.now.allocs, cpu.cache.now.allocs + 1),
    (cpu.cache.now.asked, cpu.cache.now.asked + 10),
) as changed:
    ok("what a cache has counted is added", changed.stats() == heap.stats(), changed.stats())
    ok("what a cache has counted is not a finding", findings_in(name_of_heap) == [], findings_in(name_of_heap))
owner = heap.heapmod.owners.table[twin.owner]
with planted(
    (owner.allocs, owner.allocs - 1),
    (owner.room, owner.room + 10),
    (cpu.owners[twin.owner].allocs, cpu.owners[twin.owner].allocs + 1),
    (cpu.owners[twin.owner].bytes, cpu.owners[twin.owner].bytes + 10),
) as changed:
    ok("what a cache has counted for an owner is added", changed.owners() == heap.owners(), changed.owners())

# Blocks between used and free are not damage.
with planted((header(twin.at), header(twin.at) ^ tool.WORD_DEFERRED)) as changed:
    ok("a deferred block is pending", changed.block_of(twin.offset).word == "pending", changed.block_of(twin.offset))
    ok("a deferred block is not a finding", findings_in(name_of_heap) == [], findings_in(name_of_heap))
with planted(
    (header(twin.at), heap.state_word(twin.at, twin.granules, "HEAP_PENDING")),
    (fields.claims[0], twin.at),
    (fields.claim_count, 1),
    (fields.withheld, 1),
    (fields.frees, fields.frees + 1),
    (fields.used, fields.used - twin.granules),
    (fields.pending, twin.granules),
    (fields.asked, fields.asked - twin.asked),
) as changed:
    ok("a claimed block is pending", changed.block_of(twin.offset).word == "pending", changed.block_of(twin.offset))
    ok("a claimed block is not a finding", findings_in(name_of_heap) == [], findings_in(name_of_heap))

# The block that heap_shell freed last is on the quick list: it is used in the map, and printed as a part of a hole.
name_of_heap = "heap_shell"
heap = heap_named(name_of_heap)
ok("a block is on the quick list", len(heap.quick) == 1)
quick = min(heap.quick)
seen = heap.block_of(tool.EDGE + quick * tool.GRANULE)
in_map = next(span for span in heap.spans() if span[0] == quick)
is_coalesced = seen.state == "HEAP_HOLE" and seen.granules > in_map[1] and not in_map[2]
ok("it is a part of a hole", is_coalesced, seen)
finds("the header of a quick block", f"corrupt header at {tool.EDGE + quick * tool.GRANULE}", (header(quick), header(quick) ^ 1))
