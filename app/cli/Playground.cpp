// SPDX-License-Identifier: GPL-3.0-or-later
// The commands that try a model on a text: by itself, or plans beside it.
#include "cli/Run.h"
#include "foundation/Error.h"
#include "foundation/InputFile.h"
#include "foundation/Utf8.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

namespace secateur::cli {
namespace {

constexpr const char *kOriginal = "original";

/// A piece of text in a table: quoted, so that spaces show, and on one line.
std::string quotedPiece(const std::string &piece)
{
    return printable("\"" + piece + "\"");
}

} // namespace

std::vector<Run::Compared> Run::comparedModels()
{
    std::vector<Compared> models;
    if (o.isOriginalToo || o.command == "score" || o.plans.empty())
        models.push_back({.name = kOriginal, .plan = {}});
    for (const std::filesystem::path &file : o.plans) {
        models.push_back({.name = file.string(), .plan = planIn(file)});
        if (!models.back().plan->isComplete())
            report.line((o.plans.size() > 1 ? "The plan " + inQuotes(file.string()) : std::string("The plan")) +
                        " is not finished: " + progressOf(*models.back().plan) + ".");
    }
    return models;
}

void Run::generate()
{
    open();
    const std::vector<Compared> models = comparedModels();
    const std::int64_t room = engine->roomBehind(o.generation);
    if (room > 0 && o.generation.tokens > room)
        report.note("At most " + counted(room, "token") + " can follow: the model's context of " + grouped(model->spec.contextLength) +
                    " holds the prompt as well.");
    if (models.size() > 1) {
        generateBeside(models);
        return;
    }
    JobContext quiet; // the text is the progress: a bar would be drawn into it
    report.piece(o.generation.prompt + (o.generation.isChat ? "\n" : ""));
    const PruningPlan *plan = models.front().plan ? &*models.front().plan : nullptr;
    std::size_t written = 0;
    const Generation g = engine->generate(plan, o.generation, o.isJson ? context : quiet, [&](const WrittenToken &token) {
        context.check();
        report.piece(token.piece);
        report.tell(TokenWritten{token});
        written += token.piece.size();
    });
    report.line(g.text.substr(std::min(written, g.text.size()))); // bytes that are no whole character
    finish({{"text", g.text}, {"ids", g.ids}, {"promptIds", g.promptIds}, {"tokensPerSecond", g.tokensPerSecond}});
}

void Run::generateBeside(const std::vector<Compared> &models)
{
    const std::vector<Generation> texts = secateur::generateBeside(*engine, plansOf(models), o.generation, context, listener());
    nlohmann::json list = nlohmann::json::array();
    report.piece(o.generation.prompt + "\n");
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const Generation &g = texts[i];
        const std::optional<std::size_t> differs = firstDifference(texts.front().ids, g.ids);
        std::string head = "--- " + printable(models[i].name) + ", " + decimal(g.tokensPerSecond, 1) + " tokens per second";
        if (i > 0)
            head += differs ? ", another token than " + printable(models.front().name) + " from token " +
                                  grouped(std::int64_t(*differs) + 1) + " on"
                            : std::string(", the same tokens");
        report.line(head);
        report.piece(g.text + "\n");
        list.push_back({{"name", models[i].name},
                        {"planHash", models[i].plan ? models[i].plan->hash() : std::string()},
                        {"text", g.text},
                        {"ids", g.ids},
                        {"tokensPerSecond", g.tokensPerSecond},
                        {"firstDifference", differs ? nlohmann::json(*differs) : nlohmann::json()}});
    }
    report.line(
        "Plans are computed with the original's weights, masked: how fast they are once they are cut, `evaluate --throughput` tells.");
    finish({{"models", list}, {"promptIds", texts.front().promptIds}});
}

void Run::score()
{
    constexpr std::uint64_t kLargest = 10'000'000;
    const std::string text = o.textFile.empty() ? o.generation.prompt : readWholeFile(o.textFile, kLargest, "Give a shorter text.");
    if (firstIllFormed(text) != text.size())
        throw Error("The text " + (o.textFile.empty() ? std::string() : inQuotes(o.textFile.string()) + " ") + "is not in UTF-8.",
                    "Save it as UTF-8.");
    open();
    const std::vector<Compared> models = comparedModels();
    const ScoredText scored = scoreText(*engine, plansOf(models), text, context, listener());

    // By how much a plan makes it worse, or alone by its loss.
    const auto changeOf = [&](std::size_t token, std::size_t i) { return scored.models[i][token].loss - scored.models[0][token].loss; };
    const auto worseness = [&](std::size_t token) {
        if (models.size() == 1)
            return scored.models[0][token].loss;
        double most = changeOf(token, 1);
        for (std::size_t i = 2; i < models.size(); ++i)
            most = std::max(most, changeOf(token, i));
        return most;
    };
    std::vector<std::size_t> worst(scored.ids.size() - 1);
    std::iota(worst.begin(), worst.end(), std::size_t(1)); // the first has no loss
    std::ranges::stable_sort(worst, [&](std::size_t one, std::size_t other) { return worseness(one) > worseness(other); });
    worst.resize(std::min(worst.size(), std::size_t(o.worst)));

    Rows sums = {{"model", "loss", "perplexity", "change of the summed loss"}}, rows = {{"token", "text"}};
    nlohmann::json list = nlohmann::json::array(), tokens = nlohmann::json::array();
    for (std::size_t i = 0; i < models.size(); ++i) {
        const double total = scored.totalLoss(i);
        sums.push_back({printable(models[i].name), decimal(scored.meanLoss(i), 6), decimal(scored.perplexity(i), 4),
                        i == 0 ? "" : decimal(total - scored.totalLoss(0), 4)});
        rows.front().push_back("loss of " + printable(models[i].name));
        list.push_back({{"name", models[i].name},
                        {"planHash", models[i].plan ? models[i].plan->hash() : std::string()},
                        {"loss", scored.meanLoss(i)},
                        {"totalLoss", total},
                        {"perplexity", scored.perplexity(i)}});
    }
    for (const std::size_t token : worst) {
        std::vector<std::string> row = {std::to_string(token), quotedPiece(scored.pieces[token])};
        for (std::size_t i = 0; i < models.size(); ++i)
            row.push_back(decimal(scored.models[i][token].loss, 4) + (i == 0 ? "" : " (" + decimal(changeOf(token, i), 4) + ")"));
        rows.push_back(row);
        tokens.push_back(token);
    }
    if (rows.size() > 1)
        report.table(rows);
    report.table(sums);
    report.line(counted(std::int64_t(scored.ids.size()) - 1, "token") + " behind another.");
    finish({{"models", list}, {"tokens", scored.ids.size() - 1}, {"worst", tokens}});
}

std::vector<const PruningPlan *> Run::plansOf(const std::vector<Compared> &models)
{
    std::vector<const PruningPlan *> plans;
    for (const Compared &model : models)
        plans.push_back(model.plan ? &*model.plan : nullptr);
    return plans;
}

} // namespace secateur::cli
