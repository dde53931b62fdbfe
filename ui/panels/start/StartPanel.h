// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/HubCache.h"
#include "panels/parts/Workbench.h"
#include "session/Openable.h"
#include "session/SessionStore.h"

#include <QFutureWatcher>
#include <QScrollArea>
#include <QStringList>
#include <vector>

class QBoxLayout;
class QPushButton;

namespace secateur::ui {

class Card;
class DropArea;
class EntryList;
class ModelCard;
class UnsavedSessions;

/// Where everything begins: opens a model or a session from a drop, a dialog, the recent ones, what a crash left behind, or the Hugging Face
/// cache, and says what the open model is made of and whether its weights fit into memory.
class StartPanel : public QScrollArea {
    Q_OBJECT
public:
    explicit StartPanel(Workbench workbench, QWidget *parent = nullptr);

    /// Models, sessions, plans and scores, newest first. What a file is, is looked up off the interface's thread.
    void setRecent(const QStringList &paths);
    void setRecoverable(std::vector<RecoverableSession> sessions);
    /// The bundled model's folder; empty = there is none.
    void setSampleFolder(const QString &folder);
    /// Looks for models in the Hugging Face cache again, off the interface's thread.
    void scanHubCache();
    /// A quiet card that offers newcomers the tour, as long as nothing is open and nobody has answered.
    void offerTour();
    bool isTourOffered() const;

signals:
    void modelRequested(const QString &path, bool isSample);
    void sessionRequested(const QString &file);
    void restoreRequested(const QString &folder);
    void discardRequested(const QString &folder);
    void recentCleared();
    void pruneRequested(); ///< all of it in one go
    void nextRequested();  ///< on to the calibration
    void tourRequested();

protected:
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dragLeaveEvent(QDragLeaveEvent *event) override;
    void dropEvent(QDropEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    void build();
    QWidget *buildLists();
    void buildTour();
    void showRecent();
    void followLook();
    void openPath(const QString &path);
    void chooseModel();
    void chooseSession();
    void showHubCache();
    void followModel();
    void followPrimary();

    Workbench m_workbench;
    QStringList m_recent;
    std::vector<Openable> m_kinds; ///< of these
    QFutureWatcher<std::vector<Openable>> m_look;
    QString m_sample;
    std::vector<CachedModel> m_cached;
    QFutureWatcher<std::vector<CachedModel>> m_scan;

    QBoxLayout *m_columns = nullptr;
    DropArea *m_drop;
    QPushButton *m_openModel, *m_openSession, *m_openSample, *m_clearRecent;
    ModelCard *m_card;
    EntryList *m_recentList, *m_hubList;
    UnsavedSessions *m_unsaved;
    Card *m_tour;
};

} // namespace secateur::ui
