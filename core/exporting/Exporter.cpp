// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/Exporter.h"

#include "checkpoint/ModelName.h"
#include "decoder/Tensors.h"
#include "exporting/CarriedFiles.h"
#include "exporting/ExportSize.h"
#include "exporting/ForeignCode.h"
#include "exporting/GgufExport.h"
#include "exporting/HfCheckpoint.h"
#include "exporting/Manifest.h"
#include "exporting/PortableConfig.h"
#include "exporting/RemoteCode.h"
#include "exporting/Targets.h"
#include "exporting/TokenCheck.h"
#include "exporting/Verifier.h"
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "foundation/InputFile.h"
#include "foundation/OutputFile.h"
#include "foundation/Wording.h"
#include "foundation/WritingFailure.h"
#include "model/CheckpointSpec.h"
#include "model/Families.h"
#include "model/ModelTensors.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>

namespace secateur {
namespace {

void write(const CarriedFiles &carried, const std::filesystem::path &folder)
{
    for (const auto &[name, content] : carried.contents) {
        std::error_code failure; // what it means is said by the file that cannot be written
        std::filesystem::create_directories((folder / name).parent_path(), failure);
        OutputFile file(folder / name);
        file.append(std::as_bytes(std::span(content)));
        file.finish();
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
void checkReplacement(const std::filesystem::path &output, const Checkpoint &source)
{
    std::error_code error;
    const std::filesystem::path target = std::filesystem::weakly_canonical(output, error);
    for (const std::filesystem::path &model : {std::filesystem::weakly_canonical(source.path(), error), source.modelFolder().place()})
        if (!model.empty() && std::mismatch(target.begin(), target.end(), model.begin(), model.end()).first == target.end())
            throw Error("The output " + inQuotes(output.string()) + " holds the model itself.", "Choose another folder.");
    const bool isOurs = std::filesystem::exists(output / kManifestFile, error);
    if (!isOurs && !std::filesystem::is_empty(output, error))
        throw Error("The output " + inQuotes(output.string()) + " was not exported by this program, so it is not replaced.",
                    "Choose another folder, or remove it yourself.");
}

/// Throws when the output exists and may not be replaced. `output`: where it will be, which a name such as "file/../x" only leads to.
void checkOutput(const std::filesystem::path &output, bool isOverwriteAllowed, const Checkpoint &source)
{
    if (!doesExist(output))
        return;
    checkReplacement(output, source);
    if (!isOverwriteAllowed)
        throw Error("The output " + inQuotes(output.string()) + " already exists.",
                    "Choose another folder, or allow it to be replaced (--overwrite).");
}

/// Of all that is written, about.
std::int64_t bytesOfAll(const Checkpoint &source, const ModelSpec &dense, const ModelSpec &pruned, std::int64_t bytesOfWeights)
{
    return bytesOfWeights + bytesBesideWeights(source.path(), dense, pruned.mostNeurons());
}

std::int64_t bytesIn(const std::filesystem::path &folder)
{
    std::int64_t bytes = 0;
    std::error_code error;
    for (std::filesystem::recursive_directory_iterator file(folder, error), end; !error && file != end; file.increment(error)) {
        std::error_code unknown;
        if (file->is_regular_file(unknown))
            bytes += std::int64_t(file->file_size(unknown));
    }
    return bytes;
}

/// Everything about an export that can be refused before the work, but what stands beside the model's weights.
void checkPlace(const ExportSettings &settings, const Checkpoint &source, const ModelSpec &dense, const ModelSpec &pruned,
                std::int64_t bytesOfWeights)
{
    if (targetRules(settings.format).isGguf)
        checkGgufTokenizer(source, dense.vocabularySize);
    // Throws when the name is not usable, or the parent is missing or cannot be written to.
    const AtomicPath probe = AtomicPath::forFolder(settings.output);
    checkOutput(probe.target(), settings.isOverwriteAllowed, source);
    const std::int64_t needed = bytesOfAll(source, dense, pruned, bytesOfWeights);
    std::error_code error;
    const auto space = std::filesystem::space(probe.temporary().parent_path(), error);
    if (!error && space.available < std::uintmax_t(needed))
        throw Error("There is not enough space for " + inQuotes(settings.output.string()) + ": the export needs about " + sizeText(needed) +
                        ", and " + sizeText(std::int64_t(space.available)) + " is free.",
                    "Nothing was left behind. Free some space, or choose a folder on another disk.");
}

void checkTarget(const ExportSettings &settings, const ModelSpec &dense, const ModelSpec &pruned)
{
    if (const std::string problem = exportProblem(settings.format, dense, pruned); !problem.empty())
        throw Error(problem, "Choose another target (--format): hf-compact holds every plan.");
}

} // namespace

std::int64_t bytesOfEdits(const WeightEdits &edits, DType stored)
{
    std::int64_t bytes = 0;
    for (const WeightEdit &edit : edits.list)
        bytes += elementCount(edit.shape) * (std::int64_t(bytesPerElement(edit.dtype)) - std::int64_t(bytesPerElement(stored)));
    return bytes;
}

std::int64_t bytesOfExport(const ExportSettings &settings, const Checkpoint &source, const ModelSpec &dense, const ModelSpec &pruned)
{
    const std::size_t element = bytesPerElement(settings.dtype.value_or(source.dtype()));
    const bool isGguf = targetRules(settings.format).isGguf;
    std::int64_t bytes = 0;
    for (const ModelTensor &tensor : modelTensors(exportedSpec(settings.format, dense, pruned)))
        bytes += elementCount(tensor.shape) * std::int64_t(isGguf && tensor.shape.size() == 1 ? sizeof(float) : element);
    return bytes;
}

void checkExport(const ExportSettings &settings, const Checkpoint &source, const ModelSpec &dense, const ModelSpec &pruned,
                 std::int64_t bytesOfWeights)
{
    checkTarget(settings, dense, pruned);
    readCarriedFiles(source, !targetRules(settings.format).isGguf);
    checkPlace(settings, source, dense, pruned, bytesOfWeights);
}

namespace {

/// Takes out of a configuration what belongs to code of others. Returns sentences for people.
std::vector<std::string> removeForeignParts(nlohmann::json &config, const std::vector<nlohmann::json> &autoMaps, const ModelSpec &dense)
{
    const nlohmann::json given = config.value("auto_map", nlohmann::json());
    const bool isForeign = given.is_object() && !given.empty() && given != autoMap();
    std::vector<std::string> notes = removeForeignCode(config, "config.json");
    if (isForeign)
        notes.push_back("The model is computed by " + transformersNames(dense.family).model +
                        "ForCausalLM, a class of transformers, not by code that came with the base model.");
    for (std::string &note : replaceForeignTokenizer(config, "config.json", autoMaps))
        notes.push_back(std::move(note));
    return notes;
}

/// The weights, the configuration and what the target puts beside them.
ExportResult writeModel(const ExportSource &source, const ExportSettings &settings, const std::filesystem::path &folder,
                        const std::vector<nlohmann::json> &autoMaps, JobContext &context)
{
    const TargetRules &rules = targetRules(settings.format);
    const Surgery surgery = source.plan.surgery();
    const ModelSpec pruned = surgery.specOf(source.dense), written = writtenSpec(rules.form, source.dense, pruned);
    const WrittenTensors tensors(source.checkpoint, source.dense, surgery, rules.form, settings.dtype);
    if (rules.isGguf)
        return writeGguf(tensors, source.checkpoint, source.dense, written, *rules.architecture(source.dense), folder / "model.gguf",
                         context);
    ExportResult result = writeSafetensors(tensors, source.checkpoint, folder, context);
    nlohmann::json given = settledConfig(source.checkpoint.config(), source.dense);
    result.notes = removeForeignParts(given, autoMaps, source.dense);
    const ModelSpec left = withLayers(source.dense, writtenLayers(pruned));
    if (std::string note = leaveOutLayers(given, source.dense, writtenLayers(pruned)); !note.empty())
        result.notes.push_back(std::move(note));
    nlohmann::json config = rules.config(given, left, written);
    writeType(config, configName(settings.dtype.value_or(source.checkpoint.dtype())));
    writeFileAtomically(folder / "config.json", jsonText(std::move(config)));
    rules.addFiles(folder, source.dense);
    return result;
}

} // namespace

ExportResult writeExport(const ExportSource &source, const ExportSettings &settings, JobContext &context)
{
    if (!source.plan.isComplete())
        throw Error("The plan removes " + std::to_string(source.plan.removedAttentions.size()) + " of " +
                        counted(source.plan.balance.attentionsToRemove, "attention") + ": its search is not finished.",
                    "Finish the search first (secateur-cli search MODEL --plan PLAN --save-plan PLAN).");
    const ModelSpec pruned = source.plan.surgery().specOf(source.dense);
    checkTarget(settings, source.dense, pruned);
    // What is not weights is read before the folder can change; had it gone meanwhile, some of it would be missing.
    const CarriedFiles carried = readCarriedFiles(source.checkpoint, !targetRules(settings.format).isGguf);
    std::int64_t weights = bytesOfExport(settings, source.checkpoint, source.dense, pruned);
    if (!settings.dtype)
        weights += bytesOfEdits(source.plan.edits, source.checkpoint.dtype());
    checkPlace(settings, source.checkpoint, source.dense, pruned, weights);
    AtomicPath target = AtomicPath::forFolder(settings.output);
    const std::filesystem::path &folder = target.temporary();
    const std::optional<OpenedTokenizer> tokenizer = tokenizerToCompare(source.checkpoint);
    const ModelFolder &model = source.checkpoint.modelFolder();
    if (!source.checkpoint.ggufMetadata() && !model.holds("config.json"))
        throw Error("The files of the model in " + inQuotes(model.path().string()) + " were removed while it was open.",
                    "Put them back, and open the model again.");
    ExportResult result;
    try {
        result = writeModel(source, settings, folder, carried.autoMaps, context);
        write(carried, folder);
    } catch (const Error &problem) { // what is there so far goes with `target`
        const auto *writing = dynamic_cast<const WritingFailure *>(&problem);
        const std::int64_t all = bytesOfAll(source.checkpoint, source.dense, pruned, weights);
        throw Error(problem.what(),
                    (writing && writing->isForLackOfRoom() ? sizeText(bytesIn(folder)) + " of about " + sizeText(all) + " was written. "
                                                           : std::string()) +
                        "Nothing was left behind: the partial files were removed. " + problem.hint());
    }
    result.notes.insert(result.notes.end(), carried.notes.begin(), carried.notes.end());
    // Another type rounds the weights, so the model in memory goes through it as well.
    std::optional<DType> rounding = settings.dtype;
    if (!rounding && source.checkpoint.isConverted())
        rounding = source.checkpoint.dtype();
    result.verification = rounding && *rounding != DType::Float32
                              ? verify(folder, roundedTo(source.pruned, scalarType(*rounding)), source.checkTokens, context)
                              : verify(folder, source.pruned, source.checkTokens, context);
    verifyTokenIds(result.verification, tokenizer, folder, source.dense.vocabularySize);
    result.folder = settings.output;

    const ModelName base = modelName(source.checkpoint.path());
    writeFileAtomically(folder / kManifestFile, makeManifest(source.plan, settings, result, base, source.evaluations, weightFiles(folder))
                                                        .dump(1, ' ', false, nlohmann::json::error_handler_t::replace) +
                                                    "\n");
    writeFileAtomically(folder / "README.md", makeModelCard(source.plan, settings, result, base, source.evaluations));
    context.check();
    if (!result.verification.isPassed) {
        const std::filesystem::path unverified = target.commitWithSuffix(".unverified");
        const Verification &v = result.verification;
        const std::string kept = "It was kept as " + inQuotes(unverified.string()) + ". Please report this.";
        if (v.ids > 0 && v.idsDiffering > 0 && v.largestDifference <= v.tolerance)
            throw Error("The tokenizer of the exported model gives other ids: " + v.idsNote + ".", kept);
        throw Error("The exported model does not reproduce the plan: logits differ by up to " + std::to_string(v.largestDifference) +
                        " (allowed: " + std::to_string(v.tolerance) + "), and the most likely token is the same at " +
                        std::to_string(100 * v.sameArgmax) + " % of the positions of the check text.",
                    kept);
    }
    checkOutput(target.target(), settings.isOverwriteAllowed,
                source.checkpoint); // somebody may have taken the name while the work was done
    target.commit();
    return result;
}

} // namespace secateur
