// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/plan/RestoreSettings.h"

#include "exporting/Export.h"
#include "jobs/RestorationChoice.h"
#include "models/SessionModel.h"
#include "models/TextNames.h"
#include "panels/parts/ConceptId.h"
#include "panels/plan/RestorationModel.h"
#include "panels/texts/TextFiles.h"
#include "pruning/RestorationJson.h"
#include "restoration/SequentialRidge.h"
#include "text/TextJson.h"
#include "widgets/Enabling.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"
#include "widgets/SegmentedControl.h"

#include <QCheckBox>
#include <QDir>
#include <QFileDialog>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QSignalBlocker>
#include <QStringList>
#include <QVBoxLayout>

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <utility>

namespace secateur::ui {

RestoreSettings::RestoreSettings(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_how(new SegmentedControl(tr("How the steps are chosen"))),
      m_chosen(RestorationSettings().steps),
      m_widths(new QCheckBox(tr("Widths may differ per layer"))),
      m_gate(new QCheckBox(tr("Keep a step only where no text gets worse"))),
      m_text(new ElidedLabel),
      m_choose(new QPushButton(tr("Choose…"))),
      m_none(new QPushButton(tr("None"))),
      m_warning(new InlineNote)
{
    layOut();
    connect(m_how, &SegmentedControl::chosen, this, [this] {
        follow();
        emit changed();
    });
    for (const Step &step : m_steps)
        connect(step.box, &QCheckBox::clicked, this, [this, of = step.step](bool isOn) {
            std::erase(m_chosen, of);
            if (isOn)
                m_chosen.push_back(of);
            std::ranges::sort(m_chosen);
            emit changed();
        });
    connect(m_widths, &QCheckBox::clicked, this, [this] {
        follow();
        emit changed();
    });
    connect(m_gate, &QCheckBox::clicked, this, &RestoreSettings::changed);
    connect(m_choose, &QPushButton::clicked, this, &RestoreSettings::chooseText);
    connect(m_none, &QPushButton::clicked, this, [this] {
        m_choose->setFocus(); // the button goes
        setText({});
    });
    connect(&workbench.session, &SessionModel::modelChanged, this, [this] {
        m_second.reset(); // it was for the session before
        followTargets();
    });
    followTargets();
}

void RestoreSettings::layOut()
{
    m_how->addChoice(tr("Auto"), tr("The usual steps, each of which stays only where no text gets worse"));
    m_how->addChoice(tr("Chosen steps"));
    m_how->setCurrent(0);
    m_gate->setChecked(true);
    auto *how = new QHBoxLayout;
    how->addWidget(m_how);
    how->addWidget(m_widths);
    how->addWidget(m_gate);
    how->addStretch(1);
    auto *grid = new QGridLayout;
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(2);
    grid->setColumnStretch(1, 1);
    for (const RestorationStepRow &row : kRestorationSteps) {
        auto *box = new QCheckBox(tr("%1: %2", "letters and name of a step").arg(stepLetters(row.step), QString::fromUtf8(row.title)));
        auto *note = captionLabel({});
        for (QWidget *part : std::initializer_list<QWidget *>{box, note})
            explainBy(*part, conceptOf(row.step));
        grid->addWidget(box, int(m_steps.size()), 0, Qt::AlignTop);
        grid->addWidget(note, int(m_steps.size()), 1);
        m_steps.push_back({row.step, box, note});
    }
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addLayout(how);
    column->addLayout(grid);
    column->addWidget(layOutText());
    column->addWidget(m_warning);
}

QWidget *RestoreSettings::layOutText()
{
    m_choose->setAccessibleName(tr("Choose a second text that restoring must not make worse"));
    m_none->setAccessibleName(tr("No second text"));
    auto *name = new QLabel(tr("Second text"));
    auto *holder = new QWidget;
    auto *row = new QHBoxLayout(holder);
    row->setContentsMargins(0, 0, 0, 0);
    row->addWidget(name);
    row->addWidget(m_text, 1);
    row->addWidget(m_choose);
    row->addWidget(m_none);
    return holder;
}

bool RestoreSettings::isAuto() const
{
    return m_how->current() == 0;
}

std::vector<RestorationStep> RestoreSettings::autoSteps() const
{
    const SessionModel &session = m_workbench.session;
    if (!session.hasModel())
        return RestorationSettings().steps;
    const ShelfPlan *shelf = session.shelfPlan();
    std::vector<RestorationStep> steps = usualSteps(shelf ? shelf->plan.method : PlanMethod::TwoSsp, session.spec(), {});
    if (m_widths->isChecked() && stepProblem(RestorationStep::Widths).isEmpty()) {
        steps.push_back(RestorationStep::Widths);
        std::ranges::sort(steps);
    }
    return steps;
}

RestorationSettings RestoreSettings::value() const
{
    RestorationSettings settings;
    settings.steps.clear();
    for (const RestorationStep step : isAuto() ? autoSteps() : m_chosen)
        if (stepProblem(step).isEmpty() || step == RestorationStep::Refit)
            settings.steps.push_back(step);
    settings.isGated = isAuto() || m_gate->isChecked();
    settings.second = m_second;
    return settings;
}

nlohmann::json RestoreSettings::chosen() const
{
    return {{"auto", isAuto()},
            {"widths", m_widths->isChecked()},
            {"gate", m_gate->isChecked()},
            {"steps", namesOf(m_chosen)},
            {"second", m_second ? toJson(*m_second) : nlohmann::json()}};
}

void RestoreSettings::choose(const nlohmann::json &chosen)
{
    std::vector<RestorationStep> steps = {RestorationStep::Refit};
    for (const nlohmann::json &name : chosen.at("steps"))
        if (const RestorationStep step = restorationStepOf(name); std::ranges::count(steps, step) == 0)
            steps.push_back(step);
    std::ranges::sort(steps);
    const nlohmann::json &second = chosen.at("second");
    std::optional<TextSettings> text = second.is_null() ? std::nullopt : std::optional(textFromJson(second));
    const bool isByItself = chosen.at("auto"), areWidthsFree = chosen.at("widths"), isGated = chosen.at("gate");
    m_how->setCurrent(isByItself ? 0 : 1);
    m_widths->setChecked(areWidthsFree);
    m_gate->setChecked(isGated);
    m_chosen = std::move(steps);
    m_second = std::move(text);
    follow();
}

QString RestoreSettings::problem() const
{
    const TextSettings &evaluation = m_workbench.session.session().evaluationText;
    if (m_second && m_second->files == evaluation.files)
        return tr("The second text is the one that you evaluate on: choose another, or the evaluation says too much.");
    return {};
}

QString RestoreSettings::stepProblem(RestorationStep step) const
{
    const SessionModel &session = m_workbench.session;
    if (!session.hasModel())
        return {};
    if (const ShelfPlan *shelf = session.shelfPlan(); shelf && shelf->plan.method == PlanMethod::Manual)
        if (step != RestorationStep::Refit && step != RestorationStep::Sequential)
            return tr("The plan is by hand: what goes is settled.");
    if (step == RestorationStep::Widths && !m_holdsAnyWidths)
        return tr("No export target holds widths that differ for this model.");
    RestorationSettings alone;
    alone.steps = {RestorationStep::Refit};
    if (step != RestorationStep::Refit)
        alone.steps.push_back(step);
    const std::optional<Error> problem = restorationProblem(alone, session.spec());
    return problem ? QString::fromStdString(problem->what()) : QString();
}

QString RestoreSettings::stepSentence(RestorationStep step) const
{
    const SessionModel &session = m_workbench.session;
    switch (step) {
    case RestorationStep::Refit:
        return tr("Fits what is left of every FFN to what the whole FFN gave: one solve a layer. All other steps need it.");
    case RestorationStep::Order:
        return tr("Searches attentions on the fitted model, and takes the N with the lowest held-out loss; K follows.");
    case RestorationStep::Widths: {
        const QString what = tr("Layers that lose more keep more, at the same number of parameters. Not 2SSP.");
        return m_oneWidth.isEmpty()
                   ? what
                   : tr("%1 %2 hold one width, or fill widths up with zeros.", "what it does; targets").arg(what, m_oneWidth);
    }
    case RestorationStep::Sequential: {
        const QString what = tr("Fits again on what the pruned layers before give, attention outputs too. Wants many tokens");
        const NeuronScores *scores = session.scores();
        const qint64 kept = session.neuronsKept();
        if (!scores || kept <= 0)
            return tr("%1.").arg(what);
        constexpr auto kFewest = qint64(kFewestSequentialTokens);
        const qint64 each = scores->provenance.windows * scores->provenance.length / kept;
        if (each >= kFewest)
            return tr("%1: there are %2 for each neuron that stays.").arg(what, exactText(each));
        return tr("%1: there are %2 for each neuron that stays, and below %3 it does harm.").arg(what, exactText(each), exactText(kFewest));
    }
    case RestorationStep::Elimination:
        return tr("Neurons go by what removing them costs after a fit, instead of by their scores. Better on some models only.");
    }
    return {};
}

/// Asked of the rules of export once for each model: the slider need not wait for them.
void RestoreSettings::followTargets()
{
    QStringList oneWidth;
    m_holdsAnyWidths = false;
    if (m_workbench.session.hasModel())
        for (const ExportTarget &target : exportTargets()) {
            if (holdsWidths(target.name, m_workbench.session.spec()))
                m_holdsAnyWidths = true;
            else
                oneWidth << QString::fromStdString(target.name);
        }
    m_oneWidth = QLocale().createSeparatedList(oneWidth);
    follow();
}

void RestoreSettings::follow()
{
    const QString readOnly = m_workbench.session.changeProblem();
    const std::vector<RestorationStep> usual = autoSteps(), &shown = isAuto() ? usual : m_chosen;
    for (const Step &step : m_steps) {
        const QSignalBlocker blocker(step.box);
        const QString cannot = stepProblem(step.step);
        const bool isFirst = step.step == RestorationStep::Refit;
        step.box->setChecked(isFirst || (cannot.isEmpty() && std::ranges::count(shown, step.step) > 0));
        const QString reason = !readOnly.isEmpty() ? readOnly
                               : !cannot.isEmpty() ? cannot
                               : isFirst           ? tr("All other steps need it.")
                               : isAuto()          ? tr("Auto tries what is ticked. Choose 'Chosen steps' to decide.")
                                                   : QString();
        const QString sentence = stepSentence(step.step);
        enableUnless(reason, *step.box, sentence);
        step.note->setText(cannot.isEmpty() ? sentence : cannot);
    }
    const QString noWidths = stepProblem(RestorationStep::Widths);
    m_widths->setVisible(isAuto());
    enableUnless(readOnly.isEmpty() ? noWidths : readOnly, *m_widths,
                 tr("Auto tries R3 too. Export targets that hold one width refuse the plan then."));
    const QString gate = isAuto() ? tr("Auto always keeps to this.") : QString();
    if (isAuto())
        m_gate->setChecked(true);
    enableUnless(readOnly.isEmpty() ? gate : readOnly, *m_gate,
                 tr("A step that makes a held-out text worse is left out of the plan, and stands in the table"));
    m_text->setWhole(
        m_second
            ? tr("%1 (%2 × %3 tokens)").arg(textFilesName(*m_second), exactText(m_second->windows.value_or(0)), exactText(m_second->length))
            : tr("none: only the calibration text is asked, on windows that follow those it was calibrated on"));
    for (QWidget *control : std::initializer_list<QWidget *>{m_how, m_choose, m_none})
        enableUnless(readOnly, *control, {});
    m_none->setVisible(m_second.has_value());
    if (const QString warning = problem(); !warning.isEmpty())
        m_warning->say(InlineNote::Kind::Problem, warning);
    else
        m_warning->clear();
}

void RestoreSettings::chooseText()
{
    const auto &begin = m_second ? m_second->files : m_workbench.session.session().calibrationText.files;
    const QString start = begin.empty() ? QDir::homePath() : QString::fromStdString(begin.front().string());
    const QStringList chosen =
        QFileDialog::getOpenFileNames(this, tr("A text that restoring must not make worse"), start, textFileFilter());
    if (!chosen.isEmpty())
        setText(chosen);
}

/// As many held-out windows as of the calibration text, of the same length.
void RestoreSettings::setText(const QStringList &files)
{
    m_second.reset();
    if (!files.isEmpty()) {
        m_second = TextSettings{
            .files = {}, .windows = RestorationSettings().gateWindows, .length = m_workbench.session.session().calibrationText.length};
        for (const QString &file : files)
            m_second->files.emplace_back(file.toStdString());
    }
    follow();
    emit changed();
}

} // namespace secateur::ui
