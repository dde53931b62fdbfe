// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/compare/PairMap.h"

#include "models/SelectionModel.h"
#include "panels/layers/LayerCells.h"
#include "widgets/Quantity.h"

#include <QHeaderView>
#include <QKeyEvent>
#include <QLocale>
#include <QPainter>
#include <QStyledItemDelegate>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr int kLeastRow = 18, kMostRows = 16; ///< pixels of a row; rows that are seen before it scrolls

} // namespace

QString differenceText(const LayerDifference &layer)
{
    if (layer.isAlike())
        return PairMapModel::tr("the same");
    const bool isOfAttention = layer.firstHasAttention != layer.secondHasAttention;
    if (layer.apart() == 0)
        return PairMapModel::tr("attention");
    const std::optional<double> jaccard = layer.jaccard();
    const QString number = QLocale().toString(jaccard.value_or(0), 'f', 3);
    return isOfAttention ? PairMapModel::tr("%1, attention").arg(number) : number;
}

// ---- the model ----------------------------------------------------------------------------------------------------------------

void PairMapModel::setPair(const PlanPair &pair, const QString &firstName, const QString &secondName)
{
    beginResetModel();
    m_pair = pair;
    m_names[0] = firstName;
    m_names[1] = secondName;
    endResetModel();
}

int PairMapModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_pair.difference.layers.size());
}

int PairMapModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(kColumns);
}

QVariant PairMapModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || (role != Qt::DisplayRole && role != Qt::ToolTipRole))
        return {};
    const auto row = std::size_t(index.row());
    const LayerDifference &layer = m_pair.difference.layers[row];
    if (role == Qt::ToolTipRole) {
        QStringList lines{tr("Layer %1").arg(index.row())};
        for (const std::size_t i : {0U, 1U})
            lines << tr("%1: attention %2; FFN %3", "plan; its parts")
                         .arg(m_names[i], attentionText(m_pair.facts[i][row]), ffnText(m_pair.facts[i][row]));
        lines << tr("%1 neurons kept by both, %2 by one of them alone").arg(exactText(layer.sharedKept), exactText(layer.apart()));
        return lines.join(u'\n');
    }
    switch (index.column()) {
    case Layer:
        return index.row();
    case FirstAttention:
    case SecondAttention:
        return attentionText(m_pair.facts[index.column() == SecondAttention ? 1 : 0][row]);
    case FirstFfn:
    case SecondFfn:
        return ffnText(m_pair.facts[index.column() == SecondFfn ? 1 : 0][row]);
    default:
        return differenceText(layer);
    }
}

QVariant PairMapModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::ToolTipRole)
        return section == Difference ? tr("Jaccard index of the neurons kept: those of both over those of either; 1 is the same")
               : section == Layer    ? QString()
                                     : m_names[section >= SecondAttention ? 1 : 0];
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Layer:
        return tr("layer");
    case FirstAttention:
    case SecondAttention:
        return section == FirstAttention ? tr("A: attention") : tr("B: attention");
    case FirstFfn:
    case SecondFfn:
        return section == FirstFfn ? tr("A: FFN") : tr("B: FFN");
    default:
        return tr("Jaccard");
    }
}

// ---- the view -----------------------------------------------------------------------------------------------------------------

class PairMap::Painter : public QStyledItemDelegate {
public:
    Painter(const PairMapModel &model, const SelectionModel &selection, QObject *parent)
        : QStyledItemDelegate(parent),
          m_model(model),
          m_selection(selection)
    {
    }

    void setPalette(const QPalette &palette) { m_style = PlotStyle::of(palette); }
    const PlotStyle &style() const { return m_style; }

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const QRect &cell = option.rect;
        const int row = index.row();
        if (row == m_selection.selectedLayer() || row == m_selection.hoveredLayer())
            painter->fillRect(cell, m_style.selected);
        const PlanPair &pair = m_model.pair();
        const std::size_t side = index.column() >= PairMapModel::SecondAttention ? 1 : 0;
        painter->save();
        painter->setFont(cellFont(m_style, cell.height()));
        switch (index.column()) {
        case PairMapModel::FirstAttention:
        case PairMapModel::SecondAttention:
            paintAttentionCell(*painter, m_style, cell, pair.facts[side][std::size_t(row)], 4);
            break;
        case PairMapModel::FirstFfn:
        case PairMapModel::SecondFfn:
            paintFfnCell(*painter, m_style, cell, pair.facts[side][std::size_t(row)], pair.widestFfn);
            break;
        default: {
            const bool isMuted = index.column() == PairMapModel::Layer || pair.difference.layers[std::size_t(row)].isAlike();
            painter->setPen(isMuted ? m_style.mutedText : m_style.text);
            const Qt::Alignment edge = index.column() == PairMapModel::Layer ? Qt::AlignRight : Qt::AlignLeft;
            painter->drawText(cell.adjusted(4, 0, -8, 0), int(edge | Qt::AlignVCenter), index.data().toString());
        }
        }
        painter->restore();
    }

private:
    const PairMapModel &m_model;
    const SelectionModel &m_selection;
    PlotStyle m_style;
};

PairMap::PairMap(PairMapModel &model, SelectionModel &selection, QWidget *parent)
    : QTableView(parent),
      m_selection(selection),
      m_painter(new Painter(model, selection, this))
{
    m_painter->setPalette(palette());
    setItemDelegate(m_painter);
    setModel(&model);
    setAccessibleName(tr("Maps of both plans"));
    setFrameShape(QFrame::NoFrame);
    setShowGrid(false);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setEditTriggers(NoEditTriggers);
    setTabKeyNavigation(false);
    setMouseTracking(true);
    setVerticalScrollMode(ScrollPerPixel);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setCornerButtonEnabled(false);
    verticalHeader()->hide();
    verticalHeader()->setMinimumSectionSize(12);
    fitRows();
    horizontalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    horizontalHeader()->setMinimumSectionSize(10);
    horizontalHeader()->setSectionsClickable(false);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    connect(this, &QAbstractItemView::entered, this, [this](const QModelIndex &index) { m_selection.setHoveredLayer(index.row()); });
    connect(&selection, &SelectionModel::hoveredLayerChanged, viewport(), qOverload<>(&QWidget::update));
    connect(&selection, &SelectionModel::selectedLayerChanged, this, &PairMap::followSelected);
    connect(&model, &QAbstractItemModel::modelReset, this, [this] {
        fitColumns();
        updateGeometry();
        followSelected(m_selection.selectedLayer());
    });
}

int PairMap::headingWidth(int column) const
{
    return horizontalHeader()->fontMetrics().horizontalAdvance(model()->headerData(column, Qt::Horizontal).toString());
}

/// The number and the difference as wide as their words, the bars share the rest.
void PairMap::fitColumns()
{
    const QFontMetrics metrics(m_painter->style().font);
    const int number = std::max(metrics.horizontalAdvance(QStringLiteral("8888")), headingWidth(PairMapModel::Layer)) + 12;
    const int words = metrics.horizontalAdvance(tr("%1, attention").arg(QStringLiteral("0.888"))) + 16;
    const int rest = std::max(160, viewport()->width() - number - words);
    const int attention = std::clamp(rest / 6, 34, std::max(70, headingWidth(PairMapModel::SecondAttention) + 12));
    const int ffn = rest / 2 - attention;
    const int widths[PairMapModel::kColumns] = {number, attention, ffn, attention, ffn, words};
    for (int column = 0; column < PairMapModel::kColumns; ++column)
        setColumnWidth(column, widths[column]);
}

void PairMap::followSelected(qint64 layer)
{
    const QModelIndex index = layer >= 0 && layer < model()->rowCount() ? model()->index(int(layer), 0) : QModelIndex();
    if (index.row() != currentIndex().row())
        selectionModel()->setCurrentIndex(index, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    viewport()->update();
}

void PairMap::currentChanged(const QModelIndex &current, const QModelIndex &previous)
{
    QTableView::currentChanged(current, previous);
    if (current.isValid())
        m_selection.setSelectedLayer(current.row());
}

void PairMap::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape)
        event->ignore(); // the window's
    else
        QTableView::keyPressEvent(event);
}

bool PairMap::viewportEvent(QEvent *event)
{
    if (event->type() == QEvent::Leave)
        m_selection.setHoveredLayer(-1);
    return QTableView::viewportEvent(event);
}

/// The whole row has the focus, as in the map of the window.
void PairMap::paintEvent(QPaintEvent *event)
{
    QTableView::paintEvent(event);
    if (!hasFocus() || !currentIndex().isValid())
        return;
    QPainter painter(viewport());
    painter.setPen(QPen(m_painter->style().accent, 1));
    painter.drawRect(QRect(0, rowViewportPosition(currentIndex().row()), viewport()->width() - 1, rowHeight(currentIndex().row()) - 1));
}

/// No letter in them is smaller than beside them.
void PairMap::fitRows()
{
    verticalHeader()->setDefaultSectionSize(std::max(kLeastRow, QFontMetrics(PlotStyle::of(palette()).font).height() + 2));
    updateGeometry();
}

void PairMap::changeEvent(QEvent *event)
{
    QTableView::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) {
        m_painter->setPalette(palette());
        fitRows();
        fitColumns();
        viewport()->update();
    }
}

void PairMap::resizeEvent(QResizeEvent *event)
{
    QTableView::resizeEvent(event);
    fitColumns();
}

QSize PairMap::sizeHint() const
{
    const int rows = model() ? std::clamp(model()->rowCount(), 2, kMostRows) : 2;
    return {420, horizontalHeader()->sizeHint().height() + rows * verticalHeader()->defaultSectionSize() + 2};
}

QSize PairMap::minimumSizeHint() const
{
    return {300, sizeHint().height()};
}

} // namespace secateur::ui
