// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/start/ModelCard.h"

#include "foundation/Wording.h"
#include "jobs/JobRunner.h"
#include "jobs/SessionJobs.h"
#include "models/SessionModel.h"
#include "panels/parts/ConceptId.h"
#include "widgets/Enabling.h"
#include "widgets/FactList.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QFileDialog>
#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace secateur::ui {
namespace {

/// "3 / 193"
QString removalText(const PruningOrigin &origin)
{
    std::vector<std::int64_t> widths = origin.widths;
    const std::size_t withoutFfn = std::erase(widths, 0);
    if (widths.empty())
        widths.push_back(0);
    const auto [least, most] = std::ranges::minmax(widths);
    QString kept = least == most ? exactText(least) : ModelCard::tr("%1 to %2").arg(exactText(least), exactText(most));
    if (withoutFfn > 0)
        kept = ModelCard::tr("%1, %2 FFNs removed").arg(kept, exactText(qint64(withoutFfn)));
    return ModelCard::tr("%1 / %2").arg(exactText(std::int64_t(origin.removedAttentions.size())), kept);
}

FactList::Facts factsOf(const SessionModel &session)
{
    const ModelSummary &summary = *session.session().model;
    const ModelSpec &spec = summary.spec;
    const ModelFigures figures = session.denseFigures();
    const std::optional<AttentionSpec> attention = spec.layers.front().attention;
    FactList::Facts facts = {
        {ModelCard::tr("Family"), QString::fromStdString(spec.family)},
        {ModelCard::tr("Layers"), exactText(spec.layerCount())},
        {ModelCard::tr("Hidden size"), exactText(spec.hiddenSize)},
        {ModelCard::tr("Neurons per layer"), exactText(session.neurons())},
        {ModelCard::tr("Heads / KV heads"), attention
                                                ? ModelCard::tr("%1 / %2").arg(exactText(attention->heads), exactText(attention->kvHeads))
                                                : ModelCard::tr("none in layer 0")},
        {ModelCard::tr("Vocabulary"), exactText(spec.vocabularySize)},
        {ModelCard::tr("Context"), ModelCard::tr("%1 tokens").arg(exactText(spec.contextLength))},
        {ModelCard::tr("Parameters, model"), exactText(figures.modelParameters)},
        {ModelCard::tr("Parameters, layers"), exactText(figures.layerParameters)},
        {ModelCard::tr("Stored"),
         ModelCard::tr("%1, %2").arg(summary.quantisedAs.empty() ? QString::fromUtf8(configName(summary.storedDtype))
                                                                 : QString::fromStdString(summary.quantisedAs),
                                     bytesText(summary.tensorBytes))},
        {ModelCard::tr("Weight files"), exactText(summary.files)},
        {ModelCard::tr("Tokenizer"),
         summary.tokenizerSize ? ModelCard::tr("%1 ids").arg(exactText(*summary.tokenizerSize)) : ModelCard::tr("none")},
    };
    if (const std::optional<PruningOrigin> &origin = summary.origin; origin && origin->problem.empty()) {
        facts.push_back({ModelCard::tr("Pruned from"), QString::fromStdString(origin->baseModel)});
        facts.push_back({ModelCard::tr("Target"), QString::fromStdString(origin->format)});
        facts.push_back({ModelCard::tr("N / K"), removalText(*origin)});
        facts.push_back({ModelCard::tr("Plan"), QString::fromStdString(origin->planHash.substr(0, 8))});
    }
    return facts;
}

} // namespace

ModelCard::ModelCard(Workbench workbench, QWidget *parent)
    : Card(parent),
      m_workbench(workbench),
      m_name(headingName()),
      m_folder(new ElidedLabel),
      m_facts(new FactList(2)),
      m_memory(new InlineNote),
      m_problem(new InlineNote),
      m_notes(new InlineNote),
      m_prune(new QPushButton(tr("Prune…"))),
      m_next(new QPushButton(tr("Calibrate…"))),
      m_locate(new QPushButton(tr("Locate…"))),
      m_reason(captionLabel({}))
{
    explainBy(*this, ConceptId::Parameters);
    setAccessibleName(tr("The open model"));
    m_folder->setForegroundRole(QPalette::PlaceholderText);
    m_prune->setProperty("primary", true);
    m_prune->setAccessibleName(tr("Prune this model in one go"));
    m_next->setAccessibleName(tr("Go on to the calibration, step by step"));
    auto *steps = new QHBoxLayout;
    m_locate->setAccessibleName(tr("Locate the model of this session"));
    steps->addWidget(m_locate);
    steps->addWidget(m_prune);
    steps->addWidget(m_next);
    steps->addWidget(m_reason, 1);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(14, 12, 14, 12);
    layout->addWidget(m_name);
    layout->addWidget(m_folder);
    layout->addSpacing(4);
    layout->addWidget(m_facts);
    layout->addSpacing(4);
    layout->addWidget(m_memory);
    layout->addWidget(m_problem);
    layout->addWidget(m_notes);
    layout->addSpacing(4);
    layout->addLayout(steps);
    connect(m_prune, &QPushButton::clicked, this, &ModelCard::pruneRequested);
    connect(m_next, &QPushButton::clicked, this, &ModelCard::nextRequested);
    for (const auto signal : {&JobRunner::jobAdded, &JobRunner::jobFinished})
        connect(&workbench.runner, signal, this, &ModelCard::follow);
    connect(m_locate, &QPushButton::clicked, this, &ModelCard::locate);
    connect(&workbench.session, &SessionModel::modelMoved, this, &ModelCard::follow);
    connect(&workbench.session, &SessionModel::modelChanged, this, &ModelCard::follow);
    connect(&workbench.session, &SessionModel::modelPresenceChanged, this, &ModelCard::follow);
    connect(&workbench.jobs, &SessionJobs::engineReportChanged, this, &ModelCard::followMemory);
    follow();
}

void ModelCard::focusNextStep()
{
    m_prune->setFocus();
}

void ModelCard::showEvent(QShowEvent *event)
{
    Card::showEvent(event);
    followMemory(); // what is free changes by itself
}

void ModelCard::follow()
{
    const SessionModel &session = m_workbench.session;
    setVisible(session.hasModel());
    if (!session.hasModel())
        return;
    const ModelSummary &summary = *session.session().model;
    m_name->setWhole(session.modelName());
    m_folder->setWhole(QString::fromStdString(summary.folder.string()));
    m_facts->setFacts(factsOf(session));

    QString blocked;
    m_problem->clear();
    const QString readOnly = session.readOnlyReason(); // its model is not opened
    const bool isMissing =
        readOnly.isEmpty() && !session.isModelThere() && !m_workbench.runner.isBusy(JobKind::Open); // a restored one is opened first
    if (!readOnly.isEmpty())
        blocked = readOnly;
    else if (!session.isModelThere())
        blocked = isMissing ? tr("The model is not there.") : tr("The model is being opened.");
    if (isMissing) {
        m_problem->say(InlineNote::Kind::Warning, tr("The model of this session is not in its folder any more."),
                       tr("Its plots can be seen. Locate it to compute again."));
    } else if (session.isModelThere() && !summary.tokenizerSize) {
        blocked = tr("Calibration needs a tokenizer.");
        m_problem->say(InlineNote::Kind::Warning, session.tokenizerProblem());
    } else if (!session.pruningProblem().isEmpty()) {
        blocked = tr("This model cannot be pruned.");
        m_problem->say(InlineNote::Kind::Warning, session.pruningProblem());
    } else if (summary.origin && !summary.origin->problem.empty()) {
        m_problem->say(InlineNote::Kind::Warning,
                       tr("How this model was pruned is not known: %1").arg(QString::fromStdString(summary.origin->problem)));
    }
    if (summary.notes.empty())
        m_notes->clear();
    else
        m_notes->say(InlineNote::Kind::Info, QString::fromStdString(listed(summary.notes, 5, "; ")));
    m_locate->setVisible(isMissing);
    for (QPushButton *button : {m_prune, m_next}) {
        button->setVisible(!isMissing);
        enableUnless(blocked, *button, {});
    }
    m_reason->setText(blocked);
    followMemory();
}

void ModelCard::locate()
{
    const std::filesystem::path before = m_workbench.session.session().model->folder;
    const QString start = QString::fromStdString(before.parent_path().string());
    const QString found = before.extension() == ".gguf"
                              ? QFileDialog::getOpenFileName(this, tr("Locate the model"), start, tr("GGUF models (*.gguf)"))
                              : QFileDialog::getExistingDirectory(this, tr("Locate the model"), start);
    if (!found.isEmpty())
        m_workbench.jobs.reopenModel(found.toStdString());
}

void ModelCard::followMemory()
{
    const SessionModel &session = m_workbench.session;
    const std::int64_t needed = m_workbench.jobs.memoryNeeded(), free = m_workbench.jobs.memoryFree();
    if (!session.hasModel() || needed <= 0) {
        m_memory->clear();
        return;
    }
    const bool isFourBytes = needed >= 4 * session.denseFigures().modelParameters;
    const std::optional<EngineReport> &report = m_workbench.jobs.engineReport();
    const QString type = report ? QString::fromStdString(report->computed.dtype) : isFourBytes ? QStringLiteral("float32") : tr("16 bits");
    const JobCost cost = m_workbench.jobs.onePassCost();
    const bool isTooLarge = cost.forecast ? cost.forecast->isStreamed : needed > free;
    const QString remedy =
        isFourBytes ? tr("Close other programs, or compute in bfloat16, which takes half.") : tr("Close other programs.");
    if (!cost.problem.isEmpty())
        m_memory->say(InlineNote::Kind::Warning, cost.problem, remedy);
    else if (!isTooLarge)
        m_memory->say(InlineNote::Kind::Info, tr("The weights take %1 in %2; %3 are free.").arg(bytesText(needed), type, bytesText(free)));
    else
        m_memory->say(
            InlineNote::Kind::Warning,
            tr("The weights take %1 in %2, but only %3 are free. Layers are read from the files when they are needed, which takes "
               "longer.")
                .arg(bytesText(needed), type, bytesText(free)),
            remedy);
}

} // namespace secateur::ui
