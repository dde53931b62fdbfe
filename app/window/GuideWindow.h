// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "window/Guide.h"

#include <QWidget>

class QLabel;
class QLineEdit;
class QListWidget;
class QTextBrowser;
class QUrl;

namespace secateur::ui {

/// The user guide, in a window of its own beside the work: contents, a search through all pages, and the page.
class GuideWindow : public QWidget {
    Q_OBJECT
public:
    /// `folder`: resources/guide.
    GuideWindow(const std::filesystem::path &folder, QWidget *parent);

    bool isThere() const { return !m_pages.empty(); }
    const std::vector<GuidePage> &pages() const { return m_pages; }
    /// Shows a page, by its id; one that there is not leads to the first.
    void open(const QString &id);
    QString page() const; ///< that is shown; its id

protected:
    void keyPressEvent(QKeyEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void fillContents();
    void showPage(int row);
    void followLink(const QUrl &link);
    void mark();
    void goToNextHit();
    QStringList words() const;

    std::vector<GuidePage> m_pages;
    QLineEdit *m_search;
    QListWidget *m_contents;
    QLabel *m_none;
    QTextBrowser *m_browser;
    int m_shown = -1; ///< of m_pages
};

} // namespace secateur::ui
