// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/FolderProblems.h"

#include "foundation/InputFile.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>

namespace secateur {

namespace fs = std::filesystem;

namespace {

constexpr const char *kChoose = "Choose the folder of a Hugging Face checkpoint: config.json and .safetensors files; or a .gguf file.";

bool holds(const std::vector<std::string> &names, std::string_view name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

template <typename Condition>
std::vector<std::string> chosen(std::vector<std::string> names, const Condition &isWanted)
{
    std::erase_if(names, [&](const std::string &name) { return !isWanted(name); });
    return names;
}

bool isThereQuietly(const fs::path &file)
{
    std::error_code failure;
    return fs::exists(file, failure);
}

bool isModelFolder(const fs::path &folder)
{
    if (isThereQuietly(folder / "config.json"))
        return true;
    std::error_code failure;
    for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end; entry.increment(failure))
        if (entry->path().extension() == ".gguf")
            return true;
    return false;
}

/// A LoRA adapter instead of a model, or beside a configuration without weights; nothing when there is none.
std::optional<Error> adapterIn(const fs::path &folder, const std::vector<std::string> &names)
{
    if (!holds(names, "adapter_config.json"))
        return {};
    return Error(inQuotes(folder.string()) + " holds an adapter (LoRA: adapter_config.json), not a model.",
                 "Merge it into its base model with Python: peft.AutoPeftModelForCausalLM.from_pretrained(FOLDER).merge_and_unload()"
                 ".save_pretrained(NEW_FOLDER). Then open NEW_FOLDER.");
}

/// Weights as Meta and Mistral publish them beside Hugging Face's.
std::optional<Error> originalFormIn(const fs::path &folder, const std::vector<std::string> &names)
{
    const auto originals =
        chosen(names, [](const std::string &name) { return name == "params.json" || name.starts_with("consolidated."); });
    if (originals.empty())
        return {};
    return Error(inQuotes(folder.string()) + " holds the model in its makers' own format (" + listed(originals, 3) +
                     "), which is not supported.",
                 "Download the Hugging Face version (config.json, model*.safetensors), or convert it with the script of transformers for that "
                 "family (convert_*_weights_to_hf.py).");
}

/// Folders in this one that hold a model, those of a hub's cache too.
std::vector<std::string> modelsBelow(const fs::path &folder, const std::vector<std::string> &names)
{
    std::vector<std::string> found;
    const auto look = [&](const fs::path &place) {
        std::error_code failure;
        if (fs::is_directory(folder / place, failure) && isModelFolder(folder / place))
            found.push_back(place.string());
    };
    for (const std::string &name : names)
        look(name);
    std::error_code failure;
    for (fs::directory_iterator entry(folder / "snapshots", failure), end; !failure && entry != end; entry.increment(failure))
        look(fs::path("snapshots") / entry->path().filename());
    return found;
}

} // namespace

bool isThere(const fs::path &file)
{
    if (doesExist(file))
        return true;
    std::error_code failure;
    if (fs::is_symlink(fs::symlink_status(file, failure)))
        throw Error(inQuotes(file.string()) + " is a link to " + inQuotes(fs::read_symlink(file, failure).string()) +
                        ", which is not there: the download is not complete, or the file was moved.",
                    "Download the model again.");
    return false;
}

std::vector<std::string> brokenLinksIn(const ModelFolder &opened)
{
    const fs::path &folder = opened.path();
    std::vector<std::string> links;
    for (const std::string &name : opened.names()) {
        std::error_code failure;
        if (fs::is_symlink(fs::symlink_status(folder / name, failure)) && !isThereQuietly(folder / name))
            links.push_back(inQuotes(name) + " (to " + inQuotes(fs::read_symlink(folder / name, failure).string()) + ")");
    }
    return links;
}

bool isPickle(std::string_view name)
{
    constexpr std::array<std::string_view, 6> kEndings{".bin", ".pt", ".pth", ".ckpt", ".pkl", ".bin.index.json"};
    return std::any_of(kEndings.begin(), kEndings.end(), [&](std::string_view ending) { return name.ends_with(ending); });
}

Error pickledWeights(const fs::path &folder, const std::vector<std::string> &names)
{
    return Error("The weights in " + inQuotes(folder.string()) + " are pickled (" + listed(names, 3) +
                     "). Such files are not opened, because loading one can run any code that it carries.",
                 "If you trust the model, convert it with Python: transformers.AutoModelForCausalLM.from_pretrained(FOLDER)"
                 ".save_pretrained(NEW_FOLDER, safe_serialization=True). Then open NEW_FOLDER.");
}

Error noConfiguration(const ModelFolder &opened)
{
    const fs::path &folder = opened.path();
    const std::vector<std::string> names = opened.names();
    const std::string quoted = inQuotes(folder.string());
    if (const auto adapter = adapterIn(folder, names))
        return *adapter;
    if (holds(names, "model_index.json"))
        return Error(quoted + " holds a pipeline of diffusers (model_index.json), which makes images; it is not a language model.",
                     kChoose);
    if (const auto original = originalFormIn(folder, names))
        return *original;
    const std::vector<std::string> below = modelsBelow(folder, names);
    const auto checkpoints = chosen(below, [](const std::string &name) { return name.starts_with("checkpoint-"); });
    if (!checkpoints.empty())
        return Error(quoted + " contains no config.json, but checkpoints of a training run: " + listed(checkpoints, 5) + ".",
                     "Open one of them.");
    if (below.size() == 1)
        return Error(quoted + " contains no config.json; the model is in its subfolder " + inQuotes(below.front()) + ".",
                     "Open " + inQuotes((folder / below.front()).string()) + ".");
    if (!below.empty())
        return Error(quoted + " contains no config.json, but several models: " + listed(below, 5) + ".", "Open one of them.");
    const auto weights = chosen(names, [](const std::string &name) { return name.ends_with(".safetensors") || isPickle(name); });
    if (!weights.empty())
        return Error(quoted + " contains no config.json beside the weights (" + listed(weights, 3) + ").",
                     "Download the complete Hugging Face folder.");
    return Error(quoted + (names.empty() ? " contains no config.json: it is empty." : " contains no config.json."), kChoose);
}

Error noWeights(const ModelFolder &opened)
{
    const fs::path &folder = opened.path();
    const std::vector<std::string> names = opened.names();
    const std::string sentence =
        inQuotes(folder.string()) + " holds no weights: there is neither model.safetensors nor model.safetensors.index.json.";
    if (const auto adapter = adapterIn(folder, names))
        return *adapter;
    const auto others = chosen(names, [](const std::string &name) {
        return (name.ends_with(".safetensors") && !name.starts_with("consolidated.")) || name.ends_with(".gguf");
    });
    if (!others.empty())
        return Error(sentence, "Found instead: " + listed(others, 5) +
                                   ". Download the complete Hugging Face folder, with the index if the weights are in shards.");
    if (const auto pickles = chosen(names, isPickle); !pickles.empty())
        return pickledWeights(folder, pickles);
    if (const auto original = originalFormIn(folder, names))
        return *original;
    const auto foreign = chosen(names, [](const std::string &name) { return name.ends_with(".h5") || name.ends_with(".msgpack"); });
    if (!foreign.empty())
        return Error(sentence, "Found instead: " + listed(foreign, 3) + ", of TensorFlow or JAX. Download the model's .safetensors files.");
    return Error(sentence, "Download the complete Hugging Face folder.");
}

void checkTokenizer(const ModelFolder &opened)
{
    const fs::path &folder = opened.path();
    if (isThere(folder / "tokenizer.json"))
        return;
    const std::vector<std::string> names = opened.names();
    const auto older = chosen(names, [](const std::string &name) {
        return name == "tokenizer.model" || name == "vocab.json" || name == "merges.txt" || name == "tekken.json" ||
               name.ends_with(".tiktoken");
    });
    if (older.empty())
        throw Error(inQuotes(folder.string()) + " holds no tokenizer.json.", "Put the model's tokenizer.json into the folder.");
    throw Error(inQuotes(folder.string()) + " holds no tokenizer.json, but its tokenizer in another format (" + listed(older, 3) +
                    "), which is not supported.",
                "Make one with Python: transformers.AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER).");
}

} // namespace secateur
