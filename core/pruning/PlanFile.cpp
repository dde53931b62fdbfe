// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/PlanFile.h"

#include "checkpoint/SafetensorsFile.h"
#include "checkpoint/SafetensorsWriter.h"
#include "foundation/AtomicPath.h"
#include "foundation/DocumentFormat.h"
#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/InputFile.h"
#include "foundation/JsonFile.h"
#include "foundation/Sha256.h"
#include "foundation/Wording.h"
#include "pruning/BlockJson.h"
#include "pruning/PlanJson.h"
#include "pruning/RestorationJson.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>

namespace secateur {
namespace {

using nlohmann::json;

constexpr const char *kMakeAgain = "Make the plan again.", *kCorrect = "Correct the file.";
constexpr const char *kEdits = "edits";                      ///< changed weights, where there are any
constexpr const char *kPlanKey = "plan", *kKindKey = "kind"; ///< metadata of a plan that is a safetensors file
constexpr const char *kKind = "secateur-plan";
constexpr const char *kAll = "all"; ///< instead of a list of neurons, in a plan that is written by hand
/// Of the JSON; raised when a reader of the old form would misunderstand the new. Since 2 a plan has a method of its own and one hash whatever the
/// order of its removals; 3 has methods that remove whole blocks, 4 has restored plans, and other plans are written as before.
constexpr int kFormat = 4, kFormatBeforeRestored = 3, kFormatBeforeBlocks = 2;

int formatOf(PlanMethod method)
{
    return method == PlanMethod::Restored ? kFormat : isOfBlocks(method) ? kFormatBeforeRestored : kFormatBeforeBlocks;
}

PlanMethod methodOf(const json &stored)
{
    const json &name = stored.at("method");
    return planMethodOf(name.is_string() ? name.get<std::string>() : name.dump());
}

/// What to do about a plan that is not right: people correct what they wrote.
const char *remedyOf(const json &stored)
{
    return stored.is_object() && stored.contains("method") && stored.at("method") == "manual" ? kCorrect : kMakeAgain;
}

/// Throws Error for a field of a plan by hand that none has: it would be left out without a word.
void checkFields(const json &stored, const std::string &source)
{
    static const std::vector<std::string> known = {"kind",      "format",          "method",          "removedAttentions", "keptNeurons",
                                                   "modelHash", "layerParameters", "modelParameters", "planHash",          kEdits};
    for (const auto &[field, value] : stored.items())
        if (std::ranges::find(known, field) == known.end()) {
            std::vector<std::string> names;
            for (const std::string &name : known)
                names.push_back(inQuotes(name));
            throw Error("The plan in " + inQuotes(source) + " has a field " + inQuotes(field) + ", and no plan by hand has such a field.",
                        "Its fields may be " + listed(names) + ".");
        }
}

/// The list that tells which neurons stay, with an entry for every layer.
const json &keptIn(const json &stored)
{
    const json &kept = stored.at("keptNeurons");
    if (!kept.is_array())
        throw Flaw("its 'keptNeurons' is no list with an entry for every layer");
    return kept;
}

/// A list of whole numbers; `name` is what a message calls it.
std::vector<std::int64_t> wholesIn(const json &list, const std::string &name)
{
    try {
        return wholesOf(list);
    } catch (const json::exception &problem) {
        throw Flaw("in " + name + " " + problemOf(problem));
    }
}

void readTwoSsp(const json &stored, PruningPlan &plan)
{
    plan.settings = balanceSettingsFromJson(stored.at("settings"));
    plan.balance = balanceFromJson(stored.at("balance"));
    plan.norm = scoreNormOf(stored.at("norm"));
    plan.calibration = provenanceFromJson(stored.at("calibration"));
    plan.search = searchRecordFromJson(stored.at("search"));
}

void readRestored(const json &stored, PruningPlan &plan)
{
    readTwoSsp(stored, plan);
    plan.restoration = restorationRecordFromJson(stored.at("restoration"));
}

/// Of a plan that has no balance by a rule.
void readCounts(const json &stored, PruningPlan &plan)
{
    plan.search.initialLoss = std::numeric_limits<double>::quiet_NaN(); // none was begun
    readParameters(stored, plan.balance);
    countParts(plan);
}

void readManual(const json &stored, PruningPlan &plan)
{
    plan.calibration.modelHash = stored.at("modelHash");
    readCounts(stored, plan);
}

void readBlocks(const json &stored, PruningPlan &plan)
{
    plan.blocks = blockRecordFromJson(stored.at("record"));
    plan.calibration = plan.blocks->provenance;
    readCounts(stored, plan);
}

Error noPlan(const std::string &source)
{
    return Error(inQuotes(source) + " does not hold a plan.",
                 "Choose a file that holds one (secateur-cli search MODEL ... --save-plan PLAN makes it).");
}

/// The plan in a document: all of it, or what a manifest has under that name.
const json &planIn(const json &document, const std::string &source)
{
    const json &stored = document.is_object() && document.contains("plan") ? document.at("plan") : document;
    if (!stored.is_object() || !stored.contains("kind") || stored.at("kind") != kKind)
        throw noPlan(source);
    return stored;
}

/// What `read` gives of a plan; what it throws is told as the plan's damage.
template <typename Read>
auto reading(const std::string &source, const json &stored, const Read &read)
{
    try {
        return read();
    } catch (const Error &) {
        throw;
    } catch (const std::exception &problem) {
        throw Error("The plan in " + inQuotes(source) + " is damaged: " + flawOf(problem) + ".", remedyOf(stored));
    }
}

/// What a file holds: a plan's JSON, or a manifest's, and the tensors beside it.
struct Document {
    json content;
    std::shared_ptr<const WeightFile> values; ///< of weights that the plan changes; null in a file that is JSON
};

/// Throws Error for a tensor of a type that no changed weight may have.
void checkTypes(const SafetensorsFile &file)
{
    const auto refuse = [&](const std::string &name, const std::string &type) {
        throw Error("The tensor " + inQuotes(name) + " in " + inQuotes(file.path().string()) + " is of the type " + type +
                        ", which a plan cannot give to a weight.",
                    "Save it in F32, F16 or BF16.");
    };
    for (const ForeignTensor &tensor : file.foreignTensors())
        refuse(tensor.name, tensor.type);
    for (const TensorView &tensor : file.tensors())
        if (tensor.bytes.size() != std::size_t(elementCount(tensor.shape)) * bytesPerElement(tensor.dtype)) // it would be narrowed
            refuse(tensor.name, "F64");
}

/// The plan in a safetensors file. One by hand may leave the list of its tensors to the file.
Document documentOf(std::shared_ptr<const SafetensorsFile> file)
{
    const std::string source = file->path().string();
    const auto &metadata = file->metadata();
    const auto plan = metadata.find(kPlanKey);
    if (plan == metadata.end() && metadata.contains("session"))
        throw Error(inQuotes(source) + " is a session, not a plan.",
                    "Give it a name that ends in '.secateur': by that name it stands for its current plan.");
    if (plan == metadata.end())
        throw noPlan(source);
    checkTypes(*file);
    Document document{.content = parseJsonObject(plan->second, "the plan in " + inQuotes(source), kMakeAgain), .values = file};
    reading(source, document.content, [&] {
        json &stored = document.content;
        if (stored.contains("plan"))
            throw Flaw("it stands inside another document");
        if (!stored.contains(kEdits) && methodOf(stored) == PlanMethod::Manual)
            stored[kEdits] = toJson(editsIn(file));
        const auto told = stored.contains(kEdits) ? stored.at(kEdits).size() : 0;
        if (told != file->tensors().size())
            throw Flaw("it changes " + counted(std::int64_t(told), "weight") + ", and its file holds " +
                       counted(std::int64_t(file->tensors().size()), "tensor"));
    });
    return document;
}

/// Whether a file is no JSON but safetensors, whole or cut off anywhere: the length of its header ends in a zero byte, and JSON has none.
bool isSafetensors(const std::filesystem::path &file)
{
    std::array<char, 9> beginning{};
    return InputFile(file).read(beginning) == beginning.size() && beginning[7] == 0 && beginning[8] == '{';
}

Document documentIn(const std::filesystem::path &file)
{
    constexpr std::uintmax_t kLargest = 1 << 30; // 100 layers of 100,000 neurons are 70 MB
    Document document;
    if (isSafetensors(file))
        document = documentOf(std::make_shared<const SafetensorsFile>(file));
    else
        document.content = readJsonFile(file, kLargest, "Choose a plan (secateur-cli search MODEL ... --save-plan PLAN makes one).");
    if (!isFinite(document.content))
        throw Error("The plan in " + inQuotes(file.string()) + " is damaged: it holds a number that is not finite.", kMakeAgain);
    return document;
}

/// A plan by hand with what it left to the model: its hash, lists of all neurons, parameters, and the plan's own hash.
json completed(json stored, const std::string &source, const ModelSpec &dense, const std::string &modelHash)
{
    checkFormat("The plan in " + inQuotes(source), wholeAt(stored, "format"), kFormat);
    if (methodOf(stored) != PlanMethod::Manual)
        return stored;
    checkFields(stored, source);
    if (const std::size_t told = keptIn(stored).size(); told != dense.layers.size())
        throw Error("The plan in " + inQuotes(source) + " has " + counted(std::int64_t(told), "layer") + ", the model " +
                        std::to_string(dense.layerCount()) + ".",
                    "Give 'keptNeurons' an entry for every layer of the model.");
    if (!stored.contains("modelHash"))
        stored["modelHash"] = modelHash;
    if (!stored.contains("removedAttentions"))
        stored["removedAttentions"] = json::array();
    json &kept = stored.at("keptNeurons");
    for (std::size_t i = 0; i < kept.size(); ++i)
        if (kept.at(i) == kAll) {
            std::vector<std::int64_t> all(std::size_t(dense.layers[i].neurons()));
            std::iota(all.begin(), all.end(), 0);
            kept.at(i) = std::move(all);
        }
    if (!stored.contains("layerParameters") && !stored.contains("modelParameters")) {
        SparsityBalance counts{.denseLayerParameters = layerParameters(dense), .denseModelParameters = modelParameters(dense)};
        std::vector<std::int64_t> widths, removed = wholesIn(stored.at("removedAttentions"), "'removedAttentions'");
        for (const json &neurons : kept)
            widths.push_back(std::int64_t(neurons.size()));
        const auto isLayer = [&](std::int64_t layer) { return layer >= 0 && layer < dense.layerCount(); };
        const ModelSpec after = std::ranges::all_of(removed, isLayer) ? prunedSpec(dense, widths, removed) : dense;
        counts.layerParameters = layerParameters(after);
        counts.modelParameters = modelParameters(after);
        stored["layerParameters"] = layerParametersOf(counts);
        stored["modelParameters"] = modelParametersOf(counts);
    }
    return stored;
}

} // namespace

json toJson(const PruningPlan &plan)
{
    json stored = {{"kind", kKind},
                   {"format", formatOf(plan.method)},
                   {"method", nameOf(plan.method)},
                   {"planHash", plan.hash()},
                   {"removedAttentions", plan.removedAttentions},
                   {"keptNeurons", plan.keptNeurons}};
    if (plan.method != PlanMethod::TwoSsp && plan.method != PlanMethod::Restored)
        stored.update({{"layerParameters", layerParametersOf(plan.balance)}, {"modelParameters", modelParametersOf(plan.balance)}});
    if (plan.method == PlanMethod::Manual)
        stored["modelHash"] = plan.calibration.modelHash;
    else if (plan.blocks)
        stored["record"] = toJson(*plan.blocks);
    else
        stored.update({{"settings", toJson(plan.settings)},
                       {"balance", toJson(plan.balance)},
                       {"norm", nameOf(plan.norm)},
                       {"calibration", toJson(plan.calibration)},
                       {"search", toJson(plan.search)}});
    if (plan.restoration)
        stored["restoration"] = toJson(*plan.restoration);
    if (!plan.edits.isEmpty())
        stored[kEdits] = toJson(plan.edits);
    return stored;
}

PruningPlan planFromJson(const json &document, const std::string &source)
{
    const json &stored = planIn(document, source);
    return reading(source, stored, [&] {
        const std::int64_t format = wholeAt(stored, "format");
        checkFormat("The plan in " + inQuotes(source), format, kFormat);
        PruningPlan plan;
        plan.method = methodOf(stored);
        if (format == 1 && plan.method != PlanMethod::TwoSsp)
            throw Flaw("its format is 1, which knows no method but '2ssp'");
        if (format <= kFormatBeforeBlocks && isOfBlocks(plan.method))
            throw Flaw("its format is 2, which knows no method but '2ssp' and 'manual'");
        if (format <= kFormatBeforeRestored && plan.method == PlanMethod::Restored)
            throw Flaw("its format is " + std::to_string(format) + ", which knows no method 'restored'");
        if (plan.method == PlanMethod::Manual)
            checkFields(stored, source);
        plan.removedAttentions = wholesIn(stored.at("removedAttentions"), "'removedAttentions'");
        for (const json &kept : keptIn(stored)) {
            const std::string layer = std::to_string(plan.keptNeurons.size());
            if (kept == kAll && plan.method != PlanMethod::Manual)
                throw Error("The plan in " + inQuotes(source) + " keeps \"all\" neurons of layer " + layer +
                                ", and only plans by hand may say so.",
                            "Set its 'method' to 'manual'.");
            if (kept == kAll)
                throw NeedsModel("The plan in " + inQuotes(source) + " keeps all neurons of layer " + layer +
                                     ", and only its model tells how many there are.",
                                 "Use it with its model (--plan), which also saves it whole (--save-plan).");
            plan.keptNeurons.push_back(wholesIn(kept, "'keptNeurons' of layer " + layer));
        }
        for (const std::int64_t layer : plan.removedAttentions)
            if (layer < 0 || layer >= std::int64_t(plan.keptNeurons.size()))
                throw Flaw("it removes the attention of layer " + std::to_string(layer) + " and lists " +
                           std::to_string(plan.keptNeurons.size()) + " layers");
        if (plan.method == PlanMethod::Manual)
            readManual(stored, plan);
        else if (isOfBlocks(plan.method))
            readBlocks(stored, plan);
        else if (plan.method == PlanMethod::Restored)
            readRestored(stored, plan);
        else
            readTwoSsp(stored, plan);
        if (stored.contains(kEdits))
            plan.edits = weightEditsFromJson(stored.at(kEdits));
        const bool hasHash = plan.method != PlanMethod::Manual || stored.contains("planHash");
        if (hasHash && stored.at("planHash") != (format == 1 ? hashOfFormat1(plan) : plan.hash()))
            throw Error("The plan in " + inQuotes(source) + " does not match its own hash: it was changed or damaged.",
                        plan.method == PlanMethod::Manual ? "Leave out 'planHash' where a plan was changed by hand." : kMakeAgain);
        return plan;
    });
}

std::string hashOfFormat1(const PruningPlan &plan)
{
    return Sha256::ofText(
        json{{"model", plan.calibration.modelHash}, {"keptNeurons", plan.keptNeurons}, {"removedAttentions", plan.removedAttentions}}
            .dump());
}

void savePlan(const PruningPlan &plan, const std::filesystem::path &file)
{
    const json stored = toJson(plan);
    if (plan.edits.isEmpty()) {
        writeFileAtomically(file, stored.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
        return;
    }
    std::vector<SafetensorsWriter::Declaration> declarations;
    for (const WeightEdit &edit : plan.edits.list)
        declarations.push_back({ownTensorName(edit.role), edit.dtype, edit.shape});
    AtomicPath target = AtomicPath::forFile(file);
    SafetensorsWriter writer(target.temporary(), declarations,
                             {{kKindKey, kKind}, {kPlanKey, stored.dump(-1, ' ', false, json::error_handler_t::replace)}});
    for (const WeightEdit &edit : plan.edits.list) {
        writer.write(ownTensorName(edit.role), plan.edits.valuesOf(edit).view.bytes);
        plan.edits.values->checkUnchanged();
        plan.edits.values->releasePages();
    }
    writer.finish();
    target.commit();
}

PruningPlan loadPlan(const std::filesystem::path &file)
{
    const Document document = documentIn(file);
    PruningPlan plan = planFromJson(document.content, file.string());
    plan.edits.values = document.values;
    return plan;
}

PruningPlan loadPlan(const std::filesystem::path &file, const ModelSpec &dense, const std::string &modelHash)
{
    const std::string source = file.string();
    const Document document = documentIn(file);
    const json &stored = planIn(document.content, source);
    PruningPlan plan = planFromJson(reading(source, stored, [&] { return completed(stored, source, dense, modelHash); }), source);
    plan.edits.values = document.values;
    try {
        checkPlan(plan, dense, modelHash);
        checkValues(plan.edits);
    } catch (const Error &problem) {
        const std::string said = problem.what(), itself = "The plan ", its = "The plan's ";
        const bool isCorrected = plan.method == PlanMethod::Manual && problem.hint() == kMakeAgain;
        throw Error("The plan in " + inQuotes(source) +
                        (said.starts_with(its)      ? ": its " + said.substr(its.size())
                         : said.starts_with(itself) ? " " + said.substr(itself.size())
                                                    : ": " + said),
                    isCorrected ? kCorrect : problem.hint());
    }
    return plan;
}

} // namespace secateur
