# SPDX-License-Identifier: GPL-2.0
"""Turn gcov's JSON of several runs into lines for awk, of one source file:

    line <run> <number> <count> <function>
    function <run> <name> <count>

where a run is the folder that its .gcda lies in."""

import json
import os
import sys

source = sys.argv[1]
# Lines that several functions share (a system call and its wrappers), and headers that several objects hold.
lines = {}
functions = {}

for text in sys.stdin:
    data = json.loads(text)
    run = os.path.basename(os.path.dirname(data["data_file"]))
    for file in data["files"]:
        if file["file"] != "../" + source:
            continue
        own = {}
        for line in file["lines"]:
            key = run, line["line_number"]
            count, function = own.get(key, (0, ""))
            own[key] = max(count, line["count"]), line.get("function_name", function)
        for key, (count, function) in own.items():
            lines[key] = lines.get(key, (0, ""))[0] + count, function
        for function in file["functions"]:
            key = run, function["name"]
            functions[key] = functions.get(key, 0) + function["execution_count"]

for (run, number), (count, function) in lines.items():
    print("line", run, number, count, function or "-")
for (run, name), count in functions.items():
    print("function", run, name, count)
