// SPDX-License-Identifier: GPL-3.0-or-later
// The jobs of SessionJobs for the playground: texts by several models beside each other. Their results go to whoever listens, not into the session.
#include "engine/Engine.h"
#include "foundation/Error.h"
#include "jobs/JobWork.h"
#include "jobs/SessionJobs.h"
#include "jobs/SessionTask.h"
#include "models/SessionModel.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace secateur::ui {
namespace {

bool isCharacterBegin(char byte)
{
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

bool isSpace(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

/// How many bytes of a text fit into the model's context: all of it, or up to the end of a word.
std::size_t fittingBytes(const Engine &engine, const std::string &text)
{
    if (engine.roomBehind(text) > 0)
        return text.size();
    std::size_t fits = 0, over = text.size();
    while (over - fits > 1) { // a longer text has more tokens, but for a few at its end
        std::size_t middle = fits + (over - fits) / 2;
        while (middle > fits && !isCharacterBegin(text[middle]))
            --middle;
        if (middle == fits)
            break;
        (engine.roomBehind(text.substr(0, middle)) > 0 ? fits : over) = middle;
    }
    std::size_t word = fits; // what follows it stays behind as a whole
    while (word > 0 && !isSpace(text[word]))
        --word;
    return word > fits / 2 ? word : fits;
}

/// The models of a playground job, with their plans searched.
struct Asked {
    std::vector<std::optional<PruningPlan>> plans;
    PlaygroundRun run;

    std::vector<const PruningPlan *> pointers() const
    {
        std::vector<const PruningPlan *> all;
        for (const std::optional<PruningPlan> &plan : plans)
            all.push_back(plan ? &*plan : nullptr);
        return all;
    }
};

Asked searched(const SessionTask &task, JobPort &port, const PlaygroundModels &models, const std::optional<TextSettings> &searchText)
{
    Asked asked;
    asked.run.models = models;
    for (const std::optional<PlanDraft> &draft : models) {
        asked.plans.push_back(draft ? std::optional(task.searched(port, *draft, searchText)) : std::nullopt);
        asked.run.hashes.push_back(asked.plans.back() ? asked.plans.back()->hash() : std::string());
    }
    return asked;
}

/// Without hearing of texts: one that is served between two units of another job must leave that to it.
Engine &engineOf(const SessionTask &task, JobPort &port)
{
    return port.engine(task.session().model->folder);
}

std::vector<ExpectedPhase> searchPhases(const JobCost &search)
{
    std::vector<ExpectedPhase> phases;
    if (search.evaluations > 0)
        phases.push_back({"search", search.seconds.value_or(0)});
    return phases;
}

} // namespace

// ---- what is asked for -------------------------------------------------------------------------------------------------------

std::optional<TextSettings> SessionJobs::searchTextOf(const PlaygroundModels &models) const
{
    for (const std::optional<PlanDraft> &draft : models)
        if (const auto text = draft ? searchTextOf(*draft) : std::optional<TextSettings>())
            return text;
    return {};
}

request::Generate SessionJobs::writingRequest(const PlaygroundModels &models, const GenerationSettings &settings) const
{
    return {.drafts = models, .settings = settings, .searchText = searchTextOf(models)};
}

request::ScoreText SessionJobs::textScoringRequest(const PlaygroundModels &models, const std::string &text) const
{
    return {.drafts = models, .text = text, .searchText = searchTextOf(models)};
}

Possibility SessionJobs::canWrite(const PlaygroundModels &models, const GenerationSettings &settings) const
{
    return possibilityOf(writingRequest(models, settings));
}

Possibility SessionJobs::canScoreText(const PlaygroundModels &models, const std::string &text) const
{
    return possibilityOf(textScoringRequest(models, text));
}

std::filesystem::path SessionJobs::servedModel(const JobRequest &request) const
{
    const auto isComplete = [this](const PlaygroundModels &models) {
        return std::ranges::all_of(models, [this](const std::optional<PlanDraft> &draft) {
            return !draft || searchCost(*draft).evaluations == 0; // else it may be what is searched just now
        });
    };
    const auto *writing = std::get_if<request::Generate>(&request);
    const auto *scoring = std::get_if<request::ScoreText>(&request);
    const bool isServed = (writing && isComplete(writing->drafts)) || (scoring && isComplete(scoring->drafts));
    return isServed ? m_model.session().model->folder : std::filesystem::path();
}

// ---- what it costs -----------------------------------------------------------------------------------------------------------

JobCost SessionJobs::playgroundCost(const PlaygroundModels &models) const
{
    JobCost all;
    bool isKnown = true;
    double seconds = 0;
    for (const std::optional<PlanDraft> &draft : models) {
        const JobCost cost = draft ? searchCost(*draft) : JobCost();
        all.evaluations += cost.evaluations;
        isKnown = isKnown && (cost.evaluations == 0 || cost.seconds);
        seconds += cost.evaluations > 0 ? cost.seconds.value_or(0) : 0;
        if (!cost.anew.isEmpty())
            all.anew = cost.anew;
        if (!cost.problem.isEmpty())
            all.problem = cost.problem;
    }
    if (all.evaluations > 0 && isKnown)
        all.seconds = seconds;
    return all;
}

// ---- jobs --------------------------------------------------------------------------------------------------------------------

int SessionJobs::write(const PlaygroundModels &models, const GenerationSettings &settings)
{
    if (!canWrite(models, settings))
        return 0;
    const request::Generate asked = writingRequest(models, settings);
    const JobCost cost = playgroundCost(models);
    return start(
        asked,
        [this, asked, phases = searchPhases(cost)](const SessionTask &task, JobPort &port) {
            port.context().expect(phases);
            const Asked these = searched(task, port, asked.drafts, asked.searchText);
            task.deliver(port, [this, run = these.run] { emit writingBegan(run); });
            const EventListener tell = [&](const JobEvent &event) {
                if (const auto *token = std::get_if<TokenWritten>(&event))
                    task.deliver(port, [this, written = token->token] { emit tokenWritten(written); });
                else if (const auto *texts = std::get_if<TextsGenerated>(&event))
                    task.deliver(port, [this, all = texts->texts] { emit textsWritten(all); });
            };
            generateBeside(engineOf(task, port), these.pointers(), asked.settings, port.context(), tell);
        },
        {}, cost);
}

int SessionJobs::scoreText(const PlaygroundModels &models, const std::string &text)
{
    if (!canScoreText(models, text))
        return 0;
    const request::ScoreText asked = textScoringRequest(models, text);
    const JobCost cost = playgroundCost(models);
    return start(
        asked,
        [this, asked, phases = searchPhases(cost)](const SessionTask &task, JobPort &port) {
            port.context().expect(phases);
            const Asked these = searched(task, port, asked.drafts, asked.searchText);
            Engine &engine = engineOf(task, port);
            const std::size_t used = fittingBytes(engine, asked.text);
            ScoredRun run{.run = these.run, .text = asked.text, .used = used, .scored = {}};
            run.scored = secateur::scoreText(engine, these.pointers(), asked.text.substr(0, used), port.context(), [](const JobEvent &) {});
            task.deliver(port, [this, run] { emit textScored(run); });
        },
        {}, cost);
}

// ---- command lines -----------------------------------------------------------------------------------------------------------

QString SessionJobs::writingCommand(const PlaygroundModels &models, const GenerationSettings &settings) const
{
    return canWrite(models, settings) ? lineOf(writingRequest(models, settings)) : QString();
}

QString SessionJobs::textScoringCommand(const PlaygroundModels &models, const std::string &text) const
{
    return canScoreText(models, text) ? lineOf(textScoringRequest(models, text)) : QString();
}

} // namespace secateur::ui
