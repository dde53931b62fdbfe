// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/compare/PlanPair.h"
#include "widgets/Card.h"

#include <QFutureWatcher>
#include <QString>

#include <string>

class QBoxLayout;
class QLabel;

namespace secateur::ui {

class ElidedLabel;
class InlineNote;
class PairMap;
class PairMapModel;
class RecordTable;
class SelectionModel;

/// Two plans side by side: both maps with how their layers differ, the numbers with their differences, and the settings that differ.
class PlanDifferenceView : public Card {
    Q_OBJECT
public:
    explicit PlanDifferenceView(SelectionModel &selection, QWidget *parent = nullptr);

    /// Shows two rows. Numbers at once; the maps once the plans are made again, in the background.
    void showRows(const CompareRows &rows, std::size_t first, std::size_t second);

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    class Facts;

    void build();
    void showPair();

    PairMapModel *m_model;
    PairMap *m_map;
    ElidedLabel *m_headings[2];
    QString m_names[2];
    std::string m_keys[2]; ///< of the rows
    QLabel *m_summary;
    InlineNote *m_problem;
    Facts *m_facts;
    RecordTable *m_table;
    QBoxLayout *m_sides = nullptr;
    QFutureWatcher<PlanPair> m_making;
};

} // namespace secateur::ui
