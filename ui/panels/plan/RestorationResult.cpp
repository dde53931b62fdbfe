// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/plan/RestorationResult.h"

#include "models/SessionModel.h"
#include "panels/parts/FigureSources.h"
#include "panels/parts/PlotMessages.h"
#include "panels/plan/RestorationModel.h"
#include "plots/QualityChart.h"
#include "pruning/PruningPlan.h"
#include "widgets/CopyButton.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"
#include "widgets/RecordTable.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

/// "Fitted on 65,536 tokens. Ridge 0.001; raised in 2 layers. Weights grow by 1.8 at most."
QString factsOf(const RestorationRecord &record)
{
    const QLocale locale;
    QStringList sentences;
    if (record.tokens > 0)
        sentences << RestorationResult::tr("Fitted on %1 tokens.").arg(exactText(record.tokens));
    if (record.sequentialTokens > 0)
        sentences << RestorationResult::tr("Then again, layer by layer, on %1 tokens.").arg(exactText(record.sequentialTokens));
    if (!record.layers.empty()) {
        const auto raised = std::ranges::count_if(record.layers, [](const RestoredLayer &layer) { return layer.raised > 0; });
        const QString ridge = locale.toString(record.settings.ridge, 'g', 3);
        sentences << (raised == 0   ? RestorationResult::tr("Ridge %1 in every layer.").arg(ridge)
                      : raised == 1 ? RestorationResult::tr("Ridge %1; raised in 1 layer.").arg(ridge)
                                    : RestorationResult::tr("Ridge %1; raised in %2 layers.").arg(ridge, exactText(raised)));
        const double growth = std::ranges::max(record.layers, {}, &RestoredLayer::growth).growth;
        if (growth > 0)
            sentences << RestorationResult::tr("By the first fit the largest weight of a layer grows by a factor of %1 at most.")
                             .arg(locale.toString(growth, 'f', 2));
    }
    if (record.widthShare)
        sentences << RestorationResult::tr("Widths went %1 of the way from one width to the allocation's.")
                         .arg(percentText(*record.widthShare, 0));
    return sentences.join(QLatin1Char(' '));
}

} // namespace

RestorationResult::RestorationResult(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_model(new RestorationModel(this)),
      m_table(new RecordTable(tr("What each step of restoring gained"), 8)),
      m_copy(new CopyButton(tr("Copy gains"), [this] { return m_model->separated(); })),
      m_chart(new QualityChart),
      m_facts(captionLabel({})),
      m_notes(captionLabel({}))
{
    m_table->setModel(m_model);
    m_table->setStretched(0);
    m_chart->setMinimumHeight(170);
    m_chart->setTitle(tr("Numbers of attentions that were tried after the refit"));
    m_chart->setAccessibleName(tr("Numbers of attentions that were tried"));
    m_notes->setTextFormat(Qt::PlainText);
    postSavings(*m_chart, workbench.messages);
    auto *below = new QHBoxLayout;
    below->addWidget(m_facts, 1);
    below->addWidget(m_copy, 0, Qt::AlignTop);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addWidget(m_table);
    column->addLayout(below);
    column->addWidget(m_notes);
    column->addWidget(m_chart);
}

void RestorationResult::showPlan(const PruningPlan &plan)
{
    showRecord(*plan.restoration, std::int64_t(plan.removedAttentions.size()));
}

void RestorationResult::showProgress(const RestorationRecord &record)
{
    showRecord(record, {});
}

void RestorationResult::showRecord(const RestorationRecord &record, std::optional<std::int64_t> removals)
{
    m_model->setRecord(record);
    m_copy->setProblem(record.variants.empty() ? tr("Nothing is measured yet.") : QString());
    m_facts->setText(factsOf(record));
    QStringList notes;
    for (const std::string &note : record.notes)
        notes << QString::fromStdString(note);
    m_notes->setText(notes.join(QLatin1Char('\n')));
    m_notes->setVisible(!notes.isEmpty());
    showRemovals(record, removals);
}

void RestorationResult::showRemovals(const RestorationRecord &record, std::optional<std::int64_t> chosen)
{
    const bool isShown = record.removals.size() > 1;
    m_chart->setVisible(isShown);
    std::vector<QualityPoint> points;
    for (const RemovalsTried &tried : record.removals)
        points.push_back({.x = double(tried.attentionsRemoved),
                          .y = std::exp(tried.loss),
                          .series = 0,
                          .label = tr("N = %1, K = %2").arg(exactText(tried.attentionsRemoved), exactText(tried.neuronsKept)),
                          .isCurrent = chosen == tried.attentionsRemoved});
    m_chart->showPoints({.x = tr("attentions removed"), .y = tr("held-out perplexity"), .isLogarithmic = false, .ring = tr("taken")},
                        {{.name = tr("tried"), .isJoined = true}}, std::move(points));
    m_chart->setSource(sourceOfPlan(m_workbench.session));
}

} // namespace secateur::ui
