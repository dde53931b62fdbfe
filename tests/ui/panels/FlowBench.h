// SPDX-License-Identifier: GPL-3.0-or-later
// A workbench with a small session, for tests of the panels that open, calibrate, evaluate and export.
#pragma once

#include "commands/PlanEditor.h"
#include "jobs/JobRunner.h"
#include "jobs/SessionJobs.h"
#include "models/MessageLog.h"
#include "models/SelectionModel.h"
#include "models/SessionModel.h"
#include "panels/parts/Workbench.h"
#include "pruning/RankedScores.h"
#include "session/Shelf.h"

#include <QApplication>
#include <QDir>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFile>
#include <QLabel>
#include <QMimeData>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTest>
#include <QUndoStack>
#include <QUrl>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace secateur::ui {

/// Everything that a panel is given, and a folder that goes with the test.
struct FlowBench {
    QTemporaryDir folder;
    QUndoStack history;
    SessionModel session;
    SelectionModel selection;
    MessageLog messages;
    PlanEditor editor{session, history};
    JobRunner runner{EngineSettings{.device = "cpu", .dtype = "auto", .threads = 1}};
    SessionJobs jobs{session, editor, runner, messages};

    Workbench workbench() { return {session, selection, editor, jobs, runner, messages, history}; }

    QString path(const QString &name) const { return folder.filePath(name); }

    QString write(const QString &name, const QByteArray &content = "Once upon a time.\n") const
    {
        QFile file(path(name));
        if (!file.open(QIODevice::WriteOnly))
            return {};
        file.write(content);
        return file.fileName();
    }

    /// Four layers of 100 neurons, in a folder that exists.
    ModelSummary summary() const
    {
        QDir(folder.path()).mkdir(QStringLiteral("tiny"));
        ModelSummary summary;
        summary.folder = path(QStringLiteral("tiny")).toStdString();
        summary.spec.family = "llama";
        summary.spec.hiddenSize = 64;
        summary.spec.vocabularySize = 1000;
        summary.spec.contextLength = 512;
        const AttentionSpec attention{.heads = 4, .kvHeads = 2, .headDim = 16, .qkvBias = false, .outputBias = false};
        summary.spec.layers.assign(4, LayerSpec{.attention = attention, .ffn = FfnSpec{.neurons = 100, .bias = false}});
        summary.storedDtype = DType::BFloat16;
        summary.files = 1;
        summary.tokenizerSize = 1000;
        summary.tensorBytes = 2 * modelParameters(summary.spec);
        return summary;
    }

    void open() { session.begin(summary()); }

    /// The same session as if a newer version had saved it: open read-only.
    void makeReadOnly()
    {
        Session newer = session.session();
        newer.newerFormat = 9;
        std::vector<std::shared_ptr<const RankedScores>> ranked;
        for (const auto &scores : newer.calibrations)
            ranked.push_back(std::make_shared<const RankedScores>(*scores));
        session.restore(newer, ranked);
    }

    /// Adds scores made from a text and takes them into use.
    void calibrate(const QString &text, ScoreNorm norm = ScoreNorm::L2)
    {
        auto scores = std::make_shared<NeuronScores>();
        scores->norm = norm;
        for (int layer = 0; layer < 4; ++layer)
            for (int neuron = 0; neuron < 100; ++neuron) {
                scores->layers.resize(4);
                scores->layers[std::size_t(layer)].push_back(float((neuron * 37 + layer * 11) % 100 + 1));
            }
        scores->provenance.textFiles = {text.toStdString()};
        scores->provenance.windows = 32;
        scores->provenance.length = 512;
        scores->provenance.tokenHash = std::string(64, 'a');
        scores->provenance.computed.device = "cpu";
        scores->provenance.computed.dtype = "float32";
        scores->provenance.computed.threads = 1;
        editor.useCalibration(session.addCalibration(scores, std::make_shared<const RankedScores>(*scores)));
    }

    /// Takes a plan by hand into use: layers 0 and 2 lose their attention; of layer 1's FFN half stays, and there is none in layer 0.
    void openByHand(const WeightEdits &edits = {})
    {
        PruningPlan plan;
        plan.method = PlanMethod::Manual;
        for (const std::int64_t width : {0, 50, 100, 100})
            for (plan.keptNeurons.emplace_back(); std::int64_t(plan.keptNeurons.back().size()) < width;)
                plan.keptNeurons.back().push_back(std::int64_t(plan.keptNeurons.back().size()));
        plan.removedAttentions = {0, 2};
        plan.edits = edits;
        plan.balance.attentionsToRemove = 2;
        const ModelSpec &dense = session.spec(), after = prunedSpec(dense, plan.widths(), plan.removedAttentions);
        plan.balance.denseLayerParameters = layerParameters(dense);
        plan.balance.denseModelParameters = modelParameters(dense);
        plan.balance.layerParameters = layerParameters(after);
        plan.balance.modelParameters = modelParameters(after);
        const ShelfEntry entry = shelfEntry(plan, "hand.json");
        session.apply(PlanOpened{entry});
        editor.useDraft(draftOf(session.session(), entry), QStringLiteral("Open hand.json"));
    }

    /// A finished search of the plan in hand that removes these layers.
    void search(const std::vector<std::int64_t> &order)
    {
        SearchRecord record;
        record.settings = session.draft().search;
        record.initialLoss = 4.0;
        for (const std::int64_t layer : order)
            record.steps.push_back({.losses = std::vector<double>(4, 4.1), .removed = layer, .isForced = false});
        session.setSearch(searchKey(session.draft(), session.neuronsKept()), record);
    }

    Measurement dense(double perplexity) const
    {
        Measurement record;
        record.neuronsKept = 100;
        record.text = session.session().evaluationText;
        record.result = {.loss = std::log(perplexity),
                         .perplexity = perplexity,
                         .tokens = 511,
                         .windows = 1,
                         .length = 512,
                         .tokenHash = "tokens of " + textName(record.text)};
        return record;
    }

    /// Of the plan in hand.
    Measurement measured(double perplexity) const
    {
        Measurement record = dense(perplexity);
        record.calibration = session.draft().calibration;
        record.neuronsKept = session.neuronsKept();
        record.removed = session.removalOrder();
        record.planHash = "plan-" + std::to_string(record.neuronsKept) + "-" + std::to_string(record.removed.size());
        return record;
    }
};

/// Drags files over a widget and lets them go, as a desktop does. True when they were taken.
inline bool drop(QWidget &target, const QStringList &files)
{
    QMimeData data;
    QList<QUrl> urls;
    for (const QString &file : files)
        urls << QUrl::fromLocalFile(file);
    data.setUrls(urls);
    const QPoint place = target.rect().center();
    QDragEnterEvent enter(place, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    enter.ignore();
    QApplication::sendEvent(&target, &enter);
    if (!enter.isAccepted()) {
        QDragLeaveEvent leave;
        QApplication::sendEvent(&target, &leave);
        return false;
    }
    QDropEvent event(place, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&target, &event);
    return event.isAccepted();
}

inline void showAndWait(QWidget &widget, QSize size)
{
    widget.resize(size);
    widget.show();
    QVERIFY(QTest::qWaitForWindowExposed(&widget));
}

/// All that can be read on a panel.
inline QString words(const QWidget &panel)
{
    QString all;
    for (const QLabel *label : panel.findChildren<QLabel *>())
        if (label->isVisible())
            all += label->text() + u'\n';
    return all;
}

/// The button with that text; null when there is none that can be seen.
inline QPushButton *button(const QWidget &panel, const QString &text)
{
    for (QPushButton *candidate : panel.findChildren<QPushButton *>())
        if (candidate->text() == text && candidate->isVisible())
            return candidate;
    return nullptr;
}

} // namespace secateur::ui
