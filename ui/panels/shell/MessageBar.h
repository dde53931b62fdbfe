// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/shell/MessageRows.h"

#include <QPointer>

namespace secateur::ui {

/// Messages that pass, in a box over the lower right corner of a page. Nothing moves when it comes and goes; it keeps clear of the main buttons of the page, of
/// what has the focus and of the pointer, so that no click hits it by surprise.
class MessageBar : public MessageRows {
    Q_OBJECT
public:
    explicit MessageBar(Workbench workbench, QWidget *parent = nullptr);

    /// The part of the parent that it may lie over; all of it unless told.
    void setPage(QWidget &page);
    /// Goes where it covers no main button; for when another page is shown.
    void place();

protected:
    bool event(QEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    bool coversWhatIsUsed(const QRect &area) const;

    QPointer<QWidget> m_page;
};

} // namespace secateur::ui
