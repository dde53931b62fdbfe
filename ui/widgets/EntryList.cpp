// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/EntryList.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QResizeEvent>
#include <QStyledItemDelegate>

#include <algorithm>
#include <utility>

namespace secateur::ui {
namespace {

constexpr int kDetailRole = Qt::UserRole, kFigureRole = Qt::UserRole + 1;
constexpr int kMargin = 8, kGap = 2, kMostShown = 8;

int entryHeight(const QFontMetrics &metrics)
{
    return 2 * metrics.height() + kGap + 2 * (kMargin - 2);
}

class EntryDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex & /*index*/) const override
    {
        return {100, entryHeight(option.fontMetrics)};
    }

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        QStyleOptionViewItem background = option;
        initStyleOption(&background, index);
        background.text.clear();
        option.widget->style()->drawControl(QStyle::CE_ItemViewItem, &background, painter, option.widget);

        const bool isEnabled = option.state.testFlag(QStyle::State_Enabled);
        const QColor muted = option.palette.color(QPalette::PlaceholderText);
        const QColor text = isEnabled ? option.palette.color(QPalette::Text) : muted;
        const QRect area = option.rect.adjusted(kMargin, kMargin - 2, -kMargin, 2 - kMargin);
        const QFontMetrics &metrics = option.fontMetrics;
        const QString figure = index.data(kFigureRole).toString();
        const int figureWidth = figure.isEmpty() ? 0 : metrics.horizontalAdvance(figure) + kMargin;
        const QRect top(area.left(), area.top(), area.width(), metrics.height());
        painter->save();
        painter->setFont(option.font);
        painter->setPen(muted);
        painter->drawText(top, int(Qt::AlignRight | Qt::AlignVCenter), figure);
        const QString detail = metrics.elidedText(index.data(kDetailRole).toString(), Qt::ElideMiddle, area.width());
        painter->drawText(top.translated(0, metrics.height() + kGap), int(Qt::AlignLeft | Qt::AlignVCenter), detail);
        painter->setPen(text);
        const QString title = metrics.elidedText(index.data().toString(), Qt::ElideMiddle, area.width() - figureWidth);
        painter->drawText(top, int(Qt::AlignLeft | Qt::AlignVCenter), title);
        painter->restore();
    }
};

} // namespace

EntryList::EntryList(const QString &name, QWidget *parent) : QListWidget(parent)
{
    setAccessibleName(name);
    setItemDelegate(new EntryDelegate(this));
    setFrameShape(QFrame::NoFrame);
    setMouseTracking(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setUniformItemSizes(true);
    connect(this, &QListWidget::itemClicked, this, [this](QListWidgetItem *item) {
        if (item->flags().testFlag(Qt::ItemIsEnabled))
            emit chosen(row(item));
    });
}

void EntryList::setEntries(const std::vector<Entry> &entries, const QString &emptyText)
{
    m_emptyText = emptyText;
    clear();
    for (const Entry &entry : entries) {
        auto *item = new QListWidgetItem(entry.title, this);
        const QString detail = entry.problem.isEmpty() ? entry.detail : entry.problem;
        item->setData(kDetailRole, detail);
        item->setData(kFigureRole, entry.figure);
        item->setToolTip(entry.title + QLatin1Char('\n') + detail);
        item->setData(Qt::AccessibleTextRole, QStringList{entry.title, entry.figure, detail}.join(QStringLiteral(", ")));
        if (!entry.problem.isEmpty())
            item->setFlags(item->flags() & ~Qt::ItemIsEnabled);
    }
    updateGeometry();
    viewport()->update();
}

QSize EntryList::sizeHint() const
{
    const int shown = std::clamp(count(), 0, kMostShown);
    const int empty =
        fontMetrics().boundingRect(QRect(0, 0, std::max(160, width() - 2 * kMargin), 1000), Qt::TextWordWrap, m_emptyText).height() +
        2 * kMargin;
    return {240, (shown == 0 ? empty : shown * entryHeight(fontMetrics())) + 2 * frameWidth()};
}

QSize EntryList::minimumSizeHint() const
{
    return {160, sizeHint().height()};
}

/// The words that stand for no entries need another height at another width.
void EntryList::resizeEvent(QResizeEvent *event)
{
    QListWidget::resizeEvent(event);
    if (count() == 0 && event->oldSize().width() != event->size().width())
        updateGeometry();
}

void EntryList::paintEvent(QPaintEvent *event)
{
    QListWidget::paintEvent(event);
    if (count() > 0)
        return;
    QPainter painter(viewport());
    painter.setPen(palette().color(QPalette::PlaceholderText));
    painter.drawText(viewport()->rect().adjusted(kMargin, kMargin, -kMargin, -kMargin),
                     int(Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap), m_emptyText);
}

void EntryList::keyPressEvent(QKeyEvent *event)
{
    const bool isEnter = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter || event->key() == Qt::Key_Space;
    if (isEnter && currentItem() && currentItem()->flags().testFlag(Qt::ItemIsEnabled))
        emit chosen(currentRow());
    else
        QListWidget::keyPressEvent(event);
}

void EntryList::mouseDoubleClickEvent(QMouseEvent * /*event*/)
{
    m_isSecondClick = true;
}

void EntryList::mouseReleaseEvent(QMouseEvent *event)
{
    if (!std::exchange(m_isSecondClick, false))
        QListWidget::mouseReleaseEvent(event);
}

} // namespace secateur::ui
