#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""tests/tools/heapview/frames.py PICTURE FROM TO HEAPVIEW ARGUMENT... - each frame of an animation is the map of that event

The map is that of `heapview --once --at EVENT ARGUMENT...`, with a granule in each cell. A capital letter is the first granule
of a block. In each frame, a granule is in one visible element, and letters and colours are the same owners.
"""

import re
import subprocess
import sys
import xml.etree.ElementTree as xml

SVG = "{http://www.w3.org/2000/svg}"
WIDE, PITCH, COLUMNS = 832, 28, 64
HOLE = "#232833"


def opacity(element, part):
    """The opacity at a part of the time of the animation."""
    animation = element.find(SVG + "animate")
    if animation is None:
        return float(element.get("opacity"))
    values = [float(value) for value in animation.get("values").split(";")]
    times = [float(time) for time in animation.get("keyTimes").split(";")]
    if len(values) != len(times) or times != sorted(times) or times[0] != 0:
        raise SystemExit(f"no animation: {values} at {times}")
    if animation.get("calcMode") == "discrete":
        return [value for value, time in zip(values, times) if time <= part][-1]
    if times[-1] != 1:
        raise SystemExit(f"the times do not end with 1: {times}")
    i = max(i for i in range(len(times) - 1) if times[i] <= part)
    return values[i] + (values[i + 1] - values[i]) * (part - times[i]) / (times[i + 1] - times[i])


def granules(path):
    """Those that an element covers, in order."""
    for x, y, width in re.findall(r"M([\d.]+) (\d+)h([\d.]+)v\d+h-[\d.]+z", path.get("d")):
        first = int(y) // PITCH * COLUMNS + round(float(x) * COLUMNS / WIDE)
        yield from range(first, first + round(float(width) * COLUMNS / WIDE))


def drawn(spans, part):
    """By granule: the colour, and whether a block starts there. No granule may be in two blocks."""
    cells = {}
    for span in spans:
        shown = opacity(span, part)
        if shown not in (0, 1):
            raise SystemExit(f"a block is neither visible nor invisible: {shown}")
        for number, granule in enumerate(granules(span) if shown else ()):
            if granule in cells:
                raise SystemExit(f"two blocks are in granule {granule}")
            cells[granule] = span.get("fill"), number == 0
    return [cells.get(granule) for granule in range(max(cells) + 1)]


def printed(heapview, event, arguments):
    """The letters of the map, and the letters of the owners by name."""
    text = subprocess.run([heapview, "--once", "--at", str(event), *arguments], check=True, capture_output=True, text=True).stdout
    owners = dict(reversed(line) for line in re.findall(r"^ +\S+ +\S+% +\S+ +\d+ (\w) (.*)$", text, re.MULTILINE))
    return "".join(re.findall(r"^ +\d+\|(.*)\|$", text, re.MULTILINE)), owners


def compare(cells, letters, owners, legend):
    colours = {letter.lower(): legend[name.partition("+")[0]] for name, letter in owners.items()}
    if len(cells) != len(letters):
        raise SystemExit(f"{len(cells)} granules instead of {len(letters)}")
    for granule, (cell, letter) in enumerate(zip(cells, letters)):
        expected = HOLE if letter == "." else colours[letter.lower()]
        if cell is None or cell[0] != expected or (letter != "." and cell[1] != letter.isupper()):
            raise SystemExit(f"granule {granule} is {cell} instead of {expected}, {letter}")


picture, first, last, heapview, *arguments = sys.argv[1:]
first, last = int(first), int(last)
root = xml.parse(picture).getroot()
events = [group for group in root.iter(SVG + "g") if group.get("class") == "event"]
spans = [path for path in root.iter(SVG + "path") if path.get("fill") != "none"]
names = [text.text for text in root.iter(SVG + "text") if text.get("class") == "dim"]
swatches = [rect.get("fill") for rect in root.iter(SVG + "rect") if rect.get("width") == "10"]
legend = dict(zip(names, swatches))
frames = last - first + 1
seconds = {float(animation.get("dur").rstrip("s")) for animation in root.iter(SVG + "animate")}
if len(events) != frames - 1 or len(seconds) != 1 or len(names) != len(swatches) or len(set(swatches)) != len(swatches):
    raise SystemExit(f"{len(events)} events, {len(seconds)} durations, {len(names)} names, {swatches}")
for frame in range(frames):
    part = (frame + 0.5) * 0.9 / seconds.copy().pop()
    compare(drawn(spans, part), *printed(heapview, first + frame, arguments), legend)
    if [opacity(event, part) for event in events] != [number + 1 == frame for number in range(len(events))]:
        raise SystemExit(f"not one event is described in frame {frame}")
still = [float(span.get("opacity")) for span in spans]
if still != [opacity(span, 1) for span in spans]:
    raise SystemExit("where nothing moves, it is not the last frame")
