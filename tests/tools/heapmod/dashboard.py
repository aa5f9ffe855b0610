#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""tests/tools/heapmod/dashboard.py DASHBOARD METRICS - each metric of a dashboard for Grafana is among those that heapmod printed

Counters, and only these, must be read as rates.
"""

import json
import re
import sys

with open(sys.argv[1]) as dashboard, open(sys.argv[2]) as metrics:
    board = json.load(dashboard)
    printed = set(re.findall(r"^(heapmod_\w+){", metrics.read(), re.MULTILINE))

expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
queries = [variable["query"] for variable in board["templating"]["list"]]
used = re.findall(r"\bheapmod_\w+", " ".join(expressions + queries))
rates = re.findall(r"(?:rate|increase)\((\w+)", " ".join(expressions))
unknown = [name for name in used if name not in printed]
misread = [name for name in used if name.endswith("_total") != (name in rates)]
if unknown or misread or len(used) < len(expressions):
    sys.exit(f"# not printed: {unknown}; not read as what it is: {misread}")
