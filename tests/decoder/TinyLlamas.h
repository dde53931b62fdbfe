// SPDX-License-Identifier: GPL-3.0-or-later
// The tiny random checkpoints of tests/fixtures/tiny-llamas, tiny-families and tiny-odd, as decoders with what transformers computes for them.
#pragma once

#include "checkpoint/Checkpoint.h"
#include "checkpoint/SafetensorsFile.h"
#include "decoder/Decoder.h"
#include "decoder/Tensors.h"
#include "engine/Device.h"
#include "model/CheckpointSpec.h"

#include <ATen/TensorOperators.h>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace secateur::test {

/// Where the tests compute: the CPU, or what SECATEUR_TEST_DEVICE says. CTest runs some of them on a GPU too, where there is one.
inline at::Device testDevice()
{
    static const at::Device device = [] {
        const char *name = std::getenv("SECATEUR_TEST_DEVICE");
        return deviceFromName(name ? name : "cpu");
    }();
    return device;
}

inline std::vector<std::string> foldersIn(const std::filesystem::path &parent)
{
    std::vector<std::string> found;
    for (const auto &entry : std::filesystem::directory_iterator(parent))
        found.push_back(entry.path().filename().string());
    std::sort(found.begin(), found.end());
    return found;
}

/// Variants of the family llama.
inline const std::vector<std::string> &tinyLlamas()
{
    static const std::vector<std::string> names = foldersIn(SECATEUR_FIXTURES "/tiny-llamas");
    return names;
}

/// Models of the other families.
inline const std::vector<std::string> &tinyFamilies()
{
    static const std::vector<std::string> names = foldersIn(SECATEUR_FIXTURES "/tiny-families");
    return names;
}

/// Models that are written in another way than save_pretrained writes them.
inline const std::vector<std::string> &tinyOdd()
{
    static const std::vector<std::string> names = foldersIn(SECATEUR_FIXTURES "/tiny-odd");
    return names;
}

/// The folder of any kind.
inline std::filesystem::path tinyLlama(const std::string &name)
{
    const std::filesystem::path fixtures = SECATEUR_FIXTURES;
    for (const char *kind : {"tiny-llamas", "tiny-odd"})
        if (std::filesystem::exists(fixtures / kind / name))
            return fixtures / kind / name;
    return fixtures / "tiny-families" / name;
}

/// Tensors of expected.safetensors: `input_ids` [2, 40], `logits` [2, 40, V], `scores` [L, I].
inline std::map<std::string, at::Tensor> expectedOf(const std::string &name)
{
    const SafetensorsFile file(tinyLlama(name) / "expected.safetensors");
    std::map<std::string, at::Tensor> tensors;
    for (const TensorView &view : file.tensors())
        tensors[view.name] = copyOf(view).to(testDevice());
    return tensors;
}

inline Decoder loadDecoder(const std::filesystem::path &folder, std::int64_t positions, c10::ScalarType dtype = c10::kFloat)
{
    Checkpoint checkpoint = Checkpoint::open(folder);
    const ModelSpec spec = specOf(checkpoint);
    JobContext context;
    return Decoder(spec, loadWeights(checkpoint, spec, testDevice(), dtype, context), positions);
}

/// What keeps these neurons of every layer, none for no FFN, and removes the attentions named.
inline Surgery surgeryOf(const std::vector<std::vector<std::int64_t>> &keptNeurons, const std::vector<std::int64_t> &removedAttentions)
{
    Surgery surgery{.modelHash = {}, .layers = {}};
    for (const auto &kept : keptNeurons)
        surgery.layers.push_back({.hasAttention = true, .keptNeurons = kept});
    for (const std::int64_t layer : removedAttentions)
        surgery.layers[std::size_t(layer)].hasAttention = false;
    return surgery;
}

inline at::Tensor logitsOf(const Decoder &decoder, const at::Tensor &tokens)
{
    at::Tensor x = decoder.embed(tokens);
    for (std::int64_t i = 0; i < decoder.layerCount(); ++i)
        x = decoder.layer(i, x);
    return decoder.logits(decoder.finalNorm(x));
}

} // namespace secateur::test
