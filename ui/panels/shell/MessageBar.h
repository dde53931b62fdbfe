// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/common/Workbench.h"

#include <QPointer>
#include <QWidget>
#include <chrono>
#include <vector>

class QPushButton;
class QVBoxLayout;

namespace secateur::ui {

class MessageRow;

/// What people should know now, never modal: the newest messages of the log, newest first, in a box that lies over the lower right corner of a page.
/// Nothing moves when it comes and goes; it keeps clear of the main buttons of the page, of what has the focus and of the pointer, so that no click hits it
/// by surprise. Esc in it puts the newest away.
class MessageBar : public QWidget {
    Q_OBJECT
public:
    explicit MessageBar(Workbench workbench, QWidget *parent = nullptr);

    static constexpr std::size_t kMostRows = 3;
    /// How long notes and successes stay; for messages to come.
    void setPatience(std::chrono::milliseconds patience) { m_patience = patience; }
    /// The part of the parent that it may lie over; all of it unless told.
    void setPage(QWidget &page);
    /// Goes where it covers no main button; for when another page is shown.
    void place();
    /// Puts the newest away; false where there is none.
    bool dismissNewest();

signals:
    /// "and n more" was pressed.
    void logRequested();

protected:
    bool event(QEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void paintEvent(QPaintEvent *event) override;

private:
    void follow();
    bool coversWhatIsUsed(const QRect &area) const;

    MessageLog &m_log;
    QPointer<QWidget> m_page;
    std::chrono::milliseconds m_patience{8000};
    std::vector<MessageRow *> m_rows; ///< newest first
    QVBoxLayout *m_layout;
    QPushButton *m_more;
};

} // namespace secateur::ui
