#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the first COUNT token ids of a text as a JSON list, and prints {"prompt": [ids of PROMPT]}; no special tokens.

usage: tokenize_text.py MODEL TEXT OUTPUT.json COUNT PROMPT
needs: tokenizers
"""
import json
import sys

from tokenizers import Tokenizer


def main():
    model, text, output, count, prompt = sys.argv[1:]
    tokenizer = Tokenizer.from_file(f"{model}/tokenizer.json")
    with open(text, encoding="utf-8", newline="") as stream:
        ids = tokenizer.encode(stream.read(20000), add_special_tokens=False).ids
    with open(output, "w", encoding="utf-8") as stream:
        json.dump(ids[:int(count)], stream)
    print(json.dumps({"prompt": tokenizer.encode(prompt, add_special_tokens=False).ids}))


if __name__ == "__main__":
    main()
