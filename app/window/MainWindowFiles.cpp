// SPDX-License-Identifier: GPL-3.0-or-later
// What the main window opens and saves: models, sessions, what was left behind, what is dropped on it.
#include "window/MainWindow.h"

#include "checkpoint/ModelName.h"
#include "models/TextNames.h"
#include "panels/start/StartPanel.h"
#include "panels/texts/TextFiles.h"

#include <QApplication>
#include <QDateTime>
#include <QDropEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QMimeData>

#include <algorithm>
#include <chrono>

namespace secateur::ui {
namespace {

const QString kSessionSuffix = QStringLiteral("secateur");

} // namespace

void MainWindow::open(const QString &given)
{
    const QString path = QFileInfo(given).absoluteFilePath(); // it is remembered, and saved to
    const QString suffix = QFileInfo(path).suffix();
    if (suffix == kSessionSuffix)
        return openSession(path);
    keepView();
    const bool isNamedAsFile = suffix == QLatin1String("json") || suffix == QLatin1String("safetensors");
    if (isNamedAsFile || (QFileInfo(path).isFile() && suffix != QLatin1String("gguf"))) // a plan, scores, or a file of a model
        m_jobs.openFile(path.toStdString());
    else
        m_jobs.openModel(path.toStdString());
    if (!isNamedAsFile)
        show(Tab::Model);
}

/// Whatever it is called: a file that was chosen as a session is none or is damaged, and is not taken for a model.
void MainWindow::openSession(const QString &path)
{
    m_keeper.open(QFileInfo(path).absoluteFilePath());
    show(Tab::Model);
}

/// What was opened is to be seen.
void MainWindow::followFile(const QString &file, secateur::Openable kind)
{
    m_settings.addRecent(file);
    show(kind == Openable::Scores ? Tab::Importance : Tab::Balance);
}

/// A plan without a model, and its file does not say where that is.
void MainWindow::askForModelOf(const QString &file)
{
    show(Tab::Model);
    m_messages.post(
        {.severity = Message::Severity::Warning,
         .sentence = tr("'%1' belongs to a model that is not open, and does not say where that model is.").arg(QFileInfo(file).fileName()),
         .hint = tr("Choose the model's folder: the file is then opened with it."),
         .topic = QStringLiteral("open"),
         .actionText = tr("Choose the model folder…"),
         .action =
             [this, file] {
                 const QString folder = QFileDialog::getExistingDirectory(this, tr("Open the model of %1").arg(QFileInfo(file).fileName()));
                 if (!folder.isEmpty())
                     m_jobs.openModelFor(folder.toStdString(), file.toStdString());
             },
         .time = {}});
}

void MainWindow::openSample()
{
    if (!m_sample.isThere()) {
        m_messages.post({.severity = Message::Severity::Error,
                         .sentence = tr("The bundled sample is not installed."),
                         .hint = tr("Open a model of your own, or install the program again."),
                         .topic = QStringLiteral("open"),
                         .actionText = {},
                         .action = {},
                         .time = {}});
        return;
    }
    constexpr std::int64_t kWindows = 32, kLength = 512;
    const SampleTexts texts{
        .calibration = {.files = {m_sample.calibrationText().toStdString()}, .windows = kWindows, .length = kLength, .seed = 0},
        .evaluation = {.files = {m_sample.evaluationText().toStdString()}, .windows = {}, .length = kLength, .seed = 0}};
    keepView();
    m_jobs.openModel(m_sample.model().toStdString(), texts);
    show(Tab::Model);
}

void MainWindow::chooseModel()
{
    const QString folder = QFileDialog::getExistingDirectory(this, tr("Open a model folder"));
    if (!folder.isEmpty())
        open(folder);
}

void MainWindow::chooseGguf()
{
    const QString file = QFileDialog::getOpenFileName(this, tr("Open a GGUF file"), {}, tr("GGUF models (*.gguf)"));
    if (!file.isEmpty())
        open(file);
}

void MainWindow::chooseSession()
{
    const QString file = QFileDialog::getOpenFileName(this, tr("Open a session"), {}, tr("Sessions (*.secateur)"));
    if (!file.isEmpty())
        openSession(file);
}

void MainWindow::chooseFile()
{
    const QString file = QFileDialog::getOpenFileName(this, tr("Open a plan or scores"), {},
                                                      tr("Plans, manifests and scores (*.json *.safetensors);;All files (*)"));
    if (!file.isEmpty())
        open(file);
}

void MainWindow::save()
{
    keepView();
    m_keeper.save();
}

void MainWindow::saveAs()
{
    if (QApplication::activeModalWidget()) // asked already: the disk answered late to a Save before this one
        return;
    keepView();
    QFileDialog dialog(this, tr("Save the session"), {}, tr("Sessions (*.secateur)"));
    dialog.setAcceptMode(QFileDialog::AcceptSave);
    dialog.setDefaultSuffix(QStringLiteral("secateur"));
    dialog.selectFile(m_keeper.file().isEmpty() ? m_model.modelName() : m_keeper.file());
    if (dialog.exec() == QDialog::Accepted)
        m_keeper.save(dialog.selectedFiles().constFirst());
}

void MainWindow::offer(const std::vector<RecoverableSession> &sessions)
{
    m_unsaved = sessions;
    m_start->setRecoverable(sessions);
    const auto interrupted =
        std::find_if(sessions.begin(), sessions.end(), [](const RecoverableSession &s) { return !s.wasClosed && s.problem.empty(); });
    if (interrupted == sessions.end() || m_model.hasModel())
        return;
    const QString model = QString::fromStdString(secateur::modelName(interrupted->modelFolder).brief);
    const QString file = QString::fromStdString(interrupted->sessionFile.string());
    m_messages.post({.severity = Message::Severity::Warning,
                     .sentence = interrupted->sessionFile.empty() ? tr("The last session, with %1, was interrupted.").arg(model)
                                                                  : tr("The session '%1' was interrupted.").arg(QFileInfo(file).fileName()),
                     .hint = tr("Everything up to its last evaluation is kept."),
                     .topic = QStringLiteral("recovery"),
                     .actionText = tr("Restore it"),
                     .action = [this, folder = interrupted->folder] { m_keeper.restore(folder); },
                     .time = {}});
}

/// A session that was opened may have changes that were made later and never saved.
void MainWindow::offerNewer()
{
    const std::filesystem::path file = m_keeper.file().toStdString();
    const auto isNewer = [&](const RecoverableSession &unsaved) {
        return !file.empty() && unsaved.sessionFile == file && unsaved.problem.empty() &&
               std::chrono::duration_cast<std::chrono::milliseconds>(unsaved.lastChange.time_since_epoch()).count() >
                   QFileInfo(m_keeper.file()).lastModified().toMSecsSinceEpoch();
    };
    const auto newer = std::find_if(m_unsaved.begin(), m_unsaved.end(), isNewer); // the newest comes first
    if (newer != m_unsaved.end())
        m_messages.post({.severity = Message::Severity::Warning,
                         .sentence = tr("There are newer changes to %1 that were not saved.").arg(QFileInfo(m_keeper.file()).fileName()),
                         .hint = tr("They are kept, also on the Model page."),
                         .topic = QStringLiteral("recovery"),
                         .actionText = tr("Restore them"),
                         .action = [this, folder = newer->folder] { m_keeper.restore(folder); },
                         .time = {}});
}

void MainWindow::dragEnterEvent(QDragEnterEvent *event)
{
    if (event->mimeData()->hasUrls())
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent *event)
{
    for (const QUrl &url : event->mimeData()->urls()) {
        const QFileInfo dropped(url.toLocalFile());
        if (isNamedAsText(dropped.fileName())) {
            if (!m_model.hasModel()) {
                m_messages.post({.severity = Message::Severity::Warning,
                                 .sentence = tr("'%1' is a text, and no model is open yet.").arg(textFileName(dropped.fileName())),
                                 .hint = tr("Drop a model folder first."),
                                 .topic = QStringLiteral("open"),
                                 .actionText = {},
                                 .action = {},
                                 .time = {}});
                return;
            }
            TextSettings text = m_model.session().calibrationText;
            text.files = {dropped.absoluteFilePath().toStdString()};
            m_editor.setTexts(text, m_model.session().evaluationText, m_model.session().norm);
            show(Tab::Calibration);
        } else if (dropped.exists()) {
            open(dropped.absoluteFilePath());
        }
        event->acceptProposedAction();
        return; // one at a time
    }
}

} // namespace secateur::ui
