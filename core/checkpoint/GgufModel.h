// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/GgufFile.h"
#include "checkpoint/GgufNames.h"
#include "checkpoint/TensorRole.h"
#include "checkpoint/WeightFile.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

/// A model in a GGUF file, as what it was converted from: config.json's fields, Hugging Face's names of tensors, rows of q and k in the
/// order of halves (some of llama.cpp's architectures interleave them), Gemma's norms without the 1 that is added to them.
///
/// Architectures: those of GgufNames; deci is llama with widths and absent parts of its own in every layer. Quantised values are made
/// when they are read; a checkpoint that is written from them has F16.
class GgufModel : public WeightFile {
public:
    /// Throws Error that names the file and what it has that is not supported.
    explicit GgufModel(const std::filesystem::path &file);

    /// What config.json would say; layers that differ stand in `secateur_layers`.
    const nlohmann::json &config() const { return m_config; }
    /// Everything that the file says beside its tensors, the tokenizer among it.
    const nlohmann::json &metadata() const { return m_metadata; }

    const std::filesystem::path &path() const override { return m_file.path(); }
    const std::vector<TensorView> &tensors() const override { return m_views; }
    TensorData read(std::size_t index) const override;
    std::string storage() const override { return m_storage; }
    bool isConverted() const override { return m_isConverted; }
    std::span<const std::byte> bytes() const override { return m_file.bytes(); }
    void checkUnchanged() const override { m_file.checkUnchanged(); }
    void releasePages() const override { m_file.releasePages(); }

private:
    /// Of a tensor: where it comes from, and what is to be undone.
    struct Source {
        const GgufTensor *tensor = nullptr;
        bool isShifted = false; ///< a norm with 1 added
        std::int64_t heads = 0; ///< by how many its rows are interleaved; 0: not
    };

    const GgufTensor *find(std::string_view name) const;
    /// Whether it is there and holds nothing but zeros.
    bool isZero(const TensorRole &role) const;
    bool hasFfn(std::int64_t layer, std::int64_t width, bool hasAttention) const;
    std::string name() const { return m_file.path().string(); }
    /// Of the keys of the architecture's own: "llama.".
    std::string prefix() const { return std::string(m_architecture->name) + "."; }
    void findStorage();
    void readConfig();
    void checkSizes();
    void readGemma();
    void readRope();
    void readLayers();
    bool isOfAbsentPart(const TensorRole &role) const;
    void readTensors();

    std::int64_t count(const std::string &key, std::int64_t absent = 0) const;
    double number(const std::string &key, double absent) const;
    /// Throws Error: "'FILE' WHAT."
    [[noreturn]] void refuse(const std::string &what) const;
    /// A number for each layer: an array, or one number for all.
    std::vector<std::int64_t> perLayer(const std::string &key) const;
    std::vector<double> factors(std::string_view tensor) const;

    GgufFile m_file;
    nlohmann::json m_metadata;
    const GgufArchitecture *m_architecture = nullptr;
    nlohmann::json m_config;
    std::vector<bool> m_hasAttention, m_hasFfn; ///< of each layer
    std::string m_storage;
    bool m_isConverted = false;
    DType m_dtype = DType::Float32;
    std::vector<TensorView> m_views;
    std::vector<Source> m_sources;
};

} // namespace secateur
