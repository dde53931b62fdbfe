// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/Likelihoods.h"

#include "decoder/LanguageHead.h"
#include "decoder/Tensors.h"

#include <ATen/ops/tensor.h>
#include <algorithm>
#include <numeric>
#include <utility>

namespace secateur {
namespace {

at::Tensor indices(const std::vector<std::int64_t> &values, at::Device device)
{
    return at::tensor(at::ArrayRef<std::int64_t>(values)).to(device);
}

/// Trees whose rows pass a layer together.
struct Group {
    std::vector<std::size_t> trees;
    TokenRows rows;
    at::Tensor states;                        ///< [1, R, d]
    std::vector<std::int64_t> predicting;     ///< rows that predict a scored token, ascending
    std::vector<std::int64_t> places, tokens; ///< of each scored token: which of those rows predicts it, and its id
};

Group groupOf(const Decoder &decoder, std::span<const TokenTree *const> trees, std::vector<std::size_t> chosen)
{
    Group group;
    group.trees = std::move(chosen);
    std::vector<TokenId> tokens;
    std::vector<TokenRun> runs;
    std::vector<std::int64_t> targetRows;
    for (const std::size_t t : group.trees) {
        const TokenTree &tree = *trees[t];
        const auto first = std::int64_t(tokens.size());
        tokens.insert(tokens.end(), tree.tokens.begin(), tree.tokens.end());
        for (TokenRun run : tree.runs) {
            run.first += first;
            runs.push_back(run);
        }
        for (const TokenTree::Target &target : tree.targets) {
            targetRows.push_back(first + target.row);
            group.tokens.push_back(target.token);
        }
    }
    group.predicting = targetRows;
    std::ranges::sort(group.predicting);
    group.predicting.erase(std::ranges::unique(group.predicting).begin(), group.predicting.end());
    for (const std::int64_t row : targetRows)
        group.places.push_back(std::ranges::lower_bound(group.predicting, row) - group.predicting.begin());
    group.rows = tokenRows(std::move(runs), decoder.device());
    group.states = decoder.embed(tokenTensor(tokens, std::int64_t(tokens.size()), decoder.device()));
    return group;
}

/// The trees in groups of so many rows, or of one that has more.
std::vector<Group> groupsOf(const Decoder &decoder, std::span<const TokenTree *const> trees, std::int64_t rowsTogether)
{
    std::vector<Group> groups;
    std::vector<std::size_t> chosen;
    std::int64_t rows = 0;
    const auto close = [&] {
        if (!chosen.empty())
            groups.push_back(groupOf(decoder, trees, std::exchange(chosen, {})));
        rows = 0;
    };
    for (std::size_t t = 0; t < trees.size(); ++t) {
        if (rows + trees[t]->rows() > rowsTogether)
            close();
        chosen.push_back(t);
        rows += trees[t]->rows();
    }
    close();
    return groups;
}

/// Of every scored token of a group whose predicting rows, [1, P, d], have passed the layers.
at::Tensor logLikelihoodsOf(const Decoder &decoder, const Group &group, const JobContext &context)
{
    const at::Tensor states = decoder.finalNorm(group.states.squeeze(0)), places = indices(group.places, decoder.device());
    const at::Tensor logits =
        targetLogits(decoder, {.states = states.index_select(0, places), .targets = indices(group.tokens, decoder.device())});
    return (logits - logSumExp(decoder, states, context).index_select(0, places)).to(at::kCPU, at::kDouble).contiguous();
}

} // namespace

std::vector<std::vector<std::size_t>> batchesOf(std::span<const TokenTree> trees, const RowsTogether &together, std::int64_t apart)
{
    std::vector<std::size_t> order(trees.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    const auto isLong = [&](std::size_t t) { return longestOf(trees[t].runs) > apart; };
    std::ranges::stable_sort(
        order, [&](std::size_t a, std::size_t b) { return isLong(a) != isLong(b) ? isLong(a) : trees[a].rows() > trees[b].rows(); });
    std::vector<std::vector<std::size_t>> batches;
    std::int64_t rows = 0;
    for (const std::size_t t : order) {
        rows += trees[t].rows();
        if (batches.empty() || rows > together.rows * together.groups || isLong(t) != isLong(batches.back().front())) {
            batches.emplace_back();
            rows = trees[t].rows();
        }
        batches.back().push_back(t);
    }
    return batches;
}

std::vector<std::vector<double>> logLikelihoods(const Decoder &decoder, std::span<const TokenTree *const> trees, std::int64_t rowsTogether,
                                                const JobContext &context)
{
    std::vector<Group> groups = groupsOf(decoder, trees, rowsTogether);
    for (std::int64_t l = 0; l < decoder.layerCount(); ++l)
        for (Group &group : groups) {
            context.check();
            group.states = decoder.addAttention(l, group.states, group.rows);
            if (l + 1 == decoder.layerCount()) // what the others would become, nobody asks
                group.states = group.states.index_select(1, indices(group.predicting, decoder.device()));
            group.states = decoder.addFfn(l, group.states);
        }
    std::vector<std::vector<double>> sums(trees.size());
    for (const Group &group : groups) {
        const at::Tensor terms = logLikelihoodsOf(decoder, group, context);
        const auto *term = terms.const_data_ptr<double>();
        for (const std::size_t t : group.trees) {
            sums[t].resize(std::size_t(trees[t]->requests));
            for (const TokenTree::Target &target : trees[t]->targets)
                sums[t][std::size_t(target.request)] += *term++;
        }
    }
    return sums;
}

} // namespace secateur
