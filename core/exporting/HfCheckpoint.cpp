// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/HfCheckpoint.h"

#include "checkpoint/SafetensorsWriter.h"
#include "decoder/Tensors.h"
#include "foundation/AtomicPath.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace secateur {
namespace {

constexpr const char *kOnlyFile = "model.safetensors";

/// The source's own name where there are several, so that its shards can be told again. A single one is called as every engine expects it,
/// whatever the source calls it: then there is no index that would have to name it.
std::string fileNameOf(const Checkpoint &source, std::size_t file)
{
    return source.files().size() > 1 ? source.files()[file]->path().filename().string() : kOnlyFile;
}

} // namespace

ExportResult writeSafetensors(const WrittenTensors &tensors, const Checkpoint &source, const std::filesystem::path &folder,
                              JobContext &context)
{
    using Place = Checkpoint::Place; // what is made of a tensor is written in the order of the source
    std::vector<std::vector<std::pair<std::size_t, const WrittenTensors::Entry *>>> files(source.files().size());
    Place last{0, 0}; // a tensor without a source stands behind the one before it
    for (const WrittenTensors::Entry &entry : tensors.entries()) {
        last = entry.source.empty() ? last : source.placeOf(entry.source);
        files[last.file].emplace_back(last.index, &entry);
    }

    ExportResult result;
    nlohmann::json weightMap;
    context.begin("export", std::int64_t(tensors.entries().size()), "tensors");
    for (std::size_t f = 0; f < files.size(); ++f) {
        const auto byPlace = [](const auto &a, const auto &b) { return a.first < b.first; };
        std::stable_sort(files[f].begin(), files[f].end(), byPlace);
        const std::string fileName = fileNameOf(source, f);
        std::vector<SafetensorsWriter::Declaration> declarations;
        for (const auto &[place, entry] : files[f]) {
            declarations.push_back({entry->name, entry->dtype, entry->shape});
            weightMap[entry->name] = fileName;
        }
        if (declarations.empty())
            continue; // a shard of attentions that are gone
        SafetensorsWriter writer(folder / fileName, declarations, {{"format", "pt"}});
        for (const auto &[place, entry] : files[f]) {
            const at::Tensor tensor = tensors.read(*entry);
            writer.write(entry->name, bytesOf(tensor));
            result.parameters += tensor.numel();
            result.bytes += std::int64_t(tensor.nbytes());
            context.step();
        }
        writer.finish();
    }
    if (source.files().size() > 1)
        writeFileAtomically(folder / "model.safetensors.index.json",
                            nlohmann::json{{"metadata", {{"total_size", result.bytes}}}, {"weight_map", weightMap}}.dump(2) + "\n");
    return result;
}

} // namespace secateur
