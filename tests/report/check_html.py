#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads pages of HTML as strictly as the standard has it, and says what is wrong with them.

usage: check_html.py FILE...

Beside the syntax (html5lib in its strict mode): ids are unique, and whatever refers to one finds it; every svg has a title and a role; nothing is fetched
and nothing runs. Exit code 0: all is well; 1: something is wrong; 77: there is no html5lib here (Debian: python3-html5lib).
"""
import sys

try:
    import html5lib
except ImportError:
    sys.exit(77)

XHTML, SVG = "{http://www.w3.org/1999/xhtml}", "{http://www.w3.org/2000/svg}"
FETCHING = ("src", "srcset", "poster", "data", "action", "background", "{http://www.w3.org/1999/xlink}href")
ACTIVE = {XHTML + name for name in ("script", "iframe", "object", "embed", "link", "base", "form", "img", "video", "audio")} | {
    SVG + name for name in ("script", "foreignObject", "image", "use", "animate", "set")}


def faults(text):
    try:
        root = html5lib.HTMLParser(strict=True).parse(text)
    except html5lib.html5parser.ParseError as problem:
        yield "it is not well-formed: " + str(problem)
        return
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    ids = [element.get("id") for element in elements if element.get("id") is not None]
    for one in sorted({one for one in ids if ids.count(one) > 1}):
        yield f"the id '{one}' is not unique"
    for element in elements:
        wanted = element.get("aria-labelledby", "").split()
        target = element.get("href", "")
        if target.startswith("#"):
            wanted.append(target[1:])
        elif target:
            yield f"a link leads out of the page: {target}"
        fill = element.get("fill", "")
        if fill.startswith("url(#"):
            wanted.append(fill[5:-1])
        for one in wanted:
            if one not in ids:
                yield f"nothing has the id '{one}', which is referred to"
        if element.tag in ACTIVE:
            yield f"it holds {element.tag}"
        for name, value in element.items():
            if name in FETCHING or name.startswith("on"):
                yield f"{element.tag} has the attribute {name}"
            if value.strip().lower().startswith("javascript:"):
                yield f"{element.tag} has a script in {name}"
    for picture in root.iter(SVG + "svg"):
        first = next(iter(picture), None)
        if first is None or first.tag != SVG + "title" or not (first.text or "").strip():
            yield "an svg does not begin with its title"
        if picture.get("role") != "img":
            yield "an svg has no role"
    if root.get("lang") is None:
        yield "its language is not named"


wrong = False
for file in sys.argv[1:]:
    with open(file, encoding="utf-8", newline="") as page:
        for fault in faults(page.read()):
            wrong = True
            print(f"{file}: {fault}")
sys.exit(1 if wrong else 0)
