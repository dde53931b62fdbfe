// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/TokenRows.h"

#include <ATen/ops/empty.h>
#include <algorithm>

namespace secateur {

std::int64_t longestOf(const std::vector<TokenRun> &runs)
{
    std::int64_t longest = 0;
    for (const TokenRun &run : runs)
        longest = std::max(longest, run.position + run.count);
    return longest;
}

TokenRows tokenRows(std::vector<TokenRun> runs, at::Device device)
{
    const std::int64_t rows = runs.empty() ? 0 : runs.back().first + runs.back().count;
    at::Tensor positions = at::empty({rows}, at::kLong), ends = at::empty({rows}, at::kLong);
    auto *position = positions.mutable_data_ptr<std::int64_t>(), *end = ends.mutable_data_ptr<std::int64_t>();
    std::vector<std::int64_t> path; // rows of the sequence under way, by position
    const auto closePath = [&](std::int64_t length, std::int64_t row) {
        for (; std::int64_t(path.size()) > length; path.pop_back())
            end[path.back()] = row;
    };
    for (const TokenRun &run : runs) {
        closePath(run.position, run.first);
        for (std::int64_t i = 0; i < run.count; ++i) {
            position[run.first + i] = run.position + i;
            path.push_back(run.first + i);
        }
    }
    closePath(0, rows);
    return {.runs = std::move(runs), .positions = positions.to(device), .ends = ends.to(device)};
}

} // namespace secateur
