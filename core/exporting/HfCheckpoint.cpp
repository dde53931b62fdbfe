// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/HfCheckpoint.h"

#include "checkpoint/SafetensorsWriter.h"
#include "foundation/AtomicPath.h"
#include "model/Tensors.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace secateur {
namespace {

/// Where a tensor of the source lies: file and place in it. What is made of it is written in the same order.
using Place = std::pair<std::size_t, std::size_t>;

std::map<std::string, Place> placesIn(const Checkpoint &source)
{
    std::map<std::string, Place> places;
    for (std::size_t f = 0; f < source.files().size(); ++f)
        for (std::size_t t = 0; t < source.files()[f]->tensors().size(); ++t)
            places[source.files()[f]->tensors()[t].name] = {f, t};
    return places;
}

/// The source's own name, or the usual one where the source is no .safetensors file.
std::string fileNameOf(const Checkpoint &source, std::size_t file)
{
    const std::filesystem::path name = source.files()[file]->path().filename();
    return name.extension() == ".safetensors" ? name.string() : "model.safetensors";
}

} // namespace

ExportResult writeSafetensors(const WrittenTensors &tensors, const Checkpoint &source, const std::filesystem::path &folder,
                              JobContext &context)
{
    const std::map<std::string, Place> places = placesIn(source);
    std::vector<std::vector<std::pair<std::size_t, const WrittenTensors::Entry *>>> files(source.files().size());
    Place last{0, 0}; // a tensor without a source stands behind the one before it
    for (const WrittenTensors::Entry &entry : tensors.entries()) {
        last = entry.source.empty() ? last : places.at(entry.source);
        files[last.first].emplace_back(last.second, &entry);
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
