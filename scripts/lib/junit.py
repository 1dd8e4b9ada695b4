# SPDX-License-Identifier: GPL-2.0
"""JUnit XML from the JSON of a kunit.py that has no --junit yet, in the form that later ones write."""

import json
import xml.etree.ElementTree as ET

BAD = {"FAIL": ("failure", "Test Failed"), "SKIP": ("skipped", None), "ERROR": ("error", "Test Crashed")}


def suite(group, name, parent=None):
    element = ET.Element("testsuite", name=name) if parent is None else ET.SubElement(parent, "testsuite", name=name)
    for inner in group["sub_groups"]:
        suite(inner, inner["name"], element)
    for case in group["test_cases"]:
        entry = ET.SubElement(element, "testcase", name=case["name"])
        if case["status"] in BAD:
            tag, text = BAD[case["status"]]
            ET.SubElement(entry, tag).text = text
    for count, tag in ("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped"), ("errors", "error"):
        element.set(count, str(len(list(element.iter(tag)))))
    return element


def convert(results, xml):
    """Read the JSON in the file @results, write the file @xml."""
    with open(results, encoding="utf-8") as file:
        root = suite(json.load(file), "main")
    ET.indent(root)
    with open(xml, "w", encoding="utf-8") as file:
        file.write(f"<?xml version='1.0' encoding='utf-8'?>\n{ET.tostring(root, encoding='unicode')}\n")
