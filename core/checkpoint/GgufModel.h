// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/GgufFile.h"
#include "checkpoint/WeightFile.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace secateur {

/// A model in a GGUF file, as what it was converted from: config.json's fields, Hugging Face's names of tensors, rows of q and k in the
/// order of halves (llama.cpp's architectures `llama` and `deci` interleave them).
///
/// Architectures: llama, deci (llama with widths and absent attentions of its own in every layer), qwen2, qwen3, phi3. Quantised values
/// are made when they are read; a checkpoint that is written from them has F16.
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
    void releasePages() const override { m_file.releasePages(); }

private:
    /// Of a tensor: where it comes from, and by how many heads its rows are interleaved (0: not).
    struct Source {
        const GgufTensor *tensor = nullptr;
        std::int64_t heads = 0;
    };

    const GgufTensor *find(std::string_view name) const;
    std::string name() const { return m_file.path().string(); }
    void findStorage();
    void readConfig();
    void readRope();
    void readLayers();
    void readTensors();

    std::int64_t count(const std::string &key, std::int64_t absent = 0) const;
    double number(const std::string &key, double absent) const;
    /// A number for each layer: an array, or one number for all.
    std::vector<std::int64_t> perLayer(const std::string &key) const;
    std::vector<double> factors(const std::string &tensor) const;

    GgufFile m_file;
    nlohmann::json m_metadata;
    std::string m_architecture;
    nlohmann::json m_config;
    std::vector<bool> m_hasAttention; ///< of each layer
    std::string m_storage;
    bool m_isConverted = false;
    DType m_dtype = DType::Float32;
    std::vector<TensorView> m_views;
    std::vector<Source> m_sources;
};

} // namespace secateur
