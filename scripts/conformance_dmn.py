#!/usr/bin/env python3
"""Runs the public DMN TCK against POST /api/v1/decisions/{pack}/{model}/{decision}; see scripts/conformance-dmn."""

import http.client
import json
import os
import pathlib
import re
import sys
import urllib.parse
import xml.etree.ElementTree as tree

LEVELS = ("compliance-level-2", "compliance-level-3")
# Numbers leave as JSON: what a double cannot tell apart is the same.
CLOSE = 1e-8
AT = "2026-11-23T10:15:00Z"
TAGS = {"date": "$date", "time": "$time", "dateTime": "$dateTime", "duration": "$duration"}
NUMBERS = {"decimal", "double", "integer", "float", "int", "long"}


def local(name):
    return name.rsplit("}", 1)[-1]


def kids(node, name):
    return [k for k in node if local(k.tag) == name]


def kid(node, name):
    return next(iter(kids(node, name)), None)


def attribute(node, name):
    return next((v for k, v in node.attrib.items() if local(k) == name), None)


def is_nil(node):
    return attribute(node, "nil") == "true"


def value(node, expected):
    """A value of a test as the JSON that the door takes or gives."""
    if is_nil(node):
        return None
    many = kid(node, "list")
    if many is not None:
        return None if is_nil(many) else [value(i, expected) for i in kids(many, "item")]
    parts = kids(node, "component")
    if parts:
        return {p.get("name"): value(p, expected) for p in parts}
    one = kid(node, "value")
    if one is None or is_nil(one):
        return None
    text = one.text or ""
    kind = (attribute(one, "type") or "string").rsplit(":", 1)[-1]
    if kind == "boolean":
        return text.strip() in ("true", "1")
    if kind in NUMBERS:
        return float(text) if re.search(r"[.eE]", text) else int(text)
    if kind in TAGS and not expected:
        return {TAGS[kind]: text.strip()}
    return text


def duration(text):
    shape = r"(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?"
    found = re.fullmatch(shape, text)
    if not found or text in ("P", "-P"):
        return None
    sign = -1 if found[1] else 1
    y, m, d, h, i, s = (float(g or 0) for g in found.groups()[1:])
    return sign * (12 * y + m), sign * (86400 * d + 3600 * h + 60 * i + s)


def moment(text):
    return text.replace("+00:00", "Z").replace("@Etc/UTC", "Z").replace("@UTC", "Z")


def same(a, b):
    if isinstance(a, bool) or isinstance(b, bool) or a is None or b is None:
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return abs(a - b) <= CLOSE * max(1.0, abs(a))
    if isinstance(a, str) and isinstance(b, str):
        return a == b or moment(a) == moment(b) or (duration(a) is not None and duration(a) == duration(b))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(v, b[k]) for k, v in a.items())
    return False


class Door:
    """The running program."""

    def __init__(self, url, token):
        at = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(at.hostname, at.port, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def post(self, path, body):
        self.connection.request("POST", path, json.dumps(body), self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None

    def publish(self, pack, files):
        manifest = f"id: {pack}\nversion: 1.0.0\nowner: urn:svod:body:tck\nspace: kuzbass\n"
        texts = "".join(f"pack-{pack}-{what} = {pack}\n" for what in ("title", "description"))
        source = {"pack.yaml": manifest, **{f"locales/{lang}.ftl": texts for lang in ("ru", "kk", "en")}}
        source |= {f"decisions/{name}": xml for name, xml in files.items()}
        status, answer = self.post("/api/v1/packs", {"files": source})
        return None if status == 200 else f"{status} {json.dumps(answer)[:400]}"

    def ask(self, pack, model, decision, inputs):
        path = "/".join(urllib.parse.quote(part, safe="") for part in (pack, model, decision))
        return self.post(f"/api/v1/decisions/{path}", {"inputs": inputs, "at": AT, "lenient": True})


def models(folder, model):
    """A model and those that it imports."""
    known = {}
    for path in sorted(folder.glob("*.dmn")):
        text = path.read_text(encoding="utf-8-sig")
        root = tree.fromstring(text)
        known[path.name] = (root.get("namespace"), [i.get("namespace") for i in kids(root, "import")], text)
    wanted = [model]
    for name in wanted:
        imports = known[name][1]
        wanted += [other for other, (space, _, _) in known.items() if space in imports and other not in wanted]
    return {name: known[name][2] for name in wanted}


def judge(door, pack, model, case):
    """Nothing when all is as expected, else what is not."""
    inputs = {i.get("name"): value(i, False) for i in kids(case, "inputNode")}
    results = kids(case, "resultNode")
    kind = case.get("type", "decision")
    for result in results:
        name = result.get("name")
        asked = name if kind == "decision" else case.get("invocableName", name)
        node = kid(result, "expected")
        expected = None if node is None else value(node, True)
        status, answer = door.ask(pack, model, asked, inputs)
        wrong = result.get("errorResult") == "true"
        if status != 200:
            # A wrong question may be refused where an error is expected; a failure of ours never is.
            if wrong and 400 <= status < 500:
                continue
            return f"{name}: {status} {json.dumps(answer)[:300]}"
        given = answer["result"]
        if kind != "decision" and len(results) > 1:
            given = (given or {}).get(name)
        if not (given is None if wrong else same(expected, given)):
            reasons = [d["reason"] for d in answer["decisions"] if d.get("reason")]
            return f"{name}: expected {expected!r}, got {given!r} {reasons}"
    return None


def main():
    suite, url, token, out = sys.argv[1:5]
    only = os.environ.get("PARTS", "").split()
    door, rows, number = Door(url, token), [], 0
    for level in LEVELS:
        passed = total = 0
        for folder in sorted(p for p in (pathlib.Path(suite) / "TestCases" / level).iterdir() if p.is_dir()):
            if only and not any(part in folder.name for part in only):
                continue
            for file in sorted(folder.glob("*.xml")):
                number += 1
                pack = f"tck-{number}"
                root = tree.parse(file).getroot()
                model = kid(root, "modelName").text.strip()
                fault = door.publish(pack, models(folder, model))
                for case in kids(root, "testCase"):
                    why = f"not published: {fault}" if fault else judge(door, pack, model, case)
                    total += 1
                    passed += why is None
                    word = "SUCCESS" if why is None else "ERROR"
                    rows.append(f'"{level}/{folder.name}","{file.stem}","{case.get("id")}","{word}",""')
                    if why:
                        print(f"{folder.name} {case.get('id')}: {why}")
        print(f"{level}: {passed} of {total} pass")
    pathlib.Path(out).write_text("\n".join(rows) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
