// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/HardText.h"

#include "tokenizer/Normalizer.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace secateur {
namespace {

constexpr std::array kLines = {
    "Once upon a time there was a gardener who pruned an old pear tree every winter.",
    "  Two  spaces,   three    four     five        many                                        more ",
    "I'm you're he'll she'd we've it's DON'T CAN'T I'M YOU'RE HE'LL o'clock 'tis rock 'n' roll '' '",
    "1 22 333 4444 55555 1234567890 3.14159 1,000,000 0x1F 1e-5 12:30 2023-04-05 \u0661\u0662\u0663 \u2163 \u00bd \u00b2",
    "line\nline\n\nline\n\n\nline\r\nline\r\n\r\nline\ttab\t\ttabs \n space\n  spaces \t\n mixed\n\t\n",
    "\n",
    "\n\n\n",
    " ",
    "   ",
    "\t",
    " \n \n ",
    "trailing   ",
    "   leading",
    "\r",
    "a\u00a0b\u2003c\u3000d\u200be",
    "for (int i = 0; i < 10; ++i) {\n        sum += weights[i] * x[i]; // loop\n    }\n\treturn !sum;\n",
    "https://example.org/a_b-c?d=e&f=%20#g <tag attr=\"v\">&amp;</tag> {\"k\": [1, 2]} $x^2$ @user #tag a/b\\c ~ ` | ^ _ __ *** ... --- "
    "!!?",
    "camelCaseWords HTTPServer iPhone XMLHttpRequest McDonald ALLCAPS lowercase Title",
    "L'automne \u00e9tait doux; na\u00efve fa\u00e7ade, \u00dcber\u00e4nderung, sm\u00f8rrebr\u00f8d, \u0141\u00f3d\u017a, \u00c9COLE "
    "\u00e9COLE",
    "\u0421\u0430\u0434 \u0437\u0438\u043c\u043e\u0439, \u0447\u0435\u0442\u044b\u0440\u0435 \u041a\u041e\u0422\u0410.",
    "\u039f \u03ba\u03ae\u03c0\u03bf\u03c2 \u03c4\u03bf\u03bd \u03c7\u03b5\u03b9\u03bc\u03ce\u03bd\u03b1 \u0391\u0398\u0397\u039d\u0391",
    "\u0627\u0644\u062d\u062f\u064a\u0642\u0629 \u0641\u064a \u0627\u0644\u0634\u062a\u0627\u0621 \u05d4\u05d2\u05df "
    "\u05d1\u05d7\u05d5\u05e8\u05e3",
    "\u092c\u0917\u0940\u091a\u093e \u0938\u0930\u094d\u0926\u093f\u092f\u094b\u0902 \u092e\u0947\u0902 "
    "\u0e2a\u0e27\u0e19\u0e43\u0e19\u0e24\u0e14\u0e39\u0e2b\u0e19\u0e32\u0e27",
    "\u5eab\u3092\u526a\u5b9a\u3059\u308b\u3002\u51ac\u5929\u7684\u82b1\u56ed\uff0c2023\u5e74\u3002\uac00\uc744 \uc815\uc6d0 "
    "\u30ab\u30bf\u30ab\u30ca \uff21\uff22\uff23\uff11\uff12",
    "\U0001f600\U0001f44d\U0001f3fd \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f \U0001f1e9\U0001f1ea \u2600 \u20ac \u00a3 "
    "\u2192 \u2211 \u221e \U0001d54f",
    "q\u0307 x\u0336 \u2581mark\u2581 a\u2581b \u00ad\ufeff\u0001\u007f end",   // marks that no letter of their own composes
    "e\u0301cole \u212bngstro\u0308m A\u030a \u1112\u1161\u11ab \u0958 \u2126", // not in NFC
    "<s> </s> <unk> <pad> [INST] <<SYS>> <|im_start|> <|endoftext|> <|end|> <0x0A> <mask>",
};

HardLine lineOf(std::string text, bool hasToken)
{
    static const Normalizer kNfc = Normalizer::fromJson({{"type", "NFC"}});
    TextArena arena;
    HardLine line{.text = std::move(text), .hasToken = hasToken};
    line.isNormal = kNfc.run(line.text, arena) == line.text;
    line.isAscii = std::all_of(line.text.begin(), line.text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    return line;
}

} // namespace

std::vector<HardLine> hardText(const nlohmann::json &tokenizer)
{
    std::vector<std::string> tokens;
    for (const auto &token : tokenizer.value("added_tokens", nlohmann::json::array()))
        if (auto content = token.at("content").get<std::string>(); !content.empty())
            tokens.push_back(std::move(content));
    std::vector<HardLine> lines;
    for (const char *text : kLines)
        lines.push_back(lineOf(text, std::any_of(tokens.begin(), tokens.end(), [text = std::string_view(text)](const std::string &token) {
                                   return text.find(token) != std::string_view::npos;
                               })));
    for (const std::string &token : tokens)
        for (const std::string &text : {token, "a" + token + "b", "a " + token + " b\n" + token + "\n  " + token + token + ". " + token})
            lines.push_back(lineOf(text, true));
    return lines;
}

} // namespace secateur
