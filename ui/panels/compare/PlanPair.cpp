// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/compare/PlanPair.h"

#include "foundation/Failures.h"
#include "models/TextNames.h"
#include "panels/calibrate/CalibrationTable.h"
#include "panels/search/SearchWords.h"
#include "widgets/Quantity.h"

#include <QCoreApplication>
#include <QLocale>

#include <algorithm>

namespace secateur::ui {
namespace {

struct Words {
    Q_DECLARE_TR_FUNCTIONS(secateur::ui::PlanPair)
};

/// What a plan makes of the layers of its model; none, and so all of them whole, for the original.
std::vector<LayerFacts> factsOf(const ModelSpec &dense, const PruningPlan *plan)
{
    std::vector<LayerFacts> all(dense.layers.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        LayerFacts &facts = all[i];
        facts.hasAttention = dense.layers[i].attention.has_value();
        facts.hasFfn = dense.layers[i].ffn.has_value();
        facts.neurons = dense.layers[i].neurons();
        facts.kept = plan ? qint64(plan->keptNeurons[i].size()) : facts.neurons;
        facts.isOrdered = plan && (plan->method == PlanMethod::TwoSsp || plan->restoration);
        if (!plan)
            continue;
        const std::vector<std::int64_t> &order = plan->removedAttentions;
        if (const auto place = std::ranges::find(order, std::int64_t(i)); place != order.end())
            facts.removal = place - order.begin();
    }
    return all;
}

/// Settings by name; one that a plan does not have is a dash.
std::vector<SettingPair> differing(const PruningPlan &first, const PruningPlan &second)
{
    std::vector<SettingPair> all;
    const auto placed = [&](const QString &name) -> SettingPair & {
        const auto known = std::ranges::find(all, name, &SettingPair::name);
        return known != all.end() ? *known : all.emplace_back(SettingPair{name, QStringLiteral("–"), QStringLiteral("–")});
    };
    for (const auto &[name, value] : settingsOf(first))
        placed(name).first = value;
    for (const auto &[name, value] : settingsOf(second))
        placed(name).second = value;
    std::erase_if(all, [](const SettingPair &setting) { return setting.first == setting.second; });
    return all;
}

void addTwoSsp(std::vector<std::pair<QString, QString>> &settings, const PruningPlan &plan)
{
    const BalanceSettings &balance = plan.settings;
    const SearchSettings &search = plan.search.settings;
    const auto layers = [](const std::vector<std::int64_t> &of) { return of.empty() ? Words::tr("none") : layersText(of); };
    settings.insert(settings.end(),
                    {{Words::tr("Sparsity asked for"), targetText(balance.sparsity)},
                     {Words::tr("Alpha"), QLocale().toString(balance.alpha)},
                     {Words::tr("N"), balance.attentionsToRemove ? Words::tr("%1, by hand").arg(exactText(*balance.attentionsToRemove))
                                                                 : exactText(plan.balance.attentionsToRemove)},
                     {Words::tr("K"), balance.neuronsKept ? Words::tr("%1, by hand").arg(exactText(*balance.neuronsKept))
                                                          : exactText(plan.balance.neuronsKept)},
                     {Words::tr("Width a multiple of"), exactText(balance.widthMultiple)},
                     {Words::tr("Norm of the scores"), normText(plan.norm)},
                     {Words::tr("Windows of the search"), exactText(search.windows)},
                     {Words::tr("Loss of the search"), search.referenceLoss ? Words::tr("in 16 bits, as the authors'") : Words::tr("fp32")},
                     {Words::tr("Attentions that go first"), layers(search.forcedLayers)},
                     {Words::tr("Attentions that stay"), layers(search.protectedLayers)}});
}

void addBlocks(std::vector<std::pair<QString, QString>> &settings, const BlockRecord &record)
{
    const BlockSettings &blocks = record.settings;
    settings.insert(settings.end(),
                    {{Words::tr("Sparsity asked for"), targetText(blocks.sparsity)},
                     {Words::tr("Blocks that go"), exactText(record.blocks)},
                     {Words::tr("Variant"), blocks.variant == BlockVariant::Authors ? Words::tr("as the 2SSP authors' code")
                                                                                    : Words::tr("as the method's own paper")}});
    if (blocks.method == PlanMethod::EvoPress)
        settings.insert(settings.end(),
                        {{Words::tr("Seed"), QString::number(blocks.seed)},
                         {Words::tr("Generations"), blocks.generations ? exactText(*blocks.generations) : Words::tr("as the authors take")},
                         {Words::tr("Tokens, first selection"), exactText(blocks.coarseTokens)},
                         {Words::tr("Tokens, last selection"), exactText(blocks.fineTokens)}});
}

void addRestoration(std::vector<std::pair<QString, QString>> &settings, const RestorationRecord &record)
{
    const RestorationSettings &asked = record.settings;
    const auto names = [](const std::vector<RestorationStep> &steps) {
        QStringList all;
        for (const RestorationStep step : steps)
            all << QString::fromLatin1(nameOf(step)).toUpper();
        return all.isEmpty() ? Words::tr("none") : all.join(QStringLiteral(", "));
    };
    settings.insert(settings.end(),
                    {{Words::tr("Restored by"), names(record.kept())},
                     {Words::tr("Restoring, asked for"),
                      asked.isGated ? Words::tr("%1, where no text gets worse").arg(names(asked.steps)) : names(asked.steps)},
                     {Words::tr("Ridge of the refit"), QLocale().toString(asked.ridge)},
                     {Words::tr("Tokens of the refit"), exactText(record.tokens)},
                     {Words::tr("Windows held out"), exactText(asked.gateWindows)},
                     {Words::tr("Second text"), asked.second ? textFilesName(*asked.second) : Words::tr("none")}});
}

void addText(std::vector<std::pair<QString, QString>> &settings, const Provenance &provenance)
{
    if (provenance.windows == 0)
        return;
    settings.insert(settings.end(), {{Words::tr("Calibration text"), textFilesName(provenance)},
                                     {Words::tr("Calibration windows"), calibrationCutText(provenance)},
                                     {Words::tr("Tokens, SHA-256"), QString::fromStdString(provenance.tokenHash).left(12)},
                                     {Words::tr("Computed in"), QString::fromStdString(provenance.computed.dtype)}});
}

} // namespace

PlanSide sideOf(const CompareRows &rows, std::size_t row)
{
    const PlanTableRow &plan = rows.rows[row].plan;
    return {.session = rows.sessions[rows.rows[row].session].session, .draft = plan.draft, .isOriginal = !plan.row.method};
}

std::vector<std::pair<QString, QString>> settingsOf(const PruningPlan &plan)
{
    std::vector<std::pair<QString, QString>> settings = {{Words::tr("Method"), QString::fromUtf8(titleOf(plan.method))}};
    if (plan.method == PlanMethod::TwoSsp || plan.restoration)
        addTwoSsp(settings, plan);
    if (plan.restoration)
        addRestoration(settings, *plan.restoration);
    if (plan.blocks)
        addBlocks(settings, *plan.blocks);
    addText(settings, plan.calibration);
    return settings;
}

PlanPair planPair(const PlanSide &first, const PlanSide &second)
{
    PlanPair pair;
    try {
        const ModelSpec &dense = first.session->model->spec;
        std::array<std::optional<PruningPlan>, 2> plans;
        for (const std::size_t i : {0U, 1U}) {
            const PlanSide &side = i == 0 ? first : second;
            if (!side.draft && !side.isOriginal)
                throw Error("Only measurements are left of one of these plans, so its layers are not known.",
                            "Open its file to see what it removes.");
            if (side.draft)
                plans[i] = planOf(*side.session, *side.draft);
        }
        if (dense != second.session->model->spec)
            throw Error("These plans are of different models, so their layers cannot be compared.", "Choose two plans of one model.");
        const std::string hash = plans[0] ? plans[0]->calibration.modelHash : plans[1] ? plans[1]->calibration.modelHash : std::string();
        const auto surgery = [&](const std::optional<PruningPlan> &plan) { return plan ? plan->surgery() : untouched(dense, hash); };
        pair.difference = planDifference(surgery(plans[0]), surgery(plans[1]));
        for (const std::size_t i : {0U, 1U})
            pair.facts[i] = factsOf(dense, plans[i] ? &*plans[i] : nullptr);
        pair.widestFfn = dense.mostNeurons();
        if (plans[0] && plans[1])
            pair.settings = differing(*plans[0], *plans[1]);
    } catch (const std::exception &thrown) {
        const Error problem = asError(thrown);
        pair = {};
        pair.problem = QString::fromStdString(problem.what() + (problem.hint().empty() ? std::string() : ' ' + problem.plainHint()));
    }
    return pair;
}

} // namespace secateur::ui
