// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/compare/CompareTable.h"

#include "panels/compare/CompareModel.h"
#include "panels/parts/InRowEditor.h"

#include <QHeaderView>
#include <QItemSelection>
#include <QMenu>
#include <QSortFilterProxyModel>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr int kLeastRows = 10; ///< that are seen when there are as many

/// What is not known comes last, whichever way it is sorted.
class PlanSorter : public QSortFilterProxyModel {
public:
    using QSortFilterProxyModel::QSortFilterProxyModel;

    void setWords(const QStringList &words)
    {
        m_words = words;
        invalidateFilter();
    }

protected:
    bool filterAcceptsRow(int row, const QModelIndex &parent) const override
    {
        const QString text = sourceModel()->index(row, 0, parent).data(CompareModel::kFilterRole).toString();
        return std::ranges::all_of(m_words, [&](const QString &word) { return text.contains(word, Qt::CaseInsensitive); });
    }

    bool lessThan(const QModelIndex &left, const QModelIndex &right) const override
    {
        const bool isLeftKnown = left.data(sortRole()).isValid(), isRightKnown = right.data(sortRole()).isValid();
        if (isLeftKnown != isRightKnown)
            return isLeftKnown == (sortOrder() == Qt::AscendingOrder);
        return QSortFilterProxyModel::lessThan(left, right);
    }

private:
    QStringList m_words;
};

} // namespace

CompareTable::CompareTable(CompareModel &model, QWidget *parent)
    : RecordTable(tr("Plans"), kLeastRows, parent),
      m_model(model),
      m_sorted(new PlanSorter(this)),
      m_noteEditor(new InRowEditor(this))
{
    m_sorted->setSortRole(CompareModel::kSortRole);
    m_sorted->setSortCaseSensitivity(Qt::CaseInsensitive);
    m_sorted->setSourceModel(&model);
    setModel(m_sorted);
    setSelectionMode(ExtendedSelection);
    setEditTriggers(DoubleClicked | EditKeyPressed);
    horizontalHeader()->setStretchLastSection(true); // the notes
    setSortingEnabled(true);
    horizontalHeader()->setSortIndicator(-1, Qt::AscendingOrder); // in the order of the table until a heading is clicked
    horizontalHeader()->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(horizontalHeader(), &QWidget::customContextMenuRequested, this, [this](QPoint place) {
        auto *menu = new QMenu(this);
        menu->setAttribute(Qt::WA_DeleteOnClose);
        fillColumnMenu(*menu);
        menu->popup(horizontalHeader()->mapToGlobal(place));
    });
    connect(horizontalHeader(), &QHeaderView::sortIndicatorChanged, this,
            [this](int column) { m_sortKey = column >= 0 && column < m_model.columnCount() ? m_model.keyOf(column) : QString(); });
    connect(m_sorted, &QAbstractItemModel::modelReset, this, &CompareTable::showColumns);
    connect(selectionModel(), &QItemSelectionModel::selectionChanged, this, &CompareTable::selectedRowsChanged);
    connect(m_sorted, &QAbstractItemModel::modelReset, this, &CompareTable::selectedRowsChanged); // Qt tells nothing of that
}

void CompareTable::setFilter(const QString &words)
{
    static_cast<PlanSorter *>(m_sorted)->setWords(words.split(u' ', Qt::SkipEmptyParts));
    updateGeometry();
}

QString CompareTable::hiddenColumns() const
{
    QStringList keys(m_hidden.begin(), m_hidden.end());
    keys.sort();
    return keys.isEmpty() ? QStringLiteral("-") : keys.join(u'\n'); // a session passes over words that are empty
}

void CompareTable::setHiddenColumns(const QString &keys)
{
    const QStringList hidden = keys.split(u'\n', Qt::SkipEmptyParts);
    m_hidden = QSet<QString>(hidden.begin(), hidden.end());
    m_hidden.remove(QStringLiteral("-"));
    showColumns();
}

/// The first column stays: it says what a row is.
void CompareTable::fillColumnMenu(QMenu &menu)
{
    for (int column = 1; column < m_model.columnCount(); ++column) {
        const QString key = m_model.keyOf(column);
        QAction *action = menu.addAction(m_model.headerData(column, Qt::Horizontal).toString().replace(u'&', QStringLiteral("&&")));
        action->setCheckable(true);
        action->setChecked(!m_hidden.contains(key));
        connect(action, &QAction::toggled, this, [this, key](bool isShown) { setColumnShown(key, isShown); });
    }
}

void CompareTable::setColumnShown(const QString &key, bool isShown)
{
    if (isShown)
        m_hidden.remove(key);
    else
        m_hidden.insert(key);
    showColumns();
}

void CompareTable::showColumns()
{
    const QString sortKey = m_sortKey;
    int sorted = -1; // columns came or went: it may be another number
    for (int column = 0; column < m_model.columnCount(); ++column) {
        setColumnHidden(column, column > 0 && m_hidden.contains(m_model.keyOf(column)));
        const bool isNote = m_model.columns()[std::size_t(column)].kind == CompareColumn::Kind::Note;
        setItemDelegateForColumn(column, isNote ? m_noteEditor : nullptr);
        if (m_model.keyOf(column) == sortKey)
            sorted = column;
    }
    if (!sortKey.isEmpty() && sorted >= 0 && sorted != horizontalHeader()->sortIndicatorSection())
        horizontalHeader()->setSortIndicator(sorted, horizontalHeader()->sortIndicatorOrder());
    updateGeometry();
}

std::vector<std::size_t> CompareTable::selectedRows() const
{
    std::vector<int> shown;
    for (const QModelIndex &index : selectionModel()->selectedRows())
        shown.push_back(index.row());
    std::ranges::sort(shown);
    std::vector<std::size_t> rows;
    for (const int row : shown)
        rows.push_back(std::size_t(m_sorted->mapToSource(m_sorted->index(row, 0)).row()));
    return rows;
}

void CompareTable::select(const std::vector<std::size_t> &rows)
{
    QItemSelection selection;
    QModelIndex last;
    for (const std::size_t row : rows)
        if (const QModelIndex index = m_sorted->mapFromSource(m_model.index(int(row), 0)); index.isValid()) {
            selection.select(index, index);
            last = index;
        }
    if (last.isValid())
        selectionModel()->setCurrentIndex(last, QItemSelectionModel::NoUpdate);
    selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    if (last.isValid())
        scrollTo(last);
}

int CompareTable::shownRows() const
{
    return m_sorted->rowCount();
}

} // namespace secateur::ui
