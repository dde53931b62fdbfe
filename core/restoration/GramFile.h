// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "checkpoint/WeightFile.h"
#include "model/ModelSpec.h"
#include "pruning/NeuronScores.h"
#include "restoration/ActivationGrams.h"
#include "restoration/GramSize.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace secateur {

/// Throws Error where there is no room for such a file, with how much it needs, or it cannot be written.
void checkRoomForGrams(const std::filesystem::path &file, const ModelSpec &dense, bool areWeighted);

/// A .safetensors file with the Gram matrices of every layer that has an FFN ("gram.0", "weighted.0", ...: F32 [I, I]), with its scores ("scores.0",
/// ...: F32 [I]), and in its metadata where they came from. It lies beside the scores that were made in the same pass. Layers are read one at a time.
class GramFile {
public:
    /// Throws Error when the file is none of ours, damaged, or of another model than `dense` with that hash. Values are looked at as they are read.
    GramFile(const std::filesystem::path &file, const ModelSpec &dense, const std::string &modelHash);

    const std::filesystem::path &path() const { return m_file->path(); }
    const Provenance &provenance() const { return m_provenance; } ///< of the pass that they are from
    std::int64_t tokens() const { return m_provenance.windows * m_provenance.length; }
    /// The neuron scores of the same pass, with the same provenance: a restoration that keeps other numbers of neurons chooses by them.
    const NeuronScores &scores() const { return m_scores; }
    bool areWeighted() const { return m_areWeighted; } ///< whether there are weighted ones too
    /// On the CPU. Undefined tensors for a layer without an FFN. Throws Error when values are no sums of products: not finite, below 0 on the diagonal, not
    /// symmetric; and when the file was changed since it was opened.
    LayerGrams layer(std::int64_t layer) const;
    /// One of the two alone, of a layer that has it.
    at::Tensor plain(std::int64_t layer) const;
    at::Tensor weighted(std::int64_t layer) const;

private:
    void readScores(const ModelSpec &dense, ScoreNorm norm);
    at::Tensor matrix(const std::string &name) const;

    std::shared_ptr<const WeightFile> m_file;
    std::map<std::string, std::size_t> m_places; ///< in the file, by name
    Provenance m_provenance;
    NeuronScores m_scores;
    bool m_areWeighted = false;
};

/// Writes such a file layer by layer, as they are summed. The file appears whole, or not at all.
class GramWriter {
public:
    /// `provenance` and `norm`: of the pass that is about to run. Throws Error as checkRoomForGrams().
    GramWriter(const std::filesystem::path &file, const ModelSpec &dense, bool areWeighted, const Provenance &provenance, ScoreNorm norm);
    ~GramWriter();
    GramWriter(const GramWriter &) = delete;
    GramWriter &operator=(const GramWriter &) = delete;

    /// Layers that have an FFN, in their order; from any device. Throws Error when the disk is full.
    void write(std::int64_t layer, const LayerGrams &grams);
    /// All layers were written (a programmer's error otherwise), and these are the scores of the pass: gives the file its name.
    void commit(const std::vector<std::vector<float>> &scores);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace secateur
