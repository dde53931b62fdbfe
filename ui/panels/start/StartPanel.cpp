// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/start/StartPanel.h"

#include "checkpoint/ModelName.h"
#include "foundation/Failures.h"
#include "models/SessionModel.h"
#include "panels/parts/InBackground.h"
#include "panels/start/ModelCard.h"
#include "panels/start/UnsavedSessions.h"
#include "widgets/Card.h"
#include "widgets/DropArea.h"
#include "widgets/EntryList.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QDir>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QMimeData>
#include <QPushButton>
#include <QResizeEvent>
#include <QStyle>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace secateur::ui {
namespace {

constexpr int kTwoColumns = 100; ///< characters of width from which there is room for the lists beside the model

bool isSessionFile(const QString &path)
{
    return path.endsWith(QLatin1String(".secateur"), Qt::CaseInsensitive);
}

/// What a path of the recent list leads to, by its name: as long as nobody has looked, and where it is gone.
Openable guessed(const QString &path)
{
    const QString suffix = QFileInfo(path).suffix();
    return isSessionFile(path)                      ? Openable::Session
           : suffix == QLatin1String("json")        ? Openable::Plan
           : suffix == QLatin1String("safetensors") ? Openable::Scores
                                                    : Openable::Model;
}

QString kindText(Openable kind)
{
    switch (kind) {
    case Openable::Session:
        return StartPanel::tr("session");
    case Openable::Plan:
        return StartPanel::tr("plan");
    case Openable::Scores:
        return StartPanel::tr("scores");
    case Openable::Model:
        break;
    }
    return StartPanel::tr("model");
}

/// A model's folder, a file of a model, a session, a plan or scores. Anything else is left to whoever is behind.
QString openableIn(const QMimeData *data)
{
    for (const QUrl &url : data->urls()) {
        const QFileInfo file(url.toLocalFile());
        const bool isOfModel = file.suffix() == QLatin1String("json") || file.suffix() == QLatin1String("safetensors") ||
                               file.suffix() == QLatin1String("gguf"); // or a plan, or scores
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

} // namespace

StartPanel::StartPanel(Workbench workbench, QWidget *parent)
    : QScrollArea(parent),
      m_workbench(workbench),
      m_drop(new DropArea),
      m_openModel(new QPushButton(tr("Open model folder…"))),
      m_openSession(new QPushButton(tr("Open session…"))),
      m_openSample(new QPushButton(tr("Try the bundled sample"))),
      m_clearRecent(new QPushButton(tr("Clear"))),
      m_card(new ModelCard(workbench)),
      m_recentList(new EntryList(tr("Recently opened"))),
      m_hubList(new EntryList(tr("Models in the Hugging Face cache"))),
      m_unsaved(new UnsavedSessions),
      m_tour(new Card)
{
    setAcceptDrops(true);
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::NoFocus); // Tab goes through the controls
    buildTour();
    build();
    m_openSample->setObjectName(QStringLiteral("openSample"));
    connect(m_openModel, &QPushButton::clicked, this, &StartPanel::chooseModel);
    connect(m_openSession, &QPushButton::clicked, this, &StartPanel::chooseSession);
    connect(m_openSample, &QPushButton::clicked, this, [this] { emit modelRequested(m_sample, true); });
    connect(m_card, &ModelCard::pruneRequested, this, &StartPanel::pruneRequested);
    connect(m_card, &ModelCard::nextRequested, this, &StartPanel::nextRequested);
    connect(m_recentList, &EntryList::chosen, this, [this](int index) { openPath(m_recent.value(index)); });
    connect(m_hubList, &EntryList::chosen, this, [this](int index) { openPath(pathText(m_cached[std::size_t(index)].folder)); });
    connect(m_unsaved, &UnsavedSessions::restoreRequested, this, &StartPanel::restoreRequested);
    connect(m_unsaved, &UnsavedSessions::discardRequested, this, &StartPanel::discardRequested);
    connect(&m_look, &QFutureWatcher<std::vector<Openable>>::finished, this, &StartPanel::followLook);
    connect(&m_scan, &QFutureWatcher<std::vector<CachedModel>>::finished, this, &StartPanel::showHubCache);
    connect(&workbench.session, &SessionModel::modelChanged, this, &StartPanel::followModel);
    setSampleFolder({});
    setRecent({});
    followModel();
}

void StartPanel::build()
{
    auto *drop = new QVBoxLayout(m_drop);
    drop->setContentsMargins(16, 20, 16, 20);
    m_drop->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed); // the room beside long lists is the model's
    auto *title = headingLabel(tr("Drop a model folder here"));
    auto *caption =
        captionLabel(tr("A checkpoint as Hugging Face stores it: config.json, .safetensors files, tokenizer.json. A .gguf file, "
                        "a session, a plan or scores work too."));
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
    left->addWidget(m_tour);
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

void StartPanel::buildTour()
{
    auto *words = bodyLabel(tr("New here? A tour of five stations goes through the whole work on the bundled sample, in under five "
                               "minutes. The Help menu has it, too."));
    auto *start = new QPushButton(tr("Start the tour"));
    auto *dismiss = new QPushButton(tr("No, thanks"));
    dismiss->setProperty("link", true);
    start->setAccessibleName(start->text());
    dismiss->setAccessibleName(tr("No tour, thanks"));
    auto *row = new QHBoxLayout(m_tour);
    row->setContentsMargins(12, 8, 12, 8);
    row->addWidget(words, 1);
    row->addWidget(start);
    row->addWidget(dismiss);
    m_tour->setAccessibleName(tr("Tour"));
    m_tour->hide();
    connect(start, &QPushButton::clicked, m_tour, &QWidget::hide);
    connect(start, &QPushButton::clicked, this, &StartPanel::tourRequested);
    connect(dismiss, &QPushButton::clicked, this, [this] {
        m_tour->hide();
        m_openModel->setFocus(Qt::OtherFocusReason);
    });
}

void StartPanel::offerTour()
{
    m_tour->setVisible(!m_workbench.session.hasModel() && !m_sample.isEmpty());
}

bool StartPanel::isTourOffered() const
{
    return !m_tour->isHidden();
}

QWidget *StartPanel::buildLists()
{
    auto *lists = new QWidget;
    auto *layout = new QVBoxLayout(lists);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(6);
    layout->addWidget(m_unsaved);
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
    m_clearRecent->setProperty("link", true);
    m_clearRecent->setAccessibleName(tr("Clear the recent models and sessions"));
    connect(m_clearRecent, &QPushButton::clicked, this, &StartPanel::recentCleared);
    return lists;
}

void StartPanel::setRecent(const QStringList &paths)
{
    m_recent = paths;
    m_kinds.clear();
    for (const QString &path : paths)
        m_kinds.push_back(guessed(path));
    showRecent();
    m_look.setFuture(inBackground([paths] {
        std::vector<Openable> kinds;
        for (const QString &path : paths)
            kinds.push_back(QFileInfo::exists(path) ? openableAt(path.toStdString()) : guessed(path));
        return kinds;
    }));
}

void StartPanel::showRecent()
{
    std::vector<EntryList::Entry> entries;
    for (qsizetype i = 0; i < m_recent.size(); ++i) {
        const QString &path = m_recent[i];
        const Openable kind = m_kinds[std::size_t(i)];
        const QFileInfo file(path);
        const QString title = path == m_sample ? tr("The bundled sample") : QString::fromStdString(modelName(path.toStdString()).full);
        entries.push_back({.title = kind == Openable::Model ? title : file.completeBaseName(),
                           .detail = shortPath(path),
                           .figure = kindText(kind),
                           .problem = file.exists() ? QString() : tr("not found: %1").arg(shortPath(path))});
    }
    m_recentList->setEntries(entries, tr("Nothing opened recently."));
    m_clearRecent->setVisible(!entries.empty());
    followPrimary();
}

/// Shows it anew only where a name told something else: a row may be in hand.
void StartPanel::followLook()
{
    if (const std::vector<Openable> found = m_look.result(); found != m_kinds && found.size() == m_kinds.size()) {
        m_kinds = found;
        showRecent();
    }
}

void StartPanel::setRecoverable(std::vector<RecoverableSession> sessions)
{
    m_unsaved->setSessions(std::move(sessions));
}

void StartPanel::setSampleFolder(const QString &folder)
{
    m_sample = folder;
    m_openSample->setVisible(!folder.isEmpty());
    showRecent(); // it has a name of its own there
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
    if (m_workbench.session.hasModel())
        m_tour->hide();
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
