// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/start/StartPanel.h"

#include "checkpoint/ModelName.h"
#include "foundation/Failures.h"
#include "models/SessionModel.h"
#include "panels/common/InBackground.h"
#include "panels/start/ModelCard.h"
#include "widgets/DropArea.h"
#include "widgets/Enabling.h"
#include "widgets/EntryList.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QDateTime>
#include <QDir>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLocale>
#include <QMimeData>
#include <QPushButton>
#include <QResizeEvent>
#include <QStyle>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>
#include <chrono>
#include <utility>

namespace secateur::ui {
namespace {

constexpr int kTwoColumns = 100;       ///< characters of width from which there is room for the lists beside the model
constexpr std::size_t kFirstShown = 3; ///< unsaved sessions, before all are asked for

bool isSessionFile(const QString &path)
{
    return path.endsWith(QLatin1String(".secateur"), Qt::CaseInsensitive);
}

/// A model's folder, a file of a model, or a session. Anything else is left to whoever is behind.
QString openableIn(const QMimeData *data)
{
    for (const QUrl &url : data->urls()) {
        const QFileInfo file(url.toLocalFile());
        const bool isOfModel = file.fileName() == QLatin1String("config.json") || file.suffix() == QLatin1String("safetensors") ||
                               file.suffix() == QLatin1String("gguf");
        if (url.isLocalFile() && (file.isDir() || isOfModel || isSessionFile(file.fileName())))
            return file.absoluteFilePath();
    }
    return {};
}

/// A path as people write it: the home folder is "~".
QString shortPath(const QString &path)
{
    const QString home = QDir::homePath();
    return path.startsWith(home + QLatin1Char('/')) ? QLatin1Char('~') + path.mid(home.size()) : path;
}

QString pathText(const std::filesystem::path &path)
{
    return QString::fromStdString(path.string());
}

/// "calibrated, 312 candidates searched, not evaluated"
QString doneText(const RecoverableSession &session)
{
    const auto counted = [](std::int64_t count, const QString &none, const QString &one, const QString &many) {
        return count == 0 ? none : count == 1 ? one : many.arg(exactText(count));
    };
    const QString calibrated =
        counted(session.calibrations, StartPanel::tr("not calibrated"), StartPanel::tr("calibrated"), StartPanel::tr("%1 calibrations"));
    const QString searched =
        counted(session.candidates, QString(), StartPanel::tr("1 candidate searched"), StartPanel::tr("%1 candidates searched"));
    const QString evaluated =
        counted(session.evaluations, StartPanel::tr("not evaluated"), StartPanel::tr("1 evaluation"), StartPanel::tr("%1 evaluations"));
    QStringList parts = {calibrated, searched, evaluated};
    if (!session.stoppedJob.empty())
        parts << StartPanel::tr("stopped: %1", "a job, when the window was closed").arg(QString::fromStdString(session.stoppedJob));
    parts.removeAll(QString());
    return parts.join(StartPanel::tr(", ", "between what was done in a session"));
}

QString timeText(std::chrono::system_clock::time_point time)
{
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
    return QLocale().toString(QDateTime::fromSecsSinceEpoch(seconds), QLocale::ShortFormat);
}

} // namespace

StartPanel::StartPanel(Workbench workbench, QWidget *parent)
    : QScrollArea(parent),
      m_workbench(workbench),
      m_drop(new DropArea),
      m_openModel(new QPushButton(tr("Open model folder…"))),
      m_openSession(new QPushButton(tr("Open session…"))),
      m_openSample(new QPushButton(tr("Try the bundled sample"))),
      m_clearRecent(new QPushButton(tr("Clear"))),
      m_allRecoverable(new QPushButton),
      m_card(new ModelCard(workbench)),
      m_recentList(new EntryList(tr("Recent models and sessions"))),
      m_hubList(new EntryList(tr("Models in the Hugging Face cache"))),
      m_recovery(new QWidget),
      m_recoveryRows(new QVBoxLayout)
{
    setAcceptDrops(true);
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::NoFocus); // Tab goes through the controls
    build();
    connect(m_openModel, &QPushButton::clicked, this, &StartPanel::chooseModel);
    connect(m_openSession, &QPushButton::clicked, this, &StartPanel::chooseSession);
    connect(m_openSample, &QPushButton::clicked, this, [this] { emit modelRequested(m_sample, true); });
    connect(m_card, &ModelCard::pruneRequested, this, &StartPanel::pruneRequested);
    connect(m_card, &ModelCard::nextRequested, this, &StartPanel::nextRequested);
    connect(m_recentList, &EntryList::chosen, this, [this](int index) { openPath(m_recent.value(index)); });
    connect(m_hubList, &EntryList::chosen, this, [this](int index) { openPath(pathText(m_cached[std::size_t(index)].folder)); });
    connect(&m_scan, &QFutureWatcher<std::vector<CachedModel>>::finished, this, &StartPanel::showHubCache);
    connect(&workbench.session, &SessionModel::modelChanged, this, &StartPanel::followModel);
    setSampleFolder({});
    setRecent({});
    setRecoverable({});
    followModel();
}

void StartPanel::build()
{
    auto *drop = new QVBoxLayout(m_drop);
    drop->setContentsMargins(16, 20, 16, 20);
    m_drop->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed); // the room beside long lists is the model's
    auto *title = headingLabel(tr("Drop a model folder here"));
    auto *caption = captionLabel(tr("A checkpoint as Hugging Face stores it: config.json, .safetensors files, tokenizer.json. A .gguf file "
                                    "or a session file works too."));
    for (QLabel *label : {title, caption})
        label->setAlignment(Qt::AlignCenter);
    drop->addStretch();
    drop->addWidget(title);
    drop->addWidget(caption);
    drop->addStretch();

    for (QPushButton *button : {m_openSample, m_openModel, m_openSession})
        button->setAccessibleName(button->text());
    m_openSample->setToolTip(
        tr("A small model and two texts that come with the program: from start to a pruned checkpoint in under a minute."));
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addWidget(m_openSample);
    buttons->addWidget(m_openModel);
    buttons->addWidget(m_openSession);
    buttons->addStretch();

    auto *left = new QVBoxLayout;
    left->setSpacing(12);
    left->addWidget(m_drop);
    left->addLayout(buttons);
    left->addWidget(m_card);
    left->addStretch();

    auto *content = new QWidget;
    auto *columns = new QBoxLayout(QBoxLayout::LeftToRight, content);
    m_columns = columns;
    columns->setContentsMargins(16, 16, 16, 16);
    columns->setSpacing(20);
    columns->addLayout(left, 3);
    QWidget *lists = buildLists();
    lists->setMinimumWidth(std::max(lists->fontMetrics().averageCharWidth() * 34, lists->minimumSizeHint().width()));
    columns->addWidget(lists, 2);
    setWidget(content);
}

QWidget *StartPanel::buildLists()
{
    auto *lists = new QWidget;
    auto *layout = new QVBoxLayout(lists);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(6);
    auto *recovery = new QVBoxLayout(m_recovery);
    recovery->setContentsMargins(0, 0, 0, 10);
    recovery->addWidget(headingLabel(tr("Unsaved sessions")));
    recovery->addLayout(m_recoveryRows);
    recovery->addWidget(m_allRecoverable, 0, Qt::AlignLeft);
    layout->addWidget(m_recovery);
    auto *recent = new QHBoxLayout;
    recent->addWidget(headingLabel(tr("Recent")), 1);
    recent->addWidget(m_clearRecent);
    layout->addLayout(recent);
    layout->addWidget(m_recentList);
    layout->addSpacing(10);
    layout->addWidget(headingLabel(tr("Hugging Face cache")));
    layout->addWidget(m_hubList);
    layout->addStretch();
    m_hubList->setEntries({}, tr("Looking…"));
    for (QPushButton *button : {m_clearRecent, m_allRecoverable})
        button->setProperty("link", true);
    m_clearRecent->setAccessibleName(tr("Clear the recent models and sessions"));
    connect(m_clearRecent, &QPushButton::clicked, this, &StartPanel::recentCleared);
    connect(m_allRecoverable, &QPushButton::clicked, this, [this] {
        m_areAllShown = true;
        showRecoverable();
    });
    return lists;
}

void StartPanel::setRecent(const QStringList &paths)
{
    m_recent = paths;
    std::vector<EntryList::Entry> entries;
    for (const QString &path : paths) {
        const QFileInfo file(path);
        const bool isSession = isSessionFile(path);
        const QString title = path == m_sample ? tr("The bundled sample") : QString::fromStdString(modelName(path.toStdString()).full);
        entries.push_back({.title = isSession ? file.completeBaseName() : title,
                           .detail = shortPath(path),
                           .figure = isSession ? tr("session") : tr("model"),
                           .problem = file.exists() ? QString() : tr("not found: %1").arg(shortPath(path))});
    }
    m_recentList->setEntries(entries, tr("No recent models."));
    m_clearRecent->setVisible(!entries.empty());
    followPrimary();
}

void StartPanel::setRecoverable(std::vector<RecoverableSession> sessions)
{
    std::stable_partition(sessions.begin(), sessions.end(), [](const RecoverableSession &session) { return !session.wasClosed; });
    m_recoverable = std::move(sessions);
    m_areAllShown = false;
    showRecoverable();
}

void StartPanel::showRecoverable()
{
    while (QLayoutItem *item = m_recoveryRows->takeAt(0)) {
        item->widget()->hide(); // the keyboard must not find it any more
        item->widget()->deleteLater();
        delete item;
    }
    const std::size_t count = m_recoverable.size(), shown = m_areAllShown ? count : std::min(count, kFirstShown);
    for (std::size_t i = 0; i < shown; ++i)
        m_recoveryRows->addWidget(buildRecoveryRow(m_recoverable[i], i == 0 && !m_recoverable[i].wasClosed));
    m_allRecoverable->setText(tr("Show all %1").arg(count));
    m_allRecoverable->setVisible(shown < count);
    m_recovery->setVisible(count > 0);
}

QWidget *StartPanel::buildRecoveryRow(const RecoverableSession &session, bool isSuggested)
{
    const QString folder = pathText(session.folder), problem = QString::fromStdString(session.problem);
    const QString file = QString::fromStdString(session.sessionFile.filename().string());
    const QString model = !problem.isEmpty() ? tr("A newer session")
                          : file.isEmpty()   ? QString::fromStdString(modelName(session.modelFolder).brief)
                                             : file;
    auto *row = new Card;
    auto *layout = new QVBoxLayout(row);
    layout->setContentsMargins(12, 10, 12, 10);
    layout->setSpacing(4);
    auto *note = new InlineNote;
    layout->addWidget(note);
    note->say(session.wasClosed ? InlineNote::Kind::Info : InlineNote::Kind::Warning,
              !session.wasClosed ? tr("%1 was interrupted").arg(model)
              : file.isEmpty()   ? tr("%1, not saved").arg(model)
                                 : tr("%1, unsaved changes").arg(model));
    layout->addWidget(captionLabel(timeText(session.lastChange)));
    layout->addWidget(captionLabel(problem.isEmpty() ? doneText(session) : problem));
    auto *restore = new QPushButton(tr("Restore")), *discard = new QPushButton(tr("Discard"));
    restore->setProperty("primary", isSuggested);
    enableUnless(problem, *restore, {});
    restore->setAccessibleName(tr("Restore the session of %1").arg(model));
    discard->setAccessibleName(tr("Discard the session of %1").arg(model));
    auto *buttons = new QHBoxLayout;
    buttons->addWidget(restore);
    buttons->addWidget(discard);
    buttons->addStretch();
    layout->addLayout(buttons);
    connect(restore, &QPushButton::clicked, this, [this, folder] { emit restoreRequested(folder); });
    connect(discard, &QPushButton::clicked, this, [this, folder] { emit discardRequested(folder); });
    return row;
}

void StartPanel::setSampleFolder(const QString &folder)
{
    m_sample = folder;
    m_openSample->setVisible(!folder.isEmpty());
    setRecent(m_recent); // it has a name of its own there
}

void StartPanel::scanHubCache()
{
    if (!m_scan.isRunning())
        m_scan.setFuture(inBackground([] { return modelsInHubCache(); }));
}

void StartPanel::showHubCache()
{
    const QString folder = shortPath(pathText(hubCacheFolder()));
    try {
        m_cached = m_scan.result();
    } catch (const std::exception &problem) {
        m_cached.clear();
        m_hubList->setEntries({}, tr("%1 could not be read: %2").arg(folder, QString::fromStdString(asError(problem).what())));
        return;
    }
    std::vector<EntryList::Entry> entries;
    for (const CachedModel &model : m_cached)
        entries.push_back({.title = QString::fromStdString(model.name),
                           .detail = shortPath(pathText(model.folder)),
                           .figure = model.bytes > 0 ? bytesText(model.bytes) : QString(),
                           .problem = QString::fromStdString(model.problem)});
    m_hubList->setEntries(entries, tr("No models in %1. Models downloaded from Hugging Face appear here.").arg(folder));
}

void StartPanel::openPath(const QString &path)
{
    if (isSessionFile(path))
        emit sessionRequested(path);
    else
        emit modelRequested(path, false);
}

void StartPanel::chooseModel()
{
    const QString start = m_recent.isEmpty() ? QDir::homePath() : QFileInfo(m_recent.front()).absolutePath();
    if (const QString folder = QFileDialog::getExistingDirectory(this, tr("Open model folder"), start); !folder.isEmpty())
        openPath(folder);
}

void StartPanel::chooseSession()
{
    const QString file = QFileDialog::getOpenFileName(this, tr("Open session"), {}, tr("Sessions (*.secateur);;All files (*)"));
    if (!file.isEmpty())
        emit sessionRequested(file);
}

void StartPanel::followModel()
{
    m_drop->setMinimumHeight(m_workbench.session.hasModel() ? 90 : 190);
    followPrimary();
    for (QPushButton *button : {m_openSample, m_openModel, m_openSession}) {
        if (!m_workbench.session.hasModel() || !button->hasFocus())
            continue;
        m_card->focusNextStep();
        if (button->hasFocus()) // there is no next step; another Space must not replace the model
            button->clearFocus();
    }
}

/// One way is suggested: the sample to those who never opened anything, a model to everybody else, the card's next step once one is open.
void StartPanel::followPrimary()
{
    const bool isOpen = m_workbench.session.hasModel(), isNew = m_recent.isEmpty() && !m_sample.isEmpty();
    for (const auto &[button, isPrimary] : {std::pair(m_openSample, isNew && !isOpen), std::pair(m_openModel, !isNew && !isOpen)}) {
        button->setProperty("primary", isPrimary);
        button->style()->unpolish(button);
        button->style()->polish(button);
    }
}

void StartPanel::dragEnterEvent(QDragEnterEvent *event)
{
    if (openableIn(event->mimeData()).isEmpty()) {
        event->ignore();
        return;
    }
    m_drop->setActive(true);
    event->acceptProposedAction();
}

void StartPanel::dragLeaveEvent(QDragLeaveEvent * /*event*/)
{
    m_drop->setActive(false);
}

void StartPanel::dropEvent(QDropEvent *event)
{
    m_drop->setActive(false);
    event->acceptProposedAction();
    openPath(openableIn(event->mimeData()));
}

void StartPanel::showEvent(QShowEvent *event)
{
    QScrollArea::showEvent(event);
    scanHubCache();
}

void StartPanel::resizeEvent(QResizeEvent *event)
{
    QScrollArea::resizeEvent(event);
    int needed = m_columns->contentsMargins().left() + m_columns->spacing() + m_columns->contentsMargins().right();
    for (int i = 0; i < m_columns->count(); ++i)
        needed += m_columns->itemAt(i)->minimumSize().width();
    const bool isWide = event->size().width() >= std::max(needed, fontMetrics().averageCharWidth() * kTwoColumns);
    m_columns->setDirection(isWide ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom);
}

} // namespace secateur::ui
