// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/calibrate/CalibratePanel.h"

#include "commands/PlanEditor.h"
#include "jobs/JobTable.h"
#include "jobs/SessionJobs.h"
#include "models/ConditionsText.h"
#include "models/SessionModel.h"
#include "models/TextNames.h"
#include "panels/calibrate/CalibrationTable.h"
#include "panels/parts/BusyReason.h"
#include "panels/parts/ConceptId.h"
#include "panels/parts/JobButton.h"
#include "panels/parts/JobCostText.h"
#include "panels/parts/WheelGuard.h"
#include "panels/texts/TextPicker.h"
#include "theme/ChoiceBox.h"
#include "widgets/Card.h"
#include "widgets/CopyButton.h"
#include "widgets/Enabling.h"
#include "widgets/FactList.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"
#include "widgets/RecordTable.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr int kWidest = 860; ///< lines that are longer are hard to read

} // namespace

CalibratePanel::CalibratePanel(Workbench workbench, QWidget *parent)
    : QScrollArea(parent),
      m_workbench(workbench),
      m_text(new TextPicker),
      m_norm(new ChoiceBox),
      m_keep(new QCheckBox),
      m_kept(captionLabel({})),
      m_deleteKept(new QPushButton),
      m_calibrate(new JobButton),
      m_busy(new BusyReason(workbench.runner, JobKind::Calibrate, tr("A calibration is running."), this)),
      m_copyCommand(new CopyButton(tr("Copy as command"), [this] { return m_workbench.jobs.commandOf(JobKind::Calibrate); })),
      m_tokenizer(new InlineNote),
      m_unused(new InlineNote),
      m_useFound(new QPushButton(tr("Use them"))),
      m_result(new Card),
      m_facts(new FactList(2)),
      m_table(new CalibrationTable(workbench.session, this)),
      m_list(new RecordTable(tr("Calibrations of this session"))),
      m_use(new QPushButton(tr("Use these scores"))),
      m_earlier(new QWidget)
{
    explainBy(*this, ConceptId::NeuronScore);
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::NoFocus); // Tab goes through the controls
    build();
    m_text->setUse(TextUse::Calibration);
    m_text->takeDropsOn(*viewport());
    SessionModel &session = workbench.session;
    connect(m_text, &TextPicker::changed, this, &CalibratePanel::writeSettings);
    connect(m_norm, &QComboBox::activated, this, &CalibratePanel::writeSettings);
    connect(m_calibrate, &JobButton::clicked, &workbench.jobs, &SessionJobs::calibrate);
    connect(m_use, &QPushButton::clicked, this, &CalibratePanel::useSelected);
    connect(m_useFound, &QPushButton::clicked, this, [this] { m_workbench.editor.useCalibration(foundCalibration()); });
    connect(m_list, &RecordTable::activated, this, &CalibratePanel::useSelected);
    connect(m_list->selectionModel(), &QItemSelectionModel::currentChanged, this, &CalibratePanel::followResult);
    connect(&session, &SessionModel::textRead, m_text, &TextPicker::showRead);
    connect(&session, &SessionModel::textRefused, m_text, &TextPicker::showRefusal);
    connect(m_text, &TextPicker::problemChanged, this, &CalibratePanel::followPossible);
    for (const auto signal : {&SessionModel::modelChanged, &SessionModel::textsChanged})
        connect(&session, signal, this, &CalibratePanel::followSettings);
    connect(&session, &SessionModel::modelChanged, this, [this] {
        m_seconds.clear(); // they are of the session before
        followResult();
    });
    connect(&session, &SessionModel::modelPresenceChanged, this, &CalibratePanel::followPossible);
    connect(&workbench.jobs, &SessionJobs::engineReportChanged, this, &CalibratePanel::followPossible);
    for (const auto signal : {&SessionModel::calibrationsChanged, &SessionModel::draftChanged})
        connect(&session, signal, this, &CalibratePanel::followResult);
    connect(&workbench.jobs, &SessionJobs::calibrated, this, [this](qint64 calibration) { m_newest = calibration; });
    connect(m_busy, &BusyReason::changed, this, &CalibratePanel::followPossible);
    connect(&workbench.runner, &JobRunner::jobAdded, this, &CalibratePanel::followPossible);
    connect(&workbench.runner, &JobRunner::jobFinished, this, &CalibratePanel::rememberTime);
    connect(m_keep, &QCheckBox::clicked, &workbench.jobs, &SessionJobs::setKeepsGrams);
    connect(m_deleteKept, &QPushButton::clicked, &workbench.jobs, &SessionJobs::deleteGrams);
    connect(&workbench.jobs, &SessionJobs::gramsChanged, this, &CalibratePanel::followKeeping);
    connect(&workbench.runner, &JobRunner::jobFinished, this, &CalibratePanel::followKeeping);
    connect(&workbench.runner, &JobRunner::jobAdded, this, &CalibratePanel::followKeeping);
    followSettings();
}

void CalibratePanel::build()
{
    m_norm->addItem(tr("L2, as in the paper"), int(ScoreNorm::L2));
    m_norm->addItem(tr("L1, its ablation"), int(ScoreNorm::L1));
    m_norm->setAccessibleName(tr("Norm of the activations"));
    m_calibrate->setPrimary(true);
    m_calibrate->button()->setObjectName(QStringLiteral("calibrate"));
    new WheelGuard(*m_norm);

    auto *norm = new QHBoxLayout;
    norm->setSpacing(TextPicker::kColumnGap);
    auto *name = new QLabel(tr("Norm"));
    name->setMinimumWidth(m_text->labelWidth());
    norm->addWidget(name);
    norm->addWidget(m_norm);
    norm->addStretch();
    auto *action = new QHBoxLayout;
    action->addWidget(m_calibrate, 1);
    action->addWidget(m_copyCommand, 0, Qt::AlignTop);

    auto *unused = new QHBoxLayout;
    unused->addWidget(m_unused, 1, Qt::AlignVCenter);
    unused->addWidget(m_useFound, 0, Qt::AlignTop);

    auto *column = new QWidget;
    column->setMaximumWidth(kWidest);
    auto *layout = new QVBoxLayout(column);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(10);
    layout->addWidget(headingLabel(tr("Calibrate")));
    layout->addWidget(captionLabel(tr("The original model reads the text, and every FFN neuron is scored by how strongly it activates. The "
                                      "scores are reused for every target, so calibrate once per text.")));
    layout->addWidget(m_tokenizer);
    layout->addWidget(m_text);
    layout->addLayout(norm);
    layout->addLayout(buildKeeping());
    layout->addLayout(action);
    layout->addLayout(unused);
    layout->addWidget(buildResult());
    layout->addStretch();

    auto *content = new QWidget;
    auto *row = new QHBoxLayout(content);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(column, 1);
    row->addStretch();
    setWidget(content);
}

/// Below one another, so that long words have room.
QLayout *CalibratePanel::buildKeeping()
{
    m_deleteKept->setAccessibleName(tr("Delete what was kept for restoring"));
    auto *kept = new QHBoxLayout;
    kept->addWidget(m_kept, 1, Qt::AlignVCenter);
    kept->addWidget(m_deleteKept, 0, Qt::AlignTop);
    auto *column = new QVBoxLayout;
    column->addWidget(m_keep);
    column->addLayout(kept);
    return column;
}

QWidget *CalibratePanel::buildResult()
{
    auto *result = new QVBoxLayout(m_result);
    result->setContentsMargins(14, 12, 14, 12);
    auto *copyHash = new CopyButton(tr("Copy token hash"), [this] {
        const NeuronScores *scores = m_workbench.session.scores();
        return scores ? QString::fromStdString(scores->provenance.tokenHash) : QString();
    });
    auto *head = new QHBoxLayout;
    head->addWidget(headingLabel(tr("The scores in use")), 1);
    head->addWidget(copyHash);
    result->addLayout(head);
    result->addWidget(m_facts);

    m_list->setModel(m_table);
    auto *earlier = new QVBoxLayout(m_earlier);
    earlier->setContentsMargins(0, 8, 0, 0);
    earlier->addWidget(headingLabel(tr("Calibrations of this session")));
    earlier->addWidget(m_list);
    earlier->addWidget(m_use, 0, Qt::AlignLeft);

    auto *both = new QWidget;
    auto *layout = new QVBoxLayout(both);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_result);
    layout->addWidget(m_earlier);
    return both;
}

void CalibratePanel::setRecentTexts(const QStringList &files)
{
    m_text->setRecentTexts(files);
}

void CalibratePanel::setSampleText(const QString &file)
{
    m_text->setSampleText(file);
}

void CalibratePanel::setPasteFolder(const QString &folder)
{
    m_text->setPasteFolder(folder);
}

void CalibratePanel::writeSettings()
{
    m_workbench.editor.setTexts(m_text->value(), m_workbench.session.session().evaluationText, ScoreNorm(m_norm->currentData().toInt()));
    followPossible();
}

void CalibratePanel::followSettings()
{
    const SessionModel &session = m_workbench.session;
    if (session.hasModel()) {
        m_text->setContext(session.spec().contextLength);
        m_text->setValue(session.session().calibrationText);
        m_norm->setCurrentIndex(m_norm->findData(int(session.session().norm)));
    }
    for (QWidget *control : {static_cast<QWidget *>(m_text), static_cast<QWidget *>(m_norm)})
        enableUnless(session.changeProblem(), *control, {});
    followKeeping();
    followPossible();
    followResult();
}

void CalibratePanel::followPossible()
{
    const SessionModel &session = m_workbench.session;
    const bool hasNoTokenizer = session.hasModel() && session.isModelThere() && !session.session().model->tokenizerSize;
    if (hasNoTokenizer)
        m_tokenizer->say(InlineNote::Kind::Problem, session.tokenizerProblem());
    else
        m_tokenizer->clear();
    Possibility possible = m_workbench.jobs.canCalibrate();
    const bool isTextToBlame = possible && m_text->isProblemShown();
    m_calibrate->setReasonShown(!hasNoTokenizer && !isTextToBlame); // the notes above say it
    if (possible)
        possible.reason = m_text->problem();
    if (possible)
        possible.reason = m_busy->text();
    m_calibrate->offer(session.hasScores() ? tr("Calibrate again") : tr("Calibrate"), possible,
                       jobCostText(m_workbench.jobs.calibrationCost()));
    m_copyCommand->setProblem(m_workbench.jobs.canCalibrate().reason);
}

void CalibratePanel::followKeeping()
{
    const SessionJobs &jobs = m_workbench.jobs;
    const qint64 bytes = jobs.gramBytes(), kept = jobs.keptGramBytes();
    m_keep->setText(bytes > 0 ? tr("Keep what restoring needs (%1)").arg(bytesText(bytes)) : tr("Keep what restoring needs"));
    m_keep->setChecked(jobs.keepsGrams());
    enableUnless(m_workbench.session.changeProblem(), *m_keep,
                 tr("Sums products of activations in the same pass, and keeps them on the disk: a plan of any size can then be restored "
                    "without reading the text again. Restoring works without, too."));
    if (kept == 0 && m_deleteKept->hasFocus())
        m_calibrate->setFocus(); // and not whatever follows
    m_kept->setVisible(kept > 0);
    m_deleteKept->setVisible(kept > 0);
    m_kept->setText(jobs.areGramsKept() ? tr("What restoring needs is kept, also of these scores.")
                                        : tr("What restoring needs is kept, but not of these scores."));
    m_deleteKept->setText(tr("Delete (%1)").arg(bytesText(kept)));
    enableUnless(jobs.canDeleteGrams().reason, *m_deleteKept, tr("Of all models. Scores and plans stay."));
}

void CalibratePanel::followResult()
{
    const SessionModel &session = m_workbench.session;
    const NeuronScores *scores = session.scores();
    m_result->setVisible(scores != nullptr);
    if (scores) {
        const Provenance &p = scores->provenance;
        const auto seconds = m_seconds.find(session.draft().calibration);
        m_facts->setFacts({
            {tr("Text"), textFilesName(p)},
            {tr("Windows"), calibrationCutText(p)},
            {tr("Tokens used"), exactText(p.windows * p.length)},
            {tr("Norm"), normText(scores->norm)},
            {tr("Computed on"), conditionsText(p.computed)},
            {tr("Time"), seconds == m_seconds.end() ? tr("in an earlier run") : durationText(seconds->second)},
            {tr("Token hash"), QString::fromStdString(p.tokenHash.substr(0, 16)) + QStringLiteral("…")},
            {tr("LibTorch"), QString::fromStdString(p.computed.torchVersion)},
        });
    }
    const std::size_t count = session.session().calibrations.size();
    m_earlier->setVisible(count > 1 || (count == 1 && !scores)); // there is something to choose
    followUnused();
    followKeeping();
    const int row = m_list->currentIndex().row();
    const bool isOther = row >= 0 && row != session.draft().calibration;
    const QString noUse = isOther  ? session.readOnlyReason()
                          : scores ? tr("Choose other scores than those in use in the list.")
                                   : tr("Choose scores in the list.");
    enableUnless(noUse, *m_use, tr("Sets text, windows, order and norm to those of the scores"));
    followPossible();
}

/// The scores of the settings, where the list has some; -1 = none. Of all windows of a text nobody knows how many those were.
qint64 CalibratePanel::foundCalibration() const
{
    const Session &session = m_workbench.session.session();
    return calibrationFor(session, session.calibrationText, session.norm);
}

/// A step that is undone can put scores aside and leave their settings.
void CalibratePanel::followUnused()
{
    const SessionModel &session = m_workbench.session;
    const bool isToSay = !session.session().calibrations.empty() && !session.hasScores();
    const bool isFound = isToSay && foundCalibration() >= 0;
    if (!isToSay)
        m_unused->clear();
    else if (isFound)
        m_unused->say(InlineNote::Kind::Info, tr("Scores of these settings are in the list below, but not in use."));
    else if (session.session().calibrationText.windows)
        m_unused->say(InlineNote::Kind::Info, tr("No scores are in use: the model was not calibrated with the settings above."),
                      tr("Calibrate, or use the scores of an earlier calibration below."));
    else
        m_unused->say(InlineNote::Kind::Info, tr("No scores are in use."),
                      tr("Calibrate, or use the scores of an earlier calibration below."));
    enableUnless(session.changeProblem(), *m_useFound, {});
    if (!isFound && m_useFound->hasFocus())
        m_calibrate->setFocus(); // and not whatever follows
    m_useFound->setVisible(isFound);
}

void CalibratePanel::rememberTime(int number)
{
    const JobInfo *job = m_workbench.runner.job(number);
    if (job && job->kind == JobKind::Calibrate && job->state == JobInfo::State::Done)
        m_seconds[m_newest] = job->seconds;
    followResult();
}

void CalibratePanel::useSelected()
{
    if (const QModelIndex row = m_list->currentIndex(); row.isValid())
        m_workbench.editor.useCalibration(row.row());
}

} // namespace secateur::ui
