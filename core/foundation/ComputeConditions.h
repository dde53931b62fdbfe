// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace secateur {

/// What the last bits of numbers depend on besides the model and the text. Stands beside every score, search and measurement.
///
/// Bits are decided by `dtype`, by what computes (the CPU; of a GPU its name, not its number), by `instructions`, by `torchVersion`, and on the CPU by
/// `threads` and `products`. Only told are `programVersion`, since a version that computes otherwise would be a fault that the tests look for, and
/// `host`: machines that are alike in the rest compute the same.
///
/// A string is empty where nothing is known: files of before say nothing of `gpu`, `instructions`, `products` and `host`, measurements of before nothing
/// at all.
struct ComputeConditions {
    std::string device; ///< "cpu", "cuda:0"
    std::string gpu;    ///< "NVIDIA H200"; empty on the CPU too
    std::string dtype;  ///< "float32", "bfloat16", "float16"
    int threads = 0;    ///< of the CPU
    /// Of the kernels on the CPU, as LibTorch names them: "AVX2", "DEFAULT"; where ours for the type have others, "AVX512 and AMX".
    std::string instructions;
    std::string products; ///< who multiplies in fp32 on the CPU; see productLibrary()
    std::string torchVersion;
    std::string programVersion;
    std::string host; ///< of a search that was continued elsewhere the last
    bool operator==(const ComputeConditions &) const = default;

    bool isKnown() const { return !device.empty(); }
};

/// In what two conditions differ, as it follows "computed": "in float32, with 2 threads" and "in bfloat16, with 1 thread". Both empty: in nothing.
struct ConditionDifference {
    std::string one, other;
    bool isNone() const { return one.empty(); }
};

/// What decides bits and is known of both and differs. Where nothing at all is known of one of them, that is the difference.
ConditionDifference differenceOf(const ComputeConditions &one, const ComputeConditions &other);

/// What decides bits and is not known, as it follows "computed": "with which instructions, with which matrix library (BLAS)". Empty: all is known.
std::string unknownOf(const ComputeConditions &conditions);

/// Of numbers that were begun under `before` and went on under `now`, which does not differ: what is unknown of the beginning stays unknown.
ComputeConditions continued(const ComputeConditions &before, ComputeConditions now);

nlohmann::json toJson(const ComputeConditions &conditions);
/// From the object that has them among its fields. Throws json::exception where one is missing that files always had, or is of another type.
ComputeConditions conditionsFromJson(const nlohmann::json &json);

} // namespace secateur
