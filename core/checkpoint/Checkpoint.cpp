// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/Checkpoint.h"

#include "checkpoint/FolderProblems.h"
#include "checkpoint/GgufModel.h"
#include "checkpoint/ModelFolder.h"
#include "checkpoint/SafetensorsFile.h"
#include "foundation/Error.h"
#include "foundation/InputFile.h"
#include "foundation/JsonFile.h"
#include "foundation/Sha256.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <set>
#include <system_error>

namespace secateur {

namespace fs = std::filesystem;

namespace {

constexpr const char *kSingleFile = "model.safetensors";
constexpr const char *kIndexFile = "model.safetensors.index.json";

void checkShardName(const std::string &shard, const std::string &tensor, const fs::path &index, const fs::path &folder)
{
    if (isPickle(shard))
        throw pickledWeights(folder, {shard});
    const bool isPlain =
        shard.find('/') == std::string::npos && shard.find('\\') == std::string::npos && shard.find('\0') == std::string::npos;
    if (!isPlain || !shard.ends_with(".safetensors") || shard.starts_with("."))
        throw Error(inQuotes(index.string()) + " places tensor " + inQuotes(tensor) + " in " + inQuotes(shard) +
                        ", which is not the plain name of a .safetensors file in the same folder.",
                    "The index is damaged or not to be trusted; download it again from a source that you trust.");
}

/// The weight map of an index: tensor names and the shards that hold them, names checked.
std::map<std::string, std::string> readIndex(const ModelFolder &opened)
{
    const fs::path &folder = opened.path(), index = folder / kIndexFile;
    const std::string again = "Download the index again.";
    const nlohmann::json document = opened.readJson(kIndexFile, 100'000'000, again);
    const auto map = document.find("weight_map");
    if (map == document.end() || !map->is_object() || map->empty())
        throw Error(inQuotes(index.string()) + " has no 'weight_map' that names the tensors.", again);
    std::map<std::string, std::string> shards;
    for (const auto &[tensor, shard] : map->items()) {
        if (!shard.is_string())
            throw Error(inQuotes(index.string()) + " names no file for tensor " + inQuotes(tensor) + ".", again);
        const auto &name = shard.get_ref<const std::string &>();
        checkShardName(name, tensor, index, folder);
        shards.emplace(tensor, name);
    }
    return shards;
}

/// The distinct shards, after checking that all of them are there.
std::set<std::string> presentShards(const std::map<std::string, std::string> &places, const fs::path &folder)
{
    std::set<std::string> shards;
    for (const auto &[tensor, shard] : places)
        shards.insert(shard);
    std::vector<std::string> missing;
    for (const std::string &shard : shards)
        if (!doesExist(folder / shard))
            missing.push_back(shard);
    if (!missing.empty())
        throw Error("The checkpoint " + inQuotes(folder.string()) + " is incomplete: it has " +
                        std::to_string(shards.size() - missing.size()) + " of " + counted(std::int64_t(shards.size()), "shard") +
                        "; missing: " + listed(missing) + ".",
                    "Download the missing files into the folder.");
    return shards;
}

/// A weight that cannot be computed: what it is, as far as its name and type tell.
Error uncomputableType(const std::string &name, const std::string &type, const fs::path &file)
{
    const bool isPacked = name.ends_with(".qweight") || name.ends_with(".qzeros") || name.ends_with(".weight_packed");
    const std::string kind = isPacked ? " (packed, as GPTQ and AWQ quantise)"
                             : type.starts_with("F8") || type.starts_with("F6") || type.starts_with("F4") ? " (quantised)"
                             : name.ends_with(".weight") && type == "U32"                                 ? " (packed, as MLX quantises)"
                             : name.ends_with(".weight") && (type == "U8" || type == "I8") ? " (quantised, as bitsandbytes does)"
                                                                                           : "";
    return Error("Tensor " + inQuotes(name) + " in " + inQuotes(file.string()) + " has the type " + type + kind +
                     ", which is not supported for weights.",
                 "Weights must be F32, F16 or BF16 (F64 is rounded). If the checkpoint is quantised, use the one that it was made from.");
}

std::string counted(std::size_t number, const std::string &what)
{
    return grouped(number) + " " + (number == 1 ? "tensor is " : "tensors are ") + what;
}

} // namespace

constexpr std::uint64_t kLargestConfig = 16'000'000;
constexpr const char *kConfigHint = "Download config.json again, or correct the mistake.";

nlohmann::json readConfig(const fs::path &file)
{
    return readJsonFile(file, kLargestConfig, kConfigHint);
}

void Checkpoint::add(std::unique_ptr<WeightFile> added)
{
    m_files.push_back(std::move(added));
    const WeightFile &file = *m_files.back();
    for (std::size_t i = 0; i < file.tensors().size(); ++i)
        addName(file.tensors()[i].name, {.file = m_files.size() - 1, .index = i}, m_places);
    for (std::size_t i = 0; i < file.foreignTensors().size(); ++i)
        addName(file.foreignTensors()[i].name, {.file = m_files.size() - 1, .index = i}, m_foreign);
}

void Checkpoint::addName(const std::string &name, Place place, Places &places)
{
    const auto inFile = [this](std::size_t file) { return inQuotes(m_files[file]->path().filename().string()); };
    for (const Places *known : {&m_places, &m_foreign})
        if (const auto found = known->find(name); found != known->end())
            throw Error("Tensor " + inQuotes(name) + " is both in " + inFile(found->second.file) + " and in " + inFile(place.file) +
                            " of " + inQuotes(m_path.string()) + ".",
                        "The shards do not belong together; download the checkpoint into an empty folder.");
    places.emplace(name, place);
}

std::vector<std::string> Checkpoint::names() const
{
    std::vector<std::string> names;
    for (const Places *places : {&m_places, &m_foreign})
        for (const auto &[name, place] : *places)
            names.push_back(name);
    std::sort(names.begin(), names.end());
    return names;
}

void Checkpoint::rename(const std::string &from, const std::string &to)
{
    for (Places *places : {&m_places, &m_foreign})
        if (auto entry = places->extract(from)) {
            entry.key() = to;
            places->insert(std::move(entry));
        }
}

fs::path Checkpoint::configFile() const
{
    return ggufMetadata() ? m_files.front()->path() : m_path / "config.json";
}

const nlohmann::json *Checkpoint::ggufMetadata() const
{
    const auto *model = m_files.empty() ? nullptr : dynamic_cast<const GgufModel *>(m_files.front().get());
    return model ? &model->metadata() : nullptr;
}

std::string Checkpoint::storage() const
{
    return m_files.size() == 1 ? m_files.front()->storage() : std::string(configName(dtype()));
}

bool Checkpoint::isConverted() const
{
    return std::any_of(m_files.begin(), m_files.end(), [](const auto &file) { return file->isConverted(); });
}

Checkpoint Checkpoint::openGguf(const fs::path &path, const fs::path &file, std::shared_ptr<const ModelFolder> folder)
{
    Checkpoint checkpoint(path, std::move(folder));
    auto model = std::make_unique<GgufModel>(file);
    checkpoint.m_config = model->config();
    checkpoint.add(std::move(model));
    return checkpoint;
}

Checkpoint Checkpoint::open(const fs::path &path)
{
    Checkpoint checkpoint = openPath(path);
    if (!checkpoint.m_folder->isInPlace()) // its weights would be another model's
        throw Error("The folder " + inQuotes(checkpoint.m_folder->path().string()) + " was replaced while it was opened.",
                    "Open it again.");
    return checkpoint;
}

Checkpoint Checkpoint::openPath(const fs::path &path)
{
    if (!isThere(path))
        throw Error((path.extension() == ".gguf" ? "There is no file " : "There is no folder ") + inQuotes(path.string()) + ".",
                    "Check the path.");
    std::error_code failure;
    if (fs::is_directory(path, failure))
        return openFolder(std::make_shared<ModelFolder>(path));
    if (path.extension() == ".gguf")
        return openGguf(path, path, std::make_shared<ModelFolder>(path.has_parent_path() ? path.parent_path() : fs::path(".")));
    throw Error(inQuotes(path.string()) + " is a file, not a folder.",
                "Choose the folder that holds config.json and the weights, or a .gguf file.");
}

Checkpoint Checkpoint::openFolder(std::shared_ptr<const ModelFolder> opened)
{
    const fs::path folder = opened->path();
    if (!isThere(folder / "config.json")) {
        std::vector<std::string> files = opened->names();
        std::erase_if(files, [](const std::string &name) { return !name.ends_with(".gguf"); });
        if (files.size() == 1)
            return openGguf(folder, folder / files.front(), std::move(opened));
        if (files.size() > 1)
            throw Error(inQuotes(folder.string()) + " holds several GGUF files: " + listed(files, 5) + ".", "Open one of them.");
        throw noConfiguration(*opened);
    }

    Checkpoint checkpoint(folder, std::move(opened));
    checkpoint.m_config = checkpoint.m_folder->readJson("config.json", kLargestConfig, kConfigHint);
    auto broken = brokenLinksIn(*checkpoint.m_folder);
    std::erase_if(broken, [](const std::string &link) { return link.starts_with("'tokenizer.json'"); }); // a problem of its own
    if (!broken.empty())
        checkpoint.m_notes.push_back("links to files that are not there are not used: " + listed(broken, 5));
    if (isThere(folder / kSingleFile)) { // before an index, as transformers does
        checkpoint.add(std::make_unique<SafetensorsFile>(folder / kSingleFile));
        return checkpoint;
    }
    if (!isThere(folder / kIndexFile))
        throw noWeights(*checkpoint.m_folder);

    const auto shards = readIndex(*checkpoint.m_folder);
    for (const std::string &shard : presentShards(shards, folder))
        checkpoint.add(std::make_unique<SafetensorsFile>(folder / shard));
    std::vector<std::string> absent;
    for (const auto &[tensor, shard] : shards) {
        const Places &places = checkpoint.m_foreign.contains(tensor) ? checkpoint.m_foreign : checkpoint.m_places;
        const auto place = places.find(tensor);
        if (place == places.end() || checkpoint.m_files[place->second.file]->path().filename() != shard)
            absent.push_back(inQuotes(tensor) + " (in " + inQuotes(shard) + ")");
    }
    if (!absent.empty())
        throw Error("The index of " + inQuotes(folder.string()) + " promises tensors that its shards do not hold: " + listed(absent) + ".",
                    "The index and the shards do not belong together; download the checkpoint into an empty folder.");
    return checkpoint;
}

void Checkpoint::expect(std::span<const ExpectedTensor> expected, std::span<const std::string> ignored) const
{
    std::vector<std::string> missing, extra, misshaped;
    std::set<std::string_view> known(ignored.begin(), ignored.end());
    const auto uncomputable = [this](const std::string &name) {
        const Place &place = m_foreign.at(name);
        return uncomputableType(name, m_files[place.file]->foreignTensors()[place.index].type, m_files[place.file]->path());
    };
    for (const ExpectedTensor &want : expected) {
        known.insert(want.name);
        if (m_foreign.contains(want.name))
            throw uncomputable(want.name);
        const auto place = m_places.find(want.name);
        if (place == m_places.end()) {
            missing.push_back(inQuotes(want.name) + " " + toString(want.shape));
            continue;
        }
        const WeightFile &file = *m_files[place->second.file];
        const TensorView &have = file.tensors()[place->second.index];
        if (have.shape != want.shape)
            misshaped.push_back(inQuotes(want.name) + " in " + inQuotes(file.path().filename().string()) + ": " + toString(have.shape) +
                                " instead of " + toString(want.shape));
    }
    for (const auto &[name, place] : m_foreign)
        if (!known.contains(name))
            throw uncomputable(name);
    for (const auto &[name, place] : m_places) {
        if (known.contains(name))
            continue;
        const WeightFile &file = *m_files[place.file];
        extra.push_back(inQuotes(name) + " in " + inQuotes(file.path().filename().string()) + ": " +
                        toString(file.tensors()[place.index].shape));
    }
    if (missing.empty() && extra.empty() && misshaped.empty())
        return;

    std::string sentence = "The weights in " + inQuotes(m_path.string()) + " do not fit " +
                           (ggufMetadata() ? "its metadata." : "the config.json beside them.");
    const auto append = [&sentence](const std::vector<std::string> &entries, const std::string &what) {
        if (!entries.empty())
            sentence += "\n" + counted(entries.size(), what) + ":\n  " + listed(entries, 5, "\n  ");
    };
    append(missing, "missing");
    append(misshaped, "of another shape");
    append(extra, "not expected");
    throw Error(sentence, ggufMetadata()
                              ? "Download the file again."
                              : "Check that config.json belongs to these weights, and download the checkpoint again if it does.");
}

bool Checkpoint::contains(std::string_view name) const
{
    return m_places.find(name) != m_places.end();
}

const Checkpoint::Place &Checkpoint::placeOf(std::string_view name) const
{
    const auto place = m_places.find(name);
    if (place == m_places.end())
        throw Error("There is no tensor " + inQuotes(name) + " in " + inQuotes(m_path.string()) + ".", "Download the checkpoint again.");
    return place->second;
}

const TensorView &Checkpoint::tensor(std::string_view name) const
{
    const Place &place = placeOf(name);
    return m_files[place.file]->tensors()[place.index];
}

TensorData Checkpoint::read(std::string_view name) const
{
    const Place &place = placeOf(name);
    *m_bytesRead += std::int64_t(m_files[place.file]->tensors()[place.index].bytes.size());
    return m_files[place.file]->read(place.index);
}

void Checkpoint::checkUnchanged(std::string_view name) const
{
    m_files[placeOf(name).file]->checkUnchanged();
}

std::int64_t Checkpoint::tensorBytes() const
{
    std::int64_t bytes = 0;
    for (const auto &file : m_files)
        for (const TensorView &tensor : file->tensors())
            bytes += std::int64_t(tensor.bytes.size());
    return bytes;
}

DType Checkpoint::dtype() const
{
    std::vector<TensorView> all;
    for (const auto &file : m_files)
        all.insert(all.end(), file->tensors().begin(), file->tensors().end());
    return usualType(all);
}

std::string Checkpoint::hash(const JobContext &context) const
{
    constexpr std::size_t kPiece = std::size_t(64) << 20;
    Sha256 sum;
    sum.add(m_config.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    for (const auto &file : m_files) { // opened in the order of their names
        for (std::span<const std::byte> rest = file->bytes(); !rest.empty();) {
            context.check();
            const auto piece = rest.first(std::min(kPiece, rest.size()));
            sum.add(piece);
            rest = rest.subspan(piece.size());
            file->releasePages();
        }
        file->checkUnchanged();
    }
    return sum.hex();
}

void Checkpoint::releasePages() const
{
    for (const auto &file : m_files)
        file->releasePages();
}

} // namespace secateur
