// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/TensorInfo.h"
#include "model/ModelSpec.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// What one export target stores and who can load it.
struct ExportTarget {
    std::string name;   ///< as on the command line
    std::string stores; ///< which plans it can hold
    std::string loads;  ///< who can load it
    std::string saves;  ///< what gets smaller
};

/// All targets that this version writes.
const std::vector<ExportTarget> &exportTargets();

/// Why a target cannot hold what a plan makes of a model (`pruned`, see Surgery); empty when it can. Throws Error for an unknown target.
std::string exportProblem(const std::string &format, const ModelSpec &dense, const ModelSpec &pruned);

/// What a target writes of it: its parameters are those in the files. Zeros that it adds are among them; a layer without parts is left out.
ModelSpec exportedSpec(const std::string &format, const ModelSpec &dense, const ModelSpec &pruned);

/// Programs that people use a model in, under one name, and the targets that load there without code of ours.
struct ExportEngine {
    std::string name; ///< "llama.cpp, LM Studio, Ollama"
    std::vector<std::string> targets;
};

/// The programs to choose from, in the order in which they are shown. hf-compact is not among their targets: it needs trust_remote_code.
const std::vector<ExportEngine> &exportEngines();

/// Of an engine's targets that can hold a plan, the one with the fewest parameters in its files, and of equal ones the first. Empty when none can.
std::string recommendedTarget(const ExportEngine &engine, const ModelSpec &dense, const ModelSpec &pruned);

/// Bytes that an export writes beside the weights, about: what it brings along from the folder of `model` (tokenizer, licence, settings), the manifest with
/// its lists of neurons, the configuration and the model card. Looks at names and sizes only.
std::int64_t bytesBesideWeights(const std::filesystem::path &model, const ModelSpec &dense, std::int64_t neuronsKept);

struct ExportSettings {
    std::string format = "hf-dropin";
    std::filesystem::path output;     ///< the folder to make
    bool isOverwriteAllowed = false;  ///< replace a folder that exists
    std::optional<DType> dtype;       ///< of the weights written; none = as stored in the source
    std::vector<std::string> command; ///< a command line that does the same, for the manifest
    bool operator==(const ExportSettings &) const = default;
};

/// What loading an export back and comparing logits on a fixed text, and token ids of a hard one, gave.
struct Verification {
    std::int64_t tokens = 0;      ///< positions compared
    double largestDifference = 0; ///< of a logit
    double tolerance = 0;         ///< what it may be
    double sameArgmax = 0;        ///< share of positions with the same most likely token
    bool isPassed = false;
    std::int64_t ids = 0;          ///< of the hard text, compared with those of the source's tokenizer; 0 when it has none
    std::int64_t idsDiffering = 0; ///< in lines that gave other ids
    std::string idsNote{};         ///< why some differ, or why none were compared, as words that may follow a colon; mostly empty
};

struct ExportResult {
    std::filesystem::path folder;
    std::int64_t parameters = 0; ///< sum of the elements of the tensors in the written files
    std::int64_t bytes = 0;      ///< of those tensors
    Verification verification;
    std::vector<std::string> notes{}; ///< sentences: what of the source was left out or changed, and why
};

} // namespace secateur
