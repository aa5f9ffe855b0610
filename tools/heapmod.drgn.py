#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""heapmod.drgn - inspect the heaps of heapmod in the memory of a running kernel, or in a dump

This prints what debugfs prints, but reads it from memory. Debug information has the layout of the structures. It does
not have macros, so their values are repeated below; tests/tools/drgn-damage.py compares them with the sources. The
format of blocks is described in heap_core.c and core/block.h, the invariants in core/check.c.
"""

import argparse
import collections
from dataclasses import dataclass
import functools
import itertools
import os
import signal
import sys

VERSION = "of the sources"  # make install-tools puts the number here

if sys.stderr is None:
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # print() takes None for stdout


def fail(message):
    print(f"heapmod.drgn: {message}", file=sys.stderr)
    sys.exit(1)


try:
    import drgn
    from drgn import Object
    from drgn.helpers.linux.cpumask import for_each_possible_cpu
    from drgn.helpers.linux.list import list_for_each_entry
    from drgn.helpers.linux.percpu import per_cpu_ptr
except ImportError:
    fail("it needs drgn: apt-get install python3-drgn")

# core/heap.h, core/index.h
GRANULE = 16
EDGE = 8
REDZONE = 2
CHUNK = 64
FANOUT = 8
NONE = 2**32 - 1
# core/block.h
PATTERN = 0xC5
TAG_SLACK = 0xF
TAG_OWNER_SHIFT = 4
WORD_OPEN_BITS = 44
WORD_LOW_SHIFT = 32
STATE_BITS = 3
WORD_DEFERRED = 0xAAAAA << WORD_OPEN_BITS
WORD_LIMBO = 0x55555 << WORD_OPEN_BITS

U64 = 2**64 - 1
U32 = 2**32 - 1


def entries(first, count, batch=4096):
    """The values of an array of COUNT elements; FIRST points to its first element."""
    prog, element = first.prog_, first.type_.type
    for i in range(0, count, batch):
        some = prog.array_type(element, min(batch, count - i))
        yield from Object(prog, some, address=(first + i).value_()).value_()


def signed(number):
    return number - 2**64 if number >> 63 else number


def groups(count, size):
    return (count + size - 1) // size


class CallSites:
    """Names of addresses, as the kernel prints them with %pS, from the symbol tables of its modules."""

    def __init__(self, prog):
        self.prog = prog
        self.modules = list(modules(prog))
        sites = prog.variable("sites", "heaps/sites.c").address_of_()
        sites = list_for_each_entry("struct heapmod_site", sites, "all")
        # 1 is SITE_UNNAMED of heaps/sites.c.
        self.saved = {0: "other", 1: "a module that is unloaded"}
        self.saved.update((site.number.value_(), site.text.string_().decode()) for site in sites)

    @functools.cache
    def name(self, address):
        if address in self.saved:
            return self.saved[address]
        for module in self.modules:
            for layout in module.core_layout, module.init_layout:
                base = layout.base.value_()
                if base <= address < base + layout.size.value_():
                    return self.name_in(module, address, base + layout.text_size.value_())
        return self.name_in_kernel(address)

    def name_in(self, module, address, end):
        before, after = (0, None), end
        for value, symbol in self.symbols(module):
            if before[0] < value <= address:
                before = value, symbol
            elif address < value < after:
                after = value
        value, symbol = before
        name = (module.kallsyms.strtab + symbol).string_().decode()
        return f"{name}+{address - value:#x}/{after - value:#x} [{module.name.string_().decode()}]"

    @staticmethod
    def symbols(module):
        """Address and name of each named symbol of a module; the name is an offset in its string table."""
        table = module.kallsyms
        names = table.strtab
        return [
            (symbol["st_value"], symbol["st_name"])
            for symbol in itertools.islice(entries(table.symtab, table.num_symtab.value_()), 1, None)
            if symbol["st_shndx"] and names[symbol["st_name"]].value_()
        ]

    def name_in_kernel(self, address):
        try:
            symbol = self.prog.symbol(address)
        except LookupError:
            return f"{address:#x}"
        return f"{symbol.name}+{address - symbol.address:#x}/{symbol.size:#x}"


@dataclass
class Block:
    """As struct heap_block_info; the state is a name of enum heap_state."""

    at: int
    granules: int
    state: str
    sealed: bool
    asked: int
    owner: int

    # The names in debugfs.
    WORDS = {
        "HEAP_HOLE": "hole",
        "HEAP_USED": "used",
        "HEAP_PENDING": "pending",
        "HEAP_QUARANTINED": "quarantined",
        "HEAP_DEFERRED": "pending",
        "HEAP_CACHED": "cached",
    }

    @property
    def end(self):
        return self.at + self.granules

    @property
    def offset(self):
        return EDGE + self.at * GRANULE

    @property
    def size(self):
        return self.granules * GRANULE

    @property
    def word(self):
        return self.WORDS[self.state]

    @property
    def is_live(self):
        """The block is accounted as used."""
        return self.state in ("HEAP_USED", "HEAP_DEFERRED")


@dataclass
class Owner:
    """As struct heap_owner."""

    caller: int
    allocs: int
    frees: int
    peak: int
    room: int
    failures: int
    number: int

    @property
    def blocks(self):
        return self.allocs - self.frees

    @property
    def bytes(self):
        return self.peak - self.room


class Heap:
    """A struct heapmod, and the struct heap in it."""

    def __init__(self, heapmod):
        self.prog = heapmod.prog_
        self.heapmod = heapmod
        self.name = heapmod.name.string_().decode(errors="replace")
        self.region_bytes = heapmod.region_bytes.value_()
        self.core = heapmod.core.read_()
        self.index = self.core.index
        cpus = heapmod.cpus
        self.cpus = {cpu: per_cpu_ptr(cpus, cpu) for cpu in for_each_possible_cpu(self.prog)} if cpus else {}
        core = self.settled(self.core.value_())
        self.region = core["region"]
        self.granules = core["index"]["granules"]  # heap.granules is 0 when it is frozen
        self.is_frozen = not core["granules"]
        self.overhead = core["overhead"]
        self.redzone = GRANULE if core["flags"] & REDZONE else 0
        self.counters = core
        self.key, self.factor, self.mask = core["key"], core["factor"], core["mask"]
        self.used, self.pending, self.quarantined = core["used"], core["pending"], core["quarantined"]
        self.peak, self.failures = core["peak"], core["failures"]
        self.blocks_counted = core["allocs"] - core["frees"]
        self.asked, self.lost = core["asked"], core["lost"]
        self.quick = {split["at"] for split in core["quick"][: core["quick_count"]]}
        self.claims = set(core["claims"][: core["claim_count"]])
        self.quarantine = set(core["quarantine"][: core["quarantine_count"]])
        self.header_type = self.prog.type("struct heap_block")
        self.states = {name: value for name, value in self.prog.type("enum heap_state").enumerators}

    def settled(self, core):
        """The counters, with what the caches have counted since heap_cache_settle()."""
        for cpu in self.cpus.values():
            now, settled = cpu.cache.now.value_(), cpu.cache.settled.value_()
            for key in now:
                core[key] = core[key] + now[key] - settled[key] & U64
        return core

    @property
    def used_bytes(self):
        return (self.used + self.pending + self.quarantined) * GRANULE

    @property
    def live_blocks(self):
        """Those of heapmod_free_rcu() are not. One that lost its header counts as such until it leaves."""
        return max(self.blocks_counted - self.counters["limbo_blocks"], 0)

    @property
    def cached(self):
        """Granules in the caches of the CPUs."""
        return sum(cpu.cache.granules.value_() for cpu in self.cpus.values())

    def stacked(self):
        """(at, granules) of each block in the stacks of the caches."""
        for cpu in self.cpus.values():
            cache = cpu.cache.value_()
            for granules, (count, stack) in enumerate(zip(cache["count"], cache["at"])):
                yield from ((at, granules) for at in stack[:count])

    def holes(self):
        """The size of each hole, in bytes."""
        return [granules * GRANULE for _, granules, hole in self.seen_spans() if hole]

    @property
    def largest_hole_bytes(self):
        return max(self.holes(), default=0)

    def parts(self):
        """What adds up to the region, as copy_bytes() in heaps/query.c."""
        core, cached, blocks = self.counters, self.cached, self.live_blocks
        limbo = max(min(core["limbo"], self.used - cached), 0)
        used, pending = self.used - limbo - cached, self.pending + limbo
        left = used * GRANULE
        # Lost headers make these uncertain: each is taken out of what is left.
        headers = min(blocks * self.header_type.size, left)
        redzones = min(blocks * self.redzone, left - headers)
        left -= headers + redzones
        parts = {"asked_bytes": min(max(signed(self.asked - core["limbo_asked"] & U64), 0), left)}
        parts["slack_bytes"] = left - parts["asked_bytes"]
        parts["header_bytes"] = headers
        parts["hole_bytes"] = (self.granules - used - pending - cached - self.quarantined) * GRANULE
        parts["quarantine_bytes"] = self.quarantined * GRANULE
        parts["pending_bytes"] = pending * GRANULE
        parts["cached_bytes"] = cached * GRANULE
        parts["redzone_bytes"] = redzones
        parts["edge_bytes"] = self.region_bytes - self.granules * GRANULE
        return parts

    def counts(self):
        """The counters, as copy_counts()."""
        core, holes = self.counters, self.holes()
        counts = {"blocks": self.live_blocks, "holes": len(holes)}
        counts["largest_hole_bytes"] = max(holes, default=0)
        counts |= {key: core[key] for key in ("allocs", "frees", "failures")}
        counts["busy"] = self.heapmod.busy.counter.value_()
        counts |= {f"search_steps_{1 << i}": count for i, count in enumerate(core["index"]["searches"])}
        counts["refused"] = core["refused"] + self.heapmod.refused.counter.value_()
        counts["quarantine_blocks"] = core["quarantine_count"]
        counts["frozen"] = int(self.is_frozen)
        return counts

    def findings(self):
        """The verdicts that were found."""
        names = {value: name.removeprefix("HEAP_").lower() for name, value in self.prog.type("enum heap_verdict").enumerators}
        found = {names[i]: count for i, count in enumerate(self.counters["verdicts"]) if i and count}
        return found or {"findings": 0}

    def stats(self):
        return {
            "version": 2,
            "id": self.heapmod.id.value_(),
            "region_bytes": self.region_bytes,
            **self.parts(),
            "peak_bytes": self.peak * GRANULE,
            "metadata_bytes": self.heapmod.metadata_bytes.value_(),
            **self.counts(),
            **self.findings(),
        }

    # The map: places are granules.

    @property
    def chunk_count(self):
        return self.granules // CHUNK + 1

    def chunks(self):
        return entries(self.index.chunks, self.chunk_count)

    def starts(self):
        """(at, is it a hole) of each block; the last one is the sentinel."""
        for number, chunk in enumerate(self.chunks()):
            start, free = chunk["start"], chunk["free"]
            while start:
                bit = (start & -start).bit_length() - 1
                yield number * CHUNK + bit, bool(free >> bit & 1)
                start &= start - 1

    def spans(self):
        """(at, granules, is it a hole) of each block in the map."""
        for (at, hole), (end, _) in itertools.pairwise(self.starts()):
            yield at, end - at, hole

    def seen_spans(self):
        """The same as heap_walk() returns: blocks of the quick list are coalesced with the holes next to them."""
        for free, run in itertools.groupby(self.spans(), lambda span: span[2] or span[0] in self.quick):
            if free:
                run = list(run)
                yield run[0][0], sum(span[1] for span in run), True
            else:
                yield from run

    # Headers and seals

    def address(self, at):
        return self.region + EDGE + at * GRANULE

    def header(self, at):
        return Object(self.prog, self.header_type, address=self.address(at)).value_()

    def seal(self, at, word):
        return ((word << (64 - WORD_OPEN_BITS) ^ self.key ^ at) * self.factor & U64) >> WORD_OPEN_BITS

    def is_sealed(self, at, word):
        return self.seal(at, word) == word >> WORD_OPEN_BITS

    def is_deferred(self, at, word):
        return self.is_sealed(at, word ^ WORD_DEFERRED) or self.is_sealed(at, word ^ WORD_LIMBO)

    def state_tag(self, at, state):
        """The place of a hole is known from the map."""
        place = 0 if state == "HEAP_HOLE" else at << STATE_BITS & U32
        return self.states[state] ^ place

    def state_word(self, at, granules, state):
        """The header of a block that is not in use."""
        return (granules | self.state_tag(at, state) << WORD_LOW_SHIFT) ^ self.mask

    def state(self, at, hole, word):
        if hole or at in self.quick:
            return "HEAP_HOLE"
        if at in self.quarantine:
            return "HEAP_QUARANTINED"
        if at in self.claims:
            return "HEAP_PENDING"
        if (word ^ self.mask) >> WORD_LOW_SHIFT == self.state_tag(at, "HEAP_CACHED"):
            return "HEAP_CACHED"
        return "HEAP_DEFERRED" if self.is_deferred(at, word) else "HEAP_USED"

    def inspect(self, at, granules, hole):
        """A block, as the map has it, with slack and owner from its header, as heap_inspect_sized()."""
        tag = self.header(at)["tag"]
        word = granules | tag << WORD_LOW_SHIFT
        sealed = self.is_sealed(at, word) or self.is_deferred(at, word)
        block = Block(at, granules, self.state(at, hole, word), sealed, 0, 0)
        if block.is_live:
            block.asked = block.size - self.overhead - (tag & TAG_SLACK if sealed else 0)
        if sealed:
            block.owner = tag >> TAG_OWNER_SHIFT & 0xFF
        return block

    def blocks(self):
        return (self.inspect(*span) for span in self.seen_spans())

    def block_of(self, offset):
        for at, granules, hole in self.seen_spans():
            if offset < EDGE + (at + granules) * GRANULE:
                return self.inspect(at, granules, hole)
        return None

    # Owners

    def owners(self):
        table = self.heapmod.owners.table[0].address_of_()
        owners = [Owner(**owner) for owner in entries(table, self.heapmod.owners.mask.value_() + 1)]
        for cpu in self.cpus.values():
            for owner, counted in zip(owners, entries(cpu.owners[0].address_of_(), len(owners))):
                owner.allocs += counted["allocs"]
                owner.frees += counted["frees"]
                owner.room -= signed(counted["bytes"])
        for owner in owners:
            owner.peak = max(owner.peak, owner.bytes)
            owner.room = max(owner.room, 0)
        return owners


@dataclass
class Finding:
    """A finding in the bytes of a block or, without a block, in the index."""

    verdict: str
    offset: int
    block: Block = None


def wrong_index(what, at=0):
    return Finding(f"corrupt index ({what})", EDGE + at * GRANULE)


def check_map(heap):
    """The map has no gaps, a free bit only where a start bit is, and no adjacent holes: (1) and (2)"""
    for number, chunk in enumerate(heap.chunks()):
        if chunk["free"] & ~chunk["start"]:
            yield wrong_index("a free bit without a start bit", number * CHUNK)
    at, hole_before = NONE, False
    for at, hole in heap.starts():
        if hole and hole_before:
            yield wrong_index("two adjacent holes", at)
        hole_before = hole
    if at != heap.granules:
        yield wrong_index("the sentinel is missing", min(at, heap.granules))
    if next(heap.starts(), (NONE,))[0]:
        yield wrong_index("no block starts at the first granule")


def check_summaries(heap):
    """A bit of a summary is set if and only if the word below it is not 0: (4)"""
    full = [bool(chunk["start"]) for chunk in heap.chunks()]
    for level in range(heap.index.levels.value_()):
        words = list(entries(heap.index.summary[level], groups(len(full), 64)))
        for i, bit in enumerate(full):
            if bool(words[i // 64] >> i % 64 & 1) != bit:
                yield wrong_index(f"summary {level} is wrong", i * CHUNK * 64**level)
        full = [bool(word) for word in words]


def check_nodes(heap):
    """A node of the max tree is the maximum of its children: (4)"""
    count = heap.chunk_count
    for level in range(1, heap.index.height.value_()):
        children = list(entries(heap.index.max[level - 1], groups(count, FANOUT) * FANOUT))
        count = groups(count, FANOUT)
        for i, node in enumerate(entries(heap.index.max[level], count)):
            if node != max(children[i * FANOUT : (i + 1) * FANOUT]):
                yield wrong_index(f"a node of level {level} is wrong", i * CHUNK * FANOUT**level)


def check_holes(heap):
    """The max of each chunk, the top, the finger and the giant agree with the holes: (5) and (6)"""
    index = heap.index
    top, finger_at, finger_size, giant_at, others = (
        member.value_() for member in (index.top, index.finger_at, index.finger_size, index.giant_at, index.others)
    )
    true_top = NONE
    largest = [0] * heap.chunk_count
    for at, granules, _ in filter(lambda span: span[2], heap.spans()):
        if at < finger_at and granules >= finger_size:
            yield wrong_index("a hole of finger_size below the finger", at)
        if at not in (top, giant_at) and granules > others:
            yield wrong_index("a hole larger than the others", at)
        if at + granules == heap.granules:
            true_top = at
        else:
            largest[at // CHUNK] = max(largest[at // CHUNK], granules)
    if top != true_top:
        yield wrong_index("the top is not the hole at the end", min(top, heap.granules))
    for chunk, stored in enumerate(entries(heap.index.max[0], heap.chunk_count)):
        if stored != largest[chunk]:
            yield wrong_index("the max of a chunk is not its largest hole", chunk * CHUNK)


def check_header(heap, block):
    """Does the header agree with the map, and does it have the seal or the state that it must have?"""
    header = heap.header(block.at)
    word = header["granules"] | header["tag"] << WORD_LOW_SHIFT
    is_as_used = header["granules"] == block.granules and block.sealed
    if block.is_live:
        return is_as_used
    if block.at in heap.quick:
        return is_as_used or word == heap.state_word(block.at, block.granules, "HEAP_PENDING")
    return word == heap.state_word(block.at, block.granules, block.state)


def first_wrong(heap, block):
    """The offset of the first byte behind a payload that differs from the pattern, or None."""
    end = heap.address(block.end)
    count = block.size - heap.overhead - block.asked + heap.redzone
    for i, byte in enumerate(heap.prog.read(end - count, count) if count else b""):
        if byte != PATTERN:
            return end - count + i - heap.region
    return None


def check_bytes(heap, block):
    """Header, slack and redzone of a block: (3)"""
    if not check_header(heap, block):
        return Finding("corrupt header", block.offset, block)
    wrong = first_wrong(heap, block) if block.is_live else None
    return None if wrong is None else Finding("overrun", wrong, block)


def check_counters(heap, blocks):
    """The counters agree with the blocks: (7)"""
    live = [block for block in blocks if block.is_live]
    granules = {state: sum(block.granules for block in blocks if block.state == state) for state in heap.states}
    holes = sum(block.state == "HEAP_HOLE" for block in blocks) - len(heap.quick)
    for what, counter, actual in (
        ("blocks", heap.blocks_counted, len(live)),
        ("holes", heap.index.holes.value_(), holes),
        ("used granules", heap.used - heap.cached, sum(block.granules for block in live)),
        ("cached granules", heap.cached, granules["HEAP_CACHED"]),
        ("pending granules", heap.pending, granules["HEAP_PENDING"]),
        ("quarantined granules", heap.quarantined, granules["HEAP_QUARANTINED"]),
    ):
        if counter != actual:
            yield wrong_index(f"the counter of {what} is {counter} instead of {actual}")
    # Each block freed without a readable header took up to 15 bytes too many off heap.asked.
    asked = sum(block.asked for block in live)
    if asked - heap.asked & U64 > heap.lost * TAG_SLACK:
        yield wrong_index(f"the counter of asked bytes is {heap.asked} instead of {asked}")


def check_caches(heap, blocks):
    """Each cached block is in one stack, that of its size."""
    cached = collections.Counter((block.at, block.granules) for block in blocks if block.state == "HEAP_CACHED")
    stacked = collections.Counter(heap.stacked())
    for at, _ in stacked - cached:
        yield wrong_index("a cache has a block that is not free", at)
    for at, _ in cached - stacked:
        yield wrong_index("a free block is in no cache", at)


def check(heap):
    """Check all invariants, as heap_check(), but continue where heap_check() freezes the heap."""
    if heap.granules != heap.region_bytes // GRANULE - 1:
        yield wrong_index("the size of the region is wrong")
        return
    if heap.is_frozen:
        yield wrong_index("the heap is frozen")
    broken = list(check_map(heap))
    yield from broken
    yield from check_summaries(heap)
    yield from check_nodes(heap)
    if broken:
        return
    yield from check_holes(heap)
    blocks = [heap.inspect(*span) for span in heap.spans()]
    wrong = [finding for block in blocks if (finding := check_bytes(heap, block))]
    yield from wrong
    if not wrong:
        yield from check_counters(heap, blocks)
        yield from check_caches(heap, blocks)


# The commands. Tables have format version 2 of debugfs.


def print_heaps(heaps):
    width = max([len("name"), *(len(heap.name) for heap in heaps)])
    row = "{:<{}} {:>12} {:>12} {:>12} {:>12} {:>9} {:>9} {}".format
    print(row("name", width, "region", "used", "peak", "largest", "blocks", "failures", "address"))
    for heap in heaps:
        sizes = heap.region_bytes, heap.used_bytes, heap.peak * GRANULE, heap.largest_hole_bytes
        print(row(heap.name, width, *sizes, heap.live_blocks, heap.failures, f"{heap.region:#x}"))


def print_stats(heap):
    for key, value in heap.stats().items():
        print(f"{key} {value}")


def print_cpus(heap):
    row = "{:>4} {:>13} {:>12} {:>12} {:>12} {:>12} {:>12}".format
    print(row("cpu", "cached_blocks", "cached_bytes", "hits", "misses", "frees", "drains"))
    for number, cpu in heap.cpus.items():
        cache = cpu.cache.value_()
        sizes = sum(cache["count"]), cache["granules"] * GRANULE
        print(row(number, *sizes, cache["now"]["allocs"], cpu.misses.value_(), cache["now"]["frees"], cpu.drains.value_()))


def print_holes(heap):
    holes = heap.holes()
    total, largest = sum(holes), max(holes, default=0)
    thousandths = (total - largest) * 1000 // total if total else 0
    print(f"version 2\nhole_bytes {total}\nlargest_bytes {largest}\nfragmentation {thousandths / 1000:.3f}")
    row = "{:>12} {:>12} {:>9} {:>12}".format
    print(row("from", "to", "holes", "bytes"))
    for order in range((largest // GRANULE).bit_length()):
        first = GRANULE << order
        inside = [size for size in holes if first <= size < 2 * first]
        print(row(first, 2 * first - 1, len(inside), sum(inside)))


def print_blocks(heap, sites, words):
    """Those whose owner has the words in its name, or all."""
    row = "{:>12} {:>12} {:<11} {:>12} {}".format
    print(row("offset", "size", "state", "asked", "owner"))
    if heap.is_frozen:
        note(heap, "the heap is frozen: its index was found corrupt, and does not show blocks reliably")
        return
    for block in heap.blocks():
        asked, owner = "-", "-"
        if block.state == "HEAP_USED":
            asked, owner = (block.asked, name_of(heap, sites, block)) if block.sealed else ("?", "?")
        if words not in owner:
            continue
        print(row(block.offset, block.size, block.word, asked, owner))


def name_of(heap, sites, block):
    return sites.name(heap.heapmod.owners.table[block.owner & heap.heapmod.owners.mask.value_()].caller.value_())


def print_owners(heap, sites):
    row = "{:>11} {:>12} {:>12} {:>12} {:>12} {:>9} {}".format
    print(row("live_blocks", "live_bytes", "peak_bytes", "allocs", "frees", "failures", "owner"))
    owners = [owner for owner in heap.owners() if owner.allocs or owner.failures]
    for owner in sorted(owners, key=lambda owner: (-owner.bytes, -owner.peak, owner.caller)):
        numbers = owner.blocks, owner.bytes, owner.peak, owner.allocs, owner.frees, owner.failures
        print(row(*numbers, sites.name(owner.caller)))


def print_block(heap, sites, block):
    print(f"  block   at {block.offset}, {block.size} bytes, {block.word}")
    if block.state == "HEAP_USED" and not block.sealed:
        print("          its header is unreadable")
    elif block.state == "HEAP_USED":
        print(f"          {block.asked} bytes allocated by {name_of(heap, sites, block)}")
    elif block.sealed:
        print(f"          was allocated by {name_of(heap, sites, block)}")


def print_check(heaps, sites):
    """Return whether nothing was found."""
    count = 0
    for heap in heaps:
        for finding in check(heap):
            count += 1
            print(f'{finding.verdict} in heap "{heap.name}" at offset {finding.offset}')
            if finding.block:
                print_block(heap, sites, finding.block)
    print(f"findings {count}")
    return count == 0


def part_of(heap, block, offset):
    """The part of a block that the byte at an offset belongs to."""
    byte = offset - block.offset
    payload = byte - heap.header_type.size
    if byte < heap.header_type.size:
        return f"byte {byte} of the header of"
    if not block.is_live:
        return f"byte {byte} of"
    if payload < block.asked:
        return f"byte {payload} of the payload of"
    return f"{payload - block.asked + 1} bytes behind the payload of"


def print_place(heaps, sites, address):
    """Return whether the address lies in a heap. A region may be in a block of another heap."""
    for heap in sorted(heaps, key=lambda heap: heap.region_bytes):
        offset = address - heap.region
        if not 0 <= offset < heap.region_bytes:
            continue
        place = f'{address:#x} is at offset {offset} of heap "{heap.name}"'
        block = heap.block_of(offset) if offset >= EDGE else None
        if not block:
            print(f"{place}, at its edge, where there are no blocks")
        else:
            print(f"{place}, {part_of(heap, block, offset)}")
            print_block(heap, sites, block)
        return True
    print(f"{address:#x} is in no heap")
    return False


# The kernel


def reach_page_tables(prog):
    """Work around drgn before 0.0.30, which takes a phys_base of 0 for none and does not find the page tables.

    It is 0 in a QEMU dump of a kernel without KASLR. There an offset in the mapping of the kernel image is also its
    physical address.
    """
    mapping, size = 0xFFFFFFFF80000000, 512 << 20
    try:
        prog.read(mapping, 1)
    except drgn.FaultError as error:
        if "recursive" in str(error) and prog.platform.arch == drgn.Architecture.X86_64:
            prog.add_memory_segment(mapping, size, lambda _, count, offset, physical: prog.read(offset, count, True))


def open_kernel(core):
    prog = drgn.Program()
    where = core or "/proc/kcore"
    try:
        if core:
            prog.set_core_dump(core)
        else:
            prog.set_kernel()
    except PermissionError:
        fail(f"no permission to read {where}" + ("" if core else ": run it as root"))
    except Exception as error:  # errors of libelf have no class of their own
        fail(f"cannot read {where}: {getattr(error, 'strerror', None) or error}")
    if not prog.flags & drgn.ProgramFlags.IS_LINUX_KERNEL:
        fail(f"{where} is no dump of a Linux kernel: it has no VMCOREINFO")
    reach_page_tables(prog)
    return prog


def modules(prog):
    head = prog["modules"].address_of_()
    for module in list_for_each_entry("struct module", head, "list"):
        if module.state != prog.constant("MODULE_STATE_UNFORMED"):
            yield module


def has_heapmod_symbols(prog):
    try:
        prog.variable("heaps", "heaps/registry.c")
    except LookupError:
        return False
    return True


def load_symbols(prog, files):
    """Load symbols from the files, and those that are missing there from the standard places."""
    try:
        for file in files:
            open(file, "rb").close()
        prog.load_debug_info(files, main=True)
        if not has_heapmod_symbols(prog):
            prog.load_debug_info(default=True)
    except drgn.MissingDebugInfoError:
        pass  # of other modules; find_heaps() reports what is needed
    except OSError as error:
        fail(f"cannot read the symbols in {error.filename}: {error.strerror}")
    except ValueError as error:
        fail(f"cannot read the symbols: {error}")


def find_heaps(prog):
    try:
        loaded = any(module.name.string_() == b"heapmod" for module in modules(prog))
    except LookupError:
        fail("no debug information of this kernel: --symbols vmlinux, or install linux-image-...-dbg")
    if not loaded:
        fail("heapmod is not loaded in this kernel")
    if not has_heapmod_symbols(prog):
        fail("no debug information of this heapmod: --symbols heapmod.ko, as it was loaded")
    head = prog.variable("heaps", "heaps/registry.c").address_of_()
    return [Heap(heapmod) for heapmod in list_for_each_entry("struct heapmod", head, "all")]


def note(heap, what):
    print(f'heapmod.drgn: heap "{heap.name}": {what}', file=sys.stderr)


def heap_named(heaps, name):
    for heap in heaps:
        if heap.name == name:
            return heap
    names = ", ".join(heap.name for heap in heaps)
    return fail(f'there is no heap "{name}"; ' + (f"there are: {names}" if names else "there is no heap at all"))


class Parser(argparse.ArgumentParser):
    def error(self, message):
        """Without the usage: one line, as each error."""
        fail(message)

    def exit(self, status=0, message=None):
        """Behind --help and --version. When Python itself flushes, it is too late for main() to report an error."""
        sys.stdout.flush()
        super().exit(status, message)


def address(text):
    return int(text, 0 if text.startswith("0x") else 16 if len(text) == 16 else 10)


def parse_arguments():
    parser = Parser(
        prog="heapmod.drgn",
        description="Show the heaps of heapmod in the memory of the running kernel, or in a dump.",
        epilog="Exit status: 0; 2 if check has findings, or if find finds no heap; 1 after an error.",
    )
    parser.add_argument("-c", "--core", metavar="FILE", help="a dump, instead of the running kernel")
    parser.add_argument(
        "-s",
        "--symbols",
        metavar="FILE",
        action="append",
        default=[],
        help="vmlinux or heapmod.ko with debug information, if it is not installed; may be repeated",
    )
    parser.add_argument("--version", action="version", version=f"heapmod.drgn {VERSION}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    commands.add_parser("heaps", help="list the heaps")
    for name, what in (
        ("stats", "print the counters of a heap"),
        ("cpus", "print what the caches of a heap with HEAPMOD_PERCPU have"),
        ("holes", "print the fragmentation of a heap"),
        ("owners", "list the call sites of a heap"),
        ("blocks", "list the blocks of a heap"),
    ):
        command = commands.add_parser(name, help=what)
        command.add_argument("heap", metavar="HEAP")
    command.add_argument(
        "--owner", metavar="WORDS", default="", help="only blocks of call sites with these words in their names"
    )
    command = commands.add_parser("check", help="check the invariants of a heap, or of all heaps")
    command.add_argument("heap", metavar="HEAP", nargs="?")
    command = commands.add_parser("find", help="find the heap and the block of an address")
    command.add_argument("address", metavar="ADDRESS", type=address)
    return parser.parse_args()


def run(arguments):
    """Return whether the exit status is 0."""
    prog = open_kernel(arguments.core)
    load_symbols(prog, arguments.symbols)
    heaps = find_heaps(prog)
    sites = CallSites(prog)
    if getattr(arguments, "heap", None):
        heaps = [heap_named(heaps, arguments.heap)]
    if arguments.command == "check":
        return print_check(heaps, sites)
    if arguments.command == "find":
        return print_place(heaps, sites, arguments.address)
    if arguments.command == "heaps":
        print_heaps(heaps)
    elif arguments.command == "blocks":
        print_blocks(heaps[0], sites, arguments.owner)
    elif arguments.command == "owners":
        print_owners(heaps[0], sites)
    elif arguments.command == "cpus":
        print_cpus(heaps[0])
    elif arguments.command == "stats":
        print_stats(heaps[0])
    else:
        print_holes(heaps[0])
    return True


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.stdout is None:
        fail("stdout is closed")
    try:
        good = run(parse_arguments())
        sys.stdout.flush()
    except drgn.FaultError as error:
        fail(f"the memory cannot be read ({error}): is the dump cut short?")
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        fail(f"{error.filename or 'stdout'}: {error.strerror}")
    sys.exit(0 if good else 2)


if __name__ == "__main__":
    main()
