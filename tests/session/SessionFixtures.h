// SPDX-License-Identifier: GPL-3.0-or-later
// A session that has something of everything.
#pragma once

#include "checkpoint/Checkpoint.h"
#include "foundation/Error.h"
#include "model/Families.h"
#include "pruning/PlanFile.h"
#include "pruning/RestorationJson.h"
#include "session/SessionStore.h"

#include <QString>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <random>

namespace secateur::test {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

inline ModelSummary modelOf(const std::string &configName)
{
    const std::string file = SECATEUR_FIXTURES "/" + configName;
    ModelSummary model;
    model.folder = "/models/of people/Größe"; // not there: a session does not need it
    model.config = readConfig(file);
    model.spec = specFromConfig(model.config, file);
    model.storedDtype = DType::BFloat16;
    model.tensorBytes = 123'456'789'012;
    model.files = 3;
    model.tokenizerSize = 2048;
    return model;
}

inline Provenance provenanceOf(const std::string &token)
{
    return {.modelHash = "model",
            .tokenizerHash = "tokenizer",
            .textFiles = {"/texts/a \"quoted\" name.txt"},
            .windows = 4,
            .length = 128,
            .seed = 18'446'744'073'709'551'615U,
            .tokenHash = token,
            .computed = {.device = "cpu",
                         .gpu = {},
                         .dtype = "float32",
                         .threads = 2,
                         .instructions = "AVX2",
                         .products = "oneDNN",
                         .torchVersion = "2.15.0",
                         .programVersion = "0.1.0",
                         .host = "node7"}};
}

inline std::shared_ptr<const NeuronScores> scoresFor(const ModelSpec &spec, unsigned seed)
{
    std::mt19937 random(seed);
    std::lognormal_distribution<float> spread(0, 2);
    auto scores = std::make_shared<NeuronScores>();
    for (const LayerSpec &layer : spec.layers) {
        scores->layers.emplace_back();
        for (std::int64_t j = 0; j < layer.neurons(); ++j)
            scores->layers.back().push_back(j % 7 == 0 ? 0.0F : spread(random));
    }
    scores->norm = seed % 2 == 0 ? ScoreNorm::L2 : ScoreNorm::L1;
    scores->provenance = provenanceOf("calibration " + std::to_string(seed));
    return scores;
}

inline Measurement evaluationOf(const std::string &hash, double loss)
{
    Measurement record;
    record.calibration = hash.empty() ? -1 : 0;
    record.neuronsKept = hash.empty() ? 48 : 20;
    record.planHash = hash;
    record.text = {.files = {"/texts/oz.txt"}, .windows = {}, .length = 512, .seed = 0};
    record.result = {.loss = loss, .perplexity = std::exp(loss), .tokens = 1533, .windows = 3, .length = 512, .tokenHash = "held-out"};
    record.computed = provenanceOf("").computed;
    record.seconds = 1.0 / 3;
    if (!hash.empty())
        record.draft = PlanDraft{.calibration = 0, .balance = {.sparsity = 0.25, .attentionsToRemove = {}}, .search = {}};
    return record;
}

inline ExportRecord exportOf(const std::string &folder)
{
    return {.planHash = "p1",
            .format = "hf-dropin",
            .folder = folder,
            .parameters = 1000,
            .bytes = 2000,
            .verification = {.tokens = 128, .largestDifference = 1.0 / 7, .tolerance = 1e-5, .sameArgmax = 0.999, .isPassed = true},
            .notes = {"'NOTICE' was left out."}};
}

/// The small model of the tests (3 layers, 48 neurons), two calibrations, searches in all states.
inline Session fullSession()
{
    Session s;
    s.model = modelOf("tiny-llamas/mha/config.json");
    s.calibrationText = {.files = {"/texts/grimm.txt", "/texts/andersen.txt"}, .windows = 32, .length = 128, .seed = 7};
    s.evaluationText = {.files = {"/texts/oz.txt"}, .windows = {}, .length = 512, .seed = 0};
    s.norm = ScoreNorm::L1;
    s.calibrations = {scoresFor(s.model->spec, 1), scoresFor(s.model->spec, 2)};
    s.draft.calibration = 1;
    s.draft.balance.sparsity = 0.1 + 0.2; // a double that no short decimal names
    s.draft.balance.alpha = 4.0 / 3;
    s.draft.balance.attentionsToRemove = 2;
    s.draft.balance.neuronsKept = 20;
    s.draft.search = {.windows = 2, .referenceLoss = true, .forcedLayers = {1}, .protectedLayers = {0}};

    SearchRecord search;
    search.settings = s.draft.search;
    search.provenance = provenanceOf("search");
    search.initialLoss = 10.0 / 3;
    search.steps = {{.losses = {kUnknown, 3.25, kUnknown}, .removed = 1, .isForced = true},
                    {.losses = {kUnknown, kUnknown, 1e-300}, .removed = -1, .isForced = false}};
    s.searches[searchKey(s.draft, 20)] = search;
    SearchRecord begun;
    begun.initialLoss = kUnknown;
    s.searches[searchKey({.calibration = 0, .balance = {}, .search = {}}, 48)] = begun;
    SearchRecord impact;
    impact.initialLoss = 2.5;
    impact.provenance = provenanceOf("impact");
    impact.steps = {{.losses = {2.75, 2.6, 3.125}, .removed = 1, .isForced = false}};
    s.denseImpact = impact;

    s.measurements = {evaluationOf("", 2.0 / 3), evaluationOf("p1", 800)}; // exp(800) is infinite
    s.measurements[1].removed = {1, 2};
    s.measurements[1].isOrderBorrowed = true;
    s.exports = {exportOf("/out/a"), exportOf("/out/b")};
    s.exports[1].verification.largestDifference = kUnknown;
    s.pinned = {{.name = "wide \"one\"", .draft = s.draft}, {.name = "", .draft = {}}};
    return s;
}

/// A plan of 2SSP that keeps 20 neurons in every layer of that session's model, was to remove two attentions and removed one.
inline PruningPlan openedPlan(const Session &session)
{
    NeuronScores scores = *scoresFor(session.model->spec, 4);
    scores.provenance.tokenHash = "of another run";
    PruningPlan plan =
        planFromScores(session.model->spec, scores, {.sparsity = 0.25, .attentionsToRemove = 2, .widthMultiple = 1, .neuronsKept = 20});
    plan.search.settings = {.windows = 2, .referenceLoss = false, .forcedLayers = {}, .protectedLayers = {}};
    plan.search.provenance = provenanceOf("its search");
    plan.search.initialLoss = 3;
    plan.search.steps = {{.losses = {3.5, 3.25, 3.75}, .removed = 1, .isForced = false},
                         {.losses = {4.5, kUnknown, kUnknown}, .removed = -1, .isForced = false}};
    plan.removedAttentions = {1};
    return plan;
}

/// A plan by hand for that session's model: layer 0 gone as a whole, half of layer 1, layer 2 without its attention.
inline PruningPlan manualPlan(const Session &session)
{
    PruningPlan plan;
    plan.method = PlanMethod::Manual;
    plan.keptNeurons = {{}, {}, {0, 5, 47}};
    for (std::int64_t neuron = 0; neuron < 24; ++neuron)
        plan.keptNeurons[1].push_back(neuron);
    plan.removedAttentions = {0, 2};
    plan.calibration.modelHash = "model";
    plan.search.initialLoss = kUnknown;
    plan.balance.attentionsToRemove = 2;
    const ModelSpec &dense = session.model->spec, after = prunedSpec(dense, plan.widths(), plan.removedAttentions);
    plan.balance.denseLayerParameters = layerParameters(dense);
    plan.balance.denseModelParameters = modelParameters(dense);
    plan.balance.layerParameters = layerParameters(after);
    plan.balance.modelParameters = modelParameters(after);
    return plan;
}

/// A plan of ShortGPT for that session's model, that was found in it: layer 1 goes.
inline PruningPlan foundPlan(const Session &session)
{
    BlockRecord record;
    record.settings.sparsity = 0.3;
    record.blocks = 1;
    record.provenance = provenanceOf("of blocks");
    record.influence = {1, 0.25, 1.0 / 3};
    record.similarities = {{1, 0.5, 0.25}, {0.5, 1, 2.0 / 3}, {0.25, 2.0 / 3, 1}};
    record.windowsForwarded = 4;
    record.seconds = 1.0 / 7;
    return planOfBlocks(session.model->spec, record);
}

/// A measurement of each kind but perplexity, of a plan.
inline std::vector<Measurement> otherMeasurements(const std::string &hash)
{
    Measurement record = evaluationOf(hash, 1);
    record.text = {};
    record.result = {};
    std::vector<Measurement> all(3, record);
    TaskResult easy, subject;
    easy.name = "arc_easy";
    easy.acc = 2.0 / 3;
    easy.accStderr = 1.0 / 7;
    easy.accNorm = 0.625;
    easy.accNormStderr = 1.0 / 9;
    easy.items = 200;
    easy.skipped = 3;
    easy.textHash = "texts";
    subject.name = "mmlu_anatomy"; // one item has no error, and the task no acc_norm
    subject.items = 1;
    subject.subjects = 1;
    all[0].what = Measured::Tasks;
    all[0].tasks =
        TaskResults{.tasks = {easy, subject}, .limit = 200, .seed = 7, .bos = BosUse::Tokenizer, .longest = 2048, .hash = "asked"};
    all[1].what = Measured::Throughput;
    all[1].throughput = {{.promptLength = 512,
                          .batchSize = 4,
                          .newTokens = 64,
                          .repetitions = 5,
                          .prefill = {.median = 1000.0 / 3, .least = 300, .most = 400},
                          .decode = {.median = 20, .least = 10, .most = 30}}};
    all[2].what = Measured::Pruning;
    all[2].windowsForwarded = 371;
    return all;
}

inline QString jsonOf(const PruningPlan &plan)
{
    return QString::fromStdString(toJson(plan).dump());
}

inline bool isSameNumber(double a, double b)
{
    return a == b || (std::isnan(a) && std::isnan(b));
}

/// What differs between two search records; empty when nothing does.
inline QString difference(const SearchRecord &a, const SearchRecord &b)
{
    if (!(a.settings == b.settings))
        return "settings";
    if (!(a.provenance == b.provenance))
        return "provenance";
    if (!isSameNumber(a.initialLoss, b.initialLoss))
        return "initial loss";
    if (a.steps.size() != b.steps.size())
        return QString("%1 steps, %2").arg(a.steps.size()).arg(b.steps.size());
    for (std::size_t i = 0; i < a.steps.size(); ++i) {
        if (a.steps[i].removed != b.steps[i].removed || a.steps[i].isForced != b.steps[i].isForced)
            return QString("removal of step %1").arg(i);
        if (a.steps[i].losses.size() != b.steps[i].losses.size())
            return QString("losses of step %1").arg(i);
        for (std::size_t j = 0; j < a.steps[i].losses.size(); ++j)
            if (!isSameNumber(a.steps[i].losses[j], b.steps[i].losses[j]))
                return QString("loss %1 of step %2").arg(j).arg(i);
    }
    return {};
}

/// Field by field.
inline QString difference(const Session &a, const Session &b)
{
    if (a.model.has_value() != b.model.has_value())
        return "model";
    if (a.model) {
        const ModelSummary &m = *a.model, &n = *b.model;
        if (m.folder != n.folder || !(m.spec == n.spec) || m.storedDtype != n.storedDtype || m.tensorBytes != n.tensorBytes ||
            m.files != n.files || m.tokenizerSize != n.tokenizerSize || m.tokenizerProblem != n.tokenizerProblem || m.config != n.config)
            return "model";
    }
    if (!(a.calibrationText == b.calibrationText) || !(a.evaluationText == b.evaluationText) || a.norm != b.norm)
        return "texts";
    if (!(a.tasks == b.tasks))
        return "tasks";
    if (!(a.choices == b.choices))
        return "choices";
    const auto isSameRestoration = [](const RestorationProgress &one, const RestorationProgress &other) {
        return toJson(one).dump() == toJson(other).dump(); // where NaN is equal to itself
    };
    if (!std::ranges::equal(a.restorations, b.restorations, isSameRestoration))
        return "restorations";
    if (!(a.begunTasks == b.begunTasks))
        return "begun tasks";
    if (a.calibrations.size() != b.calibrations.size())
        return QString("%1 calibrations, %2").arg(a.calibrations.size()).arg(b.calibrations.size());
    for (std::size_t i = 0; i < a.calibrations.size(); ++i)
        if (a.calibrations[i]->layers != b.calibrations[i]->layers || a.calibrations[i]->norm != b.calibrations[i]->norm ||
            !(a.calibrations[i]->provenance == b.calibrations[i]->provenance))
            return QString("calibration %1").arg(i);
    if (a.plans.size() != b.plans.size())
        return QString("%1 plans, %2").arg(a.plans.size()).arg(b.plans.size());
    for (const auto &[key, shelf] : a.plans)
        if (!b.plans.contains(key) || jsonOf(b.plans.at(key)->plan) != jsonOf(shelf->plan) || b.plans.at(key)->file != shelf->file)
            return "plan " + QString::fromStdString(key);
    if (!(a.draft == b.draft))
        return "draft";
    if (a.searches.size() != b.searches.size())
        return QString("%1 searches, %2").arg(a.searches.size()).arg(b.searches.size());
    for (const auto &[key, record] : a.searches) {
        if (!b.searches.contains(key))
            return "no search " + QString::fromStdString(key);
        if (const QString what = difference(record, b.searches.at(key)); !what.isEmpty())
            return QString::fromStdString(key) + ": " + what;
    }
    if (a.denseImpact.has_value() != b.denseImpact.has_value())
        return "dense impact";
    if (a.denseImpact)
        if (const QString what = difference(*a.denseImpact, *b.denseImpact); !what.isEmpty())
            return "dense impact: " + what;
    if (a.measurements.size() != b.measurements.size())
        return QString("%1 evaluations, %2").arg(a.measurements.size()).arg(b.measurements.size());
    for (std::size_t i = 0; i < a.measurements.size(); ++i) {
        const Measurement &x = a.measurements[i], &y = b.measurements[i];
        if (x.calibration != y.calibration || x.neuronsKept != y.neuronsKept || x.removed != y.removed ||
            x.isOrderBorrowed != y.isOrderBorrowed || x.planHash != y.planHash || !(x.text == y.text) || x.result.loss != y.result.loss ||
            x.result.perplexity != y.result.perplexity || x.result.tokens != y.result.tokens || x.result.windows != y.result.windows ||
            x.result.length != y.result.length || x.result.tokenHash != y.result.tokenHash || x.seconds != y.seconds ||
            x.draft != y.draft || x.what != y.what || !(x.computed == y.computed) || x.tasks != y.tasks || x.throughput != y.throughput ||
            x.windowsForwarded != y.windowsForwarded)
            return QString("evaluation %1").arg(i);
    }
    if (a.exports.size() != b.exports.size())
        return QString("%1 exports, %2").arg(a.exports.size()).arg(b.exports.size());
    for (std::size_t i = 0; i < a.exports.size(); ++i) {
        const ExportRecord &x = a.exports[i], &y = b.exports[i];
        const Verification &v = x.verification, &w = y.verification;
        if (x.planHash != y.planHash || x.format != y.format || x.folder != y.folder || x.parameters != y.parameters ||
            x.bytes != y.bytes || v.tokens != w.tokens || !isSameNumber(v.largestDifference, w.largestDifference) ||
            v.tolerance != w.tolerance || v.sameArgmax != w.sameArgmax || v.isPassed != w.isPassed || x.notes != y.notes)
            return QString("export %1").arg(i);
    }
    return a.pinned == b.pinned ? QString() : QString("pins");
}

/// What an action complains about; empty when it does not.
inline QString complaint(const std::function<void()> &action)
{
    try {
        action();
    } catch (const Error &problem) {
        return QString(problem.what()) + " " + QString::fromStdString(problem.hint());
    }
    return {};
}

} // namespace secateur::test
