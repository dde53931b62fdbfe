// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/compare/PlanDifferenceView.h"

#include "panels/compare/CompareColumns.h"
#include "panels/compare/PairMap.h"
#include "panels/parts/InBackground.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"
#include "widgets/RecordTable.h"

#include <QAbstractTableModel>
#include <QBoxLayout>
#include <QLocale>

#include <algorithm>

namespace secateur::ui {
namespace {

using Kind = CompareColumn::Kind;

constexpr int kMostFacts = 14; ///< rows of numbers and settings that are seen before they scroll
constexpr int kBeside = 220;   ///< letters of the width from which on the maps and the numbers stand beside each other

/// "−37.5 %", or "+1.2 points" where the numbers are shares; empty where one of them is not known.
QString differenceOfCells(const QVariant &first, const QVariant &second, Kind kind)
{
    if (!first.isValid() || !second.isValid())
        return {};
    const double before = first.toDouble(), after = second.toDouble();
    if (kind == Kind::Sparsity || kind == Kind::Task)
        return PlanDifferenceView::tr("%1 points", "of percent").arg(signedText(100 * (after - before), 1));
    return before == 0 ? QString() : changeText(before, after);
}

QString summaryText(const PlanDifference &difference)
{
    const std::int64_t attentions = difference.attentionsApart(), neurons = difference.neuronsApart();
    if (attentions == 0 && neurons == 0)
        return PlanDifferenceView::tr("Both leave the same of the model.");
    const QString first = attentions == 0   ? PlanDifferenceView::tr("The same attentions go")
                          : attentions == 1 ? PlanDifferenceView::tr("1 attention goes in one of them alone")
                                            : PlanDifferenceView::tr("%1 attentions go in one of them alone").arg(exactText(attentions));
    const std::optional<double> jaccard = difference.jaccard();
    if (!jaccard)
        return PlanDifferenceView::tr("%1; neither keeps an FFN.").arg(first);
    return PlanDifferenceView::tr("%1; of the neurons that either keeps, both keep %2 (Jaccard index).", "a part of a sentence; percent")
        .arg(first, percentText(*jaccard));
}

} // namespace

/// What both plans have in numbers, and the settings in which they differ.
class PlanDifferenceView::Facts : public QAbstractTableModel {
public:
    struct Row {
        QString name, first, second, difference;
    };

    using QAbstractTableModel::QAbstractTableModel;

    void setNumbers(std::vector<Row> rows)
    {
        beginResetModel();
        m_rows = std::move(rows);
        m_numbers = m_rows.size();
        endResetModel();
    }
    void setSettings(const std::vector<SettingPair> &settings)
    {
        beginResetModel();
        m_rows.resize(m_numbers);
        for (const SettingPair &setting : settings)
            m_rows.push_back({setting.name, setting.first, setting.second, {}});
        endResetModel();
    }

    int rowCount(const QModelIndex &parent = {}) const override { return parent.isValid() ? 0 : int(m_rows.size()); }
    int columnCount(const QModelIndex &parent = {}) const override { return parent.isValid() ? 0 : 4; }
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override
    {
        if (role == Qt::TextAlignmentRole)
            return alignmentOf(index.column());
        if (!index.isValid() || role != Qt::DisplayRole)
            return {};
        const Row &row = m_rows[std::size_t(index.row())];
        const QString *cells[] = {&row.name, &row.first, &row.second, &row.difference};
        return *cells[index.column()];
    }
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override
    {
        if (orientation != Qt::Horizontal)
            return {};
        if (role == Qt::TextAlignmentRole)
            return alignmentOf(section);
        if (role != Qt::DisplayRole)
            return {};
        return section == 0   ? PlanDifferenceView::tr("What")
               : section == 1 ? PlanDifferenceView::tr("A")
               : section == 2 ? PlanDifferenceView::tr("B")
                              : PlanDifferenceView::tr("B against A");
    }

private:
    static int alignmentOf(int column) { return int(Qt::AlignVCenter | (column == 0 ? Qt::AlignLeft : Qt::AlignRight)); }

    std::vector<Row> m_rows;
    std::size_t m_numbers = 0; ///< rows; settings follow
};

PlanDifferenceView::PlanDifferenceView(SelectionModel &selection, QWidget *parent)
    : Card(parent),
      m_model(new PairMapModel(this)),
      m_map(new PairMap(*m_model, selection)),
      m_headings{headingName(), headingName()},
      m_summary(captionLabel({})),
      m_problem(new InlineNote),
      m_facts(new Facts(this)),
      m_table(new RecordTable(tr("Numbers and settings of both plans"), kMostFacts))
{
    build();
    connect(&m_making, &QFutureWatcher<PlanPair>::finished, this, &PlanDifferenceView::showPair);
}

void PlanDifferenceView::build()
{
    setAccessibleName(tr("Two plans side by side"));
    m_table->setModel(m_facts);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->setStretched(0);
    auto *names = new QHBoxLayout;
    for (ElidedLabel *name : m_headings)
        names->addWidget(name, 1);
    auto *maps = new QVBoxLayout;
    maps->addLayout(names);
    maps->addWidget(m_summary);
    maps->addWidget(m_problem);
    maps->addWidget(m_map);
    maps->addStretch(1);
    auto *facts = new QVBoxLayout;
    facts->addWidget(m_table);
    facts->addStretch(1);
    m_sides = new QBoxLayout(QBoxLayout::TopToBottom, this);
    m_sides->setContentsMargins(12, 10, 12, 10);
    m_sides->setSpacing(12);
    m_sides->addLayout(maps, 1);
    m_sides->addLayout(facts, 1);
}

/// Beside each other where the numbers of both plans and their differences have room there, else one above the other.
void PlanDifferenceView::resizeEvent(QResizeEvent *event)
{
    Card::resizeEvent(event);
    m_sides->setDirection(width() < fontMetrics().averageCharWidth() * kBeside ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
}

void PlanDifferenceView::showRows(const CompareRows &rows, std::size_t first, std::size_t second)
{
    m_names[0] = planName(rows.rows[first]);
    m_names[1] = planName(rows.rows[second]);
    m_headings[0]->setWhole(tr("A: %1").arg(m_names[0]));
    m_headings[1]->setWhole(tr("B: %1").arg(m_names[1]));
    std::vector<Facts::Row> numbers;
    for (const CompareColumn &column : compareColumns(rows)) {
        if (column.isText() && column.kind != Kind::Removed && column.kind != Kind::File)
            continue;
        const QString one = cellText(rows, first, column), other = cellText(rows, second, column);
        const QString difference =
            column.isText() ? QString() : differenceOfCells(cellValue(rows, first, column), cellValue(rows, second, column), column.kind);
        if (one != other || !difference.isEmpty()) // what is known of neither says nothing
            numbers.push_back({headingOf(rows, column), one, other, difference});
    }
    m_facts->setNumbers(std::move(numbers));
    if (const std::string keys[2] = {rows.keyOf(first), rows.keyOf(second)}; !std::ranges::equal(keys, m_keys)) {
        std::ranges::copy(keys, m_keys); // else what is shown stays until there is something else
        m_summary->setText(tr("The layers of both plans are being compared."));
        m_summary->show();
        m_problem->clear();
        m_model->setPair({}, {}, {});
        m_map->hide();
    }
    m_making.setFuture(inBackground([one = sideOf(rows, first), other = sideOf(rows, second)] { return planPair(one, other); }));
}

void PlanDifferenceView::showPair()
{
    const PlanPair pair = m_making.result();
    m_facts->setSettings(pair.settings);
    m_model->setPair(pair, m_names[0], m_names[1]);
    m_map->setVisible(pair.problem.isEmpty());
    m_summary->setText(pair.problem.isEmpty() ? summaryText(pair.difference) : QString());
    m_summary->setVisible(pair.problem.isEmpty());
    if (pair.problem.isEmpty())
        m_problem->clear();
    else
        m_problem->say(InlineNote::Kind::Info, pair.problem);
}

} // namespace secateur::ui
