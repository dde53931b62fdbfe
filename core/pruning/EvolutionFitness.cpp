// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/EvolutionFitness.h"

#include "decoder/FiniteCheck.h"
#include "foundation/Error.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>

namespace secateur {

EvolutionFitness::EvolutionFitness(const Decoder &dense, const EvolutionSamples &samples, Ranks &ranks, JobContext &context)
    : m_dense(dense),
      m_samples(samples),
      m_ranks(ranks),
      m_context(context)
{
}

/// Token ids [1, T].
at::Tensor EvolutionFitness::tokensOf(const SamplePart &part) const
{
    const auto ids = m_samples.window(part.sample).first(std::size_t(part.tokens));
    return at::tensor(at::ArrayRef<TokenId>(ids.data(), ids.size()), at::kLong).unsqueeze(0).to(m_dense.device());
}

double EvolutionFitness::headInPasses() const
{
    const ModelSpec &spec = m_dense.spec();
    return double(spec.vocabularySize) * double(spec.hiddenSize) * double(spec.layerCount()) / double(layerParameters(spec));
}

/// A copy in memory that is taken once for all samples: what is kept for long leaves no holes there among what comes and goes.
DensePredictions EvolutionFitness::kept(const DensePredictions &one)
{
    const std::int64_t rows = one.negentropy.size(0), first = std::int64_t(m_predictions.size()) * rows;
    const auto keep = [&](at::Tensor &all, const at::Tensor &part) {
        if (!part.defined())
            return at::Tensor();
        if (!all.defined()) {
            std::vector<std::int64_t> sizes = part.sizes().vec();
            sizes.front() = m_samples.count() * rows;
            all = at::empty(sizes, part.options());
        }
        return all.narrow(0, first, rows).copy_(part);
    };
    return {.negentropy = keep(m_kept.negentropy, one.negentropy),
            .meanHead = keep(m_kept.meanHead, one.meanHead),
            .states = keep(m_kept.states, one.states),
            .logSumExp = keep(m_kept.logSumExp, one.logSumExp)};
}

void EvolutionFitness::keepPredictions(double share)
{
    const std::int64_t samples = m_samples.count(), layers = m_dense.layerCount();
    const double perSample = share / double(samples), perPass = perSample / (double(layers) + 2 * headInPasses());
    const std::int64_t group = m_dense.weights().stream ? samples : 1; // layers that are streamed are read once
    for (std::int64_t first = 0; first < samples; first += group) {
        std::vector<at::Tensor> states;
        for (std::int64_t s = first; s < std::min(samples, first + group); ++s)
            states.push_back(m_dense.embed(tokensOf({.sample = s, .tokens = m_samples.length})));

        for (std::int64_t l = 0; l < layers; ++l) {
            for (at::Tensor &x : states) {
                m_context.check();
                x = m_dense.layer(l, x);
            }
            m_context.step(double(states.size()) * perPass);
        }
        for (at::Tensor &x : states) {
            m_predictions.push_back(kept(densePredictions(m_dense, x, m_context)));
            x.reset();
            const auto sample = std::int64_t(m_predictions.size()) - 1;
            if (!std::isfinite(m_predictions.back().negentropy.sum(at::kDouble).item<double>()))
                throwNonFinite(
                    m_dense, tokensOf({.sample = sample, .tokens = m_samples.length}), [](std::int64_t) { return false; }, "");
            m_context.step(perSample - double(layers) * perPass);
        }
    }
}

std::vector<double> EvolutionFitness::of(const std::vector<Genome> &genomes, const std::vector<SamplePart> &minibatch, double share)
{
    const std::int64_t layers = m_dense.layerCount();
    std::vector<SamplePart> parts; // one token has no position that counts
    std::copy_if(minibatch.begin(), minibatch.end(), std::back_inserter(parts), [](const SamplePart &part) { return part.tokens > 1; });
    Branch all;
    for (std::size_t i = 0; i < genomes.size(); ++i)
        if (m_ranks.owns(std::int64_t(i)))
            all.candidates.push_back(i);
    std::vector<double> values(genomes.size(), 0);
    if (const double own = double(all.candidates.size()); own > 0) {
        for (const SamplePart &part : parts)
            all.states.push_back(m_dense.embed(tokensOf(part)));
        std::vector<Branch> branches;
        branches.push_back(std::move(all));
        const double perLayer = share / (double(layers) + headInPasses()), perHead = (share - perLayer * double(layers)) / own;
        for (std::int64_t l = 0; l < layers; ++l) {
            m_context.atLayer(l);
            for (const Part part : {Part::Attention, Part::Ffn})
                branches = past(part, l, std::move(branches), genomes);
            m_context.step(perLayer);
        }
        double positions = 0;
        for (const SamplePart &part : parts)
            positions += double(part.tokens - 1);
        std::vector<at::Tensor> sums;
        for (Branch &branch : branches) {
            sums.push_back(sumOf(std::move(branch.states), parts));
            m_context.step(perHead * double(branch.candidates.size()));
        }
        for (std::size_t b = 0; b < branches.size(); ++b) // reading waits for the device, so only at the end
            for (const std::size_t i : branches[b].candidates)
                values[i] = sums[b].item<double>() / positions;
    }
    exchange(values);
    return values;
}

/// Takes all branches past a part of a layer, where those whose candidates lack it part from those that have it.
std::vector<EvolutionFitness::Branch> EvolutionFitness::past(Part part, std::int64_t layer, std::vector<Branch> branches,
                                                             const std::vector<Genome> &genomes)
{
    std::vector<Branch> next;
    for (Branch &branch : branches) {
        Branch having, lacking;
        for (const std::size_t i : branch.candidates)
            (genomes[i].lacks(part, layer) ? lacking : having).candidates.push_back(i);
        if (!lacking.candidates.empty())
            lacking.states = branch.states;
        if (!having.candidates.empty())
            for (at::Tensor &x : branch.states) {
                m_context.check();
                having.states.push_back(part == Part::Attention ? m_dense.addAttention(layer, x) : m_dense.addFfn(layer, x));
                x.reset(); // which frees it where no branch goes on from it
                ++m_passes;
            }
        for (Branch *one : {&having, &lacking})
            if (!one->candidates.empty())
                next.push_back(std::move(*one));
    }
    return next;
}

/// The divergences of a stream at its end, summed over all positions: a scalar in fp64.
at::Tensor EvolutionFitness::sumOf(std::vector<at::Tensor> states, const std::vector<SamplePart> &parts) const
{
    at::Tensor sum;
    for (std::size_t p = 0; p < parts.size(); ++p) {
        const DensePredictions predictions = m_predictions[std::size_t(parts[p].sample)].first(parts[p].tokens - 1);
        const at::Tensor some = divergenceSum(m_dense, predictions, states[p], m_context);
        sum = p == 0 ? some : sum + some;
        states[p].reset();
    }
    return sum;
}

/// Gives this rank's values to the others, and takes theirs.
void EvolutionFitness::exchange(std::vector<double> &values) const
{
    if (m_ranks.isAlone())
        return;
    const std::size_t bytes = values.size() * sizeof(double);
    const std::vector<std::string> all = m_ranks.exchange(std::string(reinterpret_cast<const char *>(values.data()), bytes), m_context);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const int owner = m_ranks.ownerOf(std::int64_t(i));
        const std::string &theirs = all[std::size_t(owner)];
        if (theirs.size() != bytes)
            throw Error("Rank " + std::to_string(owner) + " compares other candidates.",
                        "Start all ranks with the same command and the same files.");
        std::memcpy(&values[i], theirs.data() + i * sizeof(double), sizeof(double));
    }
}

} // namespace secateur
