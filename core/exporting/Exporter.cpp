// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/Exporter.h"

#include "exporting/GgufExport.h"
#include "exporting/HfCheckpoint.h"
#include "exporting/Manifest.h"
#include "exporting/Targets.h"
#include "exporting/Verifier.h"
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "model/Tensors.h"
#include "text/GgufTokenizer.h"

#include <algorithm>
#include <array>
#include <string>

namespace secateur {
namespace {

/// Files of the base model that belong to a pruned one as well: tokenizer, generation settings.
bool isCarriedOver(const std::string &name)
{
    static constexpr std::array kNames = {
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",  "vocab.json",
        "merges.txt",     "tokenizer.model",       "chat_template.jinja",     "chat_template.json", "generation_config.json"};
    return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool isLicence(const std::string &name)
{
    static constexpr std::array kBeginnings = {"LICENSE", "LICENCE", "NOTICE", "USE_POLICY"};
    return std::any_of(kBeginnings.begin(), kBeginnings.end(), [&](const char *beginning) { return name.starts_with(beginning); });
}

/// Beside a GGUF file lies what may belong to others, except the licence; its tokenizer is in the file.
void carryOver(const Checkpoint &source, const std::filesystem::path &to, bool isTokenizerWanted)
{
    const bool isGguf = source.ggufMetadata() != nullptr;
    for (const auto &entry : std::filesystem::directory_iterator(source.folder())) {
        const std::string name = entry.path().filename().string();
        std::error_code error;
        if ((isLicence(name) || (!isGguf && isTokenizerWanted && isCarriedOver(name))) && entry.is_regular_file())
            std::filesystem::copy_file(entry.path(), to / name, error);
        if (error)
            throw Error("'" + (to / name).string() + "' could not be written: " + error.message() + ".", "Nothing was left behind.");
    }
    if (isGguf && isTokenizerWanted) {
        writeFileAtomically(to / "tokenizer.json", ggufTokenizerJson(*source.ggufMetadata(), source.configFile().string()));
        writeFileAtomically(to / "tokenizer_config.json", ggufTokenizerConfig(*source.ggufMetadata()));
    }
}

std::vector<std::filesystem::path> weightFiles(const std::filesystem::path &folder)
{
    std::vector<std::filesystem::path> files;
    for (const auto &entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".safetensors" || entry.path().extension() == ".gguf")
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

/// Whether an existing output may go: never the model that is read, nor a folder around it; and only what looks like an export of ours.
void checkReplacement(const std::filesystem::path &output, const std::filesystem::path &source)
{
    std::error_code error;
    const std::filesystem::path target = std::filesystem::weakly_canonical(output, error),
                                model = std::filesystem::weakly_canonical(source, error);
    const auto inModel = std::mismatch(target.begin(), target.end(), model.begin(), model.end());
    if (inModel.first == target.end())
        throw Error("The output '" + output.string() + "' is the model that is read, or holds it.", "Choose another name.");
    const bool isOurs = std::filesystem::exists(output / kManifestFile, error);
    if (!isOurs && !std::filesystem::is_empty(output, error))
        throw Error("The output '" + output.string() + "' is no export of this program, so it is not replaced.",
                    "Choose another name, or remove it yourself.");
}

} // namespace

std::int64_t bytesOfExport(const ExportSettings &settings, const Checkpoint &source, const ModelSpec &dense,
                           const std::vector<std::int64_t> &widths, const std::vector<std::int64_t> &removedAttentions)
{
    const std::size_t element = bytesPerElement(settings.dtype.value_or(source.dtype()));
    const bool isGguf = targetRules(settings.format).isGguf;
    std::int64_t bytes = 0;
    for (const ExpectedTensor &tensor : expectedTensors(exportedSpec(settings.format, dense, widths, removedAttentions)))
        bytes += elementCount(tensor.shape) * std::int64_t(isGguf && tensor.shape.size() == 1 ? sizeof(float) : element);
    return bytes;
}

void checkExport(const ExportSettings &settings, const Checkpoint &source, const ModelSpec &dense, const std::vector<std::int64_t> &widths,
                 std::int64_t bytesNeeded)
{
    if (const std::string problem = exportProblem(settings.format, dense, widths); !problem.empty())
        throw Error(problem, "Choose another --format: hf-compact holds every plan.");
    const AtomicPath probe = AtomicPath::forFolder(settings.output); // throws when the name is not usable, or the parent is missing or cannot be written to
    std::error_code error;
    if (std::filesystem::exists(settings.output, error)) {
        if (!settings.isOverwriteAllowed)
            throw Error("The output '" + settings.output.string() + "' exists.", "Choose another name, or replace it with --overwrite.");
        checkReplacement(settings.output, source.path());
    }
    const auto space = std::filesystem::space(probe.temporary().parent_path(), error);
    if (!error && space.available < std::uintmax_t(bytesNeeded))
        throw Error("There is too little space for '" + settings.output.string() + "': about " + std::to_string(bytesNeeded / 1'000'000) +
                        " MB are needed, " + std::to_string(space.available / 1'000'000) + " MB are free.",
                    "Nothing was left behind. Make room, or choose another disk.");
}

namespace {

/// The weights, the configuration and what the target puts beside them.
ExportResult writeModel(const ExportSource &source, const ExportSettings &settings, const std::filesystem::path &folder,
                        JobContext &context)
{
    const TargetRules &rules = targetRules(settings.format);
    const ModelSpec written = writtenSpec(rules.form, source.dense, source.plan.widths(), source.plan.removedAttentions);
    const WrittenTensors tensors(source.checkpoint, source.dense, source.plan, rules.form, settings.dtype);
    if (rules.isGguf)
        return writeGguf(tensors, source.checkpoint, source.dense, written, *rules.architecture(source.dense), folder / "model.gguf",
                         context);
    const ExportResult result = writeSafetensors(tensors, source.checkpoint, folder, context);
    nlohmann::json config = rules.config(source.checkpoint.config(), source.dense, written);
    if (settings.dtype)
        config[config.contains("dtype") ? "dtype" : "torch_dtype"] = configName(*settings.dtype);
    writeFileAtomically(folder / "config.json", config.dump(2) + "\n");
    rules.addFiles(folder, source.dense);
    return result;
}

} // namespace

ExportResult writeExport(const ExportSource &source, const ExportSettings &settings, JobContext &context)
{
    if (!source.plan.isComplete())
        throw Error("The plan removes " + std::to_string(source.plan.removedAttentions.size()) + " of " +
                        std::to_string(source.plan.balance.attentionsToRemove) + " attentions: its search is not finished.",
                    "Finish it with: secateur-cli search MODEL --plan PLAN --save-plan PLAN.");
    const std::vector<std::int64_t> widths = source.plan.widths();
    checkExport(settings, source.checkpoint, source.dense, widths,
                bytesOfExport(settings, source.checkpoint, source.dense, widths, source.plan.removedAttentions));
    AtomicPath target = AtomicPath::forFolder(settings.output);
    const std::filesystem::path &folder = target.temporary();
    ExportResult result = writeModel(source, settings, folder, context);
    carryOver(source.checkpoint, folder, !targetRules(settings.format).isGguf);
    // Another type rounds the weights, so the model in memory goes through it as well.
    std::optional<DType> rounding = settings.dtype;
    if (!rounding && source.checkpoint.isConverted())
        rounding = source.checkpoint.dtype();
    result.verification = rounding && *rounding != DType::Float32
                              ? verify(folder, roundedTo(source.pruned, scalarType(*rounding)), source.checkTokens, context)
                              : verify(folder, source.pruned, source.checkTokens, context);
    result.folder = settings.output;

    const std::filesystem::path base = std::filesystem::absolute(source.checkpoint.path()).lexically_normal();
    const std::string baseName = base.has_filename() ? base.filename().string() : base.parent_path().filename().string();
    writeFileAtomically(folder / kManifestFile,
                        makeManifest(source.plan, settings, result, baseName, source.evaluations, weightFiles(folder))
                                .dump(1, ' ', false, nlohmann::json::error_handler_t::replace) +
                            "\n");
    writeFileAtomically(folder / "README.md", makeModelCard(source.plan, settings, result, baseName, source.evaluations));
    context.check();
    if (!result.verification.isPassed) {
        const std::filesystem::path unverified = target.commitWithSuffix(".unverified");
        const Verification &v = result.verification;
        throw Error("The written checkpoint does not compute what the plan computes: the largest difference of a logit is " +
                        std::to_string(v.largestDifference) + " (allowed " + std::to_string(v.tolerance) +
                        "), the most likely token agrees on " + std::to_string(100 * v.sameArgmax) + " % of the positions.",
                    "The folder was kept as '" + unverified.string() + "'. Please report this.");
    }
    target.commit();
    return result;
}

} // namespace secateur
