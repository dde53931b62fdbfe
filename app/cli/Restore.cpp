// SPDX-License-Identifier: GPL-3.0-or-later
// --restore: plans whose losses are made up for, and how they are shown.
#include "cli/RestorationOptions.h"
#include "cli/Run.h"
#include "comparison/ComparisonRows.h"
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/InputFile.h"
#include "foundation/JsonFile.h"
#include "jobs/RestorationChoice.h"
#include "jobs/RestoreWork.h"
#include "pruning/PlanChecks.h"
#include "pruning/PlanFile.h"
#include "pruning/RestorationJson.h"
#include "restoration/Restorable.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

namespace secateur::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr const char *kBegun = ".restoring"; ///< behind the name of a plan: what was found of its restoration until it is done
constexpr const char *kKind = "secateur restoration";
constexpr std::int64_t kFormat = 1;
constexpr std::chrono::seconds kBetweenSaves(1);

void saveProgress(const RestorationProgress &progress, const std::filesystem::path &file)
{
    const nlohmann::json document = {{"kind", kKind}, {"format", kFormat}, {"progress", toJson(progress)}};
    writeFileAtomically(file, document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

RestorationProgress progressIn(const std::filesystem::path &file, const ModelSpec &dense)
{
    constexpr std::uintmax_t kLargest = 1 << 28;
    const char *hint = "Delete it: the restoration then begins anew.";
    const nlohmann::json document = readJsonFile(file, kLargest, hint);
    try {
        if (document.at("kind") != kKind || document.at("format") != kFormat)
            throw Flaw("it is no restoration that this version knows");
        RestorationProgress progress = restorationProgressFromJson(document.at("progress"));
        checkRestorationProgress(progress, dense);
        return progress;
    } catch (const Error &problem) {
        throw Error("What " + inQuotes(file.string()) + " tells of a restoration contradicts itself: " + problem.what(), hint);
    } catch (const std::exception &problem) {
        throw Error("What " + inQuotes(file.string()) + " tells of a restoration cannot be used: " + flawOf(problem) + ".", hint);
    }
}

std::string widthsOf(const RestorationVariant &variant)
{
    std::vector<std::int64_t> widths = variant.widths;
    std::erase(widths, 0);
    if (widths.empty())
        return "none";
    const auto [least, most] = std::ranges::minmax(widths);
    return (least == most ? "" : grouped(least) + " to ") + grouped(most);
}

/// Plain, + R1, + R1 + R2, ...: what each is worth on every text.
Rows ablationRows(const RestorationRecord &record)
{
    std::vector<TextSettings> texts;
    for (const GateText &text : record.texts)
        texts.push_back(text.text);
    Rows rows = {{"", "N", "K"}};
    for (const std::string &name : evaluationNames(texts))
        rows.front().push_back("ppl " + printable(name));
    rows.front().insert(rows.front().end(), {"seconds", ""});
    for (const RestorationVariant &variant : record.variants) {
        std::vector<std::string> row = {stepsLabel(variant.steps), {}, {}};
        if (!variant.losses.empty()) { // else it could not be done, as a note says
            row[1] = std::to_string(variant.attentionsRemoved);
            row[2] = widthsOf(variant);
        }
        for (const double loss : variant.losses)
            row.push_back(decimal(std::exp(loss), 3));
        row.resize(3 + texts.size());
        row.insert(row.end(), {decimal(variant.seconds, 1), variant.isKept ? "" : "turned down"});
        rows.push_back(std::move(row));
    }
    return rows;
}

/// The numbers of attentions that were tried, with the perplexity that each leaves.
std::string removalsText(const RestorationRecord &record)
{
    std::string text;
    for (const RemovalsTried &tried : record.removals)
        text += (text.empty() ? "" : ", ") + std::string("N = ") + std::to_string(tried.attentionsRemoved) +
                " (K = " + grouped(std::uint64_t(tried.neuronsKept)) + "): " + decimal(std::exp(tried.loss), 3);
    return text;
}

/// The fits of the down products, in one line.
std::string fitsText(const RestorationRecord &record)
{
    double before = 0, after = 0, growth = 0;
    std::int64_t layers = 0, raised = 0;
    for (const RestoredLayer &layer : record.layers) {
        if (layer.ridge <= 0) // without an FFN
            continue;
        ++layers;
        before += layer.errorBefore;
        after += layer.errorAfter;
        growth = std::max(growth, layer.growth);
        raised += layer.raised > 0 ? 1 : 0;
    }
    if (layers == 0)
        return {};
    std::string text = "error of the FFNs' outputs on the calibration, mean of " + counted(layers, "layer") + ": " +
                       percent(before / double(layers)) + " before the refit, " + percent(after / double(layers)) +
                       " after; largest weight x " + decimal(growth, 2);
    return text + (raised > 0 ? "; ridge raised in " + counted(raised, "layer") : "");
}

} // namespace

std::string Run::formatOfExport() const
{
    return o.command == "export" || (o.command == "prune" && !o.output.empty()) ? o.format : std::string();
}

void Run::makeGramFile()
{
    const std::filesystem::path beside = o.savePlan.empty() ? o.output : o.savePlan;
    std::filesystem::path folder =
        beside.empty() ? std::filesystem::temp_directory_path() : std::filesystem::absolute(beside).lexically_normal().parent_path();
    if (isFirst()) {
        gramFolder.reset(new AtomicPath(AtomicPath::forFolder(folder / "grams"))); // is not committed
        folder = gramFolder->temporary();
    }
    gramFile = folder / "grams.safetensors";
}

void Run::checkRestoration(const PruningPlan &plain, const TextSettings &text)
{
    const std::string format = formatOfExport();
    const RestorationSettings settings = restorationSettings(o, text, plain.method, model->spec, format);
    if (const std::optional<Error> problem =
            format.empty() ? restorationProblem(settings, model->spec) : restorationProblem(settings, model->spec, format))
        throw *problem;
    engine->checkRestoration(plain, text, settings, o.grams, context);
    PruningPlan sized = plain; // for its memory
    if (sized.calibration.windows == 0)
        sized.calibration.windows = text.windows.value_or(0);
    if (sized.keptNeurons.empty())
        for (const LayerSpec &layer : model->spec.layers) {
            sized.keptNeurons.emplace_back(std::min(plain.balance.neuronsKept, layer.neurons()));
            std::iota(sized.keptNeurons.back().begin(), sized.keptNeurons.back().end(), 0);
        }
    engine->forecastRestoration(sized, text, settings, true);
}

/// The text that the plan's neurons were scored on, with its windows.
TextSettings Run::restorationText(const PruningPlan &plain)
{
    if (plain.calibration.windows == 0) { // it was written by hand
        if (o.texts.empty() || o.command != "search")
            throw Error("The plan " + inQuotes(o.plan.string()) + " was written by hand: it names no text to restore it on.",
                        "Name one, and keep what comes out: secateur-cli search MODEL --plan PLAN --text FILE --restore r1,r4 "
                        "--save-plan RESTORED.");
        return calibrationText();
    }
    if (o.command == "search" || o.command == "prune") {
        TextSettings text = textOf(plain.calibration);
        text.windows = plain.calibration.windows;
        return text;
    }
    return textSettingsOf(withTextsIn(plain.calibration, o.plan.parent_path())); // --text is what is evaluated on
}

PruningPlan Run::restored(const PruningPlan &plain)
{
    if (!plain.isComplete())
        throw Error("The plan " + inQuotes(o.plan.string()) + " is not finished: " + progressOf(plain) + ".",
                    "Finish it first: secateur-cli search MODEL --plan PLAN --save-plan PLAN.");
    RestorationTask task{.text = {}, .settings = {}};
    if (isOfBlocks(plain.method) || plain.method == PlanMethod::Restored)
        throw *restorationProblem(plain, task.settings, model->spec);
    task.text = restorationText(plain);
    const std::string format = formatOfExport();
    task.settings = restorationSettings(o, task.text, plain.method, model->spec, format);
    if (const std::optional<Error> problem = restorationProblem(plain, task.settings, model->spec))
        throw *problem;
    if (!format.empty())
        if (const std::optional<Error> problem = restorationProblem(task.settings, model->spec, format))
            throw *problem;
    task.grams = gramFile.empty() ? o.grams : gramFile;
    const bool isKept = !o.savePlan.empty() && isFirst();
    const std::filesystem::path begun = o.savePlan.string() + kBegun;
    const auto savePlain = [&] { // until it is restored
        if (isKept && !isPlanSaved)
            savePlan(plain, o.savePlan);
        isPlanSaved = true;
    };
    task.before = begunRestoration(plain, task.settings);
    if (o.command != "prune" && !isPlanSaved) // else before the search
        engine->checkRestoration(plain, task.text, task.settings, task.grams, context);
    addToForecast(engine->forecastRestoration(plain, task.text, task.settings, !task.grams.empty()));

    std::optional<RestorationProgress> latest = task.before;
    auto saved = std::chrono::steady_clock::now();
    const EventListener hear = [&](const JobEvent &event) {
        report.tell(event);
        const auto *known = std::get_if<RestorationKnown>(&event);
        if (!known)
            return;
        latest = known->progress;
        savePlain();
        if (const auto now = std::chrono::steady_clock::now(); isKept && now - saved > kBetweenSaves) {
            saveProgress(*latest, begun);
            saved = now;
        }
    };
    try {
        PruningPlan plan = runRestoration(*engine, model->spec, plain, task, context, hear);
        if (isKept) {
            savePlan(plan, o.savePlan);
            std::error_code error;
            std::filesystem::remove(begun, error);
        }
        gramFolder.reset();
        return plan;
    } catch (const Cancelled &) {
        if (isKept) {
            savePlain();
            if (latest)
                saveProgress(*latest, begun);
            tellHowToRestore(task.settings);
        }
        throw;
    } catch (const Error &) {
        if (isKept && isPlanSaved)
            report.note("The plan as it was before it was restored is in " + inQuotes(o.savePlan.string()) + ".");
        throw;
    }
}

/// What was found before of this restoration: beside the plan that is read, or that is written.
std::optional<RestorationProgress> Run::begunRestoration(const PruningPlan &plain, const RestorationSettings &settings)
{
    for (const std::filesystem::path &plan : {o.savePlan, o.plan}) {
        const std::filesystem::path file = plan.string() + kBegun;
        if (plan.empty() || !doesExist(file))
            continue;
        RestorationProgress progress = progressIn(file, model->spec);
        if (progress.record.plainHash == plain.hash() && progress.record.settings == settings) {
            report.note("Goes on with the restoration in " + inQuotes(file.string()) + ".");
            return progress;
        }
        report.note(inQuotes(file.string()) + " is of another restoration, by its plan, steps, windows or texts: this one begins anew.");
    }
    return {};
}

void Run::showRestoration(const PruningPlan &plan)
{
    const RestorationRecord &record = plan.restoration.value();
    report.line("restored, not plain 2SSP: " + stepsLabel(record.kept()) +
                (record.settings.isGated ? " of " + stepsLabel(record.settings.steps) : std::string()));
    report.table(ablationRows(record), Reporter::LastColumn::Text);
    if (!record.texts.empty()) {
        std::string heldOut;
        for (const GateText &text : record.texts)
            heldOut += (heldOut.empty() ? "" : ", ") + counted(text.windows, "window") + " of " + grouped(text.text.length);
        report.line("perplexities are held out: " + heldOut + " that no fit and no search has seen; seconds are of the last step of a row");
    }
    if (!record.removals.empty())
        report.line("attentions tried: " + removalsText(record));
    if (record.widthShare)
        report.line("widths: " + percent(*record.widthShare) + " of the way from one width to those that lose the least");
    if (const std::string fits = fitsText(record); !fits.empty())
        report.line(fits);
    for (const std::string &note : record.notes)
        report.note(note);
}

} // namespace secateur::cli
