// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/PruneCard.h"

#include "commands/PlanEditor.h"
#include "exporting/Export.h"
#include "foundation/Error.h"
#include "jobs/JobRunner.h"
#include "jobs/JobTable.h"
#include "models/SessionModel.h"
#include "panels/ExportOutput.h"
#include "panels/ExportTable.h"
#include "panels/ExportTargetModel.h"
#include "panels/JobButton.h"
#include "panels/JobCostText.h"
#include "panels/WheelGuard.h"
#include "widgets/CopyButton.h"
#include "widgets/FactList.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"
#include "widgets/SegmentedControl.h"

#include <QComboBox>
#include <QDesktopServices>
#include <QDir>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalBlocker>
#include <QStackedWidget>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr double kPreset[] = {0.25, 0.375, 0.5};
constexpr int kFine = 1000; ///< steps of the progress bar
constexpr int kSteps = 190; ///< sparsities that are tried for a size, half a percent apart
constexpr double kStepsOfOne = 200;
constexpr double kMegabyte = 1e6, kGigabyte = 1e9;

QHBoxLayout *line(std::initializer_list<QWidget *> widgets)
{
    auto *row = new QHBoxLayout;
    row->setSpacing(6);
    for (QWidget *widget : widgets)
        row->addWidget(widget, qobject_cast<ElidedLabel *>(widget) || qobject_cast<QLineEdit *>(widget) ? 1 : 0);
    return row;
}

QString described(const TextSettings &text)
{
    const QString name = QString::fromStdString(textName(text));
    return text.windows ? PruneCard::tr("%1 (%2 × %3 tokens)").arg(name, exactText(*text.windows), exactText(text.length)) : name;
}

} // namespace

PruneCard::PruneCard(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_pages(new QStackedWidget),
      m_model(headingName()),
      m_target(new SegmentedControl(tr("How much to remove"))),
      m_percent(new QDoubleSpinBox),
      m_size(new QDoubleSpinBox),
      m_text(new ElidedLabel),
      m_heldOut(new ElidedLabel),
      m_firstLine(new ElidedLabel),
      m_chooseText(new QPushButton(tr("Choose…"))),
      m_chooseHeldOut(new QPushButton(tr("Choose…"))),
      m_noHeldOut(new QPushButton(tr("None"))),
      m_engine(new QComboBox),
      m_folder(new QLineEdit),
      m_browse(new QPushButton(tr("Browse…"))),
      m_becomes(new ElidedLabel),
      m_how(new ElidedLabel),
      m_problem(new InlineNote),
      m_prune(new JobButton),
      m_running(headingName()),
      m_progress(new QProgressBar),
      m_counts(captionLabel({})),
      m_cancel(new QPushButton(tr("Cancel"))),
      m_verdict(new InlineNote),
      m_facts(new FactList),
      m_written(new ElidedLabel),
      m_openFolder(new QPushButton(tr("Open folder"))),
      m_closer(new QPushButton(tr("Look closer"))),
      m_again(new QPushButton(tr("Prune again…")))
{
    m_pages->addWidget(buildQuestion());
    m_pages->addWidget(buildRunning());
    m_pages->addWidget(buildResult());
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_pages);

    SessionModel &session = workbench.session;
    connect(&session, &SessionModel::modelChanged, this, &PruneCard::followModel);
    for (const auto signal : {&SessionModel::modelPresenceChanged, &SessionModel::textsChanged, &SessionModel::draftChanged,
                              &SessionModel::searchChanged, &SessionModel::evaluationsChanged})
        connect(&session, signal, this, &PruneCard::follow);
    connect(&session, &SessionModel::textRead, this, [this](const TextSettings &text, const QStringList &lines) {
        std::erase_if(m_refused, [&](const Refusal &refusal) { return refusal.text == text; });
        if (text == m_workbench.session.session().calibrationText) {
            m_readText = text;
            m_firstLine->setWhole(lines.join(QStringLiteral(" · ")));
        }
        follow();
    });
    connect(&session, &SessionModel::textRefused, this, [this](const TextSettings &text, const QString &sentence, const QString &hint) {
        std::erase_if(m_refused, [&](const Refusal &refusal) { return refusal.text == text; });
        m_refused.push_back({text, sentence, hint});
        follow();
    });
    connect(&workbench.jobs, &SessionJobs::engineReportChanged, this, &PruneCard::follow);
    connect(&workbench.runner, &JobRunner::jobChanged, this, &PruneCard::followJob);
    connect(&workbench.runner, &JobRunner::jobFinished, this, &PruneCard::followJob);
    for (const auto signal : {&JobRunner::jobAdded, &JobRunner::jobFinished})
        connect(&workbench.runner, signal, this, &PruneCard::follow); // another job is in the way
    followModel();
}

QWidget *PruneCard::buildQuestion()
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
    m_percent->setAccessibleName(tr("Sparsity"));
    m_percent->setKeyboardTracking(false); // a number that is still being typed means nothing
    m_size->setKeyboardTracking(false);
    m_size->setRange(0.001, 10'000);
    m_size->setDecimals(3);
    m_size->setAccessibleName(tr("Largest size of the weights"));
    for (QDoubleSpinBox *box : {m_percent, m_size}) {
        new WheelGuard(*box);
        connect(box, &QDoubleSpinBox::valueChanged, this, &PruneCard::follow);
    }
    connect(m_target, &SegmentedControl::chosen, this, [this](int chosen) {
        follow();
        if (QDoubleSpinBox *box = chosen == Other ? m_percent : chosen == Fits ? m_size : nullptr) {
            box->setFocus();
            box->selectAll();
        }
    });

    m_chooseText->setAccessibleName(tr("Choose the calibration text"));
    m_chooseHeldOut->setAccessibleName(tr("Choose the text on which perplexity is measured"));
    m_noHeldOut->setAccessibleName(tr("Measure no perplexity"));
    connect(m_chooseText, &QPushButton::clicked, this, [this] { chooseText(false); });
    connect(m_chooseHeldOut, &QPushButton::clicked, this, [this] { chooseText(true); });
    connect(m_noHeldOut, &QPushButton::clicked, this, &PruneCard::dropEvaluation);

    for (const ExportEngine &engine : exportEngines())
        m_engine->addItem(QString::fromStdString(engine.name));
    m_engine->setAccessibleName(tr("The program that will run the model"));
    new WheelGuard(*m_engine);
    connect(m_engine, &QComboBox::currentIndexChanged, this, &PruneCard::follow);
    m_folder->setObjectName(QStringLiteral("folder"));
    m_folder->setAccessibleName(tr("Folder to make"));
    m_browse->setAccessibleName(tr("Choose the folder to make"));
    connect(m_folder, &QLineEdit::textChanged, this, &PruneCard::follow);
    connect(m_folder, &QLineEdit::editingFinished, this, [this] { // where it will be, whole
        if (const QString path = outputPath(m_folder->text()); m_folder->isModified() && !path.isEmpty() && path != m_folder->text()) {
            const QSignalBlocker blocker(m_folder);
            m_folder->setText(path);
            m_folder->setModified(true);
        }
    });
    connect(m_browse, &QPushButton::clicked, this, &PruneCard::chooseFolder);

    auto *form = new QFormLayout;
    form->setFieldGrowthPolicy(QFormLayout::ExpandingFieldsGrow);
    form->setLabelAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    auto *targets = line({m_target, m_percent, m_size, new QLabel(tr("of the layers' parameters"))});
    targets->addStretch();
    form->addRow(tr("Remove"), targets);
    form->addRow(tr("Calibrate on"), line({m_text, m_chooseText}));
    m_firstLine->setTextFormat(Qt::PlainText); // it shows what is in a file
    form->addRow(QString(), m_firstLine);
    form->addRow(tr("Evaluate on"), line({m_heldOut, m_chooseHeldOut, m_noHeldOut}));
    form->addRow(tr("I use"), m_engine);
    form->addRow(tr("Folder"), line({m_folder, m_browse}));
    for (ElidedLabel *label : {m_firstLine, m_how})
        label->setForegroundRole(QPalette::PlaceholderText);
    form->addRow(tr("Result"), m_becomes);
    form->addRow(QString(), m_how);

    m_prune->setPrimary(true);
    m_prune->setReasonShown(false); // m_problem says it
    connect(m_prune, &JobButton::clicked, this, [this] {
        const std::optional<PruneRequest> wanted = request();
        if (!wanted)
            return;
        m_draft = m_workbench.jobs.draftOf(*wanted);
        m_command = m_workbench.jobs.pruneCommand(*wanted);
        m_job = m_workbench.jobs.prune(*wanted);
        if (m_job > 0)
            m_running->setWhole(m_workbench.runner.job(m_job)->title);
        followJob(m_job);
    });
    auto *copy = new CopyButton(tr("Copy as command"), [this] {
        const std::optional<PruneRequest> wanted = request();
        return wanted ? m_workbench.jobs.pruneCommand(*wanted) : QString();
    });
    auto *action = new QHBoxLayout;
    action->addWidget(m_prune, 1);
    action->addWidget(copy, 0, Qt::AlignTop);

    auto *page = new QWidget;
    auto *layout = new QVBoxLayout(page);
    layout->setSpacing(10);
    layout->addWidget(m_model);
    layout->addWidget(captionLabel(tr("Calibrates, searches, evaluates, exports and verifies in one go.")));
    layout->addLayout(form);
    layout->addWidget(m_problem);
    layout->addStretch();
    layout->addLayout(action);
    return page;
}

QWidget *PruneCard::buildRunning()
{
    m_progress->setTextVisible(false);
    m_progress->setAccessibleName(tr("Progress"));
    m_counts->setTextFormat(Qt::PlainText);
    m_cancel->setAccessibleName(tr("Cancel the pruning"));
    connect(m_cancel, &QPushButton::clicked, this, [this] { m_workbench.runner.cancel(m_job); });
    auto *page = new QWidget;
    auto *layout = new QVBoxLayout(page);
    layout->setSpacing(10);
    layout->addWidget(m_running);
    layout->addWidget(m_progress);
    layout->addWidget(m_counts);
    layout->addWidget(captionLabel(tr("You can close this window: the job continues, and the tabs show what it finds.")));
    layout->addStretch();
    layout->addWidget(m_cancel, 0, Qt::AlignRight);
    return page;
}

QWidget *PruneCard::buildResult()
{
    connect(m_openFolder, &QPushButton::clicked, this, [this] { QDesktopServices::openUrl(QUrl::fromLocalFile(m_written->toolTip())); });
    connect(m_closer, &QPushButton::clicked, this, &PruneCard::lookCloserRequested);
    connect(m_again, &QPushButton::clicked, this, &PruneCard::ask);
    m_openFolder->setProperty("primary", true);
    auto *buttons = new QHBoxLayout;
    buttons->addWidget(m_openFolder);
    buttons->addWidget(new CopyButton(tr("Copy as command"), [this] { return m_command; }));
    buttons->addWidget(m_closer);
    buttons->addStretch();
    buttons->addWidget(m_again);
    auto *close = new QPushButton(tr("Close"));
    connect(close, &QPushButton::clicked, this, [this] { window()->close(); });
    buttons->addWidget(close);
    auto *page = new QWidget;
    auto *layout = new QVBoxLayout(page);
    layout->setSpacing(10);
    layout->addWidget(m_verdict);
    layout->addWidget(m_written);
    layout->addWidget(m_facts);
    layout->addStretch();
    layout->addLayout(buttons);
    return page;
}

void PruneCard::ask()
{
    m_job = 0;
    m_pages->setCurrentIndex(Question);
    m_folder->setModified(false); // the one before has been written
    follow();
}

// ---- what is asked for -------------------------------------------------------------------------------------------------------

/// The target for the program that is chosen, and what it writes at a sparsity.
PruneCard::Written PruneCard::writtenAt(double sparsity) const
{
    const SessionModel &session = m_workbench.session;
    const ExportEngine &engine = exportEngines()[std::size_t(std::max(0, m_engine->currentIndex()))];
    Written written{.target = engine.targets.front(), .bytes = {}}; // whose problem is told
    try {
        const SparsityBalance found = balance(session.spec(), m_workbench.jobs.draftOf({.sparsity = sparsity, .exporting = {}}).balance);
        const std::vector<std::int64_t> widths(std::size_t(session.layerCount()), found.neuronsKept);
        const std::vector<std::int64_t> removed = layersToRemove({}, found.attentionsToRemove, session.layerCount());
        const std::string best = recommendedTarget(engine, session.spec(), widths, removed);
        if (best.empty())
            return written;
        written.target = best;
        written.bytes = modelParameters(exportedSpec(best, session.spec(), widths, removed)) *
                        qint64(bytesPerElement(session.session().model->storedDtype));
    } catch (const Error &) { // the balance is not possible: told as the reason
    }
    return written;
}

/// For a size: the lowest sparsity that reaches it.
std::optional<double> PruneCard::sparsity() const
{
    const int chosen = m_target->current();
    if (chosen >= 0 && chosen < Other)
        return kPreset[chosen];
    if (chosen != Fits)
        return m_percent->value() / 100;
    for (int step = 1; step <= kSteps; ++step) {
        const double sparsity = step / kStepsOfOne;
        if (const std::optional<qint64> bytes = writtenAt(sparsity).bytes; bytes && double(*bytes) <= m_size->value() * m_sizeUnit)
            return sparsity;
    }
    return {};
}

/// Why no sparsity reaches the size that is wanted.
QString PruneCard::smallestText() const
{
    for (int step = kSteps; step > 0; --step)
        if (const std::optional<qint64> bytes = writtenAt(step / kStepsOfOne).bytes)
            return tr("The weights cannot get that small: %1 are left of them at %2.")
                .arg(bytesText(*bytes), percentText(step / kStepsOfOne));
    return tr("This model cannot be pruned to a size.");
}

std::optional<PruneRequest> PruneCard::request() const
{
    const SessionModel &session = m_workbench.session;
    if (!session.hasModel() || !session.pruningProblem().isEmpty())
        return {};
    const std::optional<double> wanted = sparsity();
    if (!wanted)
        return {};
    PruneRequest request{.sparsity = *wanted, .exporting = {}};
    request.exporting.format = writtenAt(*wanted).target;
    request.exporting.output = outputPath(m_folder->text()).toStdString();
    return request;
}

void PruneCard::chooseText(bool isForEvaluation)
{
    const Session &session = m_workbench.session.session();
    const bool isOfOther = isForEvaluation && session.evaluationText.files.empty(); // begin where the other one is
    const TextSettings &now = isForEvaluation && !isOfOther ? session.evaluationText : session.calibrationText;
    const QString start = now.files.empty() ? QDir::homePath() : QString::fromStdString(now.files.front().string());
    const QStringList chosen =
        QFileDialog::getOpenFileNames(this, isForEvaluation ? tr("Text to evaluate on") : tr("Text to calibrate on"), start,
                                      tr("Texts (*.txt *.md *.json *.jsonl *.ndjson *.parquet *.gz *.zst *.xz *.bz2);;All files (*)"));
    if (chosen.isEmpty())
        return;
    TextSettings calibration = session.calibrationText, evaluation = session.evaluationText;
    std::vector<std::filesystem::path> &files = isForEvaluation ? evaluation.files : calibration.files;
    files.clear();
    for (const QString &file : chosen)
        files.emplace_back(file.toStdString());
    m_workbench.editor.setTexts(calibration, evaluation, session.norm);
}

void PruneCard::dropEvaluation()
{
    const Session &session = m_workbench.session.session();
    TextSettings none = session.evaluationText;
    none.files.clear();
    m_workbench.editor.setTexts(session.calibrationText, none, session.norm);
}

void PruneCard::chooseFolder()
{
    const QFileInfo now(outputPath(m_folder->text()));
    const QString parent = QFileDialog::getExistingDirectory(this, tr("Where to make the folder"), now.absolutePath());
    if (parent.isEmpty())
        return;
    {
        const QSignalBlocker blocker(m_folder);
        m_folder->setText(freeName(QDir(parent).filePath(now.fileName())));
        m_folder->setModified(true);
    }
    follow();
}

/// A name that says what it is, until somebody writes another.
void PruneCard::suggestFolder(double sparsity)
{
    if (m_folder->isModified())
        return;
    const QString name = QStringLiteral("%1-2ssp-%2").arg(m_workbench.session.modelName(), QLocale::c().toString(100 * sparsity, 'g', 3));
    const QSignalBlocker blocker(m_folder);
    m_folder->setText(freeName(QDir::home().filePath(name)));
}

// ---- following ---------------------------------------------------------------------------------------------------------------

void PruneCard::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    follow();
    if (m_pages->currentIndex() == Question)
        m_prune->button()->setFocus();
}

void PruneCard::followModel()
{
    const SessionModel &session = m_workbench.session;
    m_model->setWhole(session.hasModel() ? tr("Prune %1").arg(session.modelName()) : tr("Prune"));
    if (session.hasModel()) {
        const QSignalBlocker blocker(m_size);
        const auto bytes = double(session.denseFigures().bytes);
        m_sizeUnit = bytes < kGigabyte ? kMegabyte : kGigabyte;
        m_size->setSuffix(bytes < kGigabyte ? tr(" MB") : tr(" GB"));
        m_size->setValue(0.7 * bytes / m_sizeUnit); // something to start from
        const bool isGguf = session.session().model->folder.extension() == ".gguf";
        const auto &engines = exportEngines();
        const auto suits = std::find_if(engines.begin(), engines.end(),
                                        [&](const ExportEngine &engine) { return engine.targets.front().starts_with("gguf") == isGguf; });
        const QSignalBlocker quiet(m_engine);
        m_engine->setCurrentIndex(int(std::distance(engines.begin(), suits)));
    }
    ask();
}

void PruneCard::follow()
{
    if (!isVisible())
        return; // showEvent() catches up
    const SessionModel &session = m_workbench.session;
    m_percent->setVisible(m_target->current() == Other);
    m_size->setVisible(m_target->current() == Fits);
    m_problem->clear();
    m_becomes->setWhole({});
    m_how->setWhole({});
    if (!session.hasModel()) {
        m_prune->offer(tr("Prune"), {tr("Open a model first.")}, {});
        m_problem->say(InlineNote::Kind::Problem, tr("Open a model first."));
        return;
    }
    const Session &values = session.session();
    m_text->setWhole(values.calibrationText.files.empty() ? tr("no text chosen yet") : described(values.calibrationText));
    m_heldOut->setWhole(values.evaluationText.files.empty() ? tr("nothing: perplexity will not be measured")
                                                            : described(values.evaluationText));
    m_firstLine->setVisible(m_readText == values.calibrationText && !m_firstLine->text().isEmpty());
    m_noHeldOut->setVisible(!values.evaluationText.files.empty());
    if (m_pages->currentIndex() != Question)
        return;
    std::optional<PruneRequest> wanted = request();
    if (wanted) {
        suggestFolder(wanted->sparsity);
        wanted->exporting.output = outputPath(m_folder->text()).toStdString();
    }
    Possibility possible;
    if (!session.pruningProblem().isEmpty())
        possible.reason = session.pruningProblem();
    else if (!wanted)
        possible.reason = smallestText();
    else
        possible = m_workbench.jobs.canPrune(*wanted);
    if (wanted) {
        const qint64 before = values.model->tensorBytes;
        if (const std::optional<qint64> bytes = writtenAt(wanted->sparsity).bytes) {
            m_becomes->setWhole(
                tr("%1 instead of %2 (%3), %4 of the layers' parameters removed")
                    .arg(bytesText(*bytes), bytesText(before), changeText(double(before), double(*bytes)), percentText(wanted->sparsity)));
            for (const ExportTarget &target : exportTargets())
                if (target.name == wanted->exporting.format)
                    m_how->setWhole(tr("as %1: %2").arg(QString::fromStdString(target.name), QString::fromStdString(target.stores)));
            const OutputProblem problem = outputProblem(QString::fromStdString(wanted->exporting.output.string()), false,
                                                        QString::fromStdString(values.model->folder.string()), *bytes);
            if (possible && !problem.sentence.isEmpty()) {
                m_problem->say(InlineNote::Kind::Problem, problem.sentence, problem.remedy);
                possible.reason = problem.sentence;
            }
        }
    }
    for (const Refusal &refusal : m_refused)
        if (possible && (refusal.text == values.calibrationText || refusal.text == values.evaluationText)) {
            m_problem->say(InlineNote::Kind::Problem, refusal.sentence, refusal.remedy);
            possible.reason = refusal.sentence;
        }
    if (!possible && m_problem->sentence().isEmpty())
        m_problem->say(InlineNote::Kind::Problem, possible.reason);
    m_prune->offer(tr("Prune"), possible, wanted && possible ? jobCostText(m_workbench.jobs.pruneCost(*wanted)) : QString());
}

void PruneCard::followJob(int number)
{
    const JobInfo *job = m_workbench.runner.job(number);
    if (!job || job->number != m_job)
        return;
    if (job->isOver()) {
        if (m_pages->currentIndex() != Result)
            showResult(*job);
        return;
    }
    m_pages->setCurrentIndex(Running);
    const std::optional<double> share = shareDone(job->progress);
    m_progress->setRange(0, share ? kFine : 0); // without a total: busy
    m_progress->setValue(int(share.value_or(0) * kFine));
    m_counts->setText(job->state == JobInfo::State::Running ? progressText(job->progress) : jobStateText(job->state));
    m_cancel->setEnabled(job->state != JobInfo::State::Cancelling);
}

void PruneCard::showResult(const JobInfo &job)
{
    const SessionModel &session = m_workbench.session;
    const Session &values = session.session();
    const bool isDone = job.state == JobInfo::State::Done && !values.exports.empty();
    m_pages->setCurrentIndex(Result);
    for (QWidget *part : std::initializer_list<QWidget *>{m_written, m_facts, m_openFolder, m_closer})
        part->setVisible(isDone);
    if (!isDone) {
        if (job.state == JobInfo::State::Cancelled)
            m_verdict->say(InlineNote::Kind::Info, tr("Cancelled after %1.").arg(durationText(job.seconds)),
                           tr("Nothing was written. What was measured is kept: the next run resumes there."));
        else
            m_verdict->say(InlineNote::Kind::Problem, job.sentence, job.hint);
        return;
    }
    const ExportRecord &record = values.exports.back();
    const bool isPassed = record.verification.isPassed;
    m_verdict->say(isPassed ? InlineNote::Kind::Success : InlineNote::Kind::Warning,
                   isPassed ? tr("Exported and verified.") : tr("Exported, but the verification failed."),
                   verificationText(record.verification));
    m_written->setWhole(QString::fromStdString(record.folder.string()));
    const ModelFigures before = session.denseFigures();
    const qint64 bytes = values.model->tensorBytes;
    FactList::Facts facts = {
        {tr("Weights"),
         tr("%1 instead of %2 (%3)").arg(bytesText(record.bytes), bytesText(bytes), changeText(double(bytes), double(record.bytes)))},
        {tr("Parameters"), tr("%1 instead of %2").arg(exactText(record.parameters), exactText(before.modelParameters))},
    };
    const auto measured = std::find_if(values.evaluations.rbegin(), values.evaluations.rend(),
                                       [&](const EvaluationRecord &e) { return e.planHash == record.planHash; });
    if (measured != values.evaluations.rend()) {
        const auto dense = std::find_if(values.evaluations.rbegin(), values.evaluations.rend(), [&](const EvaluationRecord &e) {
            return e.planHash.empty() && e.result.tokenHash == measured->result.tokenHash;
        });
        const QString now = perplexityText(measured->result.perplexity), text = QString::fromStdString(textName(measured->text));
        facts.emplace_back(tr("Perplexity"), dense == values.evaluations.rend()
                                                 ? tr("%1 on %2").arg(now, text)
                                                 : tr("%1 instead of %2, on %3").arg(now, perplexityText(dense->result.perplexity), text));
    }
    if (m_draft.calibration < 0) // the job's own
        m_draft.calibration = session.draft().calibration;
    const SparsityBalance found = balance(session.spec(), m_draft.balance);
    QStringList layers;
    if (const std::optional<SearchRecord> search = searchOf(values, m_draft, found.neuronsKept))
        for (const std::int64_t layer : search->removalOrder())
            if (layers.size() < found.attentionsToRemove)
                layers << QString::number(layer);
    facts.emplace_back(tr("Neurons kept"), tr("%1 of %2 in every layer").arg(exactText(found.neuronsKept), exactText(session.neurons())));
    facts.emplace_back(tr("Attentions removed"), layers.isEmpty()     ? tr("none")
                                                 : layers.size() == 1 ? tr("layer %1").arg(layers.front())
                                                                      : tr("layers %1").arg(layers.join(QStringLiteral(", "))));
    facts.emplace_back(tr("Target"), QString::fromStdString(record.format));
    facts.emplace_back(tr("Time"), durationText(job.seconds));
    m_facts->setFacts(facts);
    m_openFolder->setFocus();
}

} // namespace secateur::ui
