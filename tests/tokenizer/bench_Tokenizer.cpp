// SPDX-License-Identifier: GPL-3.0-or-later
// bench_Tokenizer TOKENIZER.json TEXT...: how fast a tokenizer encodes the texts, one after the other, on one core.
// bench_Tokenizer --check TOKENIZER.json FILE: whether the ids are those of a file that tests/peers/random_strings.py wrote.
#include "foundation/Error.h"
#include "text/DocumentSource.h"
#include "tokenizer/Tokenizer.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int kRepetitions = 5;

double secondsOfBestRun(const secateur::Tokenizer &tokenizer, const std::string &text, std::size_t &ids)
{
    double best = 1e9;
    for (int i = 0; i < kRepetitions; ++i) {
        const std::clock_t start = std::clock(); // the processor's time, so that a busy machine does not matter
        ids = tokenizer.encode(text).size();
        best = std::min(best, double(std::clock() - start) / CLOCKS_PER_SEC);
    }
    return best;
}

std::string bytesOfHex(const std::string &hex)
{
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        bytes += char(std::stoi(hex.substr(i, 2), nullptr, 16));
    return bytes;
}

int check(const char *tokenizerFile, const char *file)
{
    const auto tokenizer = secateur::Tokenizer::fromFile(tokenizerFile);
    std::ifstream lines(file);
    std::size_t same = 0, different = 0;
    for (std::string line; std::getline(lines, line);) {
        const auto expected = nlohmann::json::parse(line);
        const auto text = expected.at("text").get<std::string>();
        const bool isSame = tokenizer.encode(bytesOfHex(text)) == expected.at("ids").get<std::vector<secateur::TokenId>>();
        ++(isSame ? same : different);
        if (!isSame && different <= 10)
            std::printf("different: %s\n", text.c_str());
    }
    std::printf("%zu the same, %zu different\n", same, different);
    return different == 0 && same > 0 ? 0 : 1;
}

int run(int count, char **arguments)
{
    const auto tokenizer = secateur::Tokenizer::fromFile(arguments[1]);
    for (int i = 2; i < count; ++i) {
        const std::filesystem::path file = arguments[i];
        for (const std::string &text : secateur::readDocuments(std::span(&file, 1))) {
            std::size_t ids = 0;
            const double seconds = secondsOfBestRun(tokenizer, text, ids);
            std::printf("%-24s %8.2f MB %9zu tokens %7.1f MB/s\n", file.filename().c_str(), double(text.size()) / 1e6, ids,
                        double(text.size()) / 1e6 / seconds);
        }
    }
    return 0;
}

} // namespace

int main(int count, char **arguments)
{
    if (count < 3) {
        std::fprintf(stderr, "usage: bench_Tokenizer TOKENIZER.json TEXT...\n");
        return 2;
    }
    try {
        if (std::string_view(arguments[1]) == "--check" && count == 4)
            return check(arguments[2], arguments[3]);
        return run(count, arguments);
    } catch (const secateur::Error &error) {
        std::fprintf(stderr, "%s %s\n", error.what(), error.hint().c_str());
        return 1;
    }
}
