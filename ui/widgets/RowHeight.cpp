// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/RowHeight.h"

#include <QEvent>
#include <QHeaderView>
#include <QTableView>

namespace secateur::ui {
namespace {

constexpr int kAround = 8; ///< pixels above and below a line, together

class RowFitter : public QObject {
public:
    explicit RowFitter(QTableView &view) : QObject(&view), m_view(view)
    {
        fit();
        view.installEventFilter(this);
    }

    bool eventFilter(QObject * /*watched*/, QEvent *event) override
    {
        if (event->type() == QEvent::FontChange)
            fit();
        return false;
    }

private:
    void fit() { m_view.verticalHeader()->setDefaultSectionSize(m_view.fontMetrics().height() + kAround); }

    QTableView &m_view;
};

} // namespace

void fitRowsToFont(QTableView &view)
{
    new RowFitter(view);
}

} // namespace secateur::ui
