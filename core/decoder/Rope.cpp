// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/Rope.h"

#include "decoder/RowKernels.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <cmath>
#include <numbers>

namespace secateur {
namespace {

/// Exponents 0, 2/h, 4/h, ... of the base, one per pair of dimensions: [headDim / 2], fp32.
at::Tensor exponents(std::int64_t headDim)
{
    return at::arange(0, headDim, 2, at::kLong).to(at::kFloat) / double(headDim);
}

/// 1 / theta^exponent: radians per position.
at::Tensor plainFrequencies(double theta, std::int64_t headDim)
{
    return at::pow(at::Scalar(theta), exponents(headDim)).reciprocal();
}

/// NTK-aware scaling: a larger base once the sequence exceeds the context.
at::Tensor dynamicFrequencies(const RopeSpec &spec, std::int64_t headDim, std::int64_t contextLength, std::int64_t positions)
{
    const double length = double(std::max(positions, contextLength));
    const double h = double(headDim);
    const double stretch = spec.factor * length / double(contextLength) - (spec.factor - 1);
    return plainFrequencies(spec.theta * std::pow(stretch, h / (h - 2)), headDim);
}

/// Llama 3.1: low frequencies divided by `factor`, high ones kept, a smooth passage between.
at::Tensor llama3Frequencies(const RopeSpec &spec, std::int64_t headDim)
{
    const at::Tensor plain = plainFrequencies(spec.theta, headDim);
    const double context = double(spec.originalContext);
    const at::Tensor wavelength = 2 * std::numbers::pi / plain;
    const double longest = context / spec.lowFrequencyFactor, shortest = context / spec.highFrequencyFactor;
    const at::Tensor slow = at::where(wavelength > longest, plain / spec.factor, plain);
    const at::Tensor smooth = (context / wavelength - spec.lowFrequencyFactor) / (spec.highFrequencyFactor - spec.lowFrequencyFactor);
    const at::Tensor between = (1 - smooth) * slow / spec.factor + smooth * slow;
    const at::Tensor isBetween = (wavelength >= shortest).logical_and(wavelength <= longest);
    return at::where(isBetween, between, slow);
}

/// YaRN (arXiv 2309.00071): interpolation for slow dimensions, extrapolation for fast ones, a ramp between.
at::Tensor yarnFrequencies(const RopeSpec &spec, std::int64_t headDim, std::int64_t contextLength)
{
    const double h = double(headDim);
    const double context = double(spec.originalContext > 0 ? spec.originalContext : contextLength);
    const auto dimensionOf = [&](double rotations) {
        return h * std::log(context / (rotations * 2 * std::numbers::pi)) / (2 * std::log(spec.theta));
    };
    double low = dimensionOf(spec.betaFast), high = dimensionOf(spec.betaSlow);
    if (spec.truncate) {
        low = std::floor(low);
        high = std::ceil(high);
    }
    low = std::max(low, 0.0);
    high = std::min(high, h - 1);
    if (low == high)
        high += 0.001;
    const at::Tensor ramp = ((at::arange(headDim / 2, at::kFloat) - low) / (high - low)).clamp(0, 1);
    const at::Tensor powers = at::pow(at::Scalar(spec.theta), exponents(headDim));
    const at::Tensor extrapolated = powers.reciprocal(), interpolated = (spec.factor * powers).reciprocal();
    return interpolated * ramp + extrapolated * (1 - ramp);
}

/// LongRoPE (arXiv 2402.13753): a factor for each pair of dimensions, one set for short and one for long sequences.
at::Tensor longRopeFrequencies(const RopeSpec &spec, std::int64_t headDim, std::int64_t positions)
{
    const auto &factors = positions > spec.originalContext ? spec.longFactors : spec.shortFactors;
    return (at::tensor(at::ArrayRef<double>(factors)).to(at::kFloat) * at::pow(at::Scalar(spec.theta), exponents(headDim))).reciprocal();
}

at::Tensor frequencies(const RopeSpec &spec, std::int64_t headDim, std::int64_t contextLength, std::int64_t positions)
{
    switch (spec.scaling) {
    case RopeSpec::Scaling::Linear:
        return plainFrequencies(spec.theta, headDim) / spec.factor;
    case RopeSpec::Scaling::Dynamic:
        return dynamicFrequencies(spec, headDim, contextLength, positions);
    case RopeSpec::Scaling::Yarn:
        return yarnFrequencies(spec, headDim, contextLength);
    case RopeSpec::Scaling::Llama3:
        return llama3Frequencies(spec, headDim);
    case RopeSpec::Scaling::LongRope:
        return longRopeFrequencies(spec, headDim, positions);
    case RopeSpec::Scaling::None:
        break;
    }
    return plainFrequencies(spec.theta, headDim);
}

} // namespace

std::vector<double> llama3Divisors(const RopeSpec &spec, std::int64_t headDim)
{
    const at::Tensor divisors = (plainFrequencies(spec.theta, headDim) / llama3Frequencies(spec, headDim)).to(at::kDouble).contiguous();
    return {divisors.const_data_ptr<double>(), divisors.const_data_ptr<double>() + divisors.numel()};
}

double ropeAttentionFactor(const RopeSpec &spec)
{
    if (spec.attentionFactor)
        return *spec.attentionFactor;
    if (spec.scaling == RopeSpec::Scaling::Yarn) {
        const auto scale = [&](double m) { return spec.factor <= 1 ? 1.0 : 0.1 * m * std::log(spec.factor) + 1.0; };
        return spec.mscale && spec.mscaleAllDim ? scale(*spec.mscale) / scale(*spec.mscaleAllDim) : scale(1.0);
    }
    if (spec.scaling == RopeSpec::Scaling::LongRope) {
        return spec.factor <= 1 ? 1.0 : std::sqrt(1 + std::log(spec.factor) / std::log(double(spec.originalContext)));
    }
    return 1.0;
}

std::int64_t rotaryDim(const RopeSpec &spec, std::int64_t headDim)
{
    return std::min(spec.rotaryDim.value_or(headDim), headDim);
}

Rope::Rope(const RopeSpec &spec, std::int64_t headDim, std::int64_t contextLength, std::int64_t positions, at::Device device,
           c10::ScalarType dtype)
{
    const at::Tensor scaled = frequencies(spec, rotaryDim(spec, headDim), contextLength, positions);
    const at::Tensor angles = at::outer(at::arange(positions, at::kFloat), scaled);
    // The halves of a head rotate together (Hugging Face's row order). In fp64 the cosines of these same angles are exact.
    const at::Tensor both = at::cat({angles, angles}, -1).to(dtype == at::kDouble ? at::kDouble : at::kFloat);
    const double factor = ropeAttentionFactor(spec);
    m_cos = (both.cos() * factor).to(device, dtype);
    m_sin = (both.sin() * factor).to(device, dtype);
}

namespace {

/// x, [windows, heads, T, headDim], by the cosines and sines of its tokens, [T, rotaryDim].
at::Tensor rotatedBy(const at::Tensor &x, const at::Tensor &cos, const at::Tensor &sin)
{
    const std::int64_t headDim = x.size(-1), rotated = cos.size(-1), half = rotated / 2;
    if (canRotateRows(x, rotated))
        return rotatedRows(x, cos, sin);
    const at::Tensor part = x.narrow(-1, 0, rotated);
    const at::Tensor turned = at::cat({x.narrow(-1, half, half).neg(), x.narrow(-1, 0, half)}, -1);
    const at::Tensor result = part * cos + turned * sin;
    return rotated == headDim ? result : at::cat({result, x.narrow(-1, rotated, headDim - rotated)}, -1);
}

} // namespace

at::Tensor Rope::rotate(const at::Tensor &x, std::int64_t offset) const
{
    const std::int64_t tokens = x.size(-2);
    return rotatedBy(x, m_cos.narrow(0, offset, tokens), m_sin.narrow(0, offset, tokens));
}

at::Tensor Rope::rotate(const at::Tensor &x, const at::Tensor &positions) const
{
    return rotatedBy(x, m_cos.index_select(0, positions), m_sin.index_select(0, positions));
}

} // namespace secateur
