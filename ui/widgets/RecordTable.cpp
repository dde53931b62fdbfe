// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/RecordTable.h"

#include "widgets/RowHeight.h"

#include <QHeaderView>
#include <QHelpEvent>
#include <QResizeEvent>
#include <QScrollBar>
#include <QStyle>
#include <QStyledItemDelegate>
#include <QToolTip>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr int kGap = 12;       ///< between columns
constexpr int kMeasured = 100; ///< rows whose words decide how wide a column is: of thousands, that would take too long
constexpr int kWidest = 44;    ///< letters of a column; what is longer is cut, and in the tooltip

/// Words that have a colour of their own keep it in a selected row, where a style sheet's colour would win.
class OwnColours : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        QStyleOptionViewItem words = option;
        if (option.state.testFlag(QStyle::State_Selected) && index.data(Qt::ForegroundRole).isValid()) {
            QStyleOptionViewItem ground = option;
            initStyleOption(&ground, index);
            ground.text.clear();
            option.widget->style()->drawControl(QStyle::CE_ItemViewItem, &ground, painter, option.widget);
            words.state &= ~QStyle::State_Selected;
        }
        QStyledItemDelegate::paint(painter, words, index);
    }
};

} // namespace

RecordTable::RecordTable(const QString &name, int mostShown, QWidget *parent) : QTableView(parent), m_mostShown(mostShown)
{
    setAccessibleName(name);
    setItemDelegate(new OwnColours(this));
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setShowGrid(false);
    setWordWrap(false);
    setTextElideMode(Qt::ElideMiddle);
    setTabKeyNavigation(false); // Tab leaves the table
    setCornerButtonEnabled(false);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setVerticalScrollMode(ScrollPerPixel);
    setHorizontalScrollMode(ScrollPerPixel);
    verticalHeader()->hide();
    fitRowsToFont(*this);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setResizeContentsPrecision(kMeasured);
}

void RecordTable::setModel(QAbstractItemModel *model)
{
    QTableView::setModel(model);
    connect(model, &QAbstractItemModel::modelReset, this, &RecordTable::fit);
    connect(model, &QAbstractItemModel::dataChanged, this, &RecordTable::fit);
    fit();
}

void RecordTable::changeEvent(QEvent *event)
{
    QTableView::changeEvent(event);
    if (event->type() != QEvent::FontChange)
        return;
    fit();
    updateGeometry();
}

void RecordTable::fit()
{
    const int stretched = horizontalHeader()->stretchLastSection() ? 1 : 0; // takes what is left
    for (int column = 0; model() && column < model()->columnCount() - stretched; ++column)
        if (column != m_stretched)
            setColumnWidth(column, neededWidth(column));
    fitStretched();
    updateGeometry();
}

int RecordTable::neededWidth(int column) const
{
    const int words = std::min(sizeHintForColumn(column), fontMetrics().averageCharWidth() * kWidest);
    return std::max(words, horizontalHeader()->sectionSizeHint(column)) + kGap;
}

void RecordTable::setStretched(int column)
{
    m_stretched = column;
    connect(horizontalHeader(), &QHeaderView::sectionResized, this, [this](int resized) { // another one, or it was hidden
        if (resized != m_stretched)
            fitStretched();
    });
    fit();
}

void RecordTable::fitStretched()
{
    if (m_stretched < 0 || !model())
        return;
    const int others = horizontalHeader()->length() - columnWidth(m_stretched);
    setColumnWidth(m_stretched, std::max(neededWidth(m_stretched), viewport()->width() - others));
}

void RecordTable::resizeEvent(QResizeEvent *event)
{
    QTableView::resizeEvent(event);
    if (event->size().width() != event->oldSize().width()) {
        fitStretched();
        updateGeometry(); // a scroll bar may come or go
    }
}

/// A cell that is cut says the whole, where it has nothing better to say.
bool RecordTable::viewportEvent(QEvent *event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto *help = static_cast<QHelpEvent *>(event);
        const QModelIndex index = indexAt(help->pos());
        if (index.isValid() && index.data(Qt::ToolTipRole).toString().isEmpty() &&
            sizeHintForIndex(index).width() > visualRect(index).width()) {
            QToolTip::showText(help->globalPos(), index.data().toString(), viewport(), visualRect(index));
            return true;
        }
    }
    return QTableView::viewportEvent(event);
}

QSize RecordTable::sizeHint() const
{
    const int rows = model() ? std::clamp(model()->rowCount(), 2, m_mostShown) : 2;
    const QHeaderView *header = horizontalHeader();
    const bool isScrolled = horizontalScrollBarPolicy() != Qt::ScrollBarAlwaysOff && header->length() > viewport()->width();
    const int scrollBar = isScrolled ? horizontalScrollBar()->sizeHint().height() : 0;
    return {320, header->sizeHint().height() + rows * verticalHeader()->defaultSectionSize() + scrollBar + 2 * frameWidth()};
}

QSize RecordTable::minimumSizeHint() const
{
    return {160, sizeHint().height()};
}

} // namespace secateur::ui
