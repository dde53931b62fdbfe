#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random Unicode strings, some with invalid UTF-8, and the ids that the `tokenizers` library gives them: a live check of tst_Tokenizer's
kind, too large for a fixture.

Writes one JSON line for each string: `text` (hexadecimal bytes) and `ids`; strings with bytes that are no UTF-8 are given to the library
with U+FFFD in their places. `bench_Tokenizer --check TOKENIZER.json FILE` compares.

usage: random_strings.py TOKENIZER.json COUNT OUTPUT
needs: tokenizers; Unicode 14 in Python or older
"""
import json
import random
import sys
import unicodedata

from tokenizers import Tokenizer


def main():
    file, count, output = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    tokenizer, generator = Tokenizer.from_file(file), random.Random(5)
    assigned = [c for c in map(chr, range(0x110000)) if unicodedata.category(c) not in ("Cn", "Cs", "Co")]
    added = [t["content"] for t in json.load(open(file, encoding="utf-8")).get("added_tokens", [])][:40]
    pools = [assigned, [c for c in assigned if c.isspace()], [c for c in assigned if unicodedata.category(c)[0] == "N"],
             [c for c in assigned if unicodedata.category(c)[0] == "M"], [chr(c) for c in range(32, 127)], [chr(c) for c in range(97, 123)],
             [" ", "  ", "\n", "\n\n", "\t", "the", " and", "'s", "\u2581", "\u2581\u2581", "1", "12", ".", ",", "é", "e\u0301"], added or [" "]]
    with open(output, "w", encoding="utf-8") as stream:
        for _ in range(count):
            text = "".join(generator.choice(generator.choice(pools)) for _ in range(generator.randint(1, 60))).encode()
            if generator.random() < 0.3:  # damage it
                bytes_of = bytearray(text)
                for _ in range(generator.randint(1, 4)):
                    bytes_of[generator.randrange(len(bytes_of))] = generator.randrange(256)
                text = bytes(bytes_of)
            ids = tokenizer.encode(text.decode("utf-8", "replace"), add_special_tokens=False).ids
            stream.write(json.dumps({"text": text.hex(), "ids": ids}) + "\n")


if __name__ == "__main__":
    main()
