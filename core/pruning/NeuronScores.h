// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/ComputeConditions.h"

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// Which norm over the tokens of a window. L2 is the paper's; L1 its ablation.
enum class ScoreNorm { L1, L2 };
/// The norm that a document of ours names: "l1" or "l2". Throws Flaw for anything else.
ScoreNorm scoreNormOf(const nlohmann::json &name);
/// That name.
inline const char *nameOf(ScoreNorm norm)
{
    return norm == ScoreNorm::L1 ? "l1" : "l2";
}

/// Where numbers came from: enough to compute them again.
struct Provenance {
    std::string modelHash, tokenizerHash; ///< SHA-256
    std::vector<std::string> textFiles;
    std::int64_t windows = 0, length = 0;
    std::uint64_t seed = 0;
    std::string column = "text"; ///< of Parquet files and JSON lines
    std::string tokenHash;       ///< SHA-256 of the windows' ids
    ComputeConditions computed;
    std::optional<std::int64_t> documents{}; ///< as of TextSettings
    bool operator==(const Provenance &) const = default;
};

/// Stage 1's result: the importance of every FFN neuron, the mean over windows of the norm of its activation over the window's tokens
/// (paper section 3.1). Dense activations, so the scores serve every sparsity, N and alpha.
struct NeuronScores {
    std::vector<std::vector<float>> layers; ///< [L][I], each 0 or above; I = 0 where a layer has no FFN
    ScoreNorm norm = ScoreNorm::L2;
    Provenance provenance;

    /// The `count` best neurons of a layer in ascending order; ties go to the lower index.
    std::vector<std::int64_t> best(std::int64_t layer, std::int64_t count) const;
};

/// A .safetensors file with one F32 tensor [I] a layer ("scores.0", ...) and the provenance in its metadata. Written atomically.
void saveScores(const NeuronScores &scores, const std::filesystem::path &file);
/// Throws Error when the file is not one of ours.
NeuronScores loadScores(const std::filesystem::path &file);

/// Throws Flaw when it does not tell what every calibration has: windows of two tokens or more, a known type.
void checkCalibration(const Provenance &provenance);
nlohmann::json toJson(const Provenance &provenance);
Provenance provenanceFromJson(const nlohmann::json &json);

} // namespace secateur
