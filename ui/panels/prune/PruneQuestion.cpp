// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/prune/PruneQuestion.h"

#include "foundation/Wording.h"
#include "jobs/JobTable.h"
#include "jobs/RestorationChoice.h"
#include "models/SessionModel.h"
#include "panels/export/ExportFolder.h"
#include "panels/export/ExportOutput.h"
#include "panels/parts/EngineBox.h"
#include "panels/parts/JobButton.h"
#include "panels/parts/JobCostText.h"
#include "panels/parts/WheelGuard.h"
#include "panels/prune/PruneTexts.h"
#include "widgets/CopyButton.h"
#include "widgets/FittingLabel.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/NumberBox.h"
#include "widgets/Quantity.h"
#include "widgets/ScrolledColumn.h"
#include "widgets/SegmentedControl.h"

#include <QCheckBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QPushButton>
#include <QScreen>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace secateur::ui {
namespace {

constexpr double kPreset[] = {0.25, 0.375, 0.5};
constexpr double kMegabyte = 1e6, kGigabyte = 1e9;

QString layersText(const std::vector<std::int64_t> &layers)
{
    constexpr std::size_t kMost = 8;
    std::vector<std::string> numbers;
    for (const std::int64_t layer : layers)
        numbers.push_back(std::to_string(layer));
    return QString::fromStdString(listed(numbers, kMost));
}

/// What a pruning takes over from the current plan, and what of it that it does not; empty where that plan has nothing set by hand.
QString takenOverText(const PlanDraft &now)
{
    const std::vector<std::int64_t> &kept = now.search.protectedLayers, &forced = now.search.forcedLayers;
    QStringList sentences;
    if (!kept.empty())
        sentences << (kept.size() == 1 ? PruneQuestion::tr("Keeps the attention that the current plan protects (layer %1).")
                                       : PruneQuestion::tr("Keeps the attentions that the current plan protects (layers %1)."))
                         .arg(layersText(kept));
    if (!forced.empty())
        sentences << (forced.size() == 1 ? PruneQuestion::tr("Removes first what the current plan forces: layer %1.")
                                         : PruneQuestion::tr("Removes first what the current plan forces: layers %1."))
                         .arg(layersText(forced));
    const bool isN = now.balance.attentionsToRemove.has_value(), isK = now.balance.neuronsKept.has_value();
    if (isN || isK)
        sentences << (isN && isK ? PruneQuestion::tr("N and K are chosen anew for the target: what was set by hand is not used.")
                                 : PruneQuestion::tr("%1 is chosen anew for the target: what was set by hand is not used.")
                                       .arg(isK ? QStringLiteral("K") : QStringLiteral("N")));
    return sentences.join(QLatin1Char(' '));
}

} // namespace

PruneQuestion::PruneQuestion(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_sizes(workbench.session, workbench.jobs),
      m_model(headingName()),
      m_target(new SegmentedControl(tr("How much to remove"))),
      m_percent(new NumberBox(tr("Sparsity"))),
      m_size(new NumberBox(tr("Largest size of the weights"))),
      m_engine(new EngineBox(workbench.session)),
      m_restore(new QCheckBox(tr("Restore (about twice the time)"))),
      m_folder(new ExportFolder),
      m_share(new FittingLabel),
      m_becomes(bodyLabel({})),
      m_how(captionLabel({})),
      m_takesOver(captionLabel({})),
      m_problem(new InlineNote),
      m_room(new QWidget),
      m_prune(new JobButton),
      m_copy(new CopyButton(tr("Copy as command"), [this] {
          const std::optional<PruneRequest> wanted = request();
          return wanted ? m_workbench.jobs.pruneCommand(*wanted) : QString();
      }))
{
    m_prune->setPrimary(true);
    m_prune->setReasonShown(false); // m_problem says it
    connect(m_prune, &JobButton::clicked, this, [this] {
        if (const std::optional<PruneRequest> wanted = request())
            emit pruneRequested(*wanted);
    });
    auto *action = new QHBoxLayout;
    action->addWidget(m_prune, 1);
    action->addWidget(m_copy, 0, Qt::AlignTop);
    auto *problem = new QVBoxLayout(m_room);
    problem->setContentsMargins(0, 0, 0, 0);
    problem->addWidget(m_problem);
    problem->addStretch();
    constexpr int kUsualLines = 2;
    m_room->setFixedHeight(kUsualLines * fontMetrics().lineSpacing());
    auto *layout = new QVBoxLayout(this);
    layout->setSpacing(10);
    layout->addWidget(m_model);
    layout->addWidget(captionLabel(tr("Calibrates, searches, evaluates, exports and verifies in one go.")));
    layout->addWidget(buildForm(), 1);
    layout->addLayout(action);
    layout->addWidget(m_room);

    SessionModel &session = workbench.session;
    connect(&session, &SessionModel::modelChanged, this, &PruneQuestion::followModel);
    for (const auto signal : {&SessionModel::modelPresenceChanged, &SessionModel::textsChanged, &SessionModel::draftChanged,
                              &SessionModel::searchChanged, &SessionModel::evaluationsChanged})
        connect(&session, signal, this, &PruneQuestion::follow);
    connect(m_texts, &PruneTexts::changed, this, &PruneQuestion::follow);
    connect(m_engine, &QComboBox::currentIndexChanged, this, &PruneQuestion::follow);
    connect(m_restore, &QCheckBox::toggled, this, &PruneQuestion::follow);
    connect(m_folder, &ExportFolder::changed, this, &PruneQuestion::follow);
    connect(&workbench.jobs, &SessionJobs::engineReportChanged, this, &PruneQuestion::follow);
    for (const auto signal : {&JobRunner::jobAdded, &JobRunner::jobFinished})
        connect(&workbench.runner, signal, this, &PruneQuestion::follow); // another job is in the way
    connect(&workbench.runner, &JobRunner::jobChanged, this, [this] {     // and may be paused; its progress changes nothing here
        const JobInfo *job = m_workbench.runner.current();
        const QString paused = job ? pausedText(*job) : QString();
        if (std::exchange(m_paused, paused) != paused)
            follow();
    });
    followModel();
}

/// Scrolls where the window is too small for it; what is wrong and the button stay in sight.
QWidget *PruneQuestion::buildForm()
{
    auto *rows = new QWidget;
    auto *form = new QFormLayout(rows);
    form->setContentsMargins(0, 0, 0, 0);
    form->setFieldGrowthPolicy(QFormLayout::ExpandingFieldsGrow);
    form->setLabelAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    buildTarget(*form);
    m_texts = new PruneTexts(m_workbench, *form, this);
    form->addRow(tr("I use"), m_engine);
    m_restore->setToolTip(
        tr("Fits the weights that stay to the outputs of the original, on the calibration text. No training; the size stays "
           "the same. Restored, not plain 2SSP."));
    form->addRow(QString(), m_restore);
    form->addRow(tr("Folder"), m_folder);
    for (QLabel *wrapped : {m_becomes, m_how, m_takesOver}) // else a form gives it the width of a paragraph and cuts what is longer
        wrapped->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    form->addRow(tr("Result"), m_becomes);
    form->addRow(QString(), m_how);
    form->addRow(QString(), m_takesOver);

    return new ScrolledColumn(rows);
}

void PruneQuestion::buildTarget(QFormLayout &form)
{
    for (const double preset : kPreset)
        m_target->addChoice(percentText(preset, preset == kPreset[ThreeEighths] ? 1 : 0),
                            tr("Share of the decoder layers' parameters to remove"));
    m_target->addChoice(tr("Other"), tr("Another share of the decoder layers' parameters"));
    m_target->addChoice(tr("Fits into…"), tr("The lowest sparsity at which the weights fit"));
    m_target->setCurrent(ThreeEighths);
    m_percent->setRange(1, 95);
    m_percent->setDecimals(1);
    m_percent->setValue(30);
    m_percent->setSuffix(tr(" %"));
    m_size->setRange(0.001, 10'000);
    m_size->setDecimals(3);
    for (NumberBox *box : {m_percent, m_size}) {
        box->hide(); // until it is asked for: it would widen the dialog
        new WheelGuard(*box);
        connect(box, &QDoubleSpinBox::valueChanged, this, &PruneQuestion::follow);
    }
    connect(m_target, &SegmentedControl::chosen, this, [this](int chosen) {
        follow();
        if (NumberBox *box = chosen == Other ? m_percent : chosen == Fits ? m_size : nullptr) {
            box->setFocus();
            box->selectAll();
        }
    });
    auto *row = new QHBoxLayout;
    row->setSpacing(6);
    row->addWidget(m_target);
    row->addWidget(m_percent);
    row->addWidget(m_size);
    row->addWidget(m_share, 1);
    form.addRow(tr("Remove"), row);
}

void PruneQuestion::forgetFolder()
{
    m_folder->forget();
    follow();
}

void PruneQuestion::focusButton()
{
    m_prune->button()->setFocus();
}

std::optional<double> PruneQuestion::sparsity() const
{
    const int chosen = m_target->current();
    if (chosen >= 0 && chosen < Other)
        return kPreset[chosen];
    return chosen == Fits ? m_sizes.sparsityFor(m_size->value() * m_sizeUnit, m_engine->engine()) : m_percent->value() / 100;
}

std::optional<PruneRequest> PruneQuestion::request() const
{
    const SessionModel &session = m_workbench.session;
    if (!session.hasModel() || !session.pruningProblem().isEmpty())
        return {};
    const std::optional<double> wanted = sparsity();
    if (!wanted)
        return {};
    PruneRequest request{.sparsity = *wanted, .exporting = {}};
    request.exporting.format = m_sizes.at(*wanted, m_engine->engine()).target;
    request.exporting.output = m_folder->path().toStdString();
    if (m_restore->isChecked()) {
        request.restoration = RestorationSettings();
        request.restoration->steps = usualSteps(PlanMethod::TwoSsp, session.spec(), request.exporting.format);
    }
    return request;
}

// ---- following ---------------------------------------------------------------------------------------------------------------

void PruneQuestion::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    follow();
}

void PruneQuestion::followModel()
{
    const SessionModel &session = m_workbench.session;
    m_model->setWhole(session.hasModel() ? tr("Prune %1").arg(session.modelName()) : tr("Prune"));
    if (session.hasModel()) {
        const QSignalBlocker blocker(m_size);
        const auto bytes = double(session.denseFigures().bytes);
        m_sizeUnit = bytes < kGigabyte ? kMegabyte : kGigabyte;
        m_size->setSuffix(bytes < kGigabyte ? tr(" MB") : tr(" GB"));
        m_size->setValue(0.7 * bytes / m_sizeUnit); // something to start from
    }
    follow();
}

void PruneQuestion::follow()
{
    if (!isVisible())
        return; // showEvent() catches up
    const SessionModel &session = m_workbench.session;
    m_percent->setVisible(m_target->current() == Other);
    m_size->setVisible(m_target->current() == Fits);
    m_problem->clear();
    m_becomes->clear();
    m_how->clear();
    m_takesOver->hide();
    m_share->setTexts(m_target->current() == Fits ? QStringList() : QStringList{tr("of the layers' parameters"), tr("of the layers")});
    m_texts->follow();
    Possibility possible;
    std::optional<PruneRequest> wanted = request();
    if (wanted) {
        const QString method = wanted->restoration ? QStringLiteral("restored") : QStringLiteral("2ssp");
        m_folder->suggest(exportName(session.modelName(), m_workbench.jobs.draftOf(*wanted).balance, {}, method));
        wanted->exporting.output = m_folder->path().toStdString();
    }
    if (!session.hasModel())
        possible.reason = tr("Open a model first.");
    else if (!session.pruningProblem().isEmpty())
        possible.reason = session.pruningProblem();
    else if (!wanted)
        possible.reason = m_sizes.smallestText(m_engine->engine());
    else
        possible = m_workbench.jobs.canPrune(*wanted);
    if (wanted)
        if (const QString refusal = showOutcome(*wanted); possible && !refusal.isEmpty())
            possible.reason = refusal;
    if (possible)
        m_problem->clear(); // nothing to say
    else if (m_problem->sentence() != possible.reason)
        tell(possible.reason, {});
    m_copy->setProblem(possible.reason);
    m_prune->offer(tr("Prune"), possible, possible ? jobCostText(m_workbench.jobs.pruneCost(*wanted)) : QString());
}

QString PruneQuestion::showOutcome(const PruneRequest &request)
{
    const SessionModel &session = m_workbench.session;
    const ModelSummary &model = *session.session().model;
    if (const std::optional<qint64> bytes = m_sizes.at(request.sparsity, m_engine->engine()).bytes) {
        const qint64 before = model.tensorBytes;
        const PlanDraft draft = m_workbench.jobs.draftOf(request);
        const SparsityBalance found = balance(session.spec(), draft.balance);
        const QString removes = sparsityText(request.sparsity, found.sparsityLayers());
        m_becomes->setText(
            tr("%1 instead of %2 (%3); %4").arg(bytesText(*bytes), bytesText(before), changeText(double(before), double(*bytes)), removes));
        if (m_target->current() == Fits)
            m_share->setTexts({tr("removes %1 of the layers' parameters").arg(percentText(found.sparsityLayers())),
                               tr("removes %1").arg(percentText(found.sparsityLayers()))});
        const QString takenOver = takenOverText(session.draft());
        m_takesOver->setText(takenOver);
        m_takesOver->setVisible(!takenOver.isEmpty());
        for (const ExportTarget &target : exportTargets())
            if (target.name == request.exporting.format)
                m_how->setText(tr("as %1: %2").arg(QString::fromStdString(target.name), QString::fromStdString(target.stores)));
        const OutputProblem problem = outputProblem(m_folder->path(), Replacing::NotOffered, QString::fromStdString(model.folder.string()),
                                                    *bytes + bytesBesideWeights(model.folder, session.spec(), found.neuronsKept));
        if (!problem.sentence.isEmpty()) {
            tell(problem.sentence, problem.remedy);
            return problem.sentence;
        }
    }
    const PruneTexts::Refusal refusal = m_texts->refusal();
    if (!refusal.sentence.isEmpty())
        tell(refusal.sentence, refusal.remedy);
    return refusal.sentence;
}

void PruneQuestion::tell(const QString &sentence, const QString &remedy)
{
    m_problem->say(InlineNote::Kind::Problem, sentence, remedy);
    makeRoom();
}

/// Where the screen has no room for all of it, the form scrolls.
void PruneQuestion::makeRoom()
{
    const QMargins edges = layout()->contentsMargins();
    const int needed = m_problem->heightForWidth(width() - edges.left() - edges.right()), lacking = needed - m_room->minimumHeight();
    if (lacking <= 0)
        return;
    m_room->setFixedHeight(needed);
    const QWidget *owner = window()->parentWidget();
    const int most = owner ? owner->window()->height() : window()->screen()->availableGeometry().height();
    if (most > window()->height())
        window()->resize(window()->width(), std::min(window()->height() + lacking, most));
}

} // namespace secateur::ui
