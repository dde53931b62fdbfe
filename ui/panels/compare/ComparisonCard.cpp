// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/compare/ComparisonCard.h"

#include "commands/PlanEditor.h"
#include "jobs/JobTable.h"
#include "jobs/RestorationChoice.h"
#include "models/SessionModel.h"
#include "models/TextNames.h"
#include "panels/parts/BusyReason.h"
#include "panels/parts/JobButton.h"
#include "panels/parts/JobCostText.h"
#include "panels/parts/MethodWords.h"
#include "panels/parts/WheelGuard.h"
#include "widgets/CopyButton.h"
#include "widgets/Enabling.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QCheckBox>
#include <QFileDialog>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QRegularExpression>
#include <QSpinBox>
#include <QVBoxLayout>

#include <algorithm>
#include <array>

namespace secateur::ui {
namespace {

/// Those of the paper.
constexpr std::array kSizes = {0.25, 0.375, 0.5};

} // namespace

ComparisonCard::ComparisonCard(Workbench workbench, QWidget *parent)
    : Card(parent),
      m_workbench(workbench),
      m_otherSizes(new QLineEdit),
      m_restored(new QCheckBox(tr("2SSP, &restored"))),
      m_restoredNote(captionLabel({})),
      m_equalSize(new QCheckBox(tr("2SSP at the sizes that the &others reach"))),
      m_authorsWindows(new QCheckBox(tr("As many &windows as the authors take of each method"))),
      m_speed(new QCheckBox(tr("Measure tokens per secon&d"))),
      m_texts(captionLabel({})),
      m_tasks(new ElidedLabel),
      m_chooseFolder(new QPushButton(tr("Choose tas&ks…"))),
      m_noTasks(new QPushButton(tr("No tasks"))),
      m_limit(new QSpinBox),
      m_start(new JobButton),
      m_busy(new BusyReason(workbench.runner, JobKind::Compare, tr("A table is being measured."), this)),
      m_copyCommand(new CopyButton(tr("Copy as command"), [this] { return m_workbench.jobs.comparisonCommand(settings()); })),
      m_close(new QPushButton(tr("Close")))
{
    layOut();
    connectControls();
}

void ComparisonCard::layOut()
{
    setAccessibleName(tr("Measure the table"));
    m_authorsWindows->setChecked(true);
    m_authorsWindows->setToolTip(tr("As far as the text has them; else as many as the page Calibration says"));
    m_equalSize->setToolTip(tr("Methods of blocks reach a little more than was asked for: with equal sizes, rows differ in method only"));
    m_start->setPrimary(true);
    auto *bottom = new QHBoxLayout;
    bottom->addWidget(m_start, 1);
    bottom->addWidget(m_copyCommand);
    bottom->addWidget(m_close);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(12, 10, 12, 10);
    column->setSpacing(6);
    column->addWidget(headingLabel(tr("Measure the table")));
    column->addWidget(captionLabel(
        tr("Finds a plan by each method at each size and measures it beside the original. What was measured already is kept, so a "
           "table that was stopped goes on where it was.")));
    column->addLayout(layOutMethods());
    column->addLayout(layOutSizes());
    column->addWidget(m_equalSize);
    column->addWidget(m_authorsWindows);
    column->addWidget(m_texts);
    column->addLayout(layOutTasks());
    column->addWidget(m_speed);
    column->addSpacing(4);
    column->addLayout(bottom);
}

QLayout *ComparisonCard::layOutMethods()
{
    auto *grid = new QGridLayout;
    grid->setHorizontalSpacing(12);
    grid->setColumnStretch(1, 1);
    for (const PlanMethod method : kOfferedMethods) {
        auto *box = new QCheckBox(QString::fromUtf8(titleOf(method)));
        box->setChecked(method != PlanMethod::EvoPress); // hours on a CPU
        auto *note = captionLabel(methodSentence(method));
        const int row = int(m_methods.size());
        grid->addWidget(box, row, 0, Qt::AlignTop);
        grid->addWidget(note, row, 1);
        m_methods.push_back({method, box, note});
    }
    grid->addWidget(m_restored, int(m_methods.size()), 0, Qt::AlignTop);
    grid->addWidget(m_restoredNote, int(m_methods.size()), 1);
    return grid;
}

QLayout *ComparisonCard::layOutSizes()
{
    auto *row = new QHBoxLayout;
    row->addWidget(new QLabel(tr("Sparsity:")));
    for (const double size : kSizes) {
        auto *box = new QCheckBox(targetText(size));
        box->setAccessibleName(tr("Sparsity %1").arg(targetText(size)));
        box->setChecked(true);
        row->addWidget(box);
        m_sizes.emplace_back(size, box);
    }
    auto *label = new QLabel(tr("other si&zes, %:"));
    label->setBuddy(m_otherSizes);
    m_otherSizes->setAccessibleName(tr("Other sizes in percent"));
    m_otherSizes->setPlaceholderText(tr("12.5; 60"));
    m_otherSizes->setMaximumWidth(m_otherSizes->fontMetrics().averageCharWidth() * 20);
    row->addWidget(label);
    row->addWidget(m_otherSizes, 1);
    row->addStretch(1);
    return row;
}

QLayout *ComparisonCard::layOutTasks()
{
    m_limit->setRange(0, 1'000'000);
    m_limit->setSpecialValueText(tr("all items"));
    m_limit->setAccessibleName(tr("Items of each task"));
    m_limit->setKeyboardTracking(false);
    m_limit->setToolTip(tr("The first so many of each task and subject"));
    new WheelGuard(*m_limit);
    auto *label = new QLabel(tr("&Items:"));
    label->setBuddy(m_limit);
    auto *row = new QHBoxLayout;
    row->addWidget(m_tasks, 1);
    row->addWidget(m_chooseFolder);
    row->addWidget(m_noTasks);
    row->addWidget(label);
    row->addWidget(m_limit);
    return row;
}

void ComparisonCard::connectControls()
{
    for (const Method &method : m_methods)
        connect(method.box, &QCheckBox::toggled, this, &ComparisonCard::follow);
    for (const auto &[size, box] : m_sizes)
        connect(box, &QCheckBox::toggled, this, &ComparisonCard::follow);
    for (QCheckBox *box : {m_restored, m_equalSize, m_authorsWindows, m_speed})
        connect(box, &QCheckBox::toggled, this, &ComparisonCard::follow);
    connect(m_otherSizes, &QLineEdit::textChanged, this, &ComparisonCard::follow);
    connect(m_chooseFolder, &QPushButton::clicked, this, &ComparisonCard::chooseTasks);
    connect(m_noTasks, &QPushButton::clicked, this, [this] {
        TaskSettings tasks = m_workbench.session.session().tasks;
        tasks.paths.clear();
        m_workbench.editor.setTasks(tasks);
        m_chooseFolder->setFocus();
    });
    connect(m_limit, &QSpinBox::valueChanged, this, [this](int value) {
        TaskSettings tasks = m_workbench.session.session().tasks;
        tasks.limit = value > 0 ? std::optional<std::int64_t>(value) : std::nullopt;
        m_workbench.editor.setTasks(tasks);
    });
    connect(m_start, &JobButton::clicked, this, [this] {
        m_workbench.jobs.compare(settings());
        emit closed();
    });
    connect(m_close, &QPushButton::clicked, this, &ComparisonCard::closed);
    connect(m_busy, &BusyReason::changed, this, &ComparisonCard::follow);
    for (const auto changed : {&SessionModel::modelChanged, &SessionModel::textsChanged, &SessionModel::tasksChanged,
                               &SessionModel::evaluationsChanged, &SessionModel::plansChanged, &SessionModel::modelPresenceChanged})
        connect(&m_workbench.session, changed, this, &ComparisonCard::follow);
    connect(&m_workbench.jobs, &SessionJobs::engineReportChanged, this, &ComparisonCard::follow); // then times are known
}

void ComparisonCard::showEvent(QShowEvent *event)
{
    Card::showEvent(event);
    follow();
}

void ComparisonCard::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape)
        emit closed();
    else
        Card::keyPressEvent(event);
}

void ComparisonCard::chooseTasks()
{
    const QString folder = QFileDialog::getExistingDirectory(this, tr("Choose a folder of tasks"));
    if (folder.isEmpty())
        return;
    TaskSettings tasks = m_workbench.session.session().tasks;
    tasks.paths = {folder.toStdString()};
    m_workbench.editor.setTasks(tasks);
}

void ComparisonCard::follow()
{
    if (!isVisible())
        return;
    followTexts();
    followTasks();
    const bool hasPlain =
        std::ranges::any_of(m_methods, [](const Method &method) { return method.method == PlanMethod::TwoSsp && method.box->isChecked(); });
    enableUnless(hasPlain ? QString() : tr("It is made from the plans of 2SSP: choose that method too."), *m_restored,
                 tr("The usual steps of restoring, each of which stays only where the held-out loss does not rise"));
    const ComparisonSettings wanted = settings();
    for (const Method &method : m_methods) {
        ComparisonSettings finding = wanted;
        finding.methods = {method.method};
        finding.restorations.clear();
        tellCost(*method.box, *method.note, methodSentence(method.method), finding);
    }
    ComparisonSettings restoring = wanted;
    restoring.methods = {PlanMethod::TwoSsp};
    restoring.restorations = {restoration()};
    tellCost(
        *m_restored, *m_restoredNote,
        tr("A second row for each plan of 2SSP: its weights are fitted to the outputs of the original, at the same size. Not plain 2SSP."),
        restoring);
    const Possibility possible = possibility(wanted);
    m_copyCommand->setProblem(
        possible && m_workbench.jobs.comparisonCommand(wanted).isEmpty()
            ? tr("The command line takes a whole text to evaluate on, by the length, the column and the documents of the calibration text.")
            : possible.reason);
    m_start->offer(tr("Start"), possible, costText(wanted));
}

/// Beside a box what it asks for, and how long finding the plans takes.
void ComparisonCard::tellCost(QCheckBox &box, QLabel &note, const QString &sentence, ComparisonSettings finding) const
{
    const bool isPossible = !finding.sparsities.empty() && m_workbench.jobs.canCompare(finding);
    finding.evaluations.clear(); // measuring takes about as long whichever method found the plans
    finding.throughput.reset();
    const QString cost = isPossible ? jobCostText(m_workbench.jobs.comparisonCost(finding)).section(u'\n', 0, 0) : QString();
    note.setText(cost.isEmpty() ? sentence : tr("%1 Finds its plans in %2.", "sentence and cost").arg(sentence, cost));
    note.setToolTip(cost.contains(u'~') ? estimateText() : QString());
    note.setAccessibleName(spoken(note.text()));
    box.setAccessibleDescription(spoken(note.text()));
}

/// As "auto" of the command line, without an export.
RestorationSettings ComparisonCard::restoration() const
{
    RestorationSettings settings;
    if (m_workbench.session.hasModel())
        settings.steps = usualSteps(PlanMethod::TwoSsp, m_workbench.session.spec(), {});
    return settings;
}

void ComparisonCard::followTexts()
{
    const Session &session = m_workbench.session.session();
    const auto name = [](const TextSettings &text) { return text.files.empty() ? tr("no text yet") : textFilesName(text); };
    m_texts->setText(tr("Calibrates on %1 and measures perplexity on %2: the texts of the pages Calibration and Evaluation.")
                         .arg(name(session.calibrationText), name(session.evaluationText)));
}

void ComparisonCard::followTasks()
{
    const TaskSettings &tasks = m_workbench.session.session().tasks;
    const QString problem = m_workbench.session.changeProblem();
    QStringList paths;
    for (const std::filesystem::path &path : tasks.paths)
        paths << QString::fromStdString(path.string());
    m_tasks->setWhole(paths.isEmpty() ? tr("No tasks: choose a folder with ARC, HellaSwag, PIQA, WinoGrande or MMLU")
                                      : tr("Tasks in %1").arg(paths.join(QStringLiteral(", "))));
    enableUnless(problem, *m_chooseFolder, tr("Files of the Hugging Face Hub, the originals, or a folder of several"));
    enableUnless(problem.isEmpty() && paths.isEmpty() ? tr("No tasks are chosen.") : problem, *m_noTasks, {});
    enableUnless(problem.isEmpty() && paths.isEmpty() ? tr("Choose tasks first.") : problem, *m_limit,
                 tr("The first so many of each task and subject"));
    const QSignalBlocker quiet(m_limit);
    m_limit->setValue(int(std::min<std::int64_t>(tasks.limit.value_or(0), m_limit->maximum())));
}

std::vector<double> ComparisonCard::typedSizes(bool &isUnderstood) const
{
    isUnderstood = true;
    const bool isCommaDecimal = locale().decimalPoint() == QStringLiteral(",");
    const QRegularExpression between(isCommaDecimal ? QStringLiteral("[;\\s]+") : QStringLiteral("[;,\\s]+"));
    std::vector<double> sizes;
    for (const QString &word : m_otherSizes->text().remove(u'%').split(between, Qt::SkipEmptyParts)) {
        const double percent = locale().toDouble(word, &isUnderstood);
        isUnderstood = isUnderstood && percent > 0 && percent < 100;
        if (!isUnderstood)
            return {};
        sizes.push_back(percent / 100);
    }
    return sizes;
}

ComparisonSettings ComparisonCard::settings() const
{
    const Session &session = m_workbench.session.session();
    ComparisonSettings wanted;
    for (const Method &method : m_methods)
        if (method.box->isChecked())
            wanted.methods.push_back(method.method);
    bool isUnderstood = true;
    wanted.sparsities = typedSizes(isUnderstood);
    for (const auto &[size, box] : m_sizes)
        if (box->isChecked())
            wanted.sparsities.push_back(size);
    std::ranges::sort(wanted.sparsities);
    wanted.sparsities.erase(std::ranges::unique(wanted.sparsities).begin(), wanted.sparsities.end());
    if (m_restored->isChecked() && std::ranges::count(wanted.methods, PlanMethod::TwoSsp) > 0)
        wanted.restorations = {restoration()};
    wanted.isEqualSize = m_equalSize->isChecked();
    wanted.text = session.calibrationText;
    if (m_authorsWindows->isChecked())
        wanted.text.windows.reset();
    if (!session.evaluationText.files.empty())
        wanted.evaluations = {session.evaluationText};
    wanted.tasks = session.tasks;
    if (m_speed->isChecked())
        wanted.throughput = ThroughputSettings();
    return wanted;
}

Possibility ComparisonCard::possibility(const ComparisonSettings &wanted) const
{
    bool isUnderstood = true;
    typedSizes(isUnderstood);
    if (wanted.methods.empty())
        return {tr("Choose a method.")};
    if (!isUnderstood)
        return {tr("The other sizes are no list of numbers above 0 and below 100, such as 12.5; 60.")};
    if (wanted.sparsities.empty())
        return {tr("Choose a size.")};
    if (const Possibility possible = m_workbench.jobs.canCompare(wanted); !possible)
        return possible;
    return {m_busy->text()};
}

QString ComparisonCard::costText(const ComparisonSettings &wanted) const
{
    const std::size_t count = (wanted.methods.size() + wanted.restorations.size()) * wanted.sparsities.size();
    const QString plans = count == 1 ? tr("1 plan and the original") : tr("%1 plans and the original").arg(count);
    const QString cost = jobCostText(m_workbench.jobs.comparisonCost(wanted));
    if (cost.isEmpty())
        return tr("%1; time not known before a first job").arg(plans);
    const bool hasTasks = !wanted.tasks.paths.empty(); // how much they ask is known once they are read
    return (hasTasks ? tr("%1; without the tasks %2", "plans and cost") : tr("%1, %2", "plans and cost")).arg(plans, cost);
}

} // namespace secateur::ui
