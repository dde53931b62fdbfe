// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/export/ExportPanel.h"

#include "jobs/SessionJobs.h"
#include "models/MessageLog.h"
#include "models/SessionModel.h"
#include "panels/export/ExportFolder.h"
#include "panels/export/ExportOutput.h"
#include "panels/export/ExportTargetModel.h"
#include "panels/export/ExportedCard.h"
#include "panels/parts/BusyReason.h"
#include "panels/parts/ConceptId.h"
#include "panels/parts/EngineBox.h"
#include "panels/parts/JobButton.h"
#include "panels/parts/WheelGuard.h"
#include "theme/ChoiceBox.h"
#include "widgets/CopyButton.h"
#include "widgets/Enabling.h"
#include "widgets/FactList.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"
#include "widgets/RecordTable.h"

#include <QCheckBox>
#include <QComboBox>
#include <QCoreApplication>
#include <QEvent>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPointer>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr int kWidest = 860, kMargin = 16, kAsStored = -1;

/// Neurons of all layers.
std::int64_t neuronsOf(const ModelSpec &spec)
{
    std::int64_t all = 0;
    for (const LayerSpec &layer : spec.layers)
        all += layer.neurons();
    return all;
}

} // namespace

ExportPanel::ExportPanel(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_page(new QScrollArea),
      m_engine(new EngineBox(workbench.session)),
      m_targetModel(new ExportTargetModel(workbench.session, this)),
      m_targets(new RecordTable(tr("Targets"))),
      m_target(new FactList),
      m_targetProblem(new InlineNote),
      m_dtype(new ChoiceBox),
      m_output(new ExportFolder),
      m_overwrite(new QCheckBox(tr("Replace an existing export"))),
      m_written(bodyLabel({})),
      m_refusal(new InlineNote),
      m_unmeasured(new InlineNote),
      m_export(new JobButton),
      m_busy(new BusyReason(workbench.runner, JobKind::Export, tr("An export is running."), this)),
      m_copyCommand(new CopyButton(tr("Copy as command"), [this] { return m_workbench.jobs.exportCommand(settings()); })),
      m_exported(new ExportedCard(workbench))
{
    explainBy(*this, ConceptId::ExportTargets);
    m_page->setWidgetResizable(true);
    m_page->setFrameShape(QFrame::NoFrame);
    m_page->setFocusPolicy(Qt::NoFocus); // Tab goes through the controls
    build();
    SessionModel &session = workbench.session;
    connect(m_output, &ExportFolder::changed, this, &ExportPanel::followPlan);
    connect(m_overwrite, &QCheckBox::toggled, this, &ExportPanel::followPlan);
    connect(m_dtype, &QComboBox::currentIndexChanged, this, &ExportPanel::followPlan);
    connect(m_targets->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this] {
        if (m_isRecommending)
            return; // whoever recommends follows it
        m_isTargetChosen = true;
        followPlan();
    });
    connect(m_engine, &QComboBox::currentIndexChanged, this, [this] {
        m_isTargetChosen = false;
        followPlan();
    });
    connect(m_export, &JobButton::clicked, this, [this] { m_workbench.jobs.exportPlan(settings()); });
    connect(&session, &SessionModel::modelChanged, this, &ExportPanel::followModel);
    for (const auto signal : {&SessionModel::modelPresenceChanged, &SessionModel::draftChanged, &SessionModel::searchChanged,
                              &SessionModel::evaluationsChanged})
        connect(&session, signal, this, &ExportPanel::followPlan);
    connect(m_busy, &BusyReason::changed, this, &ExportPanel::followPlan);
    for (const auto signal : {&JobRunner::jobAdded, &JobRunner::jobFinished})
        connect(&workbench.runner, signal, this, &ExportPanel::followJob);
    workbench.messages.setPlace(QStringLiteral("export"), [panel = QPointer(this)] { return panel && panel->isVisible(); });
    followModel();
}

void ExportPanel::build()
{
    m_dtype->setAccessibleName(tr("Type of the weights written"));
    m_overwrite->setAccessibleName(m_overwrite->text());
    m_export->setPrimary(true);
    m_export->button()->setObjectName(QStringLiteral("exportButton"));
    new WheelGuard(*m_dtype);

    auto *form = new QFormLayout;
    form->setFieldGrowthPolicy(QFormLayout::ExpandingFieldsGrow);
    form->setLabelAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    form->addRow(tr("Weights"), m_dtype);
    form->addRow(tr("Folder"), m_output);
    form->addRow(QString(), m_overwrite);
    m_written->setWordWrap(false); // short, and a form gives wrapped lines too much room
    form->addRow(tr("Will be written"), m_written);
    m_dtype->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
    auto *column = new QWidget;
    column->setMaximumWidth(kWidest);
    auto *layout = new QVBoxLayout(column);
    layout->setContentsMargins(kMargin, kMargin, kMargin, kMargin);
    layout->setSpacing(10);
    layout->addWidget(headingLabel(tr("Export")));
    layout->addWidget(captionLabel(tr(
        "Writes the pruned model, reloads it and checks that it computes the same. If it does not, the folder is marked “unverified”.")));
    layout->addWidget(buildTargets());
    layout->addLayout(form);
    layout->addWidget(m_exported);
    layout->addStretch();

    auto *content = new QWidget;
    auto *row = new QHBoxLayout(content);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(column, 1);
    row->addStretch();
    m_page->setWidget(content);
    auto *page = new QVBoxLayout(this);
    page->setContentsMargins(0, 0, 0, 0);
    page->setSpacing(0);
    page->addWidget(m_page, 1);
    page->addWidget(buildAction());
}

QWidget *ExportPanel::buildAction()
{
    auto *buttons = new QHBoxLayout;
    buttons->addWidget(m_export, 1);
    buttons->addWidget(m_copyCommand, 0, Qt::AlignTop);
    auto *action = new QWidget;
    action->setMaximumWidth(kWidest);
    auto *layout = new QVBoxLayout(action);
    layout->setContentsMargins(kMargin, kMargin / 2, kMargin, kMargin / 2);
    layout->addWidget(m_refusal);
    layout->addWidget(m_unmeasured);
    layout->addLayout(buttons);
    return action;
}

QWidget *ExportPanel::buildTargets()
{
    auto *engine = new QHBoxLayout;
    engine->addWidget(new QLabel(tr("I use")));
    engine->addWidget(m_engine);
    engine->addStretch();
    m_targets->setModel(m_targetModel);
    m_targets->selectRow(0);
    m_targets->horizontalHeader()->setStretchLastSection(true);
    m_targets->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff); // what is cut stands below, whole

    auto *targets = new QWidget;
    auto *layout = new QVBoxLayout(targets);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(engine);
    layout->addWidget(m_targets);
    layout->addWidget(m_target);
    layout->addWidget(m_targetProblem);
    return targets;
}

ExportSettings ExportPanel::settings() const
{
    ExportSettings settings;
    settings.format = exportTargets()[std::size_t(target())].name;
    settings.output = m_output->path().toStdString();
    settings.isOverwriteAllowed = m_overwrite->isChecked();
    if (const int dtype = m_dtype->currentData().toInt(); dtype != kAsStored)
        settings.dtype = DType(dtype);
    return settings;
}

void ExportPanel::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    if (m_exported->showsFailure())
        m_workbench.messages.resolve(QStringLiteral("export")); // it is told here
    followPlan();
}

void ExportPanel::followModel()
{
    const SessionModel &session = m_workbench.session;
    {
        const QSignalBlocker blocker(m_dtype);
        m_dtype->clear();
        const QString stored =
            session.hasModel() ? QString::fromUtf8(configName(session.session().model->storedDtype)) : QStringLiteral("float32");
        const QString quantised = session.hasModel() ? QString::fromStdString(session.session().model->quantisedAs) : QString();
        m_dtype->addItem(quantised.isEmpty() ? tr("as stored (%1)").arg(stored) : tr("%1 (stored as %2)").arg(stored, quantised),
                         kAsStored);
        for (const DType dtype : {DType::Float32, DType::BFloat16, DType::Float16})
            m_dtype->addItem(QString::fromUtf8(configName(dtype)), int(dtype));
    }
    m_isTargetChosen = false;
    m_output->forget();
    m_overwrite->setChecked(false); // what was allowed for one model is not for the next
    for (QWidget *control : std::initializer_list<QWidget *>{m_dtype, m_output, m_overwrite})
        enableUnless(session.hasModel() ? QString() : tr("Open a model first."), *control, {});
    followPlan();
}

int ExportPanel::target() const
{
    return std::max(0, m_targets->currentIndex().row());
}

/// Until somebody chooses another.
void ExportPanel::chooseRecommended()
{
    if (const int row = m_targetModel->recommended(); !m_isTargetChosen && row >= 0 && row != target()) {
        m_isRecommending = true;
        m_targets->selectRow(row);
        m_isRecommending = false;
    }
}

/// A target that cannot hold the plan says why; one that was chosen stays chosen, so that the reason is read.
void ExportPanel::followTargets()
{
    chooseRecommended();
    const ExportTarget &chosen = exportTargets()[std::size_t(target())];
    m_target->setFacts({{tr("Loads in"), QString::fromStdString(chosen.loads)},
                        {tr("Stores"), QString::fromStdString(chosen.stores)},
                        {tr("Saves"), QString::fromStdString(chosen.saves)}});
    m_targetProblem->clear();
    if (const QString problem = m_targetModel->problem(target()); !problem.isEmpty())
        m_targetProblem->say(InlineNote::Kind::Problem, problem);
}

/// Asks disks: only while it is looked at.
void ExportPanel::followPlan()
{
    if (!isVisible())
        return;
    const SessionModel &session = m_workbench.session;
    if (session.hasModel())
        m_output->suggest(suggestedName());
    m_targetModel->setEngine(m_engine->currentIndex());
    m_targetModel->setType(settings().dtype);
    followTargets();
    Possibility possible = m_workbench.jobs.canExport();
    m_export->setReasonShown(true);
    if (possible && !m_targetModel->problem(target()).isEmpty()) {
        possible.reason = m_targetModel->problem(target());
        m_export->setReasonShown(false); // the note below the targets says it
    }
    m_copyCommand->setProblem(possible.reason);
    if (!possible || session.isPlanEvaluated())
        m_unmeasured->clear();
    else if (m_unmeasured->sentence().isEmpty())
        m_unmeasured->say(InlineNote::Kind::Info, tr("This plan has not been evaluated, so its loss of quality is unknown."),
                          tr("You can export it all the same. If you evaluate it first, the manifest tells its perplexity."));
    if (possible)
        possible.reason = m_busy->text();
    m_refusal->clear();
    m_written->clear();
    if (const qint64 parameters = m_targetModel->parameters(target()); parameters >= 0) {
        const OutputProblem problem = showOutput(parameters);
        if (possible && !problem.sentence.isEmpty()) {
            m_refusal->say(InlineNote::Kind::Problem, problem.sentence, problem.remedy);
            possible.reason = problem.sentence;
            m_export->setReasonShown(false); // m_refusal says it
        }
    }
    m_export->offer(tr("Export and verify"), possible, {});
}

/// A folder named after the sparsity that was asked for; a plan of the shelf has one that it reaches.
QString ExportPanel::suggestedName() const
{
    const SessionModel &session = m_workbench.session;
    BalanceSettings asked = session.draft().balance;
    if (session.shelfPlan() && session.balance())
        asked.neuronsKept = session.neuronsKept();
    QString method = session.isSettled() ? QStringLiteral("pruned") : QStringLiteral("2ssp");
    if (const ShelfPlan *shelf = session.shelfPlan(); shelf && (isOfBlocks(shelf->plan.method) || shelf->plan.restoration))
        method = QLatin1String(nameOf(shelf->plan.method));
    return exportName(session.modelName(), asked, session.balance(), method);
}

/// The weights are what the table says; on the disk there is all that stands beside them as well.
OutputProblem ExportPanel::showOutput(qint64 parameters)
{
    const SessionModel &session = m_workbench.session;
    const ModelSummary &model = *session.session().model;
    const qint64 bytes =
        m_targetModel->bytes(target()) +
        bytesBesideWeights(model.folder, session.spec(), neuronsOf(session.planSpec()) / std::max<qint64>(1, session.layerCount()));
    const qint64 free = freeBytesFor(m_output->path());
    m_written->setText(tr("%1 of %2 parameters; %3 with all files%4")
                           .arg(exactText(parameters), exactText(session.denseFigures().modelParameters), bytesText(bytes),
                                free < 0 ? QString() : tr(", %1 free").arg(bytesText(free))));
    return outputProblem(m_output->path(), m_overwrite->isChecked() ? Replacing::Allowed : Replacing::Offered,
                         QString::fromStdString(model.folder.string()), bytes);
}

void ExportPanel::followJob(int number)
{
    const JobInfo *job = m_workbench.runner.job(number);
    if (!job || job->kind != JobKind::Export)
        return;
    if (job->state == JobInfo::State::Done) {
        m_output->takeNext();           // the next one goes beside it
        m_overwrite->setChecked(false); // what was allowed for one export is not for the next
    }
    followPlan();
    if (job->state == JobInfo::State::Failed)
        m_exported->showFailure(job->sentence, job->hint);
    else
        m_exported->forgetFailure();
    if (job->state == JobInfo::State::Done || job->state == JobInfo::State::Failed)
        QTimer::singleShot(0, this, [this] {
            QCoreApplication::sendPostedEvents(nullptr, QEvent::LayoutRequest); // it gets its place
            m_page->ensureWidgetVisible(m_exported->verdict(), 0, kMargin);     // and no further
        });
}

} // namespace secateur::ui
