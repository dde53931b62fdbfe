// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/Manifest.h"

#include "foundation/Sha256.h"
#include "foundation/Wording.h"
#include "pruning/PlanFile.h"

#include <algorithm>
#include <iomanip>
#include <sstream>
#include <string_view>

namespace secateur {
namespace {

/// Names of files and folders as Markdown shows them: nothing in them is markup, or a line or a cell of its own.
std::string inMarkdown(const std::string &name)
{
    std::string text;
    for (const char c : name) {
        if (std::string_view("\\`*[]<>|").find(c) != std::string_view::npos)
            text += '\\';
        text += (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) ? '?' : c;
    }
    return text;
}

/// "3 FFNs removed: layers 1, 2, 5"
std::string removals(const std::vector<std::int64_t> &layers, const std::string &what)
{
    std::string text = counted(std::int64_t(layers.size()), what) + " removed";
    for (std::size_t i = 0; i < layers.size(); ++i)
        text += (i > 0 ? ", " : layers.size() == 1 ? ": layer " : ": layers ") + std::to_string(layers[i]);
    return text;
}

/// " with 2SSP (arXiv 2501.17771)"
std::string howText(PlanMethod method)
{
    const char *paper = nullptr;
    switch (method) {
    case PlanMethod::Manual:
        return " by a plan that was written by hand";
    case PlanMethod::Restored:
        return " with 2SSP (arXiv 2501.17771) and restored in closed form: restored, not plain 2SSP";
    case PlanMethod::TwoSsp:
        paper = "2501.17771";
        break;
    case PlanMethod::ShortGpt:
        paper = "2403.03853";
        break;
    case PlanMethod::Window:
        paper = "2403.17887";
        break;
    case PlanMethod::BlockPruner:
        paper = "2406.10594";
        break;
    case PlanMethod::EvoPress:
        paper = "2410.14649";
        break;
    }
    return " with " + std::string(titleOf(method)) + " (arXiv " + paper + ")";
}

/// "Refit down products (r1), Widths per layer (r3)"; what was done beside plain 2SSP
std::string stepsText(const RestorationRecord &record)
{
    std::vector<std::string> steps;
    for (const RestorationStep step : record.kept())
        steps.push_back(std::string(titleOf(step)) + " (" + nameOf(step) + ")");
    return steps.empty() ? "no step was kept" : listed(steps);
}

/// What the steps gained: a row for each text on which losses were held out.
void addHeldOutLosses(std::ostream &card, const RestorationRecord &record)
{
    const auto kept = std::ranges::find_if(record.variants.rbegin(), record.variants.rend(), &RestorationVariant::isKept);
    if (kept == record.variants.rend())
        return;
    const RestorationVariant &plain = record.variants.front();
    for (std::size_t i = 0; i < record.texts.size() && i < kept->losses.size() && i < plain.losses.size(); ++i) {
        std::vector<std::string> files;
        for (const std::filesystem::path &file : record.texts[i].text.files)
            files.push_back(inMarkdown(file.filename().string()));
        card << "| held-out loss on " << listed(files, 2, " + ") << " | " << plain.losses[i] << " plain, " << kept->losses[i]
             << " restored, in nats a token (" << counted(record.texts[i].windows, "window") << ") |\n";
    }
}

/// "30 FFN neurons kept in every layer"
std::string widthText(const PruningPlan &plan)
{
    std::vector<std::int64_t> widths = plan.widths();
    std::erase(widths, 0);
    if (widths.empty())
        return "no FFN is left";
    const auto [least, most] = std::ranges::minmax(widths);
    return (least == most ? "" : grouped(std::uint64_t(least)) + " to ") + counted(most, "FFN neuron") +
           (plan.layersWithoutFfn().empty() ? " kept in every layer" : " kept in every FFN that is left");
}

} // namespace

nlohmann::json makeManifest(const PruningPlan &plan, const ExportSettings &settings, const ExportResult &result, const ModelName &base,
                            const nlohmann::json &evaluations, const std::vector<std::filesystem::path> &files)
{
    nlohmann::json hashes = nlohmann::json::object();
    for (const std::filesystem::path &file : files)
        hashes[file.filename().string()] = Sha256::ofFile(file);
    const Verification &v = result.verification;
    return {{"kind", "secateur-manifest"},
            {"version", SECATEUR_VERSION},
            {"baseModel", {{"name", base.full}, {"hash", plan.calibration.modelHash}}},
            {"export",
             {{"format", settings.format},
              {"dtype", settings.dtype ? nlohmann::json(configName(*settings.dtype)) : nlohmann::json("as stored")},
              {"parameters", result.parameters},
              {"bytes", result.bytes},
              {"files", hashes},
              {"notes", result.notes}}},
            {"verification",
             {{"passed", v.isPassed},
              {"tokens", v.tokens},
              {"largestDifference", v.largestDifference},
              {"tolerance", v.tolerance},
              {"sameArgmax", v.sameArgmax},
              {"tokenIds", v.ids},
              {"tokenIdsDiffering", v.idsDiffering},
              {"tokenIdsNote", v.idsNote}}},
            {"evaluations", evaluations},
            {"command", settings.command},
            {"plan", toJson(plan)}};
}

std::string makeModelCard(const PruningPlan &plan, const ExportSettings &settings, const ExportResult &result, const ModelName &base,
                          const nlohmann::json &evaluations)
{
    std::ostringstream card;
    const SparsityBalance &b = plan.balance;
    card << "---\n";
    if (base.repository)
        card << "base_model: \"" << *base.repository << "\"\n";
    card << "tags:\n- pruned\n"
         << (plan.method == PlanMethod::Manual ? "" : "- " + std::string(nameOf(plan.method)) + "\n") << "---\n\n"
         << "# " << inMarkdown(base.full) << ", pruned\n\n"
         << "Made by Secateur " << SECATEUR_VERSION << howText(plan.method)
         << ", without training. `pruning_manifest.json` holds everything that was decided.\n\n"
         << "| | |\n|---|---|\n"
         << std::setprecision(4) << "| sparsity | " << 100 * b.sparsityLayers() << " % of the decoder layers, " << 100 * b.sparsityModel()
         << " % of the model |\n"
         << "| width | " << widthText(plan) << " |\n| depth | " << removals(plan.removedAttentions, "attention");
    if (const std::vector<std::int64_t> without = plan.layersWithoutFfn(); !without.empty())
        card << "; " << removals(without, "FFN");
    if (plan.restoration)
        card << " |\n| restored, not plain 2SSP | " << stepsText(*plan.restoration);
    if (!plan.edits.isEmpty())
        card << " |\n| changed | " << counted(std::int64_t(plan.edits.list.size()), "weight") << ", to the plan's own values";
    card << " |\n| parameters | " << b.denseModelParameters << " before, " << b.modelParameters << " after; the files hold "
         << result.parameters << " |\n| format | " << settings.format << " |\n| plan | `" << plan.hash() << "` |\n";
    if (plan.restoration)
        addHeldOutLosses(card, *plan.restoration);
    for (const nlohmann::json &e : evaluations)
        card << "| perplexity on " << inMarkdown(e.at("text").get<std::string>()) << " | " << e.at("densePerplexity").get<double>()
             << " before, " << e.at("prunedPerplexity").get<double>() << " after (" << e.at("tokens").get<std::int64_t>()
             << " tokens, windows of " << e.at("length").get<std::int64_t>() << ") |\n";
    if (settings.format == "hf-dropin" && !plan.removedAttentions.empty())
        card << "\nA removed attention keeps its weights in this format; its output product is zero, so it adds nothing. The files are "
                "larger than the plan for that reason.\n";
    if (!result.notes.empty())
        card << "\nWhat differs from the base model besides the pruning:\n\n";
    for (const std::string &note : result.notes)
        card << "- " << inMarkdown(note) << "\n";
    card << "\nThe licence is that of the base model.\n";
    return card.str();
}

} // namespace secateur
