// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/prune/PruneResult.h"

#include "jobs/JobTable.h"
#include "models/ConditionsText.h"
#include "models/SessionModel.h"
#include "models/TextNames.h"
#include "panels/export/ExportTable.h"
#include "panels/parts/OpenFolder.h"
#include "panels/prune/PruneSizes.h"
#include "session/Measurements.h"
#include "widgets/CopyButton.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"
#include "widgets/ScrolledColumn.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace secateur::ui {

PruneResult::PruneResult(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_session(workbench.session),
      m_messages(workbench.messages),
      m_verdict(new InlineNote),
      m_folder(new ElidedLabel),
      m_facts(new FactList),
      m_openFolder(new QPushButton(tr("Open folder"))),
      m_closer(new QPushButton(tr("Look closer")))
{
    auto *again = new QPushButton(tr("Prune again…")), *close = new QPushButton(tr("Close"));
    connect(m_openFolder, &QPushButton::clicked, this, [this] { openFolder(m_folder->toolTip(), m_messages); });
    connect(m_closer, &QPushButton::clicked, this, &PruneResult::lookCloserRequested);
    connect(again, &QPushButton::clicked, this, &PruneResult::againRequested);
    connect(close, &QPushButton::clicked, this, [this] { window()->close(); });
    m_openFolder->setProperty("primary", true);
    m_closer->setToolTip(tr("Shows this plan in the tabs: scores, search, balance and curve"));
    auto *buttons = new QHBoxLayout;
    buttons->addWidget(m_openFolder);
    buttons->addWidget(new CopyButton(tr("Copy as command"), [this] { return m_command; }));
    buttons->addWidget(m_closer);
    buttons->addStretch();
    buttons->addWidget(again);
    buttons->addWidget(close);

    auto *found = new QWidget;
    auto *lines = new QVBoxLayout(found);
    lines->setContentsMargins(0, 0, 0, 0);
    lines->setSpacing(10);
    lines->addWidget(m_verdict);
    lines->addWidget(m_folder);
    lines->addWidget(m_facts);
    lines->addStretch();
    auto *layout = new QVBoxLayout(this);
    layout->setSpacing(10);
    layout->addWidget(new ScrolledColumn(found), 1); // the buttons stay in sight
    layout->addLayout(buttons);
}

void PruneResult::tell(const JobInfo &job, const PlanDraft &draft, const QString &command)
{
    m_command = command;
    const auto &exports = m_session.session().exports;
    const bool isDone = job.state == JobInfo::State::Done && !exports.empty();
    for (QWidget *part : std::initializer_list<QWidget *>{m_folder, m_facts, m_openFolder, m_closer})
        part->setVisible(isDone);
    if (!isDone)
        return tellFailure(job);
    const ExportRecord &record = exports.back();
    const bool isPassed = record.verification.isPassed;
    m_verdict->say(isPassed ? InlineNote::Kind::Success : InlineNote::Kind::Warning,
                   isPassed ? tr("Exported and verified.") : tr("Exported, but the verification failed."),
                   verificationText(record.verification));
    m_folder->setWhole(QString::fromStdString(record.folder.string()));
    m_facts->setFacts(factsOf(record, draft, job.seconds));
    m_openFolder->setFocus();
}

void PruneResult::tellFailure(const JobInfo &job)
{
    if (job.state == JobInfo::State::Cancelled)
        m_verdict->say(InlineNote::Kind::Info, tr("Cancelled after %1.").arg(durationText(job.seconds)),
                       tr("Nothing was written. What was measured is kept: the next run resumes there."));
    else
        m_verdict->say(InlineNote::Kind::Problem, job.sentence, job.hint);
}

FactList::Facts PruneResult::factsOf(const ExportRecord &record, PlanDraft draft, double seconds) const
{
    const qint64 bytes = m_session.session().model->tensorBytes;
    FactList::Facts facts = {
        {tr("Weights"),
         tr("%1 instead of %2 (%3)").arg(bytesText(record.bytes), bytesText(bytes), changeText(double(bytes), double(record.bytes)))},
        {tr("Parameters"), tr("%1 instead of %2").arg(exactText(record.parameters), exactText(m_session.denseFigures().modelParameters))},
    };
    const PruningPlan *restored = restoredPlan(record);
    if (const QString perplexity = perplexityOf(record); !perplexity.isEmpty())
        facts.emplace_back(restored ? tr("Perplexity, restored") : tr("Perplexity"), perplexity);
    if (const QString plain = restored ? plainPerplexityOf(*restored) : QString(); !plain.isEmpty())
        facts.emplace_back(tr("Perplexity, plain 2SSP"), plain);
    if (draft.calibration < 0) // the job's own: the one in use or, where the settings were changed meanwhile, the newest
        draft.calibration =
            m_session.hasScores() ? m_session.draft().calibration : std::int64_t(m_session.session().calibrations.size()) - 1;
    const SparsityBalance found = balance(m_session.spec(), draft.balance);
    if (restored) {
        facts.emplace_back(tr("Sparsity"), sparsityText(draft.balance.sparsity, restored->balance.sparsityLayers()));
        addRestored(facts, *restored);
        facts.emplace_back(tr("Target"), QString::fromStdString(record.format));
        facts.emplace_back(tr("Time"), durationText(seconds));
        return facts;
    }
    facts.emplace_back(tr("Sparsity"), sparsityText(draft.balance.sparsity, found.sparsityLayers()));
    facts.emplace_back(tr("Neurons kept"), tr("%1 of %2 in every layer").arg(exactText(found.neuronsKept), exactText(m_session.neurons())));
    facts.emplace_back(tr("Attentions removed"), removedBy(draft, found));
    facts.emplace_back(tr("Target"), QString::fromStdString(record.format));
    facts.emplace_back(tr("Time"), durationText(seconds));
    return facts;
}

/// By what was measured of it, else by the current plan, which it has become.
const PruningPlan *PruneResult::restoredPlan(const ExportRecord &record) const
{
    const Session &session = m_session.session();
    const ShelfPlan *shelf = nullptr;
    for (const Measurement &measured : session.measurements)
        if (measured.planHash == record.planHash && measured.draft)
            shelf = shelfPlanOf(session, *measured.draft);
    if (!shelf && m_session.planHash().toStdString() == record.planHash)
        shelf = m_session.shelfPlan();
    return shelf && shelf->plan.restoration ? &shelf->plan : nullptr;
}

QString PruneResult::plainPerplexityOf(const PruningPlan &restored) const
{
    const auto &all = m_session.session().measurements;
    const auto measured = std::find_if(all.rbegin(), all.rend(), [&](const Measurement &e) {
        return e.what == Measured::Perplexity && e.planHash == restored.restoration->plainHash;
    });
    return measured == all.rend() ? QString()
                                  : tr("%1 on %2").arg(perplexityText(measured->result.perplexity), textFilesName(measured->text));
}

void PruneResult::addRestored(FactList::Facts &facts, const PruningPlan &plan) const
{
    const auto [least, most] = std::ranges::minmax(plan.widths());
    const QString of = exactText(m_session.neurons());
    facts.emplace_back(tr("Neurons kept"), least == most ? tr("%1 of %2 in every layer").arg(exactText(least), of)
                                                         : tr("%1 to %2 of %3 in a layer").arg(exactText(least), exactText(most), of));
    QStringList layers, steps;
    for (const std::int64_t layer : plan.removedAttentions)
        layers << QString::number(layer);
    for (const RestorationStep step : plan.restoration->kept())
        steps << QString::fromUtf8(titleOf(step));
    facts.emplace_back(tr("Attentions removed"), layers.isEmpty()     ? tr("none")
                                                 : layers.size() == 1 ? tr("layer %1").arg(layers.front())
                                                                      : tr("layers %1").arg(layers.join(QStringLiteral(", "))));
    facts.emplace_back(tr("Restored by"), steps.isEmpty() ? tr("no step: every one made a text worse") : steps.join(QStringLiteral(", ")));
}

QString PruneResult::perplexityOf(const ExportRecord &record) const
{
    const auto &all = m_session.session().measurements;
    const auto measured = std::find_if(
        all.rbegin(), all.rend(), [&](const Measurement &e) { return e.what == Measured::Perplexity && e.planHash == record.planHash; });
    if (measured == all.rend())
        return {};
    const QString now = perplexityText(measured->result.perplexity), text = textFilesName(measured->text);
    const Measurement *original = originalFor(all, *measured);
    if (!original)
        return tr("%1 on %2").arg(now, text);
    const QString facts = tr("%1 instead of %2, on %3").arg(now, perplexityText(original->result.perplexity), text);
    const QString difference = conditionsDifference(original->computed, measured->computed);
    return difference.isEmpty() ? facts : tr("%1. %2").arg(facts, difference);
}

/// The layers whose attention a plan removes.
QString PruneResult::removedBy(const PlanDraft &draft, const SparsityBalance &balance) const
{
    QStringList layers;
    if (const std::optional<SearchRecord> search = searchOf(m_session.session(), draft, balance.neuronsKept))
        for (const std::int64_t layer : search->removalOrder())
            if (layers.size() < balance.attentionsToRemove)
                layers << QString::number(layer);
    if (layers.isEmpty())
        return tr("none");
    return layers.size() == 1 ? tr("layer %1").arg(layers.front()) : tr("layers %1").arg(layers.join(QStringLiteral(", ")));
}

} // namespace secateur::ui
