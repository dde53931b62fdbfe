// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "checkpoint/WeightFile.h"
#include "model/ModelSpec.h"
#include "pruning/NeuronScores.h"
#include "restoration/ActivationGrams.h"

#include <cstdint>
#include <filesystem>
#include <memory>

namespace secateur {

/// Bytes of a file of the Gram matrices of all layers of a model.
std::int64_t bytesOfGrams(const ModelSpec &dense, bool areWeighted);

/// A .safetensors file with the Gram matrices of every layer that has an FFN ("gram.0", "weighted.0", ...: F32 [I, I]), with its scores ("scores.0",
/// ...: F32 [I]), and in its metadata where they came from. It lies beside the scores that were made in the same pass. Layers are read one at a time.
class GramFile {
public:
    /// Throws Error when the file is none of ours, damaged, or of another model than `dense` with that hash.
    GramFile(const std::filesystem::path &file, const ModelSpec &dense, const std::string &modelHash);

    const std::filesystem::path &path() const { return m_file->path(); }
    const Provenance &provenance() const { return m_provenance; } ///< of the pass that they are from
    std::int64_t tokens() const { return m_provenance.windows * m_provenance.length; }
    /// The neuron scores of the same pass, with the same provenance: a restoration that keeps other numbers of neurons chooses by them.
    const NeuronScores &scores() const { return m_scores; }
    bool areWeighted() const { return m_areWeighted; } ///< whether there are weighted ones too
    /// On the CPU. Undefined tensors for a layer without an FFN.
    LayerGrams layer(std::int64_t layer) const;

private:
    std::shared_ptr<const WeightFile> m_file;
    Provenance m_provenance;
    NeuronScores m_scores;
    bool m_areWeighted = false;
};

/// Writes such a file layer by layer, as they are summed. The file appears whole, or not at all.
class GramWriter {
public:
    /// Throws Error where there is no room for it.
    GramWriter(const std::filesystem::path &file, const ModelSpec &dense, bool areWeighted);
    ~GramWriter();

    void write(std::int64_t layer, const LayerGrams &grams);
    /// All layers were written; the scores are of the same pass, and their provenance is the file's. Throws Error when a layer was not.
    void commit(const NeuronScores &scores);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace secateur
