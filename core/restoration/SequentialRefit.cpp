// SPDX-License-Identifier: GPL-3.0-or-later
#include "restoration/SequentialRefit.h"

#include "decoder/FiniteCheck.h"
#include "decoder/Products.h"
#include "decoder/Tensors.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "restoration/GramSum.h"
#include "restoration/Refit.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <utility>

namespace secateur {
namespace {

constexpr double kMostGrowth = 10; ///< of the largest weight: from there on the ridge is raised

std::string shortly(double number)
{
    char text[32];
    std::snprintf(text, sizeof(text), "%.3g", number);
    return text;
}

/// The states of all windows, [1, T, d] each.
struct Streams {
    std::vector<at::Tensor> dense, pruned;
};

/// One of the two parts of a layer.
struct FittedPart {
    std::function<at::Tensor(const at::Tensor &x)> denseOutput; ///< what the dense part adds to the dense stream; empty: it has none
    std::function<at::Tensor(const at::Tensor &x)> input;       ///< what enters the pruned part's last product; empty: it was removed
    const LinearWeights *product = nullptr;                     ///< that product; null: it was removed
    TensorRole role;                                            ///< of its weight
    std::string name;                                           ///< "the FFN of layer 3"
};

/// What enters a product, [1, T, n] of each window: as far as there is room it need not be computed again.
class Inputs {
public:
    Inputs(std::size_t windows, std::int64_t room) : m_kept(windows), m_room(room) {}

    void keep(std::size_t window, const at::Tensor &input)
    {
        const auto bytes = std::int64_t(input.nbytes());
        if (bytes > m_room)
            return;
        m_room -= bytes;
        m_kept[window] = input;
    }
    /// Undefined where it was not kept.
    at::Tensor take(std::size_t window) { return std::exchange(m_kept[window], {}); }

private:
    std::vector<at::Tensor> m_kept;
    std::int64_t m_room;
};

/// W', [m, n] in fp64.
struct FittedWeight {
    at::Tensor weight;
    double ridge = 0; ///< that it was fitted with
};

/// What a fit needs of inputs X, [T, n], and targets Y, [T, m]: X^T X and X^T Y.
class FitSums {
public:
    void add(const at::Tensor &x, const at::Tensor &y)
    {
        if (!m_gram.defined()) {
            m_gram = at::zeros({x.size(1), x.size(1)}, x.options().dtype(at::kDouble));
            m_cross = at::zeros({x.size(1), y.size(1)}, m_gram.options());
        }
        const at::Tensor columns = x.t().contiguous();
        addToGram(m_gram, columns, columns);
        m_cross.add_(columns.mm(y));
    }

    /// By a ridge with W in its centre, which is raised while weights grow too large. `name`: of the part.
    FittedWeight fitted(const at::Tensor &weight, double ridge, const std::string &name)
    {
        mirrorGram(m_gram);
        const at::Tensor centre = weight.to(at::kDouble).t();
        m_cross.sub_(m_gram.mm(centre)); // solved for W' - W, the right-hand side is the same for every ridge
        const double most = kMostGrowth * centre.abs().max().item<double>();
        for (;;) {
            RidgeSolution solution = solveRidge(m_gram, m_cross, ridge, name);
            solution.x.add_(centre);
            if (most == 0 || !(solution.x.abs().max().item<double>() > most))
                return {.weight = solution.x.t(), .ridge = solution.ridge};
            ridge = 10 * solution.ridge;
        }
    }

    /// No number of X^T X exceeds the largest on its diagonal.
    bool isFinite() const { return secateur::isFinite(m_gram.diagonal()) && secateur::isFinite(m_cross); }

private:
    at::Tensor m_gram, m_cross;
};

class Sequence {
public:
    Sequence(Streams streams, double ridge, const SequentialOptions &options, JobContext &context)
        : m_streams(std::move(streams)),
          m_ridge(ridge),
          m_options(options),
          m_context(context)
    {
    }

    /// Takes both streams through a part. Counts half a unit for each window.
    void go(const FittedPart &part)
    {
        constexpr double kStep = 0.25; // two passes over the windows, two parts
        Inputs inputs(windows(), m_options.spareBytes);
        FitSums sums;
        for (std::size_t w = 0; w < windows(); ++w) {
            if (part.denseOutput)
                throughDense(part, w, inputs, sums);
            m_context.step(kStep);
        }
        if (!part.input) {
            m_context.step(kStep * double(windows()));
            return;
        }
        const at::Tensor stored = solved(part, sums), weight = stored.to(part.product->weight.scalar_type());
        sums = {};
        for (std::size_t w = 0; w < windows(); ++w) {
            at::Tensor &x = m_streams.pruned[w];
            const at::Tensor kept = inputs.take(w);
            x = product(kept.defined() ? kept : part.input(x), weight, part.product->bias).add_(x);
            m_context.step(kStep);
        }
        m_fitted.push_back({.role = part.role, .values = stored.to(at::kCPU)});
    }

    std::vector<NewWeight> takeFitted() { return std::move(m_fitted); }

private:
    std::size_t windows() const { return m_streams.dense.size(); }

    /// Takes a window of the dense stream through the part, and adds to the sums what the pruned one lacks then.
    void throughDense(const FittedPart &part, std::size_t window, Inputs &inputs, FitSums &sums)
    {
        at::Tensor &dense = m_streams.dense[window];
        const at::Tensor &pruned = m_streams.pruned[window];
        at::Tensor output = part.denseOutput(dense);
        if (part.input) {
            const at::Tensor input = part.input(pruned);
            const c10::ScalarType wide = input.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
            // The output is added here before the stream rounds it: a stream can be much larger than what a part adds.
            at::Tensor target = dense.to(wide).sub(pruned.to(wide)).add_(output.to(wide));
            if (part.product->bias.defined())
                target.sub_(part.product->bias.to(wide));
            sums.add(input.to(wide).flatten(0, 1), target.flatten(0, 1));
            inputs.keep(window, input);
        }
        dense = output.add_(dense);
    }

    /// The new weight of the part's product, in the type in which it is stored.
    at::Tensor solved(const FittedPart &part, FitSums &sums) const
    {
        const at::Tensor &old = part.product->weight;
        if (!sums.isFinite())
            throw Error("The activations of layer " + std::to_string(part.role.layer) + " are not finite.",
                        remedyOfNonFinite(old.scalar_type()));
        const FittedWeight fitted = sums.fitted(old, m_ridge, part.name);
        if (fitted.ridge != m_ridge && m_options.told)
            m_options.told("The ridge of " + part.name + " was raised from " + shortly(m_ridge) + " to " + shortly(fitted.ridge) +
                           " in the refit layer by layer, because its weights could not be solved for or grew too large.");
        at::Tensor weight = fitted.weight.to(m_options.stored.value_or(old.scalar_type())).contiguous();
        if (!isFinite(weight))
            throw Error("The refitted values of the weight " + inQuotes(ownTensorName(part.role)) +
                            " do not fit into the type of the model.",
                        "Use a stronger ridge, or leave the step out (--restore r1,r2,r3).");
        return weight;
    }

    Streams m_streams;
    double m_ridge;
    const SequentialOptions &m_options;
    JobContext &m_context;
    std::vector<NewWeight> m_fitted;
};

FittedPart attentionOf(const LayerPair &pair, std::int64_t layer)
{
    FittedPart part{.denseOutput = {},
                    .input = {},
                    .product = nullptr,
                    .role = {.layer = layer, .part = TensorPart::AttentionOutput, .kind = TensorKind::Weight},
                    .name = "the attention of layer " + std::to_string(layer)};
    if (pair.whole.spec().layers[0].attention)
        part.denseOutput = [&pair](const at::Tensor &x) { return pair.whole.attentionOutput(0, pair.whole.attentionMixed(0, x)); };
    if (pair.cut.spec().layers[0].attention) {
        part.input = [&pair](const at::Tensor &x) { return pair.cut.attentionMixed(0, x); };
        part.product = &pair.cut.weights().layers[0].attention->output;
    }
    return part;
}

FittedPart ffnOf(const LayerPair &pair, std::int64_t layer)
{
    FittedPart part{.denseOutput = {},
                    .input = {},
                    .product = nullptr,
                    .role = {.layer = layer, .part = TensorPart::Down, .kind = TensorKind::Weight},
                    .name = "the FFN of layer " + std::to_string(layer)};
    if (pair.whole.spec().layers[0].ffn)
        part.denseOutput = [&pair](const at::Tensor &x) { return pair.whole.ffnDown(0, pair.whole.ffnActivation(0, x)); };
    if (pair.cut.spec().layers[0].ffn) {
        part.input = [&pair](const at::Tensor &x) { return pair.cut.ffnActivation(0, x); };
        part.product = &pair.cut.weights().layers[0].ffn->down;
    }
    return part;
}

} // namespace

std::string sequentialProblem(const ModelSpec &spec)
{
    if (!spec.hasOutputNorms)
        return {};
    return "Models of the family " + inQuotes(spec.family) +
           " norm what attentions and FFNs give before they add it, so that no least squares can fit it to what the layers add (r4).";
}

std::vector<NewWeight> refitInSequence(const Decoder &dense, const Surgery &start, const at::Tensor &tokens, double ridge,
                                       JobContext &context, const SequentialOptions &options)
{
    if (const std::string problem = sequentialProblem(dense.spec()); !problem.empty())
        throw Error(problem, "Restore without it (--restore r1,r2,r3).");
    if (tokens.size(0) == 0)
        throw std::invalid_argument("no windows");
    if (!start.edits.isEmpty() && start.edits.list.front().role.layer < 0)
        throw std::invalid_argument("an edit outside of layers");
    Streams streams;
    for (std::int64_t w = 0; w < tokens.size(0); ++w)
        streams.dense.push_back(dense.embed(tokens.narrow(0, w, 1)));
    streams.pruned = streams.dense; // not written in place
    context.begin("restore", dense.layerCount() * tokens.size(0), "layers × windows");
    Sequence sequence(std::move(streams), ridge, options, context);
    for (std::int64_t i = 0; i < dense.layerCount(); ++i) {
        const LayerPair pair = layerPair(dense, start, i);
        sequence.go(attentionOf(pair, i));
        sequence.go(ffnOf(pair, i));
    }
    return sequence.takeFitted();
}

} // namespace secateur
