// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/prune/PruneTexts.h"

#include "commands/PlanEditor.h"
#include "models/SessionModel.h"
#include "models/TextNames.h"
#include "panels/texts/TextFiles.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QDir>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QPushButton>

#include <algorithm>

namespace secateur::ui {
namespace {

QString described(const TextSettings &text)
{
    const QString name = textFilesName(text);
    return text.windows ? PruneTexts::tr("%1 (%2 × %3 tokens)").arg(name, exactText(*text.windows), exactText(text.length)) : name;
}

QHBoxLayout *rowOf(ElidedLabel *text, std::initializer_list<QPushButton *> buttons)
{
    auto *row = new QHBoxLayout;
    row->setSpacing(6);
    row->addWidget(text, 1);
    for (QPushButton *button : buttons)
        row->addWidget(button);
    return row;
}

bool isFile(const TextSettings &text, const QString &file)
{
    return text.files.size() == 1 && text.files.front() == file.toStdString();
}

} // namespace

PruneTexts::PruneTexts(Workbench workbench, QFormLayout &form, QWidget *parent)
    : QObject(parent),
      m_workbench(workbench),
      m_window(parent),
      m_calibration(new ElidedLabel),
      m_firstLine(new ElidedLabel),
      m_evaluation(new ElidedLabel),
      m_sampleCalibration(new QPushButton(tr("Bundled text"))),
      m_sampleEvaluation(new QPushButton(tr("Bundled text"))),
      m_none(new QPushButton(tr("None")))
{
    auto *chooseCalibration = new QPushButton(tr("Choose…")), *chooseEvaluation = new QPushButton(tr("Choose…"));
    chooseCalibration->setAccessibleName(tr("Choose the calibration text"));
    chooseEvaluation->setAccessibleName(tr("Choose the text on which perplexity is measured"));
    m_sampleCalibration->setAccessibleName(tr("Calibrate on the bundled text"));
    m_sampleEvaluation->setAccessibleName(tr("Evaluate on the bundled text"));
    m_none->setAccessibleName(tr("Measure no perplexity"));
    m_none->setToolTip(tr("The session then has no evaluation text; undo brings it back"));
    m_firstLine->setTextFormat(Qt::PlainText); // it shows what is in a file
    m_firstLine->setForegroundRole(QPalette::PlaceholderText);
    form.addRow(tr("Calibrate on"), rowOf(m_calibration, {chooseCalibration, m_sampleCalibration}));
    form.addRow(QString(), m_firstLine);
    form.addRow(tr("Evaluate on"), rowOf(m_evaluation, {chooseEvaluation, m_sampleEvaluation, m_none}));

    connect(chooseCalibration, &QPushButton::clicked, this, [this] { choose(Use::Calibration); });
    connect(chooseEvaluation, &QPushButton::clicked, this, [this] { choose(Use::Evaluation); });
    connect(m_sampleCalibration, &QPushButton::clicked, this, [this] { setFiles(Use::Calibration, {m_samples[0]}); });
    connect(m_sampleEvaluation, &QPushButton::clicked, this, [this] { setFiles(Use::Evaluation, {m_samples[1]}); });
    connect(m_none, &QPushButton::clicked, this, [this] { setFiles(Use::Evaluation, {}); });

    SessionModel &session = workbench.session;
    connect(&session, &SessionModel::textRead, this, [this](const TextSettings &text, const QStringList &lines) {
        std::erase_if(m_refused, [&](const Refused &refused) { return refused.text == text; });
        if (text == m_workbench.session.session().calibrationText) {
            m_readText = text;
            m_firstLine->setWhole(lines.join(QStringLiteral(" · ")));
        }
        emit changed();
    });
    connect(&session, &SessionModel::textRefused, this, [this](const TextSettings &text, const QString &sentence, const QString &hint) {
        std::erase_if(m_refused, [&](const Refused &refused) { return refused.text == text; });
        m_refused.push_back({text, {sentence, hint}});
        emit changed();
    });
}

void PruneTexts::setSampleTexts(const QString &calibration, const QString &evaluation)
{
    m_samples[0] = calibration;
    m_samples[1] = evaluation;
    follow();
}

void PruneTexts::follow()
{
    const Session &session = m_workbench.session.session();
    const TextSettings &calibration = session.calibrationText, &evaluation = session.evaluationText;
    m_calibration->setWhole(calibration.files.empty() ? tr("no text chosen yet") : described(calibration));
    m_firstLine->setVisible(m_readText == calibration && !m_firstLine->text().isEmpty());
    m_evaluation->setWhole(evaluation.files.empty() ? tr("nothing: perplexity will not be measured") : described(evaluation));
    m_none->setVisible(!evaluation.files.empty());
    m_sampleCalibration->setVisible(!m_samples[0].isEmpty() && !isFile(calibration, m_samples[0]));
    m_sampleEvaluation->setVisible(!m_samples[1].isEmpty() && !isFile(evaluation, m_samples[1]));
}

PruneTexts::Refusal PruneTexts::refusal() const
{
    const Session &session = m_workbench.session.session();
    for (const Refused &refused : m_refused)
        if (refused.text == session.calibrationText || refused.text == session.evaluationText)
            return refused.refusal;
    return {};
}

void PruneTexts::choose(Use use)
{
    const Session &session = m_workbench.session.session();
    const bool isEvaluation = use == Use::Evaluation;
    const auto &own = isEvaluation ? session.evaluationText.files : session.calibrationText.files;
    const auto &begin = own.empty() ? session.calibrationText.files : own; // where the other one is
    const QString start = begin.empty() ? QDir::homePath() : QString::fromStdString(begin.front().string());
    const QStringList chosen = QFileDialog::getOpenFileNames(
        m_window, isEvaluation ? tr("Text to evaluate on") : tr("Text to calibrate on"), start, textFileFilter());
    if (!chosen.isEmpty())
        setFiles(use, chosen);
}

void PruneTexts::setFiles(Use use, const QStringList &files)
{
    const Session &session = m_workbench.session.session();
    TextSettings calibration = session.calibrationText, evaluation = session.evaluationText;
    TextSettings &text = use == Use::Evaluation ? evaluation : calibration;
    text.files.clear();
    for (const QString &file : files)
        text.files.emplace_back(file.toStdString());
    m_workbench.editor.setTexts(calibration, evaluation, session.norm);
}

} // namespace secateur::ui
