// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/evaluate/EvaluatePanel.h"

#include "commands/PlanEditor.h"
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "jobs/JobTable.h"
#include "jobs/SessionJobs.h"
#include "models/ConditionsText.h"
#include "models/SessionModel.h"
#include "panels/evaluate/EvaluationModel.h"
#include "panels/evaluate/TasksCard.h"
#include "panels/parts/BusyReason.h"
#include "panels/parts/ConceptId.h"
#include "panels/parts/JobButton.h"
#include "panels/parts/JobCostText.h"
#include "panels/plan/DraftOfRecord.h"
#include "panels/texts/TextPicker.h"
#include "session/Measurements.h"
#include "theme/Icons.h"
#include "widgets/Card.h"
#include "widgets/CopyButton.h"
#include "widgets/Enabling.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"
#include "widgets/RecordTable.h"

#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLocale>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QVBoxLayout>

#include <algorithm>

namespace secateur::ui {
namespace {

const QString kDash = QStringLiteral("–");
constexpr int kLeastRows = 8; ///< of the table that are seen when there are as many

/// What the calibration of the current plan has read, also where an opened plan came without its scores; null where none chose the plan.
const Provenance *calibrationOfPlan(const SessionModel &session)
{
    if (const NeuronScores *scores = session.scores())
        return &scores->provenance;
    const ShelfPlan *shelf = session.shelfPlan();
    return shelf && shelf->plan.method != PlanMethod::Manual ? &shelf->plan.calibration : nullptr;
}

} // namespace

EvaluatePanel::EvaluatePanel(Workbench workbench, QWidget *parent)
    : QScrollArea(parent),
      m_workbench(workbench),
      m_text(new TextPicker),
      m_plan(new JobButton),
      m_dense(new JobButton),
      m_costs(captionLabel({})),
      m_busy(new BusyReason(workbench.runner, JobKind::Evaluate, tr("An evaluation is running."), this)),
      m_copyCommand(new CopyButton(tr("Copy evaluation as command"), [this] { return m_workbench.jobs.commandOf(JobKind::Evaluate); })),
      m_copyTable(new CopyButton(tr("Copy table"), [this] { return m_model->separated(QLatin1Char('\t')); })),
      m_model(new EvaluationModel(workbench.session, this)),
      m_sorted(new QSortFilterProxyModel(this)),
      m_table(new RecordTable(tr("Evaluations of this session"), kLeastRows)),
      m_use(new QPushButton(tr("Use this plan"))),
      m_save(new QPushButton(icon(QStringLiteral("save")), tr("Save as CSV…"))),
      m_note(new InlineNote),
      m_seen(new InlineNote)
{
    explainBy(*this, ConceptId::Perplexity);
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::NoFocus); // Tab goes through the controls
    build();
    m_text->setUse(TextUse::Evaluation);
    m_text->takeDropsOn(*viewport());
    SessionModel &session = workbench.session;
    connect(m_text, &TextPicker::changed, this, &EvaluatePanel::writeSettings);
    connect(m_plan, &JobButton::clicked, &workbench.jobs, &SessionJobs::evaluate);
    connect(m_dense, &JobButton::clicked, &workbench.jobs, &SessionJobs::evaluateDense);
    connect(m_use, &QPushButton::clicked, this, &EvaluatePanel::useSelected);
    connect(m_table, &RecordTable::activated, this, &EvaluatePanel::useSelected);
    connect(m_save, &QPushButton::clicked, this, &EvaluatePanel::chooseCsv);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentChanged, this, &EvaluatePanel::followSelection);
    connect(&session, &SessionModel::textRead, m_text, &TextPicker::showRead);
    connect(&session, &SessionModel::textRead, this, &EvaluatePanel::followPossible); // what is in it may be what the calibration read
    connect(&session, &SessionModel::textRefused, m_text, &TextPicker::showRefusal);
    connect(m_text, &TextPicker::problemChanged, this, &EvaluatePanel::followPossible);
    for (const auto signal : {&SessionModel::modelChanged, &SessionModel::textsChanged})
        connect(&session, signal, this, &EvaluatePanel::followSettings);
    connect(&session, &SessionModel::modelPresenceChanged, this, &EvaluatePanel::followPossible);
    for (const auto signal : {&SessionModel::evaluationsChanged, &SessionModel::draftChanged, &SessionModel::searchChanged})
        connect(&session, signal, this, &EvaluatePanel::followFigures);
    connect(m_busy, &BusyReason::changed, this, &EvaluatePanel::followPossible);
    for (const auto signal : {&JobRunner::jobAdded, &JobRunner::jobFinished})
        connect(&workbench.runner, signal, this, &EvaluatePanel::followPossible);
    connect(&workbench.jobs, &SessionJobs::engineReportChanged, this, &EvaluatePanel::followPossible); // then times are known
    followSettings();
}

void EvaluatePanel::build()
{
    m_plan->setPrimary(true);
    auto *actions = new QHBoxLayout;
    for (JobButton *button : {m_plan, m_dense}) {
        button->setNoteElsewhere(true);
        actions->addWidget(button);
    }
    actions->addStretch();
    actions->addWidget(m_copyCommand, 0, Qt::AlignTop);

    auto *content = new QWidget;
    auto *layout = new QVBoxLayout(content);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(10);
    layout->addWidget(headingLabel(tr("Evaluate")));
    layout->addWidget(captionLabel(
        tr("Perplexity on a text that the calibration has not seen: how surprised the model is by each next token. Lower is better.")));
    layout->addWidget(buildFigures());
    layout->addWidget(m_text);
    layout->addWidget(m_seen);
    layout->addLayout(actions);
    layout->addWidget(m_costs);
    layout->addWidget(buildTable(), 1);
    layout->addWidget(new TasksCard(m_workbench));
    setWidget(content);
}

QWidget *EvaluatePanel::buildFigures()
{
    auto *figures = new QWidget;
    auto *row = new QHBoxLayout(figures);
    row->setContentsMargins(0, 0, 0, 0);
    m_original = buildFigure(tr("Original"), *row);
    m_current = buildFigure(tr("Current plan"), *row);
    m_ratio = buildFigure(tr("Compared with original"), *row);
    return figures;
}

EvaluatePanel::Figure EvaluatePanel::buildFigure(const QString &name, QLayout &row)
{
    auto *card = new Card;
    auto *layout = new QVBoxLayout(card);
    layout->setContentsMargins(12, 8, 12, 8);
    layout->setSpacing(2);
    const Figure figure{.value = figureLabel(kDash), .note = captionLabel({})};
    layout->addWidget(captionLabel(name));
    layout->addWidget(figure.value);
    layout->addWidget(figure.note);
    layout->addStretch(); // a note of two lines makes all cards higher, and titles stay on one line
    row.addWidget(card);
    return figure;
}

QWidget *EvaluatePanel::buildTable()
{
    m_sorted->setSourceModel(m_model);
    m_sorted->setSortRole(EvaluationModel::kSortRole);
    m_table->setModel(m_sorted);
    m_table->setSortingEnabled(true);
    m_table->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::MinimumExpanding); // takes what the page has left
    m_table->setStretched(EvaluationModel::kText);
    m_table->setColumnHidden(EvaluationModel::kTokens, true);              // they follow from the windows; a copy of the table has them
    m_table->horizontalHeader()->setSortIndicator(-1, Qt::AscendingOrder); // in the order of measuring until a header is clicked
    m_use->setAccessibleName(m_use->text());
    m_save->setAccessibleName(m_save->text());

    auto *room = new QWidget; // stays when the note has nothing to say, so that no button grows
    auto *note = new QHBoxLayout(room);
    note->setContentsMargins(0, 0, 0, 0);
    note->addWidget(m_note, 1, Qt::AlignVCenter);
    auto *actions = new QHBoxLayout;
    actions->addWidget(m_use);
    actions->addWidget(room, 1);
    actions->addWidget(m_copyTable);
    actions->addWidget(m_save);
    auto *part = new QWidget;
    auto *layout = new QVBoxLayout(part);
    layout->setContentsMargins(0, 4, 0, 0);
    layout->addWidget(headingLabel(tr("Measured in this session")));
    layout->addWidget(m_table);
    layout->addLayout(actions);
    return part;
}

void EvaluatePanel::setRecentTexts(const QStringList &files)
{
    m_text->setRecentTexts(files);
}

void EvaluatePanel::setSampleText(const QString &file)
{
    m_text->setSampleText(file);
}

void EvaluatePanel::setPasteFolder(const QString &folder)
{
    m_text->setPasteFolder(folder);
}

void EvaluatePanel::writeSettings()
{
    const Session &session = m_workbench.session.session();
    m_workbench.editor.setTexts(session.calibrationText, m_text->value(), session.norm);
    followPossible();
}

void EvaluatePanel::followSettings()
{
    const SessionModel &session = m_workbench.session;
    enableUnless(session.changeProblem(), *m_text, {});
    if (session.hasModel()) {
        m_text->setContext(session.spec().contextLength);
        m_text->setValue(session.session().evaluationText);
    }
    followFigures();
}

/// By its files, and wherever those lie by what is in it where that is known.
bool EvaluatePanel::hasCalibrationRead() const
{
    const SessionModel &session = m_workbench.session;
    const Provenance *read = calibrationOfPlan(session);
    if (!read)
        return false;
    const TextSettings &text = session.session().evaluationText;
    if (const std::string content = contentOf(session.session().readTexts, text); !content.empty() && content == read->tokenHash)
        return true;
    return std::ranges::any_of(text.files, [&](const std::filesystem::path &file) {
        return std::ranges::find(read->textFiles, file.string()) != read->textFiles.end();
    });
}

void EvaluatePanel::followPossible()
{
    const SessionJobs &jobs = m_workbench.jobs;
    Possibility plan = jobs.canEvaluate(), dense = jobs.canEvaluateDense();
    m_copyCommand->setProblem(dense.reason); // of the original as long as there is no plan
    for (const auto &[button, possible] : {std::pair(m_plan, &plan), std::pair(m_dense, &dense)}) {
        button->setReasonShown(!*possible || !m_text->isProblemShown()); // what is wrong with the text is said above
        if (*possible)
            possible->reason = m_text->problem();
        if (*possible)
            possible->reason = m_busy->text();
    }
    const ShelfPlan *shelf = m_workbench.session.shelfPlan();
    if (hasCalibrationRead())
        m_seen->say(InlineNote::Kind::Warning,
                    shelf && isOfBlocks(shelf->plan.method)
                        ? tr("%1 has chosen the plan by this text: the perplexity will look better than it is.")
                              .arg(QLatin1String(titleOf(shelf->plan.method)))
                        : tr("The calibration has read this text: the perplexity will look better than it is."),
                    tr("Choose another text to evaluate on."));
    else
        m_seen->clear();
    m_plan->offer(tr("Evaluate plan"), plan, evaluationCostText(jobs));
    m_dense->offer(tr("Evaluate original"), dense, jobCostText(jobs.originalEvaluationCost()));
    followCosts(bool(dense));
}

/// What the two buttons cost, or why they are disabled: once where it is the same.
void EvaluatePanel::followCosts(bool isOriginalPossible)
{
    QStringList lines{m_plan->note()};
    if (const QString note = m_dense->note(); !note.isEmpty() && note != lines.constFirst())
        lines += isOriginalPossible ? tr("The original alone: %1").arg(note) : note;
    lines.removeAll({});
    const auto isEstimated = [](const JobButton *button) { return button->button()->toolTip().endsWith(estimateText()); };
    m_costs->setText(lines.join(QLatin1Char('\n')));
    m_costs->setAccessibleName(spoken(m_costs->text()));
    m_costs->setToolTip(isEstimated(m_plan) || isEstimated(m_dense) ? estimateText() : QString());
    m_costs->setVisible(!lines.isEmpty());
}

void EvaluatePanel::followFigures()
{
    const SessionModel &session = m_workbench.session;
    const auto show = [](const Figure &figure, const QString &value, Exactness exactness, const QString &note) {
        const QString sign = exactnessSign(exactness);
        figure.value->setText(sign.isEmpty() ? kDash : tr("%1 %2", "sign and number").arg(sign, value));
        figure.value->setToolTip(exactness == Exactness::Estimate ? borrowedOrderText() : QString());
        figure.note->setText(note);
        figure.value->setAccessibleName(sign.isEmpty() ? note : tr("%1, %2").arg(value, note));
    };
    const Measurement *dense = session.denseEvaluation(), *own = session.planEvaluation(), *last = session.staleEvaluation();
    if (dense)
        show(m_original, perplexityText(dense->result.perplexity), Exactness::Exact, tr("measured on this text"));
    else
        show(m_original, {}, Exactness::Unknown, tr("not measured on this text"));

    const bool isBorrowed = own && own->isOrderBorrowed;
    const Exactness exactness = !own ? Exactness::Unknown : isBorrowed ? Exactness::Estimate : Exactness::Exact;
    // Of a plan that was not measured nothing is known; what was measured last is told beside.
    const QString note = isBorrowed ? tr("measured with a borrowed removal order")
                         : own      ? tr("measured for the current plan")
                         : last
                             ? tr("Not measured. Last: %1, for %2").arg(perplexityText(last->result.perplexity), planText(session, *last))
                             : tr("not measured on this text");
    show(m_current, own ? perplexityText(own->result.perplexity) : QString(), exactness, note);

    if (own && dense) {
        const double ratio = own->result.perplexity / dense->result.perplexity;
        const QString change = tr("%1 perplexity").arg(changeText(dense->result.perplexity, own->result.perplexity));
        const QString difference = conditionsDifference(dense->computed, own->computed);
        show(m_ratio, tr("×%1").arg(QLocale().toString(ratio, 'f', 2)), difference.isEmpty() ? exactness : Exactness::Estimate,
             difference.isEmpty() ? change : tr("%1, computed differently").arg(change));
        if (!difference.isEmpty())
            m_ratio.value->setToolTip(difference);
    } else {
        show(m_ratio, {}, Exactness::Unknown, tr("needs both"));
    }
    m_table->setColumnHidden(EvaluationModel::kComputed, !m_model->isMixed()); // else a tool tip says it
    followPossible();
    followSelection();
}

int EvaluatePanel::selectedRow() const
{
    const QModelIndex row = m_sorted->mapToSource(m_table->currentIndex());
    return row.isValid() ? row.row() : -1;
}

void EvaluatePanel::followSelection()
{
    const bool isEmpty = m_model->rowCount() == 0;
    const QString nothing = isEmpty ? tr("Nothing measured yet.") : QString();
    m_copyTable->setProblem(nothing);
    enableUnless(nothing, *m_save, {});
    const int row = selectedRow();
    QString reason;
    if (isEmpty)
        reason = tr("Nothing measured yet. Evaluate the plan or the original: each result is a row here.");
    else if (row < 0)
        reason = tr("Choose a row to go back to its plan.");
    else if (m_model->isOfPlan(row))
        reason = tr("This is the current plan.");
    else
        reason = m_model->index(row, 0).data(EvaluationModel::kReasonRole).toString();
    if (reason.isEmpty())
        reason = m_workbench.session.readOnlyReason();
    enableUnless(reason, *m_use, {});
    if (reason.isEmpty())
        m_note->clear();
    else
        m_note->say(InlineNote::Kind::Info, reason);
}

void EvaluatePanel::useSelected()
{
    const int row = selectedRow();
    if (row < 0 || m_model->isOfPlan(row))
        return;
    const SessionModel &session = m_workbench.session;
    const Measurement record = m_model->record(row);
    if (const auto [draft, reason] = draftOfRecord(session.session(), record, session.draft()); draft)
        m_workbench.editor.useDraft(*draft, tr("Use the plan %1").arg(planText(session, record)));
}

void EvaluatePanel::chooseCsv()
{
    const QString file =
        QFileDialog::getSaveFileName(this, tr("Save evaluations"), QStringLiteral("evaluations.csv"), tr("Comma-separated values (*.csv)"));
    if (!file.isEmpty())
        saveCsv(file);
}

void EvaluatePanel::saveCsv(const QString &file)
{
    try {
        writeFileAtomically(file.toStdString(), m_model->separated(QLatin1Char(',')).toStdString());
        m_note->say(InlineNote::Kind::Success, tr("Saved as %1.").arg(file));
    } catch (const Error &problem) {
        m_note->say(InlineNote::Kind::Problem, QString::fromStdString(problem.what()), QString::fromStdString(problem.plainHint()));
    }
}

} // namespace secateur::ui
